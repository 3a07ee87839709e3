//! What is said about each check and each advice. How a check is tried on rows is said where it is
//! tried.

use super::Explanation;
use leora_core::verify::proof::TRIED;

/// What is said about a check or an advice.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its name.
    pub id: &'static str,
    /// What holds when it passes; empty for one that is tried on rows, which has its own.
    title: &'static str,
    /// How it is found out; empty for one that is tried on rows.
    how: &'static str,
    /// Why it matters.
    why: &'static str,
    /// What to do when it fails.
    remedy: &'static str,
}

impl About {
    /// The whole of it, with what is said where it is tried.
    pub(super) fn explanation(&self) -> Explanation {
        let tried = TRIED.iter().find(|tried| tried.id == self.id);
        let (title, meaning) = match tried {
            Some(tried) => (tried.title, tried.explanation),
            None => (self.title, self.how),
        };
        Explanation {
            id: self.id.to_owned(),
            title: title.to_owned(),
            meaning: meaning.to_owned(),
            cause: self.why.to_owned(),
            remedy: self.remedy.to_owned(),
        }
    }
}

const fn read(
    id: &'static str,
    title: &'static str,
    how: &'static str,
    why: &'static str,
    remedy: &'static str,
) -> About {
    About {
        id,
        title,
        how,
        why,
        remedy,
    }
}

const fn tried(id: &'static str, why: &'static str, remedy: &'static str) -> About {
    read(id, "", "", why, remedy)
}

/// The remedy of what the catalog shows: the diff says it.
const SEE_DIFF: &str = "The diff shows what should be and what is. What is missing, `plan` and `apply` add; what differs \
                        is settled by hand, on the side that is wrong.";
/// The remedy of what was tried on rows.
const SEE_FINDING: &str = "The finding names the foreign key or the object that decided. Check it in the integrity and \
                           tables groups first: what is missing or switched off there explains it.";

/// Every check, in the order of the checklist.
pub const CHECKS: &[About] = &[
    read(
        "declaration.valid",
        "the declaration agrees with the schema that stood before",
        "The migration is planned on the baseline alone, without a database, and nothing may stand in its way.",
        "A name that is taken, or a table that is declared otherwise, would stop the migration on the day.",
        "Correct the declaration; or the baseline is old: refresh it with `leora-migrate snapshot`.",
    ),
    read(
        "migration.applied",
        "the migration is applied",
        "The migration is planned on the database, and there must be nothing left to do.",
        "A schema file that was changed is no database that was changed.",
        "`leora-migrate plan` shows what is pending, `leora-migrate apply` does it.",
    ),
    read(
        "migration.recorded",
        "it is on record",
        "The tool's own history (leora_migrate.migration) and Prisma's (_prisma_migrations) are read.",
        "Without a record nobody can say who changed the database, when and with what.",
        "A change made by hand has no record. With Prisma: `prisma migrate resolve --applied add_phase1_foundation`.",
    ),
    read(
        "tables.new",
        "the new tables exist",
        "The catalog is read for a table of each name.",
        "They are what the migration is for.",
        "`leora-migrate plan` shows what is pending, `leora-migrate apply` does it.",
    ),
    read(
        "tables.count",
        "there are as many tables as there should be, by name",
        "The tables of the schema are compared with the baseline and the new ones, by name as well as by number. \
         _prisma_migrations, views, other schemas and the tables of extensions do not count.",
        "A number alone can be right by accident: one missing and one too many.",
        "Each table missing or not expected is named. One that belongs there means the baseline is old: refresh it \
         with `leora-migrate snapshot --out FILE`, and name it with --baseline.",
    ),
    read(
        "tables.kind",
        "every table is a table",
        "The kind and the persistence of each are read.",
        "A view of the name answers questions and takes no rows; an UNLOGGED table is empty after a crash.",
        SEE_DIFF,
    ),
    read(
        "tables.types",
        "every enum and domain is as it should be",
        "Labels and their order, base types and conditions are compared.",
        "A label that is missing is an insert that fails.",
        SEE_DIFF,
    ),
    read(
        "tables.columns",
        "every column is as it should be",
        "Type, NOT NULL, default, identity, generation and collation of every column are compared. Their order is not.",
        "A type that differs silently changes what a value is; a missing default makes inserts fail.",
        SEE_DIFF,
    ),
    read(
        "tables.constraints",
        "CHECK and exclusion constraints are as they should be",
        "They are compared as PostgreSQL prints them.",
        "One that nobody expects refuses rows that the application writes.",
        SEE_DIFF,
    ),
    read(
        "tables.triggers",
        "triggers and rules are as they should be",
        "They are compared as PostgreSQL prints them, with whether they fire.",
        "A trigger or a rule can change or swallow any write, a delete by cascade included.",
        SEE_DIFF,
    ),
    read(
        "relations.tenant",
        "every table that should reference Tenant does",
        "Foreign keys are counted by the column that holds them.",
        "A table that does not is not deleted with its tenant.",
        SEE_DIFF,
    ),
    read(
        "relations.user",
        "the new tables that should reference User do",
        "Foreign keys are counted by the column that holds them.",
        "Without it a row may name a user who is not there.",
        SEE_DIFF,
    ),
    read(
        "integrity.primary-keys",
        "every primary key is there and in force",
        "Name, columns and the state of the index behind it are compared.",
        "Prisma finds rows by it.",
        SEE_DIFF,
    ),
    read(
        "integrity.indexes",
        "every index is there and usable",
        "Keys, uniqueness, predicate and state are compared.",
        "One left INVALID by CREATE INDEX CONCURRENTLY is maintained by every write and used by no query, and \
         IF NOT EXISTS skips it.",
        SEE_DIFF,
    ),
    read(
        "integrity.foreign-keys",
        "every foreign key is there, valid and in force",
        "Columns, actions, validation and the triggers behind each are compared.",
        "A foreign key that is NOT VALID was not checked on the rows that stood; one whose triggers are disabled is \
         not enforced at all, and nothing shows it.",
        SEE_DIFF,
    ),
    read(
        "integrity.settings",
        "no setting switches enforcement off",
        "Settings of the server, the database and roles are read for session_replication_role = replica, \
         default_transaction_read_only, a statement_timeout under a tenth of a second and, where policies hold, \
         row_security = off and the settings that policies read; and whether the database takes connections at all.",
        "In such sessions no foreign key is enforced and no cascade fires, or nothing can be written, or all are one \
         tenant's, without a trace in the schema.",
        "The finding has the statement that takes it off. Then look for rows written meanwhile.",
    ),
    read(
        "integrity.rights",
        "owners and users may use the tables",
        "The privileges of owners that are no superusers are read: on the tables, their sequences and the schema. So are \
         those of a role that a setting has sessions start as: all of them, or those of a role that may itself write. A role \
         uses the tables when it may log in, or a login role may become it, and it has SELECT, INSERT, UPDATE and DELETE on \
         at least two thirds of the tables of the baseline: it must have them on the new tables too. So must the role that \
         verifies, each of the four that it has there. anon and authenticated belong to tenants.exposed.",
        "PostgreSQL checks a foreign key and deletes what it cascades to as the owner of the tables: without the right to, \
         deleting a tenant is refused, to superusers as well. And a table belongs to the role that creates it: an application \
         that connects as another role gets `permission denied` unless it is granted the table.",
        "The finding has the GRANT, or what takes the setting off.",
    ),
    read(
        "integrity.replication",
        "no publication stops changes and deletes",
        "Publications of updates and deletes are compared with the replica identity of the tables in them.",
        "PostgreSQL refuses to change or delete a row that a publication must name and cannot.",
        "Give the table its primary key back, and REPLICA IDENTITY DEFAULT; or FULL where it has none.",
    ),
    read(
        "integrity.rows",
        "no row contradicts what the catalog says of its table",
        "The rows of the new tables are compared with those they name, as long as the tables are small; those of the \
         tables before too, as long as all of them are. Rows of the models are looked at for NULL and for doubles.",
        "A foreign key that is enforced today says nothing of rows written while it was not: by a load with triggers \
         disabled, or by a replica. PostgreSQL never looks again.",
        "Find out how the rows came in, and give them a parent or delete them.",
    ),
    read(
        "integrity.sequences",
        "no sequence is behind its column, or at its end",
        "The next number of each sequence that a column owns is compared with the rows, where the column alone must be \
         unique, and with the sequence's end.",
        "Rows that were copied or restored with their numbers do not move the sequence: it gives numbers that rows \
         have, and inserts are refused until it is past them.",
        "The finding has the setval() that puts it right. At its end, give it a larger type.",
    ),
    tried(
        "integrity.orphans-refused",
        "A row that names nothing breaks whatever reads it later.",
        SEE_FINDING,
    ),
    tried(
        "deletes.tenant-erased",
        "A tenant who leaves must be gone, and the delete must not fail. Two databases with the same foreign keys can \
         differ in this: PostgreSQL fires the triggers behind them in the order in which they were created.",
        "Where the order decides, create anew the foreign key that the finding names, so that it fires later; or make \
         it deferrable.",
    ),
    tried(
        "deletes.tenant-new-models",
        "It is what the new models promise.",
        SEE_FINDING,
    ),
    tried(
        "deletes.user-widgets",
        "A dashboard of nobody is of no use; another's must stay.",
        SEE_FINDING,
    ),
    tried(
        "deletes.user-metrics-kept",
        "Metric definitions are kept for the audit trail: they must not vanish with a user.",
        SEE_FINDING,
    ),
    tried(
        "deletes.foreign-keys",
        "What the catalog says and what the database does can differ: a rule or a BEFORE DELETE trigger swallows the \
         delete without an error.",
        SEE_FINDING,
    ),
    tried(
        "deletes.key-changes",
        "ON UPDATE is declared for every foreign key, as Prisma writes it.",
        SEE_FINDING,
    ),
    tried(
        "uniqueness.metric-version",
        "Two definitions of one version would give two answers to one question.",
        SEE_FINDING,
    ),
    tried(
        "uniqueness.widget",
        "A widget twice on a dashboard is a fault that users see.",
        SEE_FINDING,
    ),
    tried(
        "uniqueness.jobs-none",
        "The same work may be asked for twice.",
        "A unique index or constraint that nobody declared stands on Job; the tables group names it.",
    ),
    tried(
        "uniqueness.keys",
        "Prisma finds rows by their primary key.",
        SEE_FINDING,
    ),
    tried(
        "behaviour.metric-versions",
        "It is what the model is for.",
        SEE_FINDING,
    ),
    tried(
        "behaviour.widgets",
        "It is what the model is for.",
        SEE_FINDING,
    ),
    tried(
        "behaviour.job-defaults",
        "Workers look for jobs that are pending.",
        SEE_FINDING,
    ),
    tried(
        "behaviour.defaults",
        "The application leaves these columns out.",
        SEE_FINDING,
    ),
    tried(
        "behaviour.required-columns",
        "The application reads them without asking whether they are there.",
        SEE_FINDING,
    ),
    read(
        "tenants.owned",
        "every new table has a required tenantId that references Tenant and is deleted with it",
        "Column, foreign key and action are read for each new table.",
        "A row without a tenant is seen by all or by none, and stays for ever.",
        SEE_DIFF,
    ),
    read(
        "tenants.row-security",
        "the new tables stand under row-level security as their neighbours do",
        "Row-level security and policies of the new tables are compared with what is promised and with the tables \
         around them: a new one may have any way that a fifth of them have, unless two thirds have one. Policies that \
         say the same in other words are the same.",
        "Where the neighbours rely on it, a table without it shows every tenant's rows to every tenant.",
        "The finding has the statement. Policies are yours to write: the tool does not guess them.",
    ),
    read(
        "tenants.exposed",
        "no new table is open to anon or authenticated without row-level security",
        "The privileges of Supabase's public roles, and of those they may become, are read for each new table, for the \
         views on it, and for the schema, whose owner may drop what is in it.",
        "Supabase serves such a table to whoever has the public key.",
        "Enable row-level security on it, or revoke the privileges: the finding has both statements.",
    ),
    tried(
        "tenants.required",
        "A row without a tenant is seen by all or by none.",
        SEE_FINDING,
    ),
    tried(
        "tenants.others-unchanged",
        "It is the promise that every customer relies on.",
        SEE_FINDING,
    ),
];

/// Every kind of advice.
pub const ADVICE: &[About] = &[
    read(
        "nulls-distinct",
        "a unique index lets rows repeat where a column is NULL",
        "A unique index of a new table has a column that takes NULL.",
        "Two NULLs are distinct in a unique index (PostgreSQL manual, 11.6), so nothing stops two tenant-wide widgets \
         of one type.",
        "If it should be one, add a unique index over the other columns WHERE that one IS NULL, or from PostgreSQL 15 \
         on use NULLS NOT DISTINCT.",
    ),
    read(
        "unindexed-foreign-key",
        "no index leads with a foreign key's columns",
        "The columns of a foreign key of a new table begin no index.",
        "Deleting or rekeying a referenced row reads the whole table to find the rows that reference it.",
        "Where the table will be large and such deletes happen, create the index that the advice shows.",
    ),
    read(
        "repeated-index",
        "an index repeats the beginning of another",
        "The keys of an index of a new table begin another's.",
        "The longer one serves the same queries; every write maintains both.",
        "Leave the shorter one out of the declaration, or keep it for being smaller.",
    ),
    read(
        "cross-tenant-reference",
        "a row may name a row of another tenant",
        "A foreign key between two tables that both have a tenantId does not carry it.",
        "A fault in the application can then link two tenants, and deleting one reaches, or is refused by, a row of \
         the other.",
        "The advice shows a foreign key that carries the tenant. Or have the application check it at every write.",
    ),
    read(
        "delete-order",
        "a delete reaches a table by two paths, and one of them refuses",
        "A delete that cascades goes from table to table in rounds; a RESTRICT or NO ACTION on the way refuses it \
         where the rows that hold it back are deleted in the same round or later.",
        "PostgreSQL fires the triggers behind foreign keys in the order in which they were created, and a copy made \
         by pg_dump has another order: the same delete can succeed here and fail there.",
        "The advice says whether the order matters, and shows the SQL that makes it certain.",
    ),
    read(
        "inactive-slot",
        "a logical replication slot is inactive",
        "Nobody is connected to a logical slot of the database (pg_replication_slots).",
        "The server keeps WAL for it, until the disk is full or max_slot_wal_keep_size is reached. A subscriber that meets a \
         change of a table that it lacks stops so.",
        "See the subscriber's log. Give it the tables that it lacks, or drop a slot that nobody needs any more.",
    ),
];
