//! The names in plan files, snapshots, reports and `status`, of values in which every field and every variant occurs.
//!
//! They are what files that exist already and programs of others rest on. Structs are written without `..`, and each list
//! of variants with a `match`, so that what is new does not compile until it is here. No test needs a server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use leora_core::code::Code;
use leora_core::ddl::Change;
use leora_core::diff::{Object, ObjectKind};
use leora_core::graph::Mark;
use leora_core::model::access::{Exposed, Grantee, Lack, Privilege, Privileges};
use leora_core::model::replication::{Publication, Slot};
use leora_core::model::{
    Action, Column, ColumnDefault, Constraint, Deferrable, Domain, Enum, Expression, Firing,
    ForeignKey, Generated, Identifier, Identity, Index, IndexKey, IndexState, IndexTarget,
    Persistence, PrimaryKey, RowSecurity, Schema, SqlType, Table, TableKind, TableReference,
    Trigger, Validity, snapshot,
};
use leora_core::plan::audience::DefaultGrant;
use leora_core::plan::prisma_record::{PrismaRow, PrismaState};
use leora_core::plan::{
    Audience, Basis, Database, Grouping, Hazard, Lock, LockMode, Plan, PlanFile, Published,
    Refusal, Step, Transaction, Undo,
};
use leora_core::verify::advice::Advice;
use leora_core::verify::check::{Check, CheckId, Finding, Group, Outcome, Remedy};
use leora_db::history::{RolledBack, Run, RunState};
use leora_migrate::render::json;
use leora_migrate::report::{
    self, Conclusion, Counts, DeleteTried, NoResult, ObjectDiff, Reason, Report, Subject,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::assert_golden;

fn name(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

fn names(all: &[&str]) -> Vec<Identifier> {
    all.iter().map(|one| name(one)).collect()
}

/// The variants of an enum without fields, each once.
macro_rules! variants {
    ($type:ident: $($variant:ident),+) => {{
        let _complete = |one: $type| match one { $($type::$variant => ()),+ };
        (stringify!($type), values([$($type::$variant),+]))
    }};
}

fn values(all: impl IntoIterator<Item = impl Serialize>) -> Vec<Value> {
    let values = all
        .into_iter()
        .map(|one| serde_json::to_value(one).unwrap());
    values.collect()
}

#[test]
fn variants_keep_their_names() {
    let all: BTreeMap<&str, Vec<Value>> = [
        variants!(Action: NoAction, Restrict, Cascade, SetNull, SetDefault),
        variants!(Conclusion: Passed, Failed, NotProved, CouldNotLook),
        variants!(Deferrable: No, InitiallyImmediate, InitiallyDeferred),
        variants!(Firing: Enabled, Always, ReplicaOnly, Disabled, Missing),
        variants!(Group: Declaration, Migration, Tables, Relations, Integrity, Deletes, Uniqueness, Behaviour, Tenants),
        variants!(Grouping: OneTransaction, OneTableAtATime),
        variants!(Identity: Always, ByDefault),
        variants!(IndexState: Valid, Invalid, NotReady, Contradicted),
        variants!(LockMode: AccessShare, RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive),
        variants!(Mark: NotAsked, Proved, NotProved, Broken),
        variants!(ObjectKind: Enum, Domain, Table, Column, PrimaryKey, Index, ForeignKey, Check, Trigger, Rule, Policy),
        variants!(Persistence: Permanent, Unlogged, Temporary),
        variants!(PrismaState: Applied, Failed, RolledBack),
        variants!(Privilege: Select, Insert, Update, Delete, Truncate, References, Trigger, Maintain),
        variants!(RunState: Running, CutOff, Applied, Failed, RolledBack),
        variants!(TableKind: Table, PartitionedTable, View, MaterializedView, ForeignTable, Sequence, CompositeType),
        variants!(Transaction: Together, Alone),
        variants!(Validity: Valid, NotValid, NotEnforced),
    ]
    .into();
    assert_golden("names/variants.json", &json::render(&all));
}

fn column(called: &str, default: Option<ColumnDefault>) -> Column {
    Column {
        name: name(called),
        ty: SqlType::new("integer"),
        nullable: true,
        default,
        identity: None,
        generated: None,
        collation: None,
    }
}

fn columns() -> Vec<Column> {
    let _complete = |one: ColumnDefault| match one {
        ColumnDefault::Autoincrement
        | ColumnDefault::Sequence(_)
        | ColumnDefault::Any
        | ColumnDefault::Expression(_) => (),
    };
    vec![
        column("counted", Some(ColumnDefault::Autoincrement)),
        column(
            "by_two",
            Some(ColumnDefault::Sequence("INCREMENT 2".to_owned())),
        ),
        column("open", Some(ColumnDefault::Any)),
        column(
            "zero",
            Some(ColumnDefault::Expression(Expression::new("0"))),
        ),
        Column {
            nullable: false,
            identity: Some(Identity::ByDefault),
            ..column("numbered", None)
        },
        Column {
            ty: SqlType::new("text"),
            generated: Some(Generated {
                expression: Expression::new("upper(label)"),
                stored: true,
            }),
            collation: Some(r#""C""#.to_owned()),
            ..column("shown", None)
        },
    ]
}

fn primary_key() -> PrimaryKey {
    PrimaryKey {
        name: name("Full_pkey"),
        columns: names(&["numbered"]),
        include: names(&["zero"]),
        deferrable: Deferrable::InitiallyImmediate,
        state: IndexState::Invalid,
    }
}

fn index() -> Index {
    let key = |on| IndexKey {
        on,
        descending: true,
        nulls_reversed: true,
        operator_class: Some("int4_ops".to_owned()),
        collation: Some(r#""C""#.to_owned()),
    };
    let _complete = |one: IndexTarget| match one {
        IndexTarget::Column(_) | IndexTarget::Expression(_) => (),
    };
    Index {
        keys: vec![
            key(IndexTarget::Column(name("zero"))),
            key(IndexTarget::Expression(Expression::new(
                r#"lower("shown")"#,
            ))),
        ],
        unique: true,
        nulls_not_distinct: true,
        deferrable: Deferrable::InitiallyDeferred,
        method: Some("gist".to_owned()),
        include: names(&["counted"]),
        predicate: Some(Expression::new(r#""zero" > 0"#)),
        state: IndexState::NotReady,
        constraint: true,
    }
}

fn foreign_key(references: TableReference) -> ForeignKey {
    let _complete = |one: TableReference| match one {
        TableReference::Here(_) | TableReference::Elsewhere { .. } => (),
    };
    ForeignKey {
        columns: names(&["zero"]),
        references,
        referenced_columns: names(&["id"]),
        on_delete: Action::SetNull,
        on_update: Action::Cascade,
        on_delete_columns: names(&["zero"]),
        match_full: true,
        deferrable: Deferrable::InitiallyDeferred,
        validity: Validity::NotValid,
        triggers: Firing::Disabled,
        disabled_on: BTreeSet::from([name("Full")]),
    }
}

fn trigger() -> Trigger {
    Trigger {
        definition: "as PostgreSQL prints it".to_owned(),
        firing: Firing::ReplicaOnly,
    }
}

fn constraint() -> Constraint {
    Constraint {
        definition: "CHECK ((zero >= 0))".to_owned(),
        validity: Validity::NotValid,
    }
}

fn table() -> Table {
    let elsewhere = TableReference::Elsewhere {
        schema: name("auth"),
        table: name("users"),
    };
    Table {
        kind: TableKind::PartitionedTable,
        persistence: Persistence::Unlogged,
        columns: columns(),
        in_any_order: false,
        primary_key: Some(primary_key()),
        indexes: BTreeMap::from([(name("Full_idx"), index())]),
        foreign_keys: BTreeMap::from([
            (
                name("a_fkey"),
                foreign_key(TableReference::Here(name("Full"))),
            ),
            (name("b_fkey"), foreign_key(elsewhere)),
        ]),
        checks: BTreeMap::from([(name("check"), constraint())]),
        triggers: BTreeMap::from([(name("trigger"), trigger())]),
        rules: BTreeMap::from([(name("rule"), trigger())]),
        row_security: RowSecurity {
            enabled: true,
            forced: true,
            policies: BTreeMap::from([(
                name("policy"),
                "AS PERMISSIVE FOR ALL TO public".to_owned(),
            )]),
        },
        inherits: vec![r#""Parent""#.to_owned()],
        children: vec![r#""Child""#.to_owned()],
        of_type: Some("kind".to_owned()),
        partitioning: Some(r#"LIST ("zero")"#.to_owned()),
    }
}

fn schema() -> Schema {
    Schema {
        enums: BTreeMap::from([(
            name("Mood"),
            Enum::new(vec!["GOOD".to_owned(), "BAD".to_owned()]),
        )]),
        domains: BTreeMap::from([(
            name("positive"),
            Domain {
                ty: SqlType::new("integer"),
                not_null: true,
                default: Some(Expression::new("1")),
                checks: BTreeMap::from([(name("positive_check"), constraint())]),
            },
        )]),
        tables: BTreeMap::from([(name("Full"), table())]),
    }
}

#[test]
fn snapshots_keep_their_names() {
    let text = snapshot::write(&schema());
    assert_golden("names/snapshot.toml", &text);
    assert_eq!(snapshot::write(&snapshot::read(&text).unwrap()), text);
}

fn privileges() -> Privileges {
    Privileges(BTreeSet::from([Privilege::Select, Privilege::Maintain]))
}

fn changes() -> Vec<Change> {
    let _complete = |one: Change| match one {
        Change::CreateEnum { .. }
        | Change::CreateTable { .. }
        | Change::AddColumn { .. }
        | Change::AddPrimaryKey { .. }
        | Change::CreateIndex { .. }
        | Change::AddForeignKey { .. }
        | Change::ValidateForeignKey { .. }
        | Change::DropTable { .. }
        | Change::DropEnum { .. }
        | Change::DropColumn { .. }
        | Change::DropIndex { .. }
        | Change::DropConstraint { .. }
        | Change::Grant { .. }
        | Change::Revoke { .. } => (),
    };
    let on = || name("Full");
    let here = || TableReference::Here(name("Full"));
    vec![
        Change::CreateEnum {
            name: name("Mood"),
            definition: Enum::new(vec!["GOOD".to_owned()]),
        },
        Change::CreateTable {
            name: on(),
            definition: Box::new(table()),
        },
        Change::AddColumn {
            table: on(),
            column: column("zero", None),
        },
        Change::AddPrimaryKey {
            table: on(),
            key: primary_key(),
        },
        Change::CreateIndex {
            table: on(),
            name: name("Full_idx"),
            index: index(),
            concurrently: true,
        },
        Change::AddForeignKey {
            table: on(),
            name: name("a_fkey"),
            key: foreign_key(here()),
            not_valid: true,
        },
        Change::ValidateForeignKey {
            table: on(),
            name: name("a_fkey"),
            references: here(),
        },
        Change::DropTable { name: on() },
        Change::DropEnum { name: name("Mood") },
        Change::DropColumn {
            table: on(),
            name: name("zero"),
        },
        Change::DropIndex {
            name: name("Full_idx"),
            concurrently: true,
        },
        Change::DropConstraint {
            table: on(),
            name: name("a_fkey"),
        },
        Change::Grant {
            table: on(),
            privileges: privileges(),
            to: name("reader"),
        },
        Change::Revoke {
            table: on(),
            privileges: privileges(),
            from: name("reader"),
        },
    ]
}

fn hazards() -> Vec<Hazard> {
    let _complete = |one: Hazard| match one {
        Hazard::BlocksWrites(_)
        | Hazard::BlocksReadsAndWrites(_)
        | Hazard::ReadsWholeTable(_)
        | Hazard::FailsOnContradictingRows(_) => (),
    };
    vec![
        Hazard::BlocksWrites(name("Full")),
        Hazard::BlocksReadsAndWrites(name("Full")),
        Hazard::ReadsWholeTable(name("Full")),
        Hazard::FailsOnContradictingRows(name("Full")),
    ]
}

fn step((place, change): (usize, Change)) -> Step {
    let undo = |one: Undo| match one {
        Undo::Sql(_) | Undo::Nothing(_) => one,
    };
    Step {
        change,
        sql: "a statement".to_owned(),
        locks: vec![Lock {
            table: name("Full"),
            mode: LockMode::ShareRowExclusive,
        }],
        transaction: Transaction::Together,
        undo: undo(match place {
            0 => Undo::Nothing("goes with its table".to_owned()),
            _ => Undo::Sql("a statement".to_owned()),
        }),
        hazards: hazards(),
    }
}

fn object() -> Object {
    Object {
        owner: name("Full"),
        kind: ObjectKind::ForeignKey,
        name: name("a_fkey"),
    }
}

fn slot() -> Slot {
    Slot {
        name: name("subscriber"),
        is_active: true,
        plugin: "pgoutput".to_owned(),
        retained_bytes: Some(1),
    }
}

fn plan() -> Plan {
    let _complete = |one: Grantee| match one {
        Grantee::Public | Grantee::Role(_) => (),
    };
    Plan {
        migration: "full".to_owned(),
        schema: name("public"),
        steps: changes().into_iter().enumerate().map(step).collect(),
        grouping: Grouping::OneTableAtATime,
        refusals: vec![Refusal {
            code: Code::NameTaken,
            object: object(),
            reason: "a reason".to_owned(),
            remedy: "a remedy".to_owned(),
        }],
        notes: vec!["a note".to_owned()],
        audience: Some(Audience {
            owner: name("owner"),
            by_default: vec![DefaultGrant {
                to: Grantee::Public,
                privileges: privileges(),
            }],
            exposed: BTreeMap::from([(
                name("anon"),
                Exposed {
                    privileges: privileges(),
                    by: BTreeSet::from([Grantee::Public, Grantee::Role(name("anon"))]),
                },
            )]),
            lacking: vec![Lack {
                to: Grantee::Role(name("reader")),
                privileges: privileges(),
                tables: names(&["Full"]),
                roles: BTreeSet::from([name("reader")]),
                by_column: true,
            }],
        }),
        published: Some(Published {
            publications: vec![Publication {
                name: name("all"),
                new_tables: true,
                history: true,
            }],
            slots: vec![slot()],
        }),
        database: Database {
            name: "leora".to_owned(),
            oid: 16_384,
        },
        basis: Basis {
            schema: name("public"),
            stood: schema(),
            held_rows: BTreeSet::from([name("Full")]),
            grants: Some(BTreeMap::from([(
                name("reader"),
                BTreeMap::from([(name("Full"), privileges())]),
            )])),
        },
    }
}

#[test]
fn plan_files_keep_their_names() {
    let text = json::render(&PlanFile::of(&plan()));
    assert_golden("names/plan.json", &text);
    assert_eq!(Plan::read(&text).unwrap(), plan());
}

fn outcomes() -> Vec<Outcome> {
    let _complete = |one: Outcome| match one {
        Outcome::Passed
        | Outcome::Failed { .. }
        | Outcome::NotProved { .. }
        | Outcome::Waived { .. }
        | Outcome::Skipped { .. } => (),
    };
    let findings = vec![Finding {
        message: "a message".to_owned(),
        is_conflict: true,
        object: Some(object()),
        remedy: Some(Remedy {
            loses_data: Some("what is lost".to_owned()),
            text: "what to do".to_owned(),
        }),
        error: Some("PostgreSQL's error".to_owned()),
    }];
    vec![
        Outcome::Passed,
        Outcome::Failed {
            findings: findings.clone(),
        },
        Outcome::NotProved {
            reasons: vec!["a reason".to_owned()],
        },
        Outcome::Waived {
            findings,
            reason: "a reason".to_owned(),
            until: "2027-01-31".to_owned(),
        },
        Outcome::Skipped {
            reason: "a reason".to_owned(),
        },
    ]
}

fn reason() -> Reason {
    Reason {
        code: Code::ServerFailed,
        title: "a title",
        message: "a message".to_owned(),
        remedy: "a remedy",
    }
}

fn this_run() -> report::Run {
    report::Run {
        at: "2027-01-31T23:59:59Z".parse().unwrap(),
        by: "user@host".to_owned(),
        tool_version: "0.1.0",
        commit: Some("1a2b3c4d5e6f"),
    }
}

#[test]
fn reports_keep_their_names() {
    let check = |outcome| Check {
        id: CheckId::new(Group::Integrity, "foreign-keys"),
        title: "a title".to_owned(),
        expected: "145".to_owned(),
        found: "144".to_owned(),
        outcome,
        is_tried: false,
    };
    let report = Report {
        format_version: report::FORMAT_VERSION,
        run: this_run(),
        subject: Subject {
            endpoint: "localhost:5432/leora as leora".to_owned(),
            database: "leora".to_owned(),
            schema: name("public"),
            user: "leora".to_owned(),
            server_version: "15.18".to_owned(),
        },
        require_proof: true,
        verdict: Conclusion::CouldNotLook,
        error: Some(reason()),
        counts: Counts {
            passed: 1,
            failed: 2,
            not_proved: 3,
            waived: 4,
            skipped: 5,
        },
        checks: outcomes().into_iter().map(check).collect(),
        left_out: 1,
        deletes: vec![DeleteTried {
            table: name("Full"),
            foreign_key: name("a_fkey"),
            outcome: Mark::Proved,
        }],
        diffs: vec![ObjectDiff {
            name: name("Full"),
            expected: vec!["a line".to_owned()],
            actual: vec!["another".to_owned()],
        }],
        advice: vec![Advice {
            id: "delete-order",
            title: "a title".to_owned(),
            detail: "a detail".to_owned(),
            sql: Some("a statement".to_owned()),
        }],
        notes: vec!["a note".to_owned()],
        elapsed_ms: 1,
        round_trips: 2,
    };
    let none = NoResult {
        format_version: report::FORMAT_VERSION,
        command: "verify",
        run: this_run(),
        error: reason(),
        exit_code: 2,
    };
    assert_golden("names/report.json", &json::render(&report));
    assert_golden("names/no-result.json", &json::render(&none));
}

/// The fields around these are in the goldens of the history.
#[test]
fn runs_and_rows_of_status_keep_their_names() {
    let run = Run {
        id: "00000000-0000-4000-8000-000000000000".parse().unwrap(),
        name: "full".to_owned(),
        schema: "public".to_owned(),
        state: RunState::RolledBack,
        steps: Some(Vec::new()),
        steps_done: 1,
        running_step: Some(1),
        step_started_at: Some("then".to_owned()),
        error: Some("an error".to_owned()),
        tool_version: "0.1.0".to_owned(),
        server_version: "15.18".to_owned(),
        applied_by: "leora".to_owned(),
        host: "host".to_owned(),
        client_address: Some("::1".to_owned()),
        started_at: "then".to_owned(),
        finished_at: Some("then".to_owned()),
        took: Duration::from_millis(1),
        rolled_back: Some(RolledBack {
            at: "then".to_owned(),
            by: "leora".to_owned(),
            from: "host".to_owned(),
        }),
        from_publisher: true,
    };
    let row = PrismaRow {
        name: "20270131235959_full".to_owned(),
        state: PrismaState::Failed,
        checksum: "00".to_owned(),
        started_at: "then".to_owned(),
        finished_at: Some("then".to_owned()),
        rolled_back_at: Some("then".to_owned()),
        logs: Some("an error".to_owned()),
    };
    let all = json!({ "run": run, "prisma_migration": row, "slot": slot() });
    assert_golden("names/status.json", &json::render(&all));
}
