//! Every kind of advice in one list: what it says, what is found by what, why it matters, and what to do.

use crate::verify::check::Group;

/// One kind of advice.
#[derive(Clone, Copy, Debug)]
pub struct AdviceEntry {
    /// Its stable name.
    pub id: &'static str,
    /// The part of the checklist that it is about.
    pub group: Group,
    /// What is open, in one line.
    pub title: &'static str,
    /// How it is found out.
    pub how: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// The words after the number of those of the kind, for one and for many; without them each is told by its title.
    pub counted: Option<(&'static str, &'static str)>,
}

pub(in crate::verify) const NULLS_DISTINCT: AdviceEntry = AdviceEntry {
    id: "nulls-distinct",
    group: Group::Uniqueness,
    title: "a unique index lets rows repeat where a column is NULL",
    how: "A unique index of a new table has a column that takes NULL.",
    why: "Two NULLs are distinct in a unique index (PostgreSQL manual, 11.6), so nothing stops two tenant-wide \
           widgets of one type.",
    remedy: "If it should be one, add a unique index over the other columns WHERE that one IS NULL, or from \
           PostgreSQL 15 on use NULLS NOT DISTINCT.",
    counted: Some((
        "unique index lets rows repeat where a column is NULL",
        "unique indexes let rows repeat where a column is NULL",
    )),
};

pub(in crate::verify) const UNINDEXED_FOREIGN_KEY: AdviceEntry = AdviceEntry {
    id: "unindexed-foreign-key",
    group: Group::Integrity,
    title: "no index leads with a foreign key's columns",
    how: "The columns of a foreign key of a new table begin no index.",
    why: "Deleting or rekeying a referenced row reads the whole table to find the rows that reference it.",
    remedy: "Where the table will be large and such deletes happen, create the index that the advice shows.",
    counted: Some((
        "foreign key without an index that leads with it",
        "foreign keys without an index that leads with them",
    )),
};

pub(in crate::verify) const REPEATED_INDEX: AdviceEntry = AdviceEntry {
    id: "repeated-index",
    group: Group::Integrity,
    title: "an index repeats the beginning of another",
    how: "The keys of an index of a new table begin another's.",
    why: "The longer one serves the same queries; every write maintains both.",
    remedy: "Leave the shorter one out of the declaration, or keep it for being smaller.",
    counted: Some((
        "index repeats the beginning of another",
        "indexes repeat the beginning of another",
    )),
};

pub(in crate::verify) const CROSS_TENANT_REFERENCE: AdviceEntry = AdviceEntry {
    id: "cross-tenant-reference",
    group: Group::Tenants,
    title: "a row may name a row of another tenant",
    how: "A foreign key between two tables that both have a tenantId does not carry it.",
    why: "A fault in the application can then link two tenants, and deleting one reaches, or is refused by, a \
           row of the other.",
    remedy: "The advice shows a foreign key that carries the tenant. Or have the application check it at every \
           write.",
    counted: Some((
        "foreign key may name a row of another tenant",
        "foreign keys may name a row of another tenant",
    )),
};

pub(in crate::verify) const DELETE_ORDER: AdviceEntry = AdviceEntry {
    id: "delete-order",
    group: Group::Deletes,
    title: "a delete reaches a table by two paths, and one of them refuses",
    how: "A delete that cascades goes from table to table in rounds; a RESTRICT or NO ACTION on the way \
           refuses it where the rows that hold it back are deleted in the same round or later.",
    why: "PostgreSQL fires the triggers behind foreign keys in the order in which they were created, and a \
           copy made by pg_dump has another order: the same delete can succeed here and fail there.",
    remedy: "The advice says whether the order matters, and shows the SQL that makes it certain.",
    counted: Some((
        "delete reaches a table by two paths, and succeeds in every order",
        "deletes reach a table by two paths, and succeed in every order",
    )),
};

pub(in crate::verify) const INACTIVE_SLOT: AdviceEntry = AdviceEntry {
    id: "inactive-slot",
    group: Group::Integrity,
    title: "a logical replication slot is inactive",
    how: "Nobody is connected to a logical slot of the database (pg_replication_slots).",
    why: "The server keeps WAL for it, until the disk is full or max_slot_wal_keep_size is reached. A \
           subscriber that meets a change of a table that it lacks stops so.",
    remedy: "See the subscriber's log. Give it the tables that it lacks, or drop a slot that nobody needs any more.",
    counted: None,
};

/// Every kind of advice.
pub static ADVICE: [AdviceEntry; 6] = [
    NULLS_DISTINCT,
    UNINDEXED_FOREIGN_KEY,
    REPEATED_INDEX,
    CROSS_TENANT_REFERENCE,
    DELETE_ORDER,
    INACTIVE_SLOT,
];
