//! The syntax tree: what a file of Prisma's schema language says, and where.
//!
//! Nothing is resolved here: a type is a name, a default an expression. Two trees are equal when
//! they say the same, wherever it stands ([`Span`] compares as equal). The tree is kept in the order
//! in which Prisma's formatter writes it: attributes sorted, a block's own attributes last, no blank
//! line that the formatter would remove. So printing and parsing again gives an equal tree.

/// A range of bytes in the file. Says nothing about what stands there: all spans are equal.
#[derive(Clone, Copy, Debug, Default, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document<'a> {
    /// What stands in it, in order.
    pub tops: Vec<Top<'a>>,
}

/// What stands at the top of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Top<'a> {
    /// Blank lines.
    Blank,
    /// Comments, line after line.
    Comment(Comment<'a>),
    /// `model`, `view` or `type`.
    Model(Model<'a>),
    /// `enum`.
    Enum(Enum<'a>),
    /// `datasource` or `generator`.
    Config(Config<'a>),
}

/// Comments on lines that follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment<'a> {
    /// Each comment.
    pub lines: Vec<CommentLine<'a>>,
}

/// One comment on lines of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentLine<'a> {
    /// To the end of the line, with its slashes: `// sold by the case`.
    ToEndOfLine(&'a str),
    /// `/* ... */`: its lines without stars and surrounding blanks.
    Enclosed(Vec<&'a str>),
}

/// A name and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// What kind of thing has fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// `model`: a table.
    Model,
    /// `view`: a view, which Prisma never creates.
    View,
    /// `type`: a composite type, which Prisma does not have on PostgreSQL.
    Type,
}

/// `model`, `view` or `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    /// Which of the three.
    pub kind: ModelKind,
    /// Its name.
    pub name: Name<'a>,
    /// The fields, with the comments and blank lines between them.
    pub members: Vec<Member<'a, Field<'a>>>,
    /// Its own attributes (`@@...`).
    pub attributes: Vec<BlockAttribute<'a>>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `enum`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// The values, with the comments and blank lines between them.
    pub members: Vec<Member<'a, EnumValue<'a>>>,
    /// Its own attributes (`@@...`).
    pub attributes: Vec<BlockAttribute<'a>>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `datasource` or `generator`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config<'a> {
    /// Whether it is a `datasource`.
    pub is_datasource: bool,
    /// Its name.
    pub name: Name<'a>,
    /// The properties, with the comments and blank lines between them.
    pub members: Vec<Member<'a, Property<'a>>>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// A line or more of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member<'a, T> {
    /// Blank lines.
    Blank,
    /// Comments, line after line.
    Comment(Comment<'a>),
    /// What the block is there for.
    Entry(T),
}

/// A field of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its type, without list and optional.
    pub ty: FieldType<'a>,
    /// Required, optional or a list.
    pub arity: Arity,
    /// Its attributes (`@...`).
    pub attributes: Vec<Attribute<'a>>,
    /// The comment behind it, as it stands.
    pub trailing: Option<&'a str>,
    /// The whole line, without the comment.
    pub span: Span,
}

/// A field's type, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType<'a> {
    /// A scalar, an enum or a model.
    Named(Name<'a>),
    /// `Unsupported("...")`: a type of the database, by its own name.
    Unsupported(Text<'a>),
}

impl FieldType<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            FieldType::Named(name) => name.span,
            FieldType::Unsupported(text) => text.span,
        }
    }
}

/// How many values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// One.
    Required,
    /// One or none (`?`).
    Optional,
    /// Any number (`[]`).
    List,
}

/// A value of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumValue<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its attributes (`@...`).
    pub attributes: Vec<Attribute<'a>>,
    /// The comment behind it, as it stands.
    pub trailing: Option<&'a str>,
    /// The whole line, without the comment.
    pub span: Span,
}

/// A property of a `datasource` or a `generator`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// What it is set to.
    pub value: Expression<'a>,
    /// The comment behind it, as it stands.
    pub trailing: Option<&'a str>,
}

/// `@name(...)` or `@@name(...)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name, with dots: `default`, `db.VarChar`.
    pub name: Name<'a>,
    /// The arguments; `None` without parentheses.
    pub arguments: Option<Vec<Argument<'a>>>,
    /// From the first `@` on.
    pub span: Span,
}

impl<'a> Attribute<'a> {
    /// The arguments, none when there are no parentheses.
    pub fn arguments(&self) -> &[Argument<'a>] {
        self.arguments.as_deref().unwrap_or_default()
    }
}

/// An attribute of a whole block, with the comments before and behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockAttribute<'a> {
    /// The comments on the lines before it.
    pub leading: Comment<'a>,
    /// The attribute.
    pub attribute: Attribute<'a>,
    /// The comment behind it, as it stands.
    pub trailing: Option<&'a str>,
}

/// An argument of an attribute or a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument<'a> {
    /// Its name, when it has one.
    pub name: Option<Name<'a>>,
    /// Its value.
    pub value: Expression<'a>,
    /// Where both stand.
    pub span: Span,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression<'a> {
    /// What it is.
    pub kind: ExpressionKind<'a>,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpressionKind<'a> {
    /// `12`, `-1.5`: as it is written.
    Number(&'a str),
    /// `"..."`.
    Text(Text<'a>),
    /// A name: `true`, `Cascade`, `Gin`, a field.
    Constant(&'a str),
    /// `name(...)`.
    Call(Call<'a>),
    /// `[..., ...]`.
    Array(Vec<Expression<'a>>),
    /// `{ key: ..., key: ... }`.
    Object(Vec<(Name<'a>, Expression<'a>)>),
}

/// A function and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The function.
    pub name: &'a str,
    /// Its arguments.
    pub arguments: Vec<Argument<'a>>,
}

/// A string between quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// As it is written, quotes and escapes included.
    pub raw: &'a str,
    /// Where it stands.
    pub span: Span,
}

impl<'a> Text<'a> {
    /// The string, its escapes resolved. Prisma's strings are JSON's; the parser has checked them.
    pub fn value(&self) -> std::borrow::Cow<'a, str> {
        super::text::unescape(self.raw).unwrap_or(self.raw.into())
    }
}

impl<'a> ExpressionKind<'a> {
    /// The kind of value, as Prisma's messages name it.
    pub fn describe(&self) -> &'static str {
        match self {
            ExpressionKind::Number(_) => "numeric",
            ExpressionKind::Text(_) => "string",
            ExpressionKind::Constant(_) => "literal",
            ExpressionKind::Call(_) => "functional",
            ExpressionKind::Array(_) => "array",
            ExpressionKind::Object(_) => "object",
        }
    }
}

impl<'a> Document<'a> {
    /// The models, views and types.
    pub fn models(&self) -> impl Iterator<Item = &Model<'a>> {
        self.tops.iter().filter_map(|top| match top {
            Top::Model(model) => Some(model),
            _ => None,
        })
    }

    /// The enums.
    pub fn enums(&self) -> impl Iterator<Item = &Enum<'a>> {
        self.tops.iter().filter_map(|top| match top {
            Top::Enum(definition) => Some(definition),
            _ => None,
        })
    }

    /// The datasources and generators.
    pub fn configs(&self) -> impl Iterator<Item = &Config<'a>> {
        self.tops.iter().filter_map(|top| match top {
            Top::Config(config) => Some(config),
            _ => None,
        })
    }
}

/// The entries among `members`, without comments and blank lines.
pub fn entries<'m, 'a, T>(members: &'m [Member<'a, T>]) -> impl Iterator<Item = &'m T> {
    members.iter().filter_map(|member| match member {
        Member::Entry(entry) => Some(entry),
        _ => None,
    })
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Span {
            start: range.start,
            end: range.end,
        }
    }
}
