//! Names, types and attributes of a schema, resolved as Prisma's engine does it.
//!
//! What cannot be read in one way is reported, in Prisma's words where it has any, so that a search for the message
//! finds Prisma's own help. Whether Prisma takes the schema is `prisma validate`'s to say.

mod arguments;
mod config;
pub(super) mod constraint_names;
mod default;
mod index;
mod key;
mod model;
mod names;
pub(super) mod native;
pub(super) mod operator_class;
mod pairing;
mod predicate;
mod relation;
mod relation_checks;

use std::borrow::Cow;
use std::collections::HashMap;

use super::ast::{self, Document, Span};
use super::error::Problem;

pub(super) use config::Config;
pub(super) use default::{Constant, Default};
pub(super) use index::{Index, Method};
pub(super) use key::Key;
use native::NativeType;
pub(super) use pairing::{ManyToMany, Side};
pub(super) use relation::ReferentialAction;

/// A schema, resolved.
pub(super) struct Resolved<'t, 'a> {
    pub(super) config: Config<'a>,
    pub(super) models: Vec<Model<'t, 'a>>,
    pub(super) enums: Vec<Enum<'a>>,
    /// The relation fields beside the columns that reference.
    pub(super) relations: Vec<Side>,
    pub(super) joins: Vec<ManyToMany<'a>>,
}

/// A model or a view.
pub(super) struct Model<'t, 'a> {
    pub(super) file: usize,
    pub(super) ast: &'t ast::Model<'a>,
    /// The table's name in the database.
    pub(super) table: Cow<'a, str>,
    /// `@@schema`.
    pub(super) namespace: Option<Cow<'a, str>>,
    pub(super) fields: Vec<Field<'t, 'a>>,
    pub(super) key: Option<Key<'a>>,
    pub(super) indexes: Vec<Index<'a>>,
    names: HashMap<&'a str, usize>,
}

/// A field.
pub(super) struct Field<'t, 'a> {
    pub(super) ast: &'t ast::Field<'a>,
    pub(super) kind: FieldKind<'a>,
}

/// What a field is.
pub(super) enum FieldKind<'a> {
    /// A column.
    Scalar(Scalar<'a>),
    /// One side of a relation.
    Relation(RelationField<'a>),
    /// Of a type that is not known; reported.
    Unknown,
}

/// A column.
pub(super) struct Scalar<'a> {
    /// The column's name in the database.
    pub(super) column: Cow<'a, str>,
    pub(super) ty: Type<'a>,
    pub(super) native: Option<NativeType>,
    pub(super) default: Option<Default<'a>>,
}

/// A column's type.
#[derive(Clone, PartialEq)]
pub(super) enum Type<'a> {
    Builtin(Builtin),
    /// An enum, by its place in [`Resolved::enums`].
    Enum(usize),
    Unsupported(Cow<'a, str>),
}

/// Prisma's scalar types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Int,
    BigInt,
    Float,
    Decimal,
    Boolean,
    String,
    DateTime,
    Json,
    Bytes,
}

impl Builtin {
    pub(super) const ALL: [(&'static str, Builtin); 9] = [
        ("Int", Builtin::Int),
        ("BigInt", Builtin::BigInt),
        ("Float", Builtin::Float),
        ("Decimal", Builtin::Decimal),
        ("Boolean", Builtin::Boolean),
        ("String", Builtin::String),
        ("DateTime", Builtin::DateTime),
        ("Json", Builtin::Json),
        ("Bytes", Builtin::Bytes),
    ];

    fn called(name: &str) -> Option<Builtin> {
        let found = Builtin::ALL.iter().find(|(called, _)| *called == name);
        found.map(|(_, builtin)| *builtin)
    }

    fn name(self) -> &'static str {
        let found = Builtin::ALL.iter().find(|(_, builtin)| *builtin == self);
        found.map_or("", |(name, _)| name)
    }
}

/// One side of a relation, as its field says it.
pub(super) struct RelationField<'a> {
    /// The model at the other end.
    pub(super) model: usize,
    pub(super) name: Option<Cow<'a, str>>,
    /// The referencing columns' fields, in this model.
    pub(super) fields: Option<Vec<usize>>,
    /// The referenced columns' fields, in the other model.
    pub(super) references: Option<Vec<usize>>,
    pub(super) on_delete: Option<ReferentialAction>,
    pub(super) on_update: Option<ReferentialAction>,
    pub(super) map: Option<Cow<'a, str>>,
    attribute: Option<Span>,
}

/// An enum.
pub(super) struct Enum<'a> {
    pub(super) file: usize,
    pub(super) span: Span,
    /// Its name in the database.
    pub(super) name: Cow<'a, str>,
    /// `@@schema`.
    pub(super) namespace: Option<Cow<'a, str>>,
    /// The values: the name in the schema and the label in the database.
    pub(super) values: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Model<'_, 'a> {
    pub(super) fn is_view(&self) -> bool {
        self.ast.kind == ast::ModelKind::View
    }

    /// `model` or `view`, as messages name it.
    fn container(&self) -> &'static str {
        if self.is_view() { "view" } else { "model" }
    }

    pub(super) fn name(&self) -> &'a str {
        self.ast.name.text
    }

    fn field(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(super) fn scalar(&self, field: usize) -> Option<&Scalar<'a>> {
        match &self.fields.get(field)?.kind {
            FieldKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The columns' names of `fields`.
    pub(super) fn columns(&self, fields: &[usize]) -> Vec<&str> {
        let scalars = fields.iter().filter_map(|field| self.scalar(*field));
        scalars.map(|scalar| &*scalar.column).collect()
    }
}

/// Collects what is wrong, by file.
struct Problems {
    by_file: Vec<Vec<Problem>>,
}

impl Problems {
    fn report(&mut self, file: usize, span: Span, message: impl Into<String>) {
        self.by_file[file].push(Problem::new(span, message));
    }

    /// Reports a message, and what was expected in the place of what is there.
    fn report_expecting(
        &mut self,
        file: usize,
        span: Span,
        message: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
    ) {
        self.by_file[file].push(Problem::new(span, message).expecting(expected));
    }

    fn is_empty(&self) -> bool {
        self.by_file.iter().all(Vec::is_empty)
    }
}

/// Resolves and checks the files of one schema.
///
/// # Errors
///
/// What is wrong, for each file in order. Later checks run only when the earlier ones found nothing.
pub(super) fn resolve<'t, 'a>(
    documents: &'t [Document<'a>],
) -> Result<Resolved<'t, 'a>, Vec<Vec<Problem>>> {
    let mut problems = Problems {
        by_file: documents.iter().map(|_| Vec::new()).collect(),
    };
    let config = config::read(documents, &mut problems);
    if config.is_foreign {
        return Err(problems.by_file);
    }
    let (mut models, enums) = names::collect(documents, &mut problems);
    model::resolve_attributes(&mut models, &enums, &config, &mut problems);
    if !problems.is_empty() {
        return Err(problems.by_file);
    }
    let mut resolved = Resolved {
        config,
        models,
        enums,
        relations: Vec::new(),
        joins: Vec::new(),
    };
    pairing::pair(&mut resolved, &mut problems);
    relation_checks::check(&resolved, &mut problems);
    constraint_names::check(&resolved, &mut problems);
    if problems.is_empty() {
        Ok(resolved)
    } else {
        Err(problems.by_file)
    }
}
