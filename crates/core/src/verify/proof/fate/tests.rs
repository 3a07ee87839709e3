//! What PostgreSQL does with a row of each table, all naming each other, when that of `root` is deleted.

use super::*;
use crate::model::snapshot;
use crate::sample::SAMPLE;
use crate::verify::proof::graph::Graph;
use crate::verify::proof::world::Learned;
use crate::verify::proof::{ProofOptions, Subject};

/// A table with the columns `id`, `root` and `code`, and these foreign keys: the name, its columns, what they reference,
/// and the rest of its definition.
fn table(name: &str, keys: &[(&str, &str, &str, &str)]) -> String {
    let mut text = format!(
        "[tables.{name}]\nprimary_key = {{ columns = [\"id\"], name = \"{name}_pkey\" }}\ncolumns = [\n  \
         {{ name = \"id\", type = \"uuid\" }},\n  {{ name = \"root\", type = \"uuid\", nullable = true }},\n  \
         {{ name = \"code\", type = \"uuid\", nullable = true }},\n]\n"
    );
    let list = |columns: &str| {
        let columns: Vec<_> = columns.split(' ').map(|name| format!("{name:?}")).collect();
        columns.join(", ")
    };
    for (key, columns, target, rest) in keys {
        let (references, referenced) = target.split_once(' ').expect("a table and columns");
        let on_update = if rest.contains("on_update") {
            ""
        } else {
            ", on_update = \"cascade\""
        };
        text += &format!(
            "foreign_keys.{key} = {{ columns = [{}], references = \"{references}\", referenced_columns = [{}], \
             {rest}{on_update} }}\n",
            list(columns),
            list(referenced)
        );
    }
    text
}

const CASCADE: &str = "on_delete = \"cascade\"";
const RESTRICT: &str = "on_delete = \"restrict\"";
const NO_ACTION: &str = "on_delete = \"no-action\"";
const AT_COMMIT: &str = "on_delete = \"no-action\", deferrable = \"initially-deferred\"";
const SET_NULL: &str = "on_delete = \"set-null\"";
const SET_DEFAULT: &str = "on_delete = \"set-default\"";

/// What comes of it where those that refuse fire first, and where they fire last, without the foreign key `but`.
fn ends_but(but: &str, tables: &[String]) -> [String; 2] {
    let text = table("root", &[]) + &tables.concat();
    let schema = snapshot::read(&text).expect("a schema");
    let subject = Subject {
        schema: &Identifier::new("public").expect("legal"),
        actual: &schema,
        desired: &schema,
        declaration: &SAMPLE,
        sizes: &BTreeMap::new(),
        firing_order: &[],
        user_code: &crate::verify::user_code::CodeByTable::default(),
        bypasses_row_security: true,
        superuser: true,
        options: &ProofOptions::default(),
    };
    let learned = Learned::default();
    let world = World::new(&subject, &learned);
    let mut graph = Graph::new(&world);
    let root = graph.whole_set()[&Identifier::new("root").expect("legal")];
    let rows = graph.finish();
    let names = Names::of(&rows, rows.rows.places());
    let counts = |link: LinkId| *world.links[link].name != *but;
    [Order::RefusalsFirst, Order::RefusalsLast].map(|order| {
        let fates = match names.delete(root, order, counts) {
            Outcome::Refused(refusal) => {
                let (parent, child) = (refusal.parent, refusal.child);
                let [parent, child] = [parent, child].map(|row| rows.rows[row].table.as_str());
                return format!(
                    "{} of {child} holds {parent}",
                    world.links[refusal.link].name.as_str()
                );
            }
            Outcome::Done(fates) => fates,
        };
        let told = fates.into_iter().filter(|(row, _)| *row != root);
        let mut told: Vec<_> = told
            .map(|(row, fate)| match fate {
                Fate::Gone => format!("{} gone", rows.rows[row].table.as_str()),
                Fate::Changed(links) => {
                    let changed = links.into_iter().map(|(link, default)| {
                        let to = match default {
                            NewValue::Default => "default",
                            NewValue::Null => "null",
                        };
                        format!("{} {to}", world.links[link].name.as_str())
                    });
                    changed.collect::<Vec<_>>().join(", ")
                }
            })
            .collect();
        told.sort();
        told.join("; ")
    })
}

fn ends(tables: &[String]) -> [String; 2] {
    ends_but("", tables)
}

/// The same in whatever order.
fn always(tables: &[String]) -> String {
    let [first, last] = ends(tables);
    assert_eq!(first, last);
    first
}

#[test]
fn rows_go_as_far_as_cascades_lead() {
    let chain = [
        table("a", &[("a_root", "root", "root id", CASCADE)]),
        table("b", &[("b_a", "root", "a id", CASCADE)]),
        table("c", &[("c_b", "root", "b id", SET_NULL)]),
        table("d", &[("d_b", "root", "b id", SET_DEFAULT)]),
        table("e", &[("e_c", "root", "c id", RESTRICT)]),
    ];
    assert_eq!(always(&chain), "a gone; b gone; c_b null; d_b default");
    assert_eq!(ends_but("b_a", &chain), ["a gone", "a gone"]);
    let changed_first = [
        table("a", &[("a_root", "root", "root id", CASCADE)]),
        table(
            "b",
            &[
                ("b_root", "root", "root id", SET_NULL),
                ("b_a", "code", "a id", CASCADE),
            ],
        ),
    ];
    assert_eq!(always(&changed_first), "a gone; b gone");
}

#[test]
fn the_order_decides_within_a_round_only() {
    for refuses in [RESTRICT, NO_ACTION] {
        let same_round = [table(
            "a",
            &[
                ("a_root", "root", "root id", CASCADE),
                ("a_held", "code", "root id", refuses),
            ],
        )];
        assert_eq!(ends(&same_round), ["a_held of a holds root", "a gone"]);
        let later = [
            table("a", &[("a_root", "root", "root id", CASCADE)]),
            table(
                "b",
                &[
                    ("b_root", "root", "root id", refuses),
                    ("b_a", "code", "a id", CASCADE),
                ],
            ),
        ];
        assert_eq!(always(&later), "b_root of b holds root");
        let earlier = [
            table("a", &[("a_root", "root", "root id", CASCADE)]),
            table(
                "b",
                &[
                    ("b_root", "root", "root id", CASCADE),
                    ("b_a", "code", "a id", refuses),
                ],
            ),
        ];
        assert_eq!(always(&earlier), "a gone; b gone");
    }
}

#[test]
fn what_waits_for_the_end_finds_what_is_left() {
    let held = |rest: &[(&str, &str, &str, &str)]| {
        let keys = [&[("a_held", "code", "root id", AT_COMMIT)], rest].concat();
        always(&[table("a", &keys)])
    };
    assert_eq!(held(&[]), "a_held of a holds root");
    let cascade = ("a_root", "root", "root id", CASCADE);
    assert_eq!(held(&[cascade]), "a gone");
    // The column is NULL by then.
    let null = ("a_null", "code", "root id", SET_NULL);
    assert_eq!(held(&[null]), "a_null null");
    // Only NO ACTION waits.
    let deferred = format!("{CASCADE}, deferrable = \"initially-deferred\"");
    let gone = [
        table("a", &[("a_root", "root", "root id", &deferred)]),
        table("b", &[("b_a", "root", "a id", SET_NULL)]),
    ];
    assert_eq!(always(&gone), "a gone; b_a null");
    let restrict = format!("{RESTRICT}, deferrable = \"initially-deferred\"");
    let keys = [cascade, ("a_held", "code", "root id", restrict.as_str())];
    let [first, last] = ends(&[table("a", &keys)]);
    assert_eq!(
        [first.as_str(), last.as_str()],
        ["a_held of a holds root", "a gone"]
    );
}

/// A column that becomes NULL is so for all the foreign keys that it is in.
#[test]
fn a_key_without_one_of_its_columns_names_nothing() {
    let shared = |link: &str| {
        always(&[
            table("a", &[("a_root", "root", "root id", CASCADE)]),
            table(
                "b",
                &[
                    ("b_null", "root", "root id", SET_NULL),
                    ("b_a", link, "a id", RESTRICT),
                ],
            ),
        ])
    };
    assert_eq!(shared("root"), "a gone; b_null null");
    assert_eq!(shared("code"), "b_a of b holds a");
    let twice = [table(
        "a",
        &[
            ("a_code", "code", "root id", SET_NULL),
            ("a_root", "root", "root id", SET_DEFAULT),
        ],
    )];
    assert_eq!(always(&twice), "a_code null, a_root default");
}

/// `a` loses its code, and `b` names it by that.
#[test]
fn rows_that_name_another_by_a_key_that_changes_follow() {
    let follows_when = |on_delete: &str, columns: &str, target: &str, action: &str| {
        let rest = format!("{NO_ACTION}, on_update = \"{action}\"");
        always(&[
            table("a", &[("a_root", "code", "root id", on_delete)]),
            table("b", &[("b_a", columns, target, &rest)]),
            table("c", &[("c_root", "root", "root id", CASCADE)]),
        ])
    };
    let follows = |target: &str, action: &str| follows_when(SET_NULL, "code", target, action);
    assert_eq!(
        follows("a code", "cascade"),
        "a_root null; b_a null; c gone"
    );
    assert_eq!(
        follows("a code", "set-null"),
        "a_root null; b_a null; c gone"
    );
    assert_eq!(
        follows("a code", "set-default"),
        "a_root null; b_a default; c gone"
    );
    assert_eq!(follows("a code", "restrict"), "b_a of b holds a");
    assert_eq!(follows("a code", "no-action"), "b_a of b holds a");
    assert_eq!(follows("a id", "restrict"), "a_root null; c gone");
    let default = |action: &str| follows_when(SET_DEFAULT, "code", "a code", action);
    assert_eq!(default("cascade"), "a_root default; b_a default; c gone");
    assert_eq!(default("set-null"), "a_root default; b_a null; c gone");
}

/// ON UPDATE CASCADE changes the columns whose referenced ones change; SET NULL and SET DEFAULT all of them.
#[test]
fn a_key_of_two_columns_follows_by_one_or_by_both() {
    let held = |action: &str| {
        let rest = format!("{NO_ACTION}, on_update = \"{action}\"");
        always(&[
            table("a", &[("a_root", "code", "root id", SET_NULL)]),
            table(
                "b",
                &[
                    ("b_a", "root code", "a id code", &rest),
                    ("b_c", "root", "c id", RESTRICT),
                ],
            ),
            table("c", &[("c_root", "id", "root id", CASCADE)]),
        ])
    };
    assert_eq!(held("cascade"), "b_c of b holds c");
    assert_eq!(held("set-null"), "a_root null; b_a null; c gone");
    assert_eq!(held("set-default"), "a_root null; b_a default; c gone");
}

/// Each action waits or not by itself: a foreign key may look for deleted rows at the end, and follow at once.
#[test]
fn a_changed_key_is_looked_for_at_the_end_where_that_may_wait() {
    let waits = |on_delete: &str, on_update: &str, rest: &[(&str, &str, &str, &str)]| {
        let by = format!(
            "{on_delete}, on_update = \"{on_update}\", deferrable = \"initially-deferred\""
        );
        let keys = [&[("b_a", "code", "a code", by.as_str())], rest].concat();
        always(&[
            table("a", &[("a_root", "code", "root id", SET_NULL)]),
            table("b", &keys),
        ])
    };
    assert_eq!(waits(NO_ACTION, "cascade", &[]), "a_root null; b_a null");
    assert_eq!(waits(NO_ACTION, "no-action", &[]), "b_a of b holds a");
    assert_eq!(waits(CASCADE, "restrict", &[]), "b_a of b holds a");
    // It is gone by then.
    let gone = [
        table("a", &[("a_root", "code", "root id", SET_NULL)]),
        table("c", &[("c_root", "root", "root id", CASCADE)]),
        table(
            "b",
            &[
                (
                    "b_a",
                    "code",
                    "a code",
                    "on_delete = \"cascade\", on_update = \"no-action\", deferrable = \"initially-deferred\"",
                ),
                ("b_c", "root", "c id", CASCADE),
            ],
        ),
    ];
    assert_eq!(always(&gone), "a_root null; b gone; c gone");
}
