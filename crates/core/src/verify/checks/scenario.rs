//! The checks of a declaration's scenarios: what is said of each kind, in words made from the names of the model.

use std::borrow::Cow::{self, Borrowed};

use leora_schema::dsl::{Declaration, ForeignKey, Model, Scenario, ScenarioKind};

use super::read::RELATIONS_TENANT;
use super::{Entry, Evaluation, SEE_DIFF, SEE_FINDING};
use crate::verify::check::{CheckId, Group};

/// The id of the check of `scenario`.
pub fn id_of(scenario: &Scenario) -> CheckId {
    let group = match scenario.kind {
        ScenarioKind::Referenced => Group::Relations,
        ScenarioKind::DeletedWith(_) | ScenarioKind::KeptWithoutAuthor(_) => Group::Deletes,
        ScenarioKind::UniquePer(_) | ScenarioKind::NothingUnique => Group::Uniqueness,
        ScenarioKind::NextVersion { .. }
        | ScenarioKind::WideAndOwn { .. }
        | ScenarioKind::StartsAs(_) => Group::Behaviour,
    };
    CheckId::new(group, scenario.check)
}

/// A model that others must reference, and the check of it.
#[derive(Clone, Copy, Debug)]
pub struct Referenced {
    /// The check.
    pub id: CheckId,
    /// The model.
    pub model: &'static str,
    /// Whether only the tables that the migration creates are counted.
    pub only_new: bool,
}

/// The models that others must reference, the tenant first.
pub fn relations(declaration: &Declaration) -> Vec<Referenced> {
    let tenant = Referenced {
        id: RELATIONS_TENANT.id,
        model: declaration.tenant,
        only_new: false,
    };
    let others = scenarios(declaration).into_iter();
    let others = others.filter(|(_, scenario)| matches!(scenario.kind, ScenarioKind::Referenced));
    let others = others.map(|(model, scenario)| Referenced {
        id: id_of(scenario),
        model: model.name,
        only_new: true,
    });
    std::iter::once(tenant).chain(others).collect()
}

/// What one row of `model` is called.
pub fn noun_of(model: &Model) -> String {
    model
        .noun
        .map_or_else(|| in_words(model.name), str::to_owned)
}

/// A name in words: `OrderLine` is `order line`.
pub(super) fn in_words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

/// What is unique or need not be, in words: `widgets, jobs and ids`.
pub fn unique_things(declaration: &Declaration) -> String {
    let things = scenarios(declaration).into_iter();
    let things = things.filter_map(|(model, scenario)| match scenario.kind {
        ScenarioKind::UniquePer(_) => Some(format!("{}s", scenario.check.replace('-', " "))),
        ScenarioKind::NothingUnique => Some(format!("{}s", noun_of(model))),
        _ => None,
    });
    let things: Vec<_> = things.chain(std::iter::once("ids".to_owned())).collect();
    list(&things)
}

/// The checks of all scenarios, kind by kind.
pub(super) fn entries(declaration: &Declaration) -> Vec<Entry> {
    let scenarios = scenarios(declaration).into_iter();
    scenarios
        .map(|(model, scenario)| entry(declaration, model, scenario))
        .collect()
}

/// All scenarios with their models, kind by kind.
fn scenarios(declaration: &Declaration) -> Vec<(&'static Model, &'static Scenario)> {
    let of = |model: &'static Model| {
        model
            .scenarios
            .iter()
            .map(move |scenario| (model, scenario))
    };
    let mut all: Vec<_> = declaration.models.iter().flat_map(of).collect();
    all.sort_by_key(|(_, scenario)| match scenario.kind {
        ScenarioKind::Referenced => 0,
        ScenarioKind::DeletedWith(_) => 1,
        ScenarioKind::KeptWithoutAuthor(_) => 2,
        ScenarioKind::UniquePer(_) => 3,
        ScenarioKind::NothingUnique => 4,
        ScenarioKind::NextVersion { .. } => 5,
        ScenarioKind::WideAndOwn { .. } => 6,
        ScenarioKind::StartsAs(_) => 7,
    });
    all
}

/// What a kind of scenario says of a model.
struct Words {
    title: String,
    how: String,
    why: &'static str,
    remedy: Cow<'static, str>,
    evaluation: Evaluation,
}

fn entry(declaration: &Declaration, model: &'static Model, scenario: &Scenario) -> Entry {
    let Words {
        title,
        how,
        why,
        remedy,
        evaluation,
    } = words(declaration, model, scenario);
    let said = |own: Option<&'static str>, made: String| own.map_or(Cow::Owned(made), Borrowed);
    Entry {
        id: id_of(scenario),
        title: said(scenario.title, title),
        how: said(scenario.how, how),
        why: Borrowed(scenario.why.unwrap_or(why)),
        remedy,
        evaluation,
    }
}

fn words(declaration: &Declaration, model: &'static Model, scenario: &Scenario) -> Words {
    let noun = noun_of(model);
    let referenced = |field: &str| {
        let relation = model.relation(field);
        relation.map_or_else(String::new, |relation| parent_of(declaration, relation))
    };
    let tried = |title: String, how: String| Words {
        title,
        how,
        why: "It is what the model is for.",
        remedy: Borrowed(SEE_FINDING),
        evaluation: match id_of(scenario).group {
            Group::Deletes => Evaluation::Tried {
                one: "delete",
                many: "deletes",
            },
            _ => Evaluation::Tried {
                one: "case",
                many: "cases",
            },
        },
    };
    match scenario.kind {
        ScenarioKind::Referenced => Words {
            title: format!("the new tables that should reference {} do", model.name),
            how: "Foreign keys are counted by the column that holds them.".to_owned(),
            why: "Without it a row may name one that is not there.",
            remedy: Borrowed(SEE_DIFF),
            evaluation: Evaluation::References(model.name),
        },
        ScenarioKind::DeletedWith(field) => {
            let parent = referenced(field);
            let column = model.relation(field).and_then(|it| model.column(it.column));
            let kept = match column {
                Some(column) if column.nullable => {
                    format!(" and the tenant's own ({} null)", column.name)
                }
                _ => String::new(),
            };
            tried(
                format!("deleting a {parent} deletes that {parent}'s {noun}s and no other"),
                format!(
                    "A {parent} with a {noun} is deleted. The {noun} must be gone; another {parent}'s {noun}{kept} must be \
                     there, byte for byte."
                ),
            )
        }
        ScenarioKind::KeptWithoutAuthor(field) => {
            let parent = referenced(field);
            tried(
                format!("{noun}s outlive the wish to delete their author"),
                format!(
                    "A {parent} who created a {noun} is deleted. PostgreSQL must refuse (23503, and 23001 from \
                     PostgreSQL 18 on), and {parent} and {noun} must be as they were. Without the {noun} the {parent} \
                     can be deleted."
                ),
            )
        }
        ScenarioKind::UniquePer(columns) => {
            let columns = columns.join(", ");
            tried(
                format!("one {noun} per {columns}"),
                format!(
                    "A second row with the same ({columns}) must be refused with 23505; one that differs in any one of \
                     them must be accepted."
                ),
            )
        }
        ScenarioKind::NothingUnique => Words {
            remedy: Cow::Owned(format!(
                "A unique index or constraint that nobody declared stands on {}; the tables group names it.",
                model.name
            )),
            ..tried(
                format!("nothing about {noun}s is unique"),
                format!("Two {noun}s that differ in nothing but their id must be accepted."),
            )
        },
        ScenarioKind::NextVersion { of, .. } => tried(
            format!("a {noun} can be created, then its version 2"),
            format!(
                "Version 1 of a {noun} is inserted, then version 2 with the same {}, and both are read back.",
                list(of)
            ),
        ),
        ScenarioKind::WideAndOwn { owner, of } => {
            let parent = owner_of(declaration, model, owner);
            tried(
                format!("a tenant-wide {noun} and a {parent}'s own can be created"),
                format!(
                    "A {noun} without {owner} and one with it, with the same {}, are inserted and read back.",
                    list(of)
                ),
            )
        }
        ScenarioKind::StartsAs(values) => {
            let columns: Vec<_> = values.iter().map(|(column, _)| *column).collect();
            let state = values
                .iter()
                .map(|(column, value)| format!("{column} {value}"));
            tried(
                format!("a {noun} starts with {}", list(&state.collect::<Vec<_>>())),
                format!(
                    "A {noun} is inserted with nothing but its required columns; {} are read back.",
                    list(&columns)
                ),
            )
        }
    }
}

/// What the row is called that the column `owner` of `model` references.
pub fn owner_of(declaration: &Declaration, model: &Model, owner: &str) -> String {
    let mut relations = model.foreign_keys.iter();
    let relation = relations.find(|relation| relation.column == owner);
    relation.map_or_else(|| owner.to_owned(), |it| parent_of(declaration, it))
}

/// What is expected of the trial of `scenario`.
pub fn promise_of(model: &'static Model, scenario: &Scenario, declaration: &Declaration) -> String {
    let made = || entry(declaration, model, scenario).title.into_owned();
    scenario.expected.map_or_else(made, str::to_owned)
}

/// What the row is called that `relation` references.
fn parent_of(declaration: &Declaration, relation: &ForeignKey) -> String {
    let model = declaration.model(relation.model);
    model.map_or_else(|| in_words(relation.model), noun_of)
}

/// `a, b and c`.
pub(super) fn list(parts: &[impl AsRef<str>]) -> String {
    let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
    match parts[..] {
        [ref first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use leora_schema::dsl::*;

    use super::*;

    const CLUB: Model = Model {
        columns: &[id()],
        scenarios: &[referenced("club")],
        ..Model::existing("Club")
    };
    const NEWS_ITEM: Model = Model {
        columns: &[
            id(),
            uuid("clubId"),
            uuid("editorId"),
            uuid("readerId").optional(),
            uuid("ownerId"),
            text("code"),
            int("version"),
            text("state").default_text("new"),
            int("views").default_int(0),
        ],
        foreign_keys: &[
            relation("club", "clubId", "Club").on_delete_cascade(),
            relation("editor", "editorId", "ClubMember"),
            relation("reader", "readerId", "ClubMember").on_delete_cascade(),
            relation("owner", "ownerId", "ClubMember").on_delete_cascade(),
        ],
        indexes: &[unique(&["clubId", "code"])],
        scenarios: &[
            starts_as("start", &[("state", "new"), ("views", "0")]),
            wide_and_own("wide", "readerId", &["clubId", "code"]),
            next_version("versions", "version", &["clubId", "code"]),
            unique_per("news-code", &["clubId", "code"]),
            kept_without_author("kept", "editor").because("They are read."),
            deleted_with("owner", "owner"),
            deleted_with("reader", "reader").titled("a reader's news go"),
        ],
        ..Model::named("NewsItem")
    };
    const NOTE: Model = Model {
        columns: &[id(), uuid("clubId")],
        foreign_keys: &[relation("club", "clubId", "Club").on_delete_cascade()],
        scenarios: &[nothing_unique("notes")],
        ..Model::named("Note")
    };
    const MEMBER: Model = Model {
        columns: &[id()],
        noun: Some("member"),
        ..Model::existing("ClubMember")
    };
    const CLUBS: Declaration = Declaration {
        tenant: "Club",
        migration: "add_news",
        title: "News",
        models: &[CLUB, MEMBER, NEWS_ITEM, NOTE],
    };
    const _: () = CLUBS.assert_valid();

    #[test]
    fn each_kind_of_scenario_is_a_check_in_words_made_from_the_names() {
        let told: Vec<_> = entries(&CLUBS)
            .iter()
            .map(|entry| format!("{}: {}", entry.id, entry.title))
            .collect();
        assert_eq!(
            told,
            [
                "relations.club: the new tables that should reference Club do",
                "deletes.owner: deleting a member deletes that member's news items and no other",
                "deletes.reader: a reader's news go",
                "deletes.kept: news items outlive the wish to delete their author",
                "uniqueness.news-code: one news item per clubId, code",
                "uniqueness.notes: nothing about notes is unique",
                "behaviour.versions: a news item can be created, then its version 2",
                "behaviour.wide: a tenant-wide news item and a member's own can be created",
                "behaviour.start: a news item starts with state new and views 0",
            ]
        );
        let entry = |what| {
            let mut entries = entries(&CLUBS).into_iter();
            entries.find(|entry| entry.id.what == what).expect("there")
        };
        assert_eq!(entry("kept").why, "They are read.");
        assert!(entry("reader").how.contains("(readerId null)"));
        assert!(!entry("owner").how.contains("null"));
        assert!(entry("notes").remedy.contains("stands on Note;"));
        let of_start = promise_of(&NEWS_ITEM, &NEWS_ITEM.scenarios[0], &CLUBS);
        assert_eq!(of_start, entry("start").title);
    }

    #[test]
    fn what_is_said_of_all_models_names_those_of_the_declaration() {
        let all = crate::verify::checks::all(&CLUBS);
        let title = |id: &str| {
            all.iter()
                .find(|entry| entry.id == id)
                .expect("there")
                .title
                .clone()
        };
        assert_eq!(
            title("tenants.owned"),
            "every new table has a required clubId that references Club and is deleted with it"
        );
        assert_eq!(
            title("deletes.tenant-new-models"),
            "deleting a tenant deletes its news items and notes"
        );
        assert_eq!(
            title("relations.tenant"),
            "every table that should reference Club does"
        );
        assert_eq!(unique_things(&CLUBS), "news codes, notes and ids");
        let groups: Vec<_> = all.iter().map(|entry| entry.id.group).collect();
        assert!(groups.is_sorted());
    }
}
