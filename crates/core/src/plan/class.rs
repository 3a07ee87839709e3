//! For which database a plan was made, what it rests on, and what it does: so that it can be told whether it still holds.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::audience::Grants;
use super::{Grouping, Plan, Refusal, Step};
use crate::model::{Identifier, Schema};

/// One database of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its oid, which tells it from one of the same name made since.
    pub oid: u32,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (oid {})", self.name, self.oid)
    }
}

/// What was read of a database to make a plan: all that the plan depends on, and nothing else. Two databases of the
/// same content have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
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

/// What a plan does, and on what basis: a SHA-256 in hexadecimal. Plans for two databases have the same class when they
/// do the same, step by step, from the same beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanClass(String);

/// What [`PlanClass`] is made of.
#[derive(Serialize)]
struct Classified<'a> {
    migration: &'a str,
    steps: &'a [Step],
    grouping: Grouping,
    refusals: &'a [Refusal],
    basis: &'a Basis,
}

impl Plan {
    /// The class: equal for equal plans, whatever order things were read in, and whichever database they are for. Who may
    /// use the tables and who subscribes is said of a plan, and is no part of it.
    pub fn class(&self) -> PlanClass {
        let Plan {
            migration,
            schema: _, // the basis has it
            steps,
            grouping,
            refusals,
            notes: _,
            audience: _,
            published: _,
            database: _,
            basis,
        } = self;
        let text = serde_json::to_vec(&Classified {
            migration,
            steps,
            grouping: *grouping,
            refusals,
            basis,
        });
        let digest = Sha256::digest(text.expect("a plan has only text for keys"));
        PlanClass(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for PlanClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
