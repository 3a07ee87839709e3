//! Names: what PostgreSQL keeps of one, and how one is quoted.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::in_a_line;
use super::printable::{escaped_text, quoted_name, quoted_text};
pub use leora_schema::dsl::MAX_IDENTIFIER_BYTES;

/// A name PostgreSQL keeps as it is: not empty, no NUL, at most 63 bytes in the encoding of its database.
///
/// [`fmt::Display`] prints it as people may safely see it; [`Identifier::quoted`] is its only way into SQL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier(Box<str>);

/// Why a text is no [`Identifier`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing is written.
    #[error("a name is empty")]
    Empty,
    /// PostgreSQL cuts identifiers at 63 bytes (manual, 4.1.1), so two could become one.
    #[error("\"{0}\" has {1} bytes; PostgreSQL keeps {MAX_IDENTIFIER_BYTES}")]
    TooLong(String, usize),
    /// A NUL cannot be part of any text PostgreSQL takes.
    #[error("a name contains a NUL character")]
    Nul,
}

impl Identifier {
    /// Checks `name` and keeps it as it is written, case included.
    ///
    /// # Errors
    ///
    /// When PostgreSQL would refuse the name or cut it.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = Identifier::of_the_catalog(name)?;
        match name.0.len() {
            ..=MAX_IDENTIFIER_BYTES => Ok(name),
            bytes => Err(NameError::TooLong(name.0.into(), bytes)),
        }
    }

    /// Keeps a name that a catalog holds, or that was read from one. PostgreSQL counts the 63 bytes in the encoding of
    /// the database: in UTF-8 a name from LATIN1 has up to 126 of them, and a server can be built to keep more
    /// (`NAMEDATALEN`).
    ///
    /// # Errors
    ///
    /// When no catalog can hold it.
    pub fn of_the_catalog(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if name.is_empty() {
            Err(NameError::Empty)
        } else if name.contains('\0') {
            Err(NameError::Nul)
        } else {
            Ok(Identifier(name.into()))
        }
    }

    /// What stands for a name that could not be read, in an answer that nothing is decided by.
    pub fn unknown() -> Self {
        Identifier("?".into())
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for SQL and for people: always in double quotes, those inside doubled, or as `U&"..."` where a
    /// character of it is unsafe to print (manual, 4.1.1).
    pub fn quoted(&self) -> String {
        quoted_name(&self.0)
    }

    /// The name for a text that PostgreSQL reads as one, as `to_regclass` does: such a text knows no `U&"..."`.
    pub fn quoted_plain(&self) -> String {
        format!("\"{}\"", self.0.replace('"', "\"\""))
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_a_line(&self.0))
    }
}

impl Borrow<str> for Identifier {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Identifier {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Identifier {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl TryFrom<String> for Identifier {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Identifier::of_the_catalog(name)
    }
}

impl From<Identifier> for String {
    fn from(name: Identifier) -> String {
        name.0.into()
    }
}

/// A name of the server's for SQL and for people, where it is nothing but that: a role's, a database's.
pub fn quoted(name: &str) -> String {
    quoted_name(name)
}

/// A text constant for SQL, in single quotes, those inside doubled, or as `E'...'` where a character of it is unsafe
/// to print. The text may hold anything but NUL; `standard_conforming_strings` must be on, as every session of this
/// tool sets it.
pub fn literal(text: &str) -> String {
    quoted_text(text)
}

/// The same as PostgreSQL's catalogs spell it, which never write `E'...'`: for what is compared, not printed.
pub fn literal_plain(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A word of a command to type into a POSIX shell: as it is where it means itself, else in single quotes.
pub fn for_shell(text: &str) -> String {
    let means_itself = |c: char| c.is_alphanumeric() || "_-./,:@%+=".contains(c);
    if !text.is_empty() && text.chars().all(means_itself) {
        return text.to_owned();
    }
    // Dollar-single-quotes (POSIX.1-2024, 2.2.4), where a character is unsafe to print.
    if let Some(inside) = escaped_text(text) {
        return format!("$'{}'", inside.replace('\'', r"\'"));
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The names Prisma gives to constraints and indexes that the schema leaves unnamed.
///
/// Prisma joins the table and the columns with `_`, cuts the result so that the suffix still fits
/// into 63 bytes, never inside a character, and appends the suffix (prisma-engines,
/// `parser-database`, `constraint_names`).
pub mod prisma {
    use super::{Identifier, MAX_IDENTIFIER_BYTES};

    /// `"T_pkey"`.
    pub fn primary_key(table: &Identifier) -> Identifier {
        shortened(table.as_str(), "_pkey")
    }

    /// `"T_a_b_key"`.
    pub fn unique<'a>(
        table: &Identifier,
        columns: impl IntoIterator<Item = &'a Identifier>,
    ) -> Identifier {
        shortened(&joined(table, columns), "_key")
    }

    /// `"T_a_b_idx"`.
    pub fn index<'a>(
        table: &Identifier,
        columns: impl IntoIterator<Item = &'a Identifier>,
    ) -> Identifier {
        shortened(&joined(table, columns), "_idx")
    }

    /// `"T_a_fkey"`.
    pub fn foreign_key<'a>(
        table: &Identifier,
        columns: impl IntoIterator<Item = &'a Identifier>,
    ) -> Identifier {
        shortened(&joined(table, columns), "_fkey")
    }

    fn joined<'a>(table: &Identifier, columns: impl IntoIterator<Item = &'a Identifier>) -> String {
        columns
            .into_iter()
            .fold(table.as_str().to_owned(), |name, column| {
                name + "_" + column.as_str()
            })
    }

    fn shortened(stem: &str, suffix: &str) -> Identifier {
        let kept = stem.floor_char_boundary(MAX_IDENTIFIER_BYTES - suffix.len());
        Identifier::new(format!("{}{suffix}", &stem[..kept])).expect("cut to what PostgreSQL keeps")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_limit_pass_and_one_byte_more_does_not() {
        assert!(Identifier::new("a".repeat(63)).is_ok());
        assert_eq!(
            Identifier::new("a".repeat(64)),
            Err(NameError::TooLong("a".repeat(64), 64))
        );
        assert_eq!(
            Identifier::new("é".repeat(32)),
            Err(NameError::TooLong("é".repeat(32), 64))
        );
        assert_eq!(Identifier::new(""), Err(NameError::Empty));
        assert_eq!(Identifier::new("a\0b"), Err(NameError::Nul));
    }

    #[test]
    fn quoting_leaves_no_way_out() {
        assert_eq!(
            Identifier::new(r#"a"; DROP"#).expect("legal").quoted(),
            r#""a""; DROP""#
        );
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(for_shell("its/own.sql"), "its/own.sql");
        assert_eq!(for_shell("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(for_shell(""), "''");
        assert_eq!(for_shell("a\u{1b}'\\\n"), r"$'a\x1B\'\\\n'");
    }

    #[test]
    fn prisma_keeps_the_suffix_of_a_long_name_and_never_splits_a_character() {
        let column = Identifier::new("c").expect("legal");
        let long = Identifier::new("t".repeat(60)).expect("legal");
        assert_eq!(
            prisma::unique(&long, [&column]).as_str(),
            "t".repeat(59) + "_key"
        );
        assert_eq!(
            prisma::primary_key(&long).as_str(),
            "t".repeat(58) + "_pkey"
        );
        let accented = Identifier::new("é".repeat(30)).expect("legal");
        assert_eq!(
            prisma::index(&accented, [&column]).as_str(),
            "é".repeat(29) + "_idx"
        );
    }
}
