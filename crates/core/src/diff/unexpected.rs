//! What something means that is there and that nobody asked for: decided here and nowhere else.

use std::collections::BTreeMap;

use crate::model::{
    Column, ColumnDefault, Constraint, Deferrable, Domain, Expression, Firing, Identifier, Index,
    IndexKey, IndexState, IndexTarget, RowSecurity, SqlType, Table, Trigger, Validity,
};

use super::Effect;

/// A column that a row may leave out costs nothing. One that is required, or computed, or whose domain
/// has conditions, or whose default may fail, may refuse rows.
pub(super) fn column(column: &Column, domains: &BTreeMap<Identifier, Domain>) -> Effect {
    let may_fail = match &column.default {
        Some(ColumnDefault::Expression(default)) => {
            !default.cannot_fail(&|_| None) || !fits(default, column)
        }
        _ => false,
    };
    let refuses = may_fail || is_strict(&column.ty, domains, domains.len());
    if column.nullable && column.generated.is_none() && !refuses {
        Effect::Harmless
    } else {
        Effect::Breaks
    }
}

/// Whether values of the type have conditions, its own or those of the domain, of at most `depth`, that it is over.
fn is_strict(ty: &SqlType, domains: &BTreeMap<Identifier, Domain>, depth: usize) -> bool {
    let named = |name: &Identifier| *name == *ty.as_str() || name.quoted() == ty.as_str();
    let own = domains.iter().find(|(name, _)| named(name));
    own.is_some_and(|(_, domain)| {
        let over = || depth > 0 && is_strict(&domain.ty, domains, depth - 1);
        domain.not_null || !domain.checks.is_empty() || over()
    })
}

/// Whether a constant has room in a column of limited length or range; PostgreSQL looks when a row is written.
fn fits(default: &Expression, column: &Column) -> bool {
    let text = default.as_str();
    let limits = column.ty.modifiers();
    match (column.ty.without_modifiers().as_str(), &limits[..]) {
        ("smallint", _) => text.parse::<i64>().is_ok_and(|n| i16::try_from(n).is_ok()),
        ("integer", _) => text.parse::<i64>().is_ok_and(|n| i32::try_from(n).is_ok()),
        ("numeric", [precision, scale]) => {
            let whole = text
                .trim_start_matches('-')
                .split('.')
                .next()
                .unwrap_or_default();
            let room = usize::try_from(precision - scale).unwrap_or_default();
            text.parse::<f64>().is_ok() && (whole == "0" || whole.len() <= room)
        }
        ("character varying" | "character", [length]) => {
            let inside = text.trim_matches('\'').replace("''", "'");
            text.starts_with('\'')
                && i32::try_from(inside.chars().count()).is_ok_and(|n| n <= *length)
        }
        _ => true,
    }
}

/// One that is not enforced refuses no row.
pub(super) fn check(check: &Constraint) -> Effect {
    match check.validity {
        Validity::NotEnforced => Effect::Harmless,
        Validity::Valid | Validity::NotValid => Effect::Breaks,
    }
}

/// What nobody would add without a reason.
pub(super) fn always<T>(_: &T) -> Effect {
    Effect::Breaks
}

/// A plain index costs time; a unique one refuses rows, but where the primary key does so before, and so does one whose expressions, predicate or way of
/// comparing may fail, since they are computed for every row that is written. One that REINDEX CONCURRENTLY left
/// unfinished refuses nothing that the one it was to replace does not.
pub(super) fn index(index: &Index, table: &Table) -> Effect {
    if index.state != IndexState::Valid && repeats_index(index, table) {
        return Effect::Harmless;
    }
    let type_of = |name: &str| Some(table.column(name)?.ty.clone());
    let is_sure = |key: &IndexKey| match &key.on {
        IndexTarget::Column(_) => true,
        IndexTarget::Expression(expression) => expression.cannot_fail(&type_of),
    };
    let compares_as_usual = |key: &IndexKey| key.operator_class.as_deref().is_none_or(is_known);
    let keys_are_sure = index
        .keys
        .iter()
        .all(|key| is_sure(key) && compares_as_usual(key));
    let predicate_is_sure = index
        .predicate
        .as_ref()
        .is_none_or(|predicate| predicate.cannot_fail(&type_of));
    let may_refuse_doubles = index.unique && !contains_key(index, table);
    if may_refuse_doubles || !keys_are_sure || !predicate_is_sure {
        Effect::Breaks
    } else {
        Effect::Harmless
    }
}

fn repeats_index(index: &Index, table: &Table) -> bool {
    table.indexes.values().any(|other| {
        let finished = Index {
            state: IndexState::Valid,
            constraint: other.constraint,
            ..index.clone()
        };
        *other == finished
    })
}

/// Whether rows that are the same by the index are the same by the primary key.
fn contains_key(index: &Index, table: &Table) -> bool {
    table.primary_key.as_ref().is_some_and(|key| {
        let compares = |column: &Identifier| {
            let is_same = |own: &IndexKey| match &own.on {
                IndexTarget::Column(name) => {
                    name == column && own.operator_class.is_none() && own.collation.is_none()
                }
                IndexTarget::Expression(_) => false,
            };
            index.keys.iter().any(is_same)
        };
        let is_in_force = key.state == IndexState::Valid && key.deferrable == Deferrable::No;
        is_in_force && key.columns.iter().all(compares)
    })
}

/// Whether an operator class that is not its type's default is PostgreSQL's, or of the extension that people take for
/// searching texts.
fn is_known(class: &str) -> bool {
    const ENDINGS: [&str; 8] = [
        "_pattern_ops",
        "_path_ops",
        "_minmax_multi_ops",
        "_bloom_ops",
        "_trgm_ops",
        "varchar_ops",
        "inet_ops",
        "array_ops",
    ];
    ENDINGS.iter().any(|ending| class.ends_with(ending))
}

/// One that does not fire in the application's sessions does nothing there.
pub(super) fn trigger(trigger: &Trigger) -> Effect {
    if matches!(trigger.firing, Firing::Disabled | Firing::ReplicaOnly) {
        Effect::Harmless
    } else {
        Effect::Breaks
    }
}

/// Policies hold only where row-level security is on.
pub(super) fn policy(on: &RowSecurity) -> Effect {
    if on.enabled {
        Effect::Breaks
    } else {
        Effect::Harmless
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Deferrable, PrimaryKey};

    fn effect(ty: &str, default: &str) -> Effect {
        let extra = Column {
            name: Identifier::new("extra").expect("legal"),
            ty: SqlType::new(ty),
            nullable: true,
            default: Some(ColumnDefault::Expression(Expression::new(default))),
            identity: None,
            generated: None,
            collation: None,
        };
        column(&extra, &BTreeMap::new())
    }

    #[test]
    fn a_column_whose_default_may_fail_may_refuse_rows() {
        for harmless in [
            "''",
            "0",
            "CURRENT_TIMESTAMP",
            "now()",
            "'boom()'",
            "gen_random_uuid()",
        ] {
            assert_eq!(effect("text", harmless), Effect::Harmless, "{harmless}");
        }
        for breaks in [
            "boom()",
            "public.boom()",
            "(now() + boom(1))",
            "\"Boom\"('x')",
            "(1 / 0)",
        ] {
            assert_eq!(effect("text", breaks), Effect::Breaks, "{breaks}");
        }
    }

    #[test]
    fn a_default_without_room_in_its_column_refuses_rows() {
        for (ty, fitting, too_large) in [
            ("smallint", "32767", "32768"),
            ("integer", "-2147483648", "2147483648"),
            ("numeric(4,2)", "99.99", "100"),
            ("numeric(2,2)", "0.5", "1"),
            ("character varying(4)", "'it''s'", "'it''s too long'"),
            ("character(2)", "'NY'", "'NYC'"),
        ] {
            assert_eq!(effect(ty, fitting), Effect::Harmless, "{ty} {fitting}");
            assert_eq!(effect(ty, too_large), Effect::Breaks, "{ty} {too_large}");
        }
    }

    #[test]
    fn an_index_that_may_fail_refuses_rows() {
        let over = |on: IndexTarget, class: Option<&str>, predicate: Option<&str>| {
            let key = IndexKey {
                on,
                descending: false,
                nulls_reversed: false,
                operator_class: class.map(str::to_owned),
                collation: None,
            };
            index(
                &Index {
                    keys: vec![key],
                    predicate: predicate.map(Expression::new),
                    ..Index::default()
                },
                &Table::default(),
            )
        };
        let column = || IndexTarget::Column(Identifier::new("id").expect("legal"));
        let expression = |text: &str| IndexTarget::Expression(Expression::new(text));
        assert_eq!(over(column(), None, None), Effect::Harmless);
        assert_eq!(over(column(), Some("gin_trgm_ops"), None), Effect::Harmless);
        assert_eq!(over(column(), Some("fussy_ops"), None), Effect::Breaks);
        assert_eq!(
            over(expression("lower(name)"), None, None),
            Effect::Harmless
        );
        assert_eq!(over(expression("known(name)"), None, None), Effect::Breaks);
        assert_eq!(over(column(), None, Some("(a IS NULL)")), Effect::Harmless);
        assert_eq!(over(column(), None, Some("known(name)")), Effect::Breaks);
    }

    /// Being over all columns of the key, it refuses nothing that the key does not; over less it refuses more.
    #[test]
    fn a_unique_index_is_harmless_where_it_holds_the_key() {
        let columns = |names: &[&str]| -> Vec<_> {
            let columns = names.iter();
            columns
                .map(|name| Identifier::new(*name).expect("legal"))
                .collect()
        };
        let key = |state, deferrable| PrimaryKey {
            name: Identifier::new("key").expect("legal"),
            columns: columns(&["a", "b"]),
            include: Vec::new(),
            deferrable,
            state,
        };
        let more = |over: &[&str], key: PrimaryKey, change: fn(&mut Index)| {
            let keys = columns(over).into_iter().map(|column| IndexKey {
                on: IndexTarget::Column(column),
                descending: false,
                nulls_reversed: false,
                operator_class: None,
                collation: None,
            });
            let mut unique = Index {
                keys: keys.collect(),
                unique: true,
                ..Index::default()
            };
            change(&mut unique);
            let table = Table {
                primary_key: Some(key),
                ..Table::default()
            };
            index(&unique, &table)
        };
        let sound = || key(IndexState::Valid, Deferrable::No);
        for over in [&["a", "b"][..], &["b", "a"], &["c", "a", "b"]] {
            assert_eq!(more(over, sound(), |_| {}), Effect::Harmless, "{over:?}");
            let unfinished = |index: &mut Index| index.state = IndexState::Invalid;
            assert_eq!(more(over, sound(), unfinished), Effect::Harmless);
        }
        for over in [&["a"][..], &["a", "c"], &["c"]] {
            assert_eq!(more(over, sound(), |_| {}), Effect::Breaks, "{over:?}");
        }
        let both = &["a", "b"];
        for unsound in [
            key(IndexState::Invalid, Deferrable::No),
            key(IndexState::Valid, Deferrable::InitiallyDeferred),
        ] {
            assert_eq!(more(both, unsound, |_| {}), Effect::Breaks);
        }
        let others: [fn(&mut Index); 3] = [
            |index| index.keys[0].collation = Some("loose".to_owned()),
            |index| index.keys[1].operator_class = Some("varchar_ops".to_owned()),
            |index| index.keys[1].on = IndexTarget::Expression(Expression::new("b")),
        ];
        for other in others {
            assert_eq!(more(both, sound(), other), Effect::Breaks);
        }
    }
}
