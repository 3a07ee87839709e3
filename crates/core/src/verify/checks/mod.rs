//! Every check in one list: its id, what it says, how it is found out, why it matters, what to do, and what evaluates
//! it. The checklist, `explain`, the documentation and the reports read it.

#[expect(missing_docs, reason = "an entry says by itself what it is")]
pub mod read;
mod scenario;
#[expect(missing_docs, reason = "an entry says by itself what it is")]
pub mod tried;

use std::borrow::Cow;

use leora_schema::dsl::{Declaration, Model, Origin};

use super::check::{Check, CheckId, Group, Judgement};
use super::evidence::Basis;

pub use scenario::{Referenced, id_of, noun_of, owner_of, promise_of, relations, unique_things};

/// One check.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: CheckId,
    /// What holds when it passes, in one line.
    pub title: Cow<'static, str>,
    /// How it is found out.
    pub how: Cow<'static, str>,
    /// Why it matters.
    pub why: Cow<'static, str>,
    /// What to do when it fails.
    pub remedy: Cow<'static, str>,
    /// What evaluates it.
    pub evaluation: Evaluation,
}

/// What evaluates a check.
#[derive(Clone, Copy, Debug)]
pub enum Evaluation {
    /// A function of what was found out.
    Read(fn(&Basis<'_>) -> Judgement),
    /// Whether the new tables reference the table of this name as declared.
    References(&'static str),
    /// Trials on rows; one and many of what is counted.
    Tried {
        /// The word for one.
        one: &'static str,
        /// The word for many.
        many: &'static str,
    },
}

/// The remedy of what the catalog shows: the diff says it.
const SEE_DIFF: &str = "The diff shows what should be and what is. What is missing, `plan` and `apply` add; what differs \
                        is settled by hand, on the side that is wrong.";
/// The remedy of what was tried on rows.
const SEE_FINDING: &str = "The finding names the foreign key or the object that decided. Check it in the integrity and \
                           tables groups first: what is missing or switched off there explains it.";

/// The checks that every declaration has, those of scenarios left out; within a group in the checklist's order.
static BEFORE_SCENARIOS: [&Entry; 22] = [
    &read::DECLARATION_VALID,
    &read::APPLIED,
    &read::RECORDED,
    &read::TABLES_NEW,
    &read::TABLES_COUNT,
    &read::TABLES_KIND,
    &read::TYPES,
    &read::COLUMNS,
    &read::CONSTRAINTS,
    &read::TRIGGERS,
    &read::RELATIONS_TENANT,
    &read::PRIMARY_KEYS,
    &read::INDEXES,
    &read::FOREIGN_KEYS,
    &read::SETTINGS,
    &read::RIGHTS,
    &read::REPLICATION,
    &read::ROWS,
    &read::SEQUENCES,
    &tried::ORPHANS,
    &tried::TENANT_ERASED,
    &tried::NEW_MODELS,
];

/// The same, those that stand behind the scenarios of their group.
static AFTER_SCENARIOS: [&Entry; 10] = [
    &tried::DELETES,
    &tried::KEY_CHANGES,
    &tried::UNIQUE_KEYS,
    &tried::DEFAULTS,
    &tried::REQUIRED,
    &read::TENANTS_OWNED,
    &read::ROW_SECURITY,
    &read::EXPOSED,
    &tried::TENANT_REQUIRED,
    &tried::OTHERS_UNCHANGED,
];

/// Every check of `declaration`, in the checklist's order.
pub fn all(declaration: &Declaration) -> Vec<Entry> {
    let fixed = |entries: &[&'static Entry]| -> Vec<Entry> {
        let entries = entries.iter();
        entries.map(|entry| entry.about(declaration)).collect()
    };
    let mut all = fixed(&BEFORE_SCENARIOS);
    all.extend(scenario::entries(declaration));
    all.extend(fixed(&AFTER_SCENARIOS));
    all.sort_by_key(|entry| entry.id.group);
    all
}

/// What a group answers for, in one line.
pub fn title_of(group: Group, declaration: &Declaration) -> String {
    match group {
        Group::Declaration => "The declaration agrees with the schema that stood before".to_owned(),
        Group::Migration => "The migration is applied and recorded".to_owned(),
        Group::Tables => "Every table is there, and is what it should be".to_owned(),
        Group::Relations => {
            let models: Vec<_> = relations(declaration)
                .into_iter()
                .map(|it| it.model)
                .collect();
            format!("{} have their relations", models.join(" and "))
        }
        Group::Integrity => "Foreign keys and indexes are there, valid and in force".to_owned(),
        Group::Deletes => "Deletes do what was promised".to_owned(),
        Group::Uniqueness => "What must be unique is".to_owned(),
        Group::Behaviour => "The new models work".to_owned(),
        Group::Tenants => "Tenants stay apart".to_owned(),
    }
}

/// Whether any of `groups` has checks that are tried on rows.
pub(super) fn are_tried(mut is_asked_for: impl FnMut(Group) -> bool) -> bool {
    let fixed = BEFORE_SCENARIOS.iter().chain(&AFTER_SCENARIOS);
    let mut tried = fixed.filter(|entry| entry.is_tried());
    tried.any(|entry| is_asked_for(entry.id.group))
}

impl Entry {
    /// Whether it is tried on rows.
    fn is_tried(&self) -> bool {
        matches!(self.evaluation, Evaluation::Tried { .. })
    }

    /// The check that comes to `judgement`.
    pub fn check(&self, judgement: Judgement) -> Check {
        let Judgement {
            title,
            expected,
            found,
            outcome,
        } = judgement;
        Check {
            id: self.id,
            title: title.unwrap_or_else(|| self.title.clone().into_owned()),
            expected,
            found,
            outcome,
            is_tried: self.is_tried(),
        }
    }

    /// The same with the names of `declaration` in its texts.
    fn about(&self, declaration: &Declaration) -> Entry {
        let about = |text: &Cow<'static, str>| match text.contains('{') {
            true => Cow::Owned(named(text, declaration)),
            false => text.clone(),
        };
        Entry {
            title: about(&self.title),
            how: about(&self.how),
            why: about(&self.why),
            remedy: about(&self.remedy),
            ..self.clone()
        }
    }
}

/// `text` with the names of `declaration` in the place of `{tenant}`, `{tenant column}`, `{migration}`, `{title}`,
/// `{existing}` (the models that exist before) and `{lists}` (what the new models add to a tenant).
pub fn named(text: &str, declaration: &Declaration) -> String {
    let of = |origin| {
        let models = declaration.models.iter();
        models.filter(move |model| model.origin == origin)
    };
    let existing: Vec<_> = of(Origin::Existing).map(|model| model.name).collect();
    let lists: Vec<_> = of(Origin::Created)
        .map(|model| list_of(model, declaration.tenant))
        .collect();
    text.replace("{tenant}", declaration.tenant)
        .replace(
            "{tenant column}",
            declaration.tenant_column().unwrap_or_default(),
        )
        .replace("{migration}", declaration.migration)
        .replace("{title}", declaration.title)
        .replace("{existing}", &existing.join(" or "))
        .replace("{lists}", &scenario::list(&lists))
}

/// What the rows of `model` are called, as a list of a tenant.
fn list_of(model: &Model, tenant: &str) -> String {
    let mut relations = model.foreign_keys.iter();
    let relation = relations.find(|relation| relation.model == tenant);
    match relation.and_then(|relation| relation.inverse) {
        Some(list) => scenario::in_words(list),
        None => format!("{}s", noun_of(model)),
    }
}
