//! What a plan rests on, so that it can be told whether it still holds.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::audience::Grants;
use crate::model::{Identifier, Schema};

/// One database of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its oid, which tells it from one of the same name made since.
    pub oid: u32,
}

/// What was read of a database to make a plan: all that the plan depends on, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The database.
    pub database: Database,
    /// The schema.
    pub schema: Identifier,
    /// The tables concerned, as far as they stood, and the types that the declaration names.
    pub stood: Schema,
    /// Those of the tables to create that stood and held rows.
    pub held_rows: BTreeSet<Identifier>,
    /// The grants that it makes, where it was to grant what is granted on the existing tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
}

/// A SHA-256 over a [`Basis`], in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Basis {
    /// The fingerprint: equal for equal bases, whatever order things were read in.
    pub fn fingerprint(&self) -> Fingerprint {
        let text = serde_json::to_vec(self).expect("a basis has only text for keys");
        let digest = Sha256::digest(&text);
        Fingerprint(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
