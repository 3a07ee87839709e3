//! A check and what came of it.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::diff::Object;
use crate::model::{in_a_line, printable};

/// The parts of the post-migration checklist, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The declaration agrees with the schema that stood before.
    Declaration,
    /// The migration was applied and recorded.
    Migration,
    /// The tables, by name and number, and everything on them.
    Tables,
    /// The relations of the existing models.
    Relations,
    /// Foreign keys and indexes: there, validated, enforced, usable.
    Integrity,
    /// Deletes do what was promised, tried.
    Deletes,
    /// Uniqueness, tried.
    Uniqueness,
    /// The models work, tried.
    Behaviour,
    /// Tenants stay apart.
    Tenants,
}

impl Group {
    /// All groups, in the checklist's order.
    pub const ALL: [Group; 9] = [
        Group::Declaration,
        Group::Migration,
        Group::Tables,
        Group::Relations,
        Group::Integrity,
        Group::Deletes,
        Group::Uniqueness,
        Group::Behaviour,
        Group::Tenants,
    ];

    /// The name that `--only` takes and checks' names begin with.
    pub fn name(self) -> &'static str {
        match self {
            Group::Declaration => "declaration",
            Group::Migration => "migration",
            Group::Tables => "tables",
            Group::Relations => "relations",
            Group::Integrity => "integrity",
            Group::Deletes => "deletes",
            Group::Uniqueness => "uniqueness",
            Group::Behaviour => "behaviour",
            Group::Tenants => "tenants",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The stable name of a check, `group.what`: what waivers, tests and scripts call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId {
    /// The group that the check belongs to.
    pub group: Group,
    /// The name within the group.
    pub what: &'static str,
}

impl CheckId {
    /// The id of the check `what` in `group`.
    pub const fn new(group: Group, what: &'static str) -> CheckId {
        CheckId { group, what }
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.what)
    }
}

impl PartialEq<str> for CheckId {
    fn eq(&self, text: &str) -> bool {
        text.split_once('.') == Some((self.group.name(), self.what))
    }
}

impl PartialEq<&str> for CheckId {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

impl PartialEq<String> for CheckId {
    fn eq(&self, text: &String) -> bool {
        *self == **text
    }
}

/// As two fields: the id and its group.
impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("CheckId", 2)?;
        fields.serialize_field("id", &self.to_string())?;
        fields.serialize_field("group", &self.group)?;
        fields.end()
    }
}

/// One thing that was to be found out, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its stable name.
    #[serde(flatten)]
    pub id: CheckId,
    /// What holds when it passes, in one line.
    pub title: String,
    /// The figure or fact that should be found.
    pub expected: String,
    /// The figure or fact that was found.
    pub found: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it is tried on rows.
    #[serde(skip)]
    pub is_tried: bool,
}

/// What a check comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What holds when it passes, in one line, where figures say more than what is said of every database.
    pub title: Option<String>,
    /// The figure or fact that should be found.
    pub expected: String,
    /// The figure or fact that was found.
    pub found: String,
    /// The outcome.
    pub outcome: Outcome,
}

impl Judgement {
    /// Passes when there is nothing to find.
    pub fn none_expected(findings: Vec<Finding>) -> Judgement {
        Judgement {
            title: None,
            expected: "none".to_owned(),
            found: match findings.len() {
                0 => "none".to_owned(),
                n => n.to_string(),
            },
            outcome: Outcome::of(findings),
        }
    }

    /// The same with another title.
    pub fn titled(self, title: impl Into<String>) -> Judgement {
        Judgement {
            title: Some(title.into()),
            ..self
        }
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed {
        /// Each reason by itself.
        findings: Vec<Finding>,
    },
    /// Some of it could not be tried; what was tried holds. Never counts as passed.
    NotProved {
        /// What was not tried, and why.
        reasons: Vec<String>,
    },
    /// It does not hold, and a waiver in force accepts that. Never counts as passed.
    Waived {
        /// Each reason by itself.
        findings: Vec<Finding>,
        /// Why it is accepted.
        reason: String,
        /// The last day on which it is, as `2027-01-31`.
        until: String,
    },
    /// It was not looked at. Never counts as passed.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Check {
    /// Makes its texts such that they can be shown on a terminal.
    pub fn show(&mut self) {
        let shown = |text: &mut String| *text = in_a_line(text);
        for text in [&mut self.title, &mut self.expected, &mut self.found] {
            shown(text);
        }
        match &mut self.outcome {
            Outcome::Failed { findings } | Outcome::Waived { findings, .. } => {
                for finding in findings {
                    shown(&mut finding.message);
                    if let Some(Remedy { text, loses_data }) = &mut finding.remedy {
                        *text = printable(text);
                        loses_data.iter_mut().for_each(shown);
                    }
                }
            }
            Outcome::NotProved { reasons } => reasons.iter_mut().for_each(shown),
            Outcome::Skipped { reason } => shown(reason),
            Outcome::Passed => {}
        }
    }
}

impl Outcome {
    /// Passed when there is nothing to find.
    pub fn of(findings: Vec<Finding>) -> Outcome {
        if findings.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Failed { findings }
        }
    }

    /// What it failed for.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Outcome::Failed { findings } => findings,
            _ => &[],
        }
    }

    /// Whether it failed.
    pub fn is_failure(&self) -> bool {
        matches!(self, Outcome::Failed { .. })
    }
}

/// One reason why a check failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, in one sentence.
    pub message: String,
    /// Whether it keeps the migration from being applied.
    pub is_conflict: bool,
    /// What it is about; its owner's canonical DDL is shown as a diff.
    pub object: Option<Object>,
    /// What to do about it.
    pub remedy: Option<Remedy>,
    /// PostgreSQL's error that it comes of, when there is one: many findings may come of one error.
    pub error: Option<String>,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            message: Cow<'a, str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            object: Option<&'a Object>,
            #[serde(flatten)]
            remedy: Option<&'a Remedy>,
        }
        let Finding {
            message: _,
            is_conflict: _,
            object,
            remedy,
            error: _,
        } = self;
        Written {
            message: self.told(),
            object: object.as_ref(),
            remedy: remedy.as_ref(),
        }
        .serialize(serializer)
    }
}

impl Finding {
    /// A finding that is about no object in particular.
    pub fn new(message: impl Into<String>) -> Finding {
        Finding {
            message: message.into(),
            ..Finding::default()
        }
    }

    /// The same, with what to do about it.
    pub fn remedy(mut self, remedy: impl Into<Remedy>) -> Finding {
        self.remedy = Some(remedy.into());
        self
    }

    /// Whether `text` is what to do about it.
    pub fn says_to(&self, text: &str) -> bool {
        let remedy = self.remedy.as_ref();
        remedy.is_some_and(|remedy| remedy.text == text)
    }

    /// What is wrong, as people are told it: a conflict is said to be one.
    pub fn told(&self) -> Cow<'_, str> {
        match self.is_conflict {
            true => format!("in the way: {}", self.message).into(),
            false => self.message.as_str().into(),
        }
    }
}

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// The data that is lost by doing it, which is said first. `None` where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loses_data: Option<String>,
    /// Statements, or what to do in words.
    #[serde(rename = "remedy")]
    pub text: String,
}

impl Remedy {
    /// One that loses no data.
    pub fn new(text: impl Into<String>) -> Remedy {
        Remedy {
            loses_data: None,
            text: text.into(),
        }
    }

    /// The same, which loses the data that `what` names.
    pub fn losing(mut self, what: impl Into<String>) -> Remedy {
        self.loses_data = Some(what.into());
        self
    }
}

impl From<&str> for Remedy {
    fn from(text: &str) -> Remedy {
        Remedy::new(text)
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Remedy {
        Remedy::new(text)
    }
}
