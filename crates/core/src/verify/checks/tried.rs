//! The checks that are tried on rows, of every new model and every foreign key.

use std::borrow::Cow::Borrowed;

use super::{Entry, Evaluation, SEE_FINDING};
use crate::verify::check::{CheckId, Group};

pub static ORPHANS: Entry = Entry {
    id: CheckId::new(Group::Integrity, "orphans-refused"),
    title: Borrowed("no row can name one that is not there"),
    how: Borrowed(
        "For every promised foreign key a row is inserted, and another changed, so that it names no row. \
         PostgreSQL must refuse both with 23503. A foreign key that stands in the catalog and is not enforced \
         (its triggers disabled, session_replication_role = replica) accepts them.",
    ),
    why: Borrowed("A row that names nothing breaks whatever reads it later."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "foreign key",
        many: "foreign keys",
    },
};

pub static TENANT_ERASED: Entry = Entry {
    id: CheckId::new(Group::Deletes, "tenant-erased"),
    title: Borrowed("deleting a tenant deletes all of it"),
    how: Borrowed(
        "Two tenants get a row in every table, all foreign keys set, those to the own table and those in a \
         circle included. The first is deleted. Every row of it must then be gone, or be what the actions \
         declared on the way make of it. If PostgreSQL refuses, the finding names the foreign key, the tables \
         on the way and the order that decided.",
    ),
    why: Borrowed(
        "A tenant who leaves must be gone, and the delete must not fail. Two databases with the same foreign \
         keys can differ in this: PostgreSQL fires the triggers behind them in the order in which they were \
         created.",
    ),
    remedy: Borrowed(
        "Where the order decides, create anew the foreign key that the finding names, so that it fires later; \
         or make it deferrable.",
    ),
    evaluation: Evaluation::Tried {
        one: "row",
        many: "rows",
    },
};

pub static NEW_MODELS: Entry = Entry {
    id: CheckId::new(Group::Deletes, "tenant-new-models"),
    title: Borrowed("deleting a tenant deletes its {lists}"),
    how: Borrowed(
        "For each new model by itself: a tenant with a row of it is deleted, and the row must be gone.",
    ),
    why: Borrowed("It is what the new models promise."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "model",
        many: "models",
    },
};

pub static DELETES: Entry = Entry {
    id: CheckId::new(Group::Deletes, "foreign-keys"),
    title: Borrowed("every foreign key does on delete what is declared"),
    how: Borrowed(
        "For every promised foreign key: a row and the one it names are made, so that nothing else decides; \
         the one named is deleted. Then the row must be gone (CASCADE), name none (SET NULL) or the default \
         (SET DEFAULT), or the delete must be refused (RESTRICT, NO ACTION).",
    ),
    why: Borrowed(
        "What the catalog says and what the database does can differ: a rule or a BEFORE DELETE trigger \
         swallows the delete without an error.",
    ),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "foreign key",
        many: "foreign keys",
    },
};

pub static KEY_CHANGES: Entry = Entry {
    id: CheckId::new(Group::Deletes, "key-changes"),
    title: Borrowed("every foreign key does on a change of the key what is declared"),
    how: Borrowed(
        "For every promised foreign key: the key of the row named is changed. Then the row must follow \
         (CASCADE), name none (SET NULL) or the default (SET DEFAULT), or the change must be refused \
         (RESTRICT, NO ACTION).",
    ),
    why: Borrowed("ON UPDATE is declared for every foreign key, as Prisma writes it."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "foreign key",
        many: "foreign keys",
    },
};

pub static UNIQUE_KEYS: Entry = Entry {
    id: CheckId::new(Group::Uniqueness, "keys"),
    title: Borrowed("no two rows of a new model have one id"),
    how: Borrowed("A second row with the primary key of the first must be refused with 23505."),
    why: Borrowed("Prisma finds rows by their primary key."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "case",
        many: "cases",
    },
};

pub static DEFAULTS: Entry = Entry {
    id: CheckId::new(Group::Behaviour, "defaults"),
    title: Borrowed("the new models fill in what is declared"),
    how: Borrowed(
        "A row of each new model is inserted with nothing but the required columns, which also tries that the \
         others are optional. Every declared default is read back; CURRENT_TIMESTAMP must be the \
         transaction's own.",
    ),
    why: Borrowed("The application leaves these columns out."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "case",
        many: "cases",
    },
};

pub static REQUIRED: Entry = Entry {
    id: CheckId::new(Group::Behaviour, "required-columns"),
    title: Borrowed("the new models take no row without what is required"),
    how: Borrowed(
        "For every required column of the new models a row with NULL in it must be refused with 23502.",
    ),
    why: Borrowed("The application reads them without asking whether they are there."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "column",
        many: "columns",
    },
};

pub static TENANT_REQUIRED: Entry = Entry {
    id: CheckId::new(Group::Tenants, "required"),
    title: Borrowed("a row of a new model belongs to a tenant that is there"),
    how: Borrowed(
        "A row without tenantId must be refused with 23502, one of a tenant that is not there with 23503.",
    ),
    why: Borrowed("A row without a tenant is seen by all or by none."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "model",
        many: "models",
    },
};

pub static OTHERS_UNCHANGED: Entry = Entry {
    id: CheckId::new(Group::Tenants, "others-unchanged"),
    title: Borrowed("deleting a tenant leaves another's rows as they were"),
    how: Borrowed(
        "While a tenant is deleted, with a row in every table and with rows of the new models alone, the rows \
         of a second tenant are read before and after as text: they must be the same, byte for byte.",
    ),
    why: Borrowed("It is the promise that every customer relies on."),
    remedy: Borrowed(SEE_FINDING),
    evaluation: Evaluation::Tried {
        one: "trial",
        many: "trials",
    },
};
