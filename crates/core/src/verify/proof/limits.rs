//! What a trial would set going beyond its own rows, and whether that is too much: user-defined code, and
//! tables read from end to end because a foreign key has no index.
//!
//! Deleting or rekeying a row makes PostgreSQL look, for every foreign key that references its table,
//! for rows that name it (`ri_triggers.c`); a query per foreign key, whether there are such rows or not.

use std::collections::BTreeSet;

use super::firing::Firing;
use super::keys::unique_keys;
use super::programme::{Kind, Trial};
use super::rows::Rows;
use super::world::World;
use crate::ddl::Change;
use crate::model::name::prisma;
use crate::model::{
    Action, ForeignKey, Identifier, Index, IndexKey, IndexState, IndexTarget, Table, TableReference,
};
use crate::verify::counted::counted;
use crate::verify::user_code::Event;

/// Keeps account of what trials read.
pub(super) struct Limits<'w, 'a> {
    world: &'w World<'a>,
    /// `None` where nothing is there that may not fire.
    firing: Option<Firing<'w, 'a>>,
    /// Pages that may still be read.
    left: u64,
}

impl<'w, 'a> Limits<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>) -> Self {
        Limits {
            world,
            firing: Firing::new(world),
            left: world.subject.options.max_pages,
        }
    }

    /// Takes what the trial reads off what is left.
    ///
    /// # Errors
    ///
    /// Why the trial must not be made: user-defined code, or all the indexes that are missing.
    pub(super) fn admit(&mut self, rows: &Rows<'_, '_>, trial: &Trial) -> Result<(), Vec<String>> {
        if let Some(reason) = self
            .firing
            .as_ref()
            .and_then(|firing| firing.of(rows, trial))
        {
            return Err(vec![reason]);
        }
        let mut pages = 0;
        let mut reads = Vec::new();
        for step in &trial.steps {
            let Some(row) = step.row else { continue };
            let table = rows.rows[row].table;
            let event = match &step.kind {
                Kind::Ask => continue,
                Kind::Insert => Event::Insert,
                Kind::Update(_) => Event::Update,
                Kind::Delete => Event::Delete,
            };
            let changed = match &step.kind {
                Kind::Update(columns) => columns.iter().collect(),
                _ => Vec::new(),
            };
            let mut reach = Reach {
                world: self.world,
                seen: BTreeSet::new(),
                reads: Vec::new(),
                runs: None,
            };
            reach.change(table, event, &changed);
            if let Some(reason) = reach.runs {
                return Err(vec![reason]);
            }
            for (child, key) in reach.reads {
                let size = self
                    .world
                    .subject
                    .sizes
                    .get(child)
                    .map_or(0, |size| size.pages);
                pages += size;
                reads.push((size, child, key));
            }
        }
        if pages > self.left {
            let most = reads.iter().map(|(size, ..)| *size).max().unwrap_or(0);
            reads.retain(|(size, ..)| size.saturating_mul(FAR_LESS) >= most);
            let missing = reads
                .into_iter()
                .map(|(size, child, key)| missing_index(child, key, size));
            return Err(missing.collect());
        }
        self.left -= pages;
        Ok(())
    }
}

/// A table this many times smaller than the largest needs no index for a trial to be made.
const FAR_LESS: u64 = 20;

fn missing_index(child: &Identifier, key: &ForeignKey, pages: u64) -> String {
    let table = match &key.references {
        TableReference::Here(table) => table.quoted(),
        TableReference::Elsewhere { .. } => "another schema".to_owned(),
    };
    let plain = |column: &Identifier| IndexKey {
        on: IndexTarget::Column(column.clone()),
        descending: false,
        nulls_reversed: false,
        operator_class: None,
        collation: None,
    };
    let index = Index {
        keys: key.columns.iter().map(plain).collect(),
        ..Index::default()
    };
    let create = Change::CreateIndex {
        table: child.clone(),
        name: prisma::index(child, &key.columns),
        index,
        concurrently: true,
    };
    let columns: Vec<_> = key.columns.iter().map(Identifier::quoted).collect();
    let sql = create.sql().replace("\n    ", " ");
    format!(
        "deleting or rekeying a row of {table} reads all of {}, about {}, as no index of it leads with {}; {sql}; \
         would settle it",
        child.quoted(),
        counted(
            usize::try_from(pages).unwrap_or(usize::MAX),
            "page",
            "pages"
        ),
        columns.join(", "),
    )
}

/// What a change leads to, table by table.
struct Reach<'w, 'a> {
    world: &'w World<'a>,
    seen: BTreeSet<(&'w Identifier, Event)>,
    /// Foreign keys that are looked up by reading the whole table.
    reads: Vec<(&'w Identifier, &'w ForeignKey)>,
    /// User-defined code that would run, rows or none, and may not.
    runs: Option<String>,
}

impl<'w> Reach<'w, '_> {
    fn change(&mut self, table: &'w Identifier, event: Event, changed: &[&Identifier]) {
        let actual = self.world.subject.actual;
        if !actual.tables.contains_key(table) || !self.seen.insert((table, event)) {
            return;
        }
        let runs = || self.world.refused_code(table, event, false).next();
        self.runs = self.runs.take().or_else(runs);
        if matches!(event, Event::Insert | Event::Read) {
            return;
        }
        for &(child, _, key) in self.world.references.to(table.as_str()) {
            let touches = |column: &Identifier| changed.contains(&column);
            if event == Event::Update && !key.referenced_columns.iter().any(touches) {
                continue;
            }
            let Some(child_definition) = actual.tables.get(child) else {
                continue;
            };
            if !leads(child_definition, key) {
                self.reads.push((child, key));
            }
            let own: Vec<_> = key.columns.iter().collect();
            match if event == Event::Delete {
                key.on_delete
            } else {
                key.on_update
            } {
                Action::Cascade if event == Event::Delete => self.change(child, Event::Delete, &[]),
                Action::Cascade | Action::SetNull | Action::SetDefault => {
                    self.change(child, Event::Update, &own)
                }
                Action::NoAction | Action::Restrict => self.change(child, Event::Read, &[]),
            }
        }
    }
}

/// Whether an index finds the rows that a foreign key's columns name: a usable one over all rows that
/// begins with one of them.
fn leads(table: &Table, key: &ForeignKey) -> bool {
    let unique = unique_keys(table);
    let in_unique = unique.iter().any(|(columns, _)| {
        columns
            .first()
            .is_some_and(|first| key.columns.contains(first))
    });
    in_unique
        || table.indexes.values().any(|index| {
            let by_value = index
                .method
                .as_deref()
                .is_none_or(|method| method == "hash");
            let first = index.keys.first().map(|key| &key.on);
            let begins =
                matches!(first, Some(IndexTarget::Column(first)) if key.columns.contains(first));
            by_value && begins && index.state == IndexState::Valid && covers_named_rows(index, key)
        })
}

/// A partial index serves when it leaves out nothing but rows that name none.
fn covers_named_rows(index: &Index, key: &ForeignKey) -> bool {
    let is_not_null = |predicate: &str| {
        key.columns.iter().any(|column| {
            let bare = predicate.replace('"', "");
            bare == format!("{} IS NOT NULL", column.as_str())
        })
    };
    index
        .predicate
        .as_ref()
        .is_none_or(|predicate| is_not_null(predicate.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lower::lower;
    use crate::model::{Expression, PrimaryKey};
    use crate::sample::SAMPLE;

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("legal")
    }

    fn over(column: &str) -> Index {
        let key = IndexKey {
            on: IndexTarget::Column(name(column)),
            descending: false,
            nulls_reversed: false,
            operator_class: None,
            collation: None,
        };
        Index {
            keys: vec![key],
            ..Index::default()
        }
    }

    #[test]
    fn only_an_index_over_all_rows_that_name_one_spares_the_reading_of_the_table() {
        let schema = lower(&SAMPLE);
        let whole = &schema.tables["Card"];
        let key = &whole.foreign_keys["Card_userId_fkey"];
        let serves = |index: Index| {
            let mut table = whole.clone();
            table.indexes = [(name("index"), index)].into();
            leads(&table, key)
        };
        let by = |method: &str| Index {
            method: Some(method.to_owned()),
            ..over("userId")
        };
        let partial = |predicate: &str| Index {
            predicate: Some(Expression::new(predicate)),
            ..over("userId")
        };
        assert!(serves(over("userId")) && serves(by("hash")));
        assert!(serves(partial(r#""userId" IS NOT NULL"#)));
        assert!(!serves(by("brin")) && !serves(over("size")));
        assert!(!serves(partial("size IS NOT NULL")));
        let state = IndexState::Invalid;
        assert!(!serves(Index {
            state,
            ..over("userId")
        }));
        let unique = true;
        assert!(
            serves(Index {
                unique,
                ..over("userId")
            }) && !serves(Index {
                unique,
                ..over("size")
            })
        );
        let mut table = whole.clone();
        table.indexes.clear();
        table.primary_key = Some(PrimaryKey {
            columns: vec![name("userId")],
            ..whole.primary_key.clone().expect("declared")
        });
        assert!(leads(&table, key));
    }

    #[test]
    fn the_index_that_is_missing_is_spelled_out() {
        let schema = lower(&SAMPLE);
        let table = name("Card");
        let key = &schema.tables[&table].foreign_keys["Card_userId_fkey"];
        let said = missing_index(&table, key, 7);
        assert_eq!(
            said,
            "deleting or rekeying a row of \"Staff\" reads all of \"Card\", about 7 pages, as no index of it \
             leads with \"userId\"; CREATE INDEX CONCURRENTLY \"Card_userId_idx\" ON \
             \"Card\" (\"userId\"); would settle it"
        );
    }
}
