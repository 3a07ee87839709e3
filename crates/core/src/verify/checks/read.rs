//! The checks that are read: from the catalogs, the settings and the rows that exist.

use std::borrow::Cow::Borrowed;

use super::{Entry, Evaluation, SEE_DIFF};
use crate::verify::check::{CheckId, Group};
use crate::verify::{
    counters, kinds, migration, relations, rights, rows, settings, surroundings, tables, tenants,
};

pub static DECLARATION_VALID: Entry = Entry {
    id: CheckId::new(Group::Declaration, "valid"),
    title: Borrowed("the declaration agrees with the schema that stood before"),
    how: Borrowed(
        "The migration is planned on the baseline alone, without a database, and nothing may stand in its \
         way.",
    ),
    why: Borrowed(
        "A name that is taken, or a table that is declared otherwise, would stop the migration on the day.",
    ),
    remedy: Borrowed(
        "Correct the declaration; or the baseline is old: refresh it with `leora-migrate snapshot`.",
    ),
    evaluation: Evaluation::Read(migration::declaration),
};

pub static APPLIED: Entry = Entry {
    id: CheckId::new(Group::Migration, "applied"),
    title: Borrowed("the migration is applied"),
    how: Borrowed(
        "The migration is planned on the database, and there must be nothing left to do.",
    ),
    why: Borrowed("A schema file that was changed is no database that was changed."),
    remedy: Borrowed("`leora-migrate plan` shows what is pending, `leora-migrate apply` does it."),
    evaluation: Evaluation::Read(migration::applied),
};

pub static RECORDED: Entry = Entry {
    id: CheckId::new(Group::Migration, "recorded"),
    title: Borrowed("it is on record"),
    how: Borrowed(
        "The tool's own history (leora_migrate.migration) and Prisma's (_prisma_migrations) are read.",
    ),
    why: Borrowed("Without a record nobody can say who changed the database, when and with what."),
    remedy: Borrowed(
        "A change made by hand has no record. With Prisma: `prisma migrate resolve --applied {migration}`.",
    ),
    evaluation: Evaluation::Read(migration::recorded),
};

pub static TABLES_NEW: Entry = Entry {
    id: CheckId::new(Group::Tables, "new"),
    title: Borrowed("the new tables exist"),
    how: Borrowed("The catalog is read for a table of each name."),
    why: Borrowed("They are what the migration is for."),
    remedy: Borrowed("`leora-migrate plan` shows what is pending, `leora-migrate apply` does it."),
    evaluation: Evaluation::Read(tables::new),
};

pub static TABLES_COUNT: Entry = Entry {
    id: CheckId::new(Group::Tables, "count"),
    title: Borrowed("there are as many tables as there should be, by name"),
    how: Borrowed(
        "The tables of the schema are compared with the baseline and the new ones, by name as well as by \
         number. _prisma_migrations, views, other schemas and the tables of extensions do not count.",
    ),
    why: Borrowed("A number alone can be right by accident: one missing and one too many."),
    remedy: Borrowed(
        "Each table missing or not expected is named. One that belongs there means the baseline is old: \
         refresh it with `leora-migrate snapshot --out FILE`, and name it with --baseline.",
    ),
    evaluation: Evaluation::Read(tables::count),
};

pub static TABLES_KIND: Entry = Entry {
    id: CheckId::new(Group::Tables, "kind"),
    title: Borrowed("every table is a table"),
    how: Borrowed("The kind and the persistence of each are read."),
    why: Borrowed(
        "A view of the name answers questions and takes no rows; an UNLOGGED table is empty after a crash.",
    ),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::tables),
};

pub static TYPES: Entry = Entry {
    id: CheckId::new(Group::Tables, "types"),
    title: Borrowed("every enum and domain is as it should be"),
    how: Borrowed("Labels and their order, base types and conditions are compared."),
    why: Borrowed("A label that is missing is an insert that fails."),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::types),
};

pub static COLUMNS: Entry = Entry {
    id: CheckId::new(Group::Tables, "columns"),
    title: Borrowed("every column is as it should be"),
    how: Borrowed(
        "Type, NOT NULL, default, identity, generation and collation of every column are compared. Their \
         order is not.",
    ),
    why: Borrowed(
        "A type that differs silently changes what a value is; a missing default makes inserts fail.",
    ),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::columns),
};

pub static CONSTRAINTS: Entry = Entry {
    id: CheckId::new(Group::Tables, "constraints"),
    title: Borrowed("CHECK and exclusion constraints are as they should be"),
    how: Borrowed("They are compared as PostgreSQL prints them."),
    why: Borrowed("One that nobody expects refuses rows that the application writes."),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::constraints),
};

pub static TRIGGERS: Entry = Entry {
    id: CheckId::new(Group::Tables, "triggers"),
    title: Borrowed("triggers and rules are as they should be"),
    how: Borrowed("They are compared as PostgreSQL prints them, with whether they fire."),
    why: Borrowed(
        "A trigger or a rule can change or swallow any write, a delete by cascade included.",
    ),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::triggers),
};

pub static RELATIONS_TENANT: Entry = Entry {
    id: CheckId::new(Group::Relations, "tenant"),
    title: Borrowed("every table that should reference {tenant} does"),
    how: Borrowed("Foreign keys are counted by the column that holds them."),
    why: Borrowed("A table that does not is not deleted with its tenant."),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(relations::of_tenant),
};

pub static PRIMARY_KEYS: Entry = Entry {
    id: CheckId::new(Group::Integrity, "primary-keys"),
    title: Borrowed("every primary key is there and in force"),
    how: Borrowed("Name, columns and the state of the index behind it are compared."),
    why: Borrowed("Prisma finds rows by it."),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::primary_keys),
};

pub static INDEXES: Entry = Entry {
    id: CheckId::new(Group::Integrity, "indexes"),
    title: Borrowed("every index is there and usable"),
    how: Borrowed("Keys, uniqueness, predicate and state are compared."),
    why: Borrowed(
        "One left INVALID by CREATE INDEX CONCURRENTLY is maintained by every write and used by no query, and \
         IF NOT EXISTS skips it.",
    ),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::indexes),
};

pub static FOREIGN_KEYS: Entry = Entry {
    id: CheckId::new(Group::Integrity, "foreign-keys"),
    title: Borrowed("every foreign key is there, valid and in force"),
    how: Borrowed("Columns, actions, validation and the triggers behind each are compared."),
    why: Borrowed(
        "A foreign key that is NOT VALID was not checked on the rows that stood; one whose triggers are \
         disabled is not enforced at all, and nothing shows it.",
    ),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(kinds::foreign_keys),
};

pub static SETTINGS: Entry = Entry {
    id: CheckId::new(Group::Integrity, "settings"),
    title: Borrowed("no setting switches enforcement off"),
    how: Borrowed(
        "Settings of the server, the database and roles are read for session_replication_role = replica, \
         default_transaction_read_only, a statement_timeout under a tenth of a second and, where policies \
         hold, row_security = off and the settings that policies read; and whether the database takes \
         connections at all.",
    ),
    why: Borrowed(
        "In such sessions no foreign key is enforced and no cascade fires, or nothing can be written, or all \
         are one tenant's, without a trace in the schema.",
    ),
    remedy: Borrowed(
        "The finding has the statement that takes it off. Then look for rows written meanwhile.",
    ),
    evaluation: Evaluation::Read(settings::check),
};

pub static RIGHTS: Entry = Entry {
    id: CheckId::new(Group::Integrity, "rights"),
    title: Borrowed("owners and users may use the tables"),
    how: Borrowed(
        "The privileges of owners that are no superusers are read: on the tables, their sequences and the \
         schema. So are those of a role that a setting has sessions start as: all of them, or those of a role \
         that may itself write. A role uses the tables when it may log in, or a login role may become it, \
         and it has SELECT, INSERT, UPDATE and DELETE on at least two thirds of the tables of the baseline: \
         it must have them on the new tables too. So must the role that verifies, each of the four that it \
         has there. anon and authenticated belong to tenants.exposed.",
    ),
    why: Borrowed(
        "PostgreSQL checks a foreign key and deletes what it cascades to as the owner of the tables: without \
         the right to, deleting a tenant is refused, to superusers as well. And a table belongs to the role \
         that creates it: an application that connects as another role gets `permission denied` unless it is \
         granted the table.",
    ),
    remedy: Borrowed("The finding has the GRANT, or what takes the setting off."),
    evaluation: Evaluation::Read(rights::check),
};

pub static REPLICATION: Entry = Entry {
    id: CheckId::new(Group::Integrity, "replication"),
    title: Borrowed("no publication stops changes and deletes"),
    how: Borrowed(
        "Publications of updates and deletes are compared with the replica identity of the tables in them.",
    ),
    why: Borrowed(
        "PostgreSQL refuses to change or delete a row that a publication must name and cannot.",
    ),
    remedy: Borrowed(
        "Give the table its primary key back, and REPLICA IDENTITY DEFAULT; or FULL where it has none.",
    ),
    evaluation: Evaluation::Read(surroundings::replication),
};

pub static ROWS: Entry = Entry {
    id: CheckId::new(Group::Integrity, "rows"),
    title: Borrowed("no row contradicts what the catalog says of its table"),
    how: Borrowed(
        "The rows of the new tables are compared with those they name, as long as the tables are small; those \
         of the tables before too, as long as all of them are. Rows of the models are looked at for NULL and \
         for doubles.",
    ),
    why: Borrowed(
        "A foreign key that is enforced today says nothing of rows written while it was not: by a load with \
         triggers disabled, or by a replica. PostgreSQL never looks again.",
    ),
    remedy: Borrowed("Find out how the rows came in, and give them a parent or delete them."),
    evaluation: Evaluation::Read(rows::check),
};

pub static SEQUENCES: Entry = Entry {
    id: CheckId::new(Group::Integrity, "sequences"),
    title: Borrowed("no sequence is behind its column, or at its end"),
    how: Borrowed(
        "The next number of each sequence that a column owns is compared with the rows, where the column \
         alone must be unique, and with the sequence's end.",
    ),
    why: Borrowed(
        "Rows that were copied or restored with their numbers do not move the sequence: it gives numbers that \
         rows have, and inserts are refused until it is past them.",
    ),
    remedy: Borrowed(
        "The finding has the setval() that puts it right. At its end, give it a larger type.",
    ),
    evaluation: Evaluation::Read(counters::check),
};

pub static TENANTS_OWNED: Entry = Entry {
    id: CheckId::new(Group::Tenants, "owned"),
    title: Borrowed(
        "every new table has a required {tenant column} that references {tenant} and is deleted with it",
    ),
    how: Borrowed("Column, foreign key and action are read for each new table."),
    why: Borrowed("A row without a tenant is seen by all or by none, and stays for ever."),
    remedy: Borrowed(SEE_DIFF),
    evaluation: Evaluation::Read(tenants::owned),
};

pub static ROW_SECURITY: Entry = Entry {
    id: CheckId::new(Group::Tenants, "row-security"),
    title: Borrowed("the new tables stand under row-level security as their neighbours do"),
    how: Borrowed(
        "Row-level security and policies of the new tables are compared with what is promised and with the \
         tables around them: a new one may have any way that a fifth of them have, unless two thirds have \
         one. Policies that say the same in other words are the same.",
    ),
    why: Borrowed(
        "Where the neighbours rely on it, a table without it shows every tenant's rows to every tenant.",
    ),
    remedy: Borrowed(
        "The finding has the statement. Policies are yours to write: the tool does not guess them.",
    ),
    evaluation: Evaluation::Read(tenants::row_security),
};

pub static EXPOSED: Entry = Entry {
    id: CheckId::new(Group::Tenants, "exposed"),
    title: Borrowed("no new table is open to anon or authenticated without row-level security"),
    how: Borrowed(
        "The privileges of Supabase's public roles, and of those they may become, are read for each new \
         table, for the views on it, and for the schema, whose owner may drop what is in it.",
    ),
    why: Borrowed("Supabase serves such a table to whoever has the public key."),
    remedy: Borrowed(
        "Enable row-level security on it, or revoke the privileges: the finding has both statements.",
    ),
    evaluation: Evaluation::Read(tenants::exposed),
};
