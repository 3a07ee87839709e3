//! The checks that a proof answers, in one list: what each says when it passes, and how it is tried.

use super::foreign_keys::{DELETES, KEY_CHANGES, ORPHANS};
use super::model_deletes::{METRICS_KEPT, NEW_MODELS, USER_WIDGETS};
use super::models::{DEFAULTS, JOB_DEFAULTS, METRIC_VERSIONS, REQUIRED, TENANT_REQUIRED, WIDGETS};
use super::uniqueness::{JOBS_NONE, METRIC_VERSION, UNIQUE_KEYS, WIDGET};
use super::whole_tenant::{ERASED, OTHERS_UNCHANGED};
use crate::verify::check::Group;

/// A check that a proof answers.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// Its stable name.
    pub id: &'static str,
    /// Where it belongs.
    pub group: Group,
    /// What holds when it passes, in one line.
    pub title: &'static str,
    /// What is counted: one and many.
    pub counts: (&'static str, &'static str),
    /// How it is tried and what it means, in a paragraph.
    pub explanation: &'static str,
}

/// Every check that a proof answers, in the order in which it gives them.
pub const TRIED: &[Tried] = &[
    Tried {
        id: ORPHANS,
        group: Group::Integrity,
        title: "no row can name one that is not there",
        counts: ("foreign key", "foreign keys"),
        explanation: "For every promised foreign key a row is inserted, and another changed, so that it names no row. \
                      PostgreSQL must refuse both with 23503. A foreign key that stands in the catalog and is not \
                      enforced (its triggers disabled, session_replication_role = replica) accepts them.",
    },
    Tried {
        id: ERASED,
        group: Group::Deletes,
        title: "deleting a tenant deletes all of it",
        counts: ("row", "rows"),
        explanation: "Two tenants get a row in every table, all foreign keys set, those to the own table and those in \
                      a circle included. The first is deleted. Every row of it must then be gone, or be what the \
                      actions declared on the way make of it. If PostgreSQL refuses, the finding names the foreign \
                      key, the tables on the way and the order that decided.",
    },
    Tried {
        id: NEW_MODELS,
        group: Group::Deletes,
        title: "deleting a tenant deletes its metric definitions, dashboard widgets and jobs",
        counts: ("model", "models"),
        explanation: "For each new model by itself: a tenant with a row of it is deleted, and the row must be gone.",
    },
    Tried {
        id: USER_WIDGETS,
        group: Group::Deletes,
        title: "deleting a user deletes that user's widgets and no other",
        counts: ("delete", "deletes"),
        explanation: "A user with a widget is deleted. The widget must be gone; another user's widget and the \
                      tenant's own (userId null) must be there, byte for byte.",
    },
    Tried {
        id: METRICS_KEPT,
        group: Group::Deletes,
        title: "metric definitions outlive the wish to delete their author",
        counts: ("delete", "deletes"),
        explanation: "A user who created a metric definition is deleted. PostgreSQL must refuse (23503, and 23001 from \
                      PostgreSQL 18 on), and user and metric definition must be as they were. Without the metric \
                      definition the user can be deleted.",
    },
    Tried {
        id: DELETES,
        group: Group::Deletes,
        title: "every foreign key does on delete what is declared",
        counts: ("foreign key", "foreign keys"),
        explanation: "For every promised foreign key: a row and the one it names are made, so that nothing else \
                      decides; the one named is deleted. Then the row must be gone (CASCADE), name none (SET NULL) or \
                      the default (SET DEFAULT), or the delete must be refused (RESTRICT, NO ACTION).",
    },
    Tried {
        id: KEY_CHANGES,
        group: Group::Deletes,
        title: "every foreign key does on a change of the key what is declared",
        counts: ("foreign key", "foreign keys"),
        explanation: "For every promised foreign key: the key of the row named is changed. Then the row must follow \
                      (CASCADE), name none (SET NULL) or the default (SET DEFAULT), or the change must be refused \
                      (RESTRICT, NO ACTION).",
    },
    Tried {
        id: METRIC_VERSION,
        group: Group::Uniqueness,
        title: "one metric definition per tenant, code and version",
        counts: ("case", "cases"),
        explanation: "A second row with the same (tenantId, code, version) must be refused with 23505; one that \
                      differs in any one of them must be accepted.",
    },
    Tried {
        id: WIDGET,
        group: Group::Uniqueness,
        title: "one widget per tenant, user and type",
        counts: ("case", "cases"),
        explanation: "A second row with the same (tenantId, userId, widgetType) must be refused with 23505; one that \
                      differs in any one of them must be accepted. Two NULLs are distinct in the declared index, so \
                      two tenant-wide widgets of one type must be accepted: what the design says, if not what it means.",
    },
    Tried {
        id: JOBS_NONE,
        group: Group::Uniqueness,
        title: "nothing about jobs is unique",
        counts: ("case", "cases"),
        explanation: "Two jobs that differ in nothing but their id must be accepted.",
    },
    Tried {
        id: UNIQUE_KEYS,
        group: Group::Uniqueness,
        title: "no two rows of a new model have one id",
        counts: ("case", "cases"),
        explanation: "A second row with the primary key of the first must be refused with 23505.",
    },
    Tried {
        id: METRIC_VERSIONS,
        group: Group::Behaviour,
        title: "a metric definition can be created, then its version 2",
        counts: ("case", "cases"),
        explanation: "Version 1 of a metric is inserted, then version 2 of the same code, and both are read back.",
    },
    Tried {
        id: WIDGETS,
        group: Group::Behaviour,
        title: "a tenant-wide widget and a user's own can be created",
        counts: ("case", "cases"),
        explanation: "A widget without userId and one with it, of the same tenant and type, are inserted and read back.",
    },
    Tried {
        id: JOB_DEFAULTS,
        group: Group::Behaviour,
        title: "a job starts as pending with 0 of 3 attempts",
        counts: ("case", "cases"),
        explanation: "A job is inserted with nothing but its required columns; status, attempts and maxAttempts are \
                      read back.",
    },
    Tried {
        id: DEFAULTS,
        group: Group::Behaviour,
        title: "the new models fill in what is declared",
        counts: ("case", "cases"),
        explanation: "A row of each new model is inserted with nothing but the required columns, which also tries that \
                      the others are optional. Every declared default is read back; CURRENT_TIMESTAMP must be the \
                      transaction's own.",
    },
    Tried {
        id: REQUIRED,
        group: Group::Behaviour,
        title: "the new models take no row without what is required",
        counts: ("column", "columns"),
        explanation: "For every required column of the new models a row with NULL in it must be refused with 23502.",
    },
    Tried {
        id: TENANT_REQUIRED,
        group: Group::Tenants,
        title: "a row of a new model belongs to a tenant that is there",
        counts: ("model", "models"),
        explanation: "A row without tenantId must be refused with 23502, one of a tenant that is not there with 23503.",
    },
    Tried {
        id: OTHERS_UNCHANGED,
        group: Group::Tenants,
        title: "deleting a tenant leaves another's rows as they were",
        counts: ("trial", "trials"),
        explanation: "While a tenant is deleted, with a row in every table and with rows of the new models alone, the \
                      rows of a second tenant are read before and after as text: they must be the same, byte for byte.",
    },
];
