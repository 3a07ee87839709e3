//! A resolved schema as tables, in the form Prisma's engine gives it in PostgreSQL.
//!
//! Follows prisma-engines, `sql-schema-connector`, PostgreSQL flavour. Views are not created, so
//! they are left out; what is ignored (`@@ignore`, `@ignore`) is ignored by the client only.

use super::ast::Arity;
use super::resolve::{
    Constant, Default, FieldKind, Index, ManyToMany, Method, Model, ReferentialAction, Resolved,
    Scalar, Side, Type, constraint_names, native,
};
use crate::model;
use crate::model::name::{MAX_IDENTIFIER_BYTES, literal_plain as sql_literal};
use crate::model::{
    Action, Column, ColumnDefault, Deferrable, Enum, Expression, Firing, ForeignKey, Generated,
    Identifier, IndexKey, IndexState, IndexTarget, PrimaryKey, Schema, SqlType, Table,
    TableReference, Validity, canon, expression,
};

/// The tables and enums of `resolved` that belong to the schema `namespace`: those that say so
/// (`@@schema`), and those that say nothing.
pub(super) fn lower(resolved: &Resolved<'_, '_>, namespace: &Identifier) -> Schema {
    let lower = Lower {
        resolved,
        namespace,
    };
    let mut schema = Schema::default();
    for definition in &resolved.enums {
        if lower.is_here(definition.namespace.as_deref()) {
            let labels = definition.values.iter();
            let labels = labels.map(|(_, label)| label.to_string()).collect();
            schema
                .enums
                .extend(Identifier::new(&*definition.name).map(|name| {
                    (
                        name,
                        Enum {
                            labels,
                            in_any_order: true,
                        },
                    )
                }));
        }
    }
    for (at, model) in resolved.models.iter().enumerate() {
        if !model.is_view() && lower.is_here(model.namespace.as_deref()) {
            let table = constraint_names::table(model);
            schema
                .tables
                .extend(table.map(|name| (name, lower.table(at, model))));
        }
    }
    for join in &resolved.joins {
        schema.tables.extend(lower.join_table(join));
    }
    canon::normalise(schema)
}

struct Lower<'r, 't, 'a> {
    resolved: &'r Resolved<'t, 'a>,
    namespace: &'r Identifier,
}

impl Lower<'_, '_, '_> {
    fn is_here(&self, namespace: Option<&str>) -> bool {
        namespace.is_none_or(|namespace| self.namespace == namespace)
    }

    fn table(&self, at: usize, model: &Model<'_, '_>) -> Table {
        let scalars = || {
            model.fields.iter().filter_map(|field| match &field.kind {
                FieldKind::Scalar(scalar) => Some((scalar, field.ast.arity)),
                _ => None,
            })
        };
        let is_column = |name: &str| scalars().any(|(scalar, _)| scalar.column == name);
        let columns =
            scalars().filter_map(|(scalar, arity)| self.column(scalar, arity, &is_column));
        let key = model.key.as_ref().and_then(|key| {
            Some(primary_key(
                constraint_names::of_key(model, key)?,
                identifiers(&model.columns(&key.fields)),
            ))
        });
        let indexes = model.indexes.iter().filter_map(|index| {
            let name = constraint_names::of_index(model, index)?;
            Some((name, self.index(model, index)))
        });
        let relations = self.resolved.relations.iter();
        let foreign_keys = relations
            .filter(|side| side.0 == at && self.resolved.config.has_foreign_keys)
            .filter_map(|side| self.foreign_key(*side));
        Table {
            columns: columns.collect(),
            in_any_order: true,
            primary_key: key,
            indexes: indexes.collect(),
            foreign_keys: foreign_keys.collect(),
            ..Table::default()
        }
    }

    fn column(
        &self,
        scalar: &Scalar<'_>,
        arity: Arity,
        is_column: &dyn Fn(&str) -> bool,
    ) -> Option<Column> {
        // Introspection gives a generated column as a `dbgenerated("...")` default, which in the database
        // could not name a column.
        let generation = match &scalar.default {
            Some(Default::Expression(text)) if expression::names_column(text, is_column) => {
                Some(Generated {
                    expression: Expression::new(&**text),
                    stored: true,
                })
            }
            _ => None,
        };
        let default = match generation {
            None => scalar.default.as_ref().and_then(default),
            Some(_) => None,
        };
        Some(Column {
            name: Identifier::new(&*scalar.column).ok()?,
            ty: self.sql_type(scalar, arity),
            nullable: arity != Arity::Required,
            default,
            identity: None,
            generated: generation,
            collation: None,
        })
    }

    fn sql_type(&self, scalar: &Scalar<'_>, arity: Arity) -> SqlType {
        let mut sql = match (&scalar.native, &scalar.ty) {
            (Some(native), _) => native.sql.clone(),
            (None, Type::Builtin(builtin)) => native::default_of(*builtin).to_owned(),
            (None, Type::Unsupported(name)) => name.to_string(),
            (None, Type::Enum(at)) => {
                let definition = &self.resolved.enums[*at];
                let name = type_name(&definition.name);
                match definition.namespace.as_deref() {
                    Some(other) if !self.is_here(Some(other)) => {
                        format!("{}.{name}", type_name(other))
                    }
                    _ => name,
                }
            }
        };
        if arity == Arity::List {
            sql += "[]";
        }
        SqlType::new(sql)
    }

    fn index(&self, model: &Model<'_, '_>, index: &Index<'_>) -> crate::model::Index {
        let keys = index.fields.iter().filter_map(|on| {
            let scalar = model.scalar(on.field)?;
            let ty = self.sql_type(scalar, model.fields[on.field].ast.arity);
            let class = on.operator_class.as_deref();
            Some(IndexKey {
                on: IndexTarget::Column(Identifier::new(&*scalar.column).ok()?),
                descending: on.descending,
                nulls_reversed: false,
                operator_class: class
                    .filter(|class| {
                        !model::operator_class::is_default(class, method(index.method), &ty)
                    })
                    .map(str::to_owned),
                collation: None,
            })
        });
        crate::model::Index {
            keys: keys.collect(),
            unique: index.is_unique,
            method: Some(method(index.method).to_owned()),
            predicate: index.predicate.as_deref().map(Expression::new),
            ..crate::model::Index::default()
        }
    }

    fn foreign_key(&self, (at, field): Side) -> Option<(Identifier, ForeignKey)> {
        let model = &self.resolved.models[at];
        let FieldKind::Relation(side) = &model.fields[field].kind else {
            return None;
        };
        let referenced = &self.resolved.models[side.model];
        if model.is_view() || referenced.is_view() {
            return None;
        }
        let fields = side.fields.as_deref()?;
        let is_required = |field: &usize| model.fields[*field].ast.arity == Arity::Required;
        let on_delete = match side.on_delete {
            Some(given) => action(given),
            None if fields.iter().any(is_required) => Action::Restrict,
            None => Action::SetNull,
        };
        let on_update = side.on_update.map_or(Action::Cascade, action);
        let name = constraint_names::of_relation(self.resolved, (at, field))?;
        let key = foreign_key(
            identifiers(&model.columns(fields)),
            self.reference(referenced)?,
            identifiers(&referenced.columns(side.references.as_deref()?)),
            [on_delete, on_update],
        );
        Some((name, key))
    }

    fn reference(&self, referenced: &Model<'_, '_>) -> Option<TableReference> {
        let table = constraint_names::table(referenced)?;
        Some(match referenced.namespace.as_deref() {
            Some(other) if !self.is_here(Some(other)) => TableReference::Elsewhere {
                schema: Identifier::new(other).ok()?,
                table,
            },
            _ => TableReference::Here(table),
        })
    }

    /// The table `_AToB` of a relation between two lists. It stands in the schema of the first.
    fn join_table(&self, join: &ManyToMany<'_>) -> Option<(Identifier, Table)> {
        let [a, b] = [join.a.0, join.b.0].map(|at| &self.resolved.models[at]);
        if a.is_view() || b.is_view() || !self.is_here(a.namespace.as_deref()) {
            return None;
        }
        let name = cut(&format!("_{}", join.name), "");
        let [column_a, column_b] = ["A", "B"].map(|name| Identifier::new(name).ok());
        let (column_a, column_b) = (column_a?, column_b?);
        let mut table = Table::default();
        for (column, model) in [(&column_a, a), (&column_b, b)] {
            let key = *model.key.as_ref()?.fields.first()?;
            table.columns.push(Column {
                name: column.clone(),
                ty: self.sql_type(model.scalar(key)?, Arity::Required),
                nullable: false,
                default: None,
                identity: None,
                generated: None,
                collation: None,
            });
            if self.resolved.config.has_foreign_keys {
                table.foreign_keys.insert(
                    // The engine keeps room for the suffix in these names by characters less.
                    cut(name.as_str(), &format!("_{}_fkey", column.as_str())),
                    foreign_key(
                        vec![column.clone()],
                        self.reference(model)?,
                        identifiers(&model.columns(&[key])),
                        [Action::Cascade; 2],
                    ),
                );
            }
        }
        table.primary_key = Some(primary_key(
            cut(name.as_str(), "_AB_pkey"),
            vec![column_a, column_b.clone()],
        ));
        table.indexes.insert(
            cut(name.as_str(), "_B_index"),
            crate::model::Index {
                keys: vec![IndexKey {
                    on: IndexTarget::Column(column_b),
                    descending: false,
                    nulls_reversed: false,
                    operator_class: None,
                    collation: None,
                }],
                ..crate::model::Index::default()
            },
        );
        Some((name, table))
    }
}

/// `stem` cut so that `suffix` fits behind it.
fn cut(stem: &str, suffix: &str) -> Identifier {
    let kept = stem.floor_char_boundary(MAX_IDENTIFIER_BYTES - suffix.len());
    Identifier::new(format!("{}{suffix}", &stem[..kept])).expect("cut to what PostgreSQL keeps")
}

fn identifiers(names: &[&str]) -> Vec<Identifier> {
    names
        .iter()
        .filter_map(|name| Identifier::new(*name).ok())
        .collect()
}

/// A name as `format_type` prints it: quoted only when it needs it.
fn type_name(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !KEYWORDS.split(' ').any(|keyword| keyword == name);
    match Identifier::new(name) {
        Ok(name) if !is_plain => name.quoted(),
        _ => name.to_owned(),
    }
}

/// The keywords that cannot be the name of a type without quotes (`pg_get_keywords`, all but the
/// unreserved).
const KEYWORDS: &str = "\
    all analyse analyze and any array as asc asymmetric authorization between bigint binary \
    bit boolean both case cast char character check coalesce collate collation column \
    concurrently constraint create cross current_catalog current_date current_role \
    current_schema current_time current_timestamp current_user dec decimal default deferrable \
    desc distinct do else end except exists extract false fetch float for foreign freeze from \
    full grant greatest group grouping having ilike in initially inner inout int integer \
    intersect interval into is isnull join lateral leading least left like limit localtime \
    localtimestamp national natural nchar none normalize not notnull null nullif numeric \
    offset on only or order out outer overlaps overlay placing position precision primary real \
    references returning right row select session_user setof similar smallint some substring \
    symmetric table tablesample then time timestamp to trailing treat trim true union unique \
    user using values varchar variadic verbose when where window with xmlattributes xmlconcat \
    xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable";

fn primary_key(name: Identifier, columns: Vec<Identifier>) -> PrimaryKey {
    PrimaryKey {
        name,
        columns,
        include: Vec::new(),
        deferrable: Deferrable::No,
        state: IndexState::Valid,
    }
}

fn foreign_key(
    columns: Vec<Identifier>,
    references: TableReference,
    referenced_columns: Vec<Identifier>,
    [on_delete, on_update]: [Action; 2],
) -> ForeignKey {
    ForeignKey {
        columns,
        references,
        referenced_columns,
        on_delete,
        on_update,
        on_delete_columns: Vec::new(),
        match_full: false,
        deferrable: Deferrable::No,
        validity: Validity::Valid,
        triggers: Firing::Enabled,
        disabled_on: std::collections::BTreeSet::new(),
    }
}

fn action(action: ReferentialAction) -> Action {
    match action {
        ReferentialAction::Cascade => Action::Cascade,
        ReferentialAction::Restrict => Action::Restrict,
        ReferentialAction::NoAction => Action::NoAction,
        ReferentialAction::SetNull => Action::SetNull,
        ReferentialAction::SetDefault => Action::SetDefault,
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::BTree => "btree",
        Method::Hash => "hash",
        Method::Gist => "gist",
        Method::Gin => "gin",
        Method::SpGist => "spgist",
        Method::Brin => "brin",
    }
}

fn default(default: &Default<'_>) -> Option<ColumnDefault> {
    let expression = match default {
        Default::Client => return None,
        Default::Any => return Some(ColumnDefault::Any),
        Default::Autoincrement => return Some(ColumnDefault::Autoincrement),
        Default::Now => "CURRENT_TIMESTAMP".to_owned(),
        Default::Expression(expression) => expression.to_string(),
        Default::Constant(constant) => self::constant(constant),
    };
    Some(ColumnDefault::Expression(Expression::new(expression)))
}

fn constant(constant: &Constant<'_>) -> String {
    match constant {
        Constant::Number(digits) => (*digits).to_owned(),
        Constant::Boolean(value) => value.to_string(),
        Constant::Label(label) => sql_literal(label),
        Constant::Text(text) => sql_literal(text),
        Constant::Moment(text) => sql_literal(text),
        Constant::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            sql_literal(&format!("\\x{hex}"))
        }
        Constant::List(items) => {
            let items: Vec<_> = items.iter().map(self::constant).collect();
            format!("ARRAY[{}]", items.join(", "))
        }
    }
}
