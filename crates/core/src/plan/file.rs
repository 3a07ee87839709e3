//! A plan as JSON, for programs and for `apply --plan`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Plan, PlanClass};

/// The version of a plan's JSON form, which `leora-migrate schema plan` prints the JSON Schema of. It
/// grows when a field changes its meaning or goes; a new field is no new version.
///
/// 1 had a fingerprint of the basis, which the name and the oid of the database were part of.
pub const FORMAT_VERSION: u32 = 2;

/// A plan as it is written.
#[derive(Serialize)]
pub struct PlanFile<'a> {
    format_version: u32,
    class: PlanClass,
    #[serde(flatten)]
    plan: &'a Plan,
}

impl<'a> PlanFile<'a> {
    /// The file of `plan`.
    pub fn of(plan: &'a Plan) -> PlanFile<'a> {
        PlanFile {
            format_version: FORMAT_VERSION,
            class: plan.class(),
            plan,
        }
    }
}

/// What is read of a file of any version first.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

/// What a file of this version has besides the plan.
#[derive(Deserialize)]
struct Head {
    class: PlanClass,
}

/// Why a file is no plan that can be carried out.
#[derive(Debug)]
pub enum NotAPlan {
    /// It is no JSON of this form.
    Form(serde_json::Error),
    /// It is of another version of the form.
    Version(u32),
    /// Its class is not that of what it holds.
    Edited,
}

impl fmt::Display for NotAPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAPlan::Form(error) => write!(f, "{error}"),
            NotAPlan::Version(version) => {
                write!(
                    f,
                    "format_version is {version}, not {FORMAT_VERSION}; plan again with this version"
                )
            }
            NotAPlan::Edited => f.write_str("its class is not that of what it holds"),
        }
    }
}

impl Plan {
    /// Reads a file that [`PlanFile`] wrote.
    ///
    /// # Errors
    ///
    /// When it is another version's, or was edited.
    pub fn read(json: &str) -> Result<Plan, NotAPlan> {
        let Version { format_version } = serde_json::from_str(json).map_err(NotAPlan::Form)?;
        if format_version != FORMAT_VERSION {
            return Err(NotAPlan::Version(format_version));
        }
        let Head { class } = serde_json::from_str(json).map_err(NotAPlan::Form)?;
        let plan: Plan = serde_json::from_str(json).map_err(NotAPlan::Form)?;
        match plan.class() == class {
            true => Ok(plan),
            false => Err(NotAPlan::Edited),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Identifier, Schema};
    use crate::plan::{Basis, Database, Grouping};

    fn plan() -> Plan {
        let schema = Identifier::new("public").expect("legal");
        Plan {
            migration: "test".to_owned(),
            schema: schema.clone(),
            steps: Vec::new(),
            grouping: Grouping::default(),
            refusals: Vec::new(),
            notes: Vec::new(),
            audience: None,
            published: None,
            database: Database::default(),
            basis: Basis {
                schema,
                stood: Schema::default(),
                held_rows: std::collections::BTreeSet::new(),
                grants: None,
            },
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let written = serde_json::to_string(&PlanFile::of(&plan())).expect("JSON");
        assert_eq!(Plan::read(&written).expect("a plan"), plan());
    }

    #[test]
    fn another_version_and_an_edited_plan_are_told_apart() {
        let written = serde_json::to_value(PlanFile::of(&plan())).expect("JSON");
        let read = |change: fn(&mut serde_json::Value)| {
            let mut changed = written.clone();
            change(&mut changed);
            Plan::read(&changed.to_string())
        };
        let older = read(|file| {
            file["format_version"] = 1.into();
            file["fingerprint"] = file["class"].take();
        });
        assert!(matches!(older, Err(NotAPlan::Version(1))), "{older:?}");
        let newer = read(|file| file["format_version"] = 3.into());
        assert!(matches!(newer, Err(NotAPlan::Version(3))), "{newer:?}");
        let edited = read(|file| file["migration"] = "other".into());
        assert!(matches!(edited, Err(NotAPlan::Edited)), "{edited:?}");
        let classless = read(|file| drop(file.as_object_mut().map(|file| file.remove("class"))));
        assert!(matches!(classless, Err(NotAPlan::Form(_))), "{classless:?}");
    }
}
