//! Which rights matter that are not there, and what is to be typed.

use super::*;
use crate::model::Schema;
use crate::verify::checklist::tests::{Beside, check_beside, name, promise, table};

fn lacks(kind: Holds, of: &str, missing: &[&str]) -> Shortfall {
    Shortfall {
        kind,
        name: name(of),
        role: "application".to_owned(),
        missing: missing.iter().map(|right| (*right).to_owned()).collect(),
        starting: None,
    }
}

/// What sessions lack that start as another role because `setting` is set for `role`.
fn in_sessions(of: &str, role: Option<&str>) -> Shortfall {
    Shortfall {
        starting: Some(KeptSetting {
            of_database: true,
            role: role.map(str::to_owned),
            setting: "role=reporting".to_owned(),
            of_server: false,
        }),
        ..lacks(Holds::Table, of, &["SELECT", "INSERT"])
    }
}

/// The messages and the remedies of integrity.rights.
fn told(short: &[Shortfall], change: impl FnOnce(&mut Schema)) -> Vec<(String, String)> {
    let mut beside = Beside::default();
    beside.around.short_of_rights = short.to_vec();
    let check = check_beside(promise(), "integrity.rights", change, &beside);
    let findings = check.outcome.findings().iter();
    findings
        .map(|finding| {
            let remedy = finding
                .remedy
                .clone()
                .map_or(String::new(), |remedy| remedy.text);
            (finding.message.clone(), remedy)
        })
        .collect()
}

#[test]
fn an_owner_gets_back_what_it_lacks() {
    let remedy = |kind, of, missing: &[&str]| {
        let told = told(&[lacks(kind, of, missing)], |_| {});
        let [(_, remedy)] = &told[..] else {
            panic!("{told:?}")
        };
        remedy.clone()
    };
    assert_eq!(
        remedy(Holds::Table, "Errand", &["INSERT", "UPDATE"]),
        r#"GRANT INSERT, UPDATE ON "Errand" TO application;"#
    );
    assert_eq!(
        remedy(Holds::Sequence, "Order_number_seq", &["USAGE"]),
        r#"GRANT USAGE ON SEQUENCE "Order_number_seq" TO application;"#
    );
    assert_eq!(
        remedy(Holds::Schema, "public", &["USAGE"]),
        r#"GRANT USAGE ON SCHEMA "public" TO application;"#
    );
}

/// The new tables' models write; a foreign key reads, changes and deletes on both of its sides.
#[test]
fn what_neither_models_nor_foreign_keys_need_is_nobodys_want() {
    let of_a_log = |missing: &[&str], change: fn(&mut Schema)| {
        let told = told(&[lacks(Holds::Table, "AuditLog", missing)], change);
        told.into_iter()
            .map(|(_, remedy)| remedy)
            .collect::<Vec<_>>()
    };
    assert_eq!(of_a_log(&["INSERT"], |_| {}), [""; 0]);
    assert_eq!(
        of_a_log(&["INSERT", "DELETE"], |_| {}),
        [r#"GRANT DELETE ON "AuditLog" TO application;"#]
    );
    let untied = |schema: &mut Schema| {
        table(schema, "AuditLog").foreign_keys.clear();
        for table in schema.tables.values_mut() {
            let to_log = |key: &crate::model::ForeignKey| {
                key.references.here().is_some_and(|to| *to == *"AuditLog")
            };
            table.foreign_keys.retain(|_, key| !to_log(key));
        }
    };
    assert_eq!(of_a_log(&["DELETE"], untied), [""; 0]);
    let referenced = |schema: &mut Schema| table(schema, "Customer").foreign_keys.clear();
    let customers = lacks(Holds::Table, "Customer", &["DELETE"]);
    assert_eq!(told(&[customers], referenced).len(), 1);
}

/// Sessions are somebody's own business but where the models are used.
#[test]
fn a_setting_is_told_once_with_what_its_sessions_lack() {
    assert_eq!(told(&[in_sessions("AuditLog", None)], |_| {}), []);
    let mut lacking: Vec<_> = ["Staff", "Shop", "Errand", "Measure", "Card"]
        .map(|of| in_sessions(of, None))
        .into();
    lacking.push(Shortfall {
        kind: Holds::Schema,
        name: name("public"),
        missing: vec!["USAGE".to_owned()],
        ..in_sessions("Staff", None)
    });
    lacking.push(in_sessions("Staff", Some("leora")));
    let told = told(&lacking, |_| {});
    let [(all, database), (one, role)] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(
        all.starts_with("role=reporting is set for this database"),
        "{all}"
    );
    assert!(
        all.ends_with(r#""Card" (SELECT, INSERT) and 1 more"#),
        "{all}"
    );
    assert!(
        one.ends_with(r#"lack rights on "Staff" (SELECT, INSERT)"#),
        "{one}"
    );
    assert_eq!(
        database,
        "SET ROLE NONE;\nALTER DATABASE \"leora\" RESET role;"
    );
    assert_eq!(
        role,
        "SET ROLE NONE;\nALTER ROLE leora IN DATABASE \"leora\" RESET role;"
    );
}
