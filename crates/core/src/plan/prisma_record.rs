//! What Prisma's own history, the table `_prisma_migrations`, says of a migration, what follows from
//! it, and how it is written, as Prisma's engine does it (prisma-engines, `migration_persistence`).

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::code::Code;
use crate::model::name::{for_shell, literal};
use crate::model::{Identifier, in_a_line};

/// A migration of Prisma's, as its history names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrismaMigration {
    /// The directory's name.
    pub name: String,
    /// The SHA-256 of its file, in hexadecimal.
    pub checksum: String,
    /// The schema whose history it belongs in.
    pub schema: Identifier,
}

/// One row of Prisma's history. Times are UTC, as `2027-01-31 23:59:59Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrismaRow {
    /// The migration's name.
    pub name: String,
    /// What became of it.
    pub state: PrismaState,
    /// The SHA-256 of the file that was run.
    pub checksum: String,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// When it was marked as rolled back.
    pub rolled_back_at: Option<String>,
    /// What PostgreSQL said, when it failed.
    pub logs: Option<String>,
}

/// What became of a migration, as Prisma reads its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrismaState {
    /// It ended well.
    Applied,
    /// It was begun, and neither ended nor was marked as rolled back.
    Failed,
    /// It was marked as rolled back, and may be applied again.
    RolledBack,
}

/// Why Prisma's history forbids what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Its code.
    pub code: Code,
    /// What is the matter.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// The checksum that Prisma keeps of a migration's file.
pub fn checksum(file: &str) -> String {
    let digest = Sha256::digest(file.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a directory or a row of Prisma's is of the migration called `migration`: its name ends so.
pub fn is_of(name: &str, migration: &str) -> bool {
    name.strip_suffix(migration)
        .is_some_and(|before| before.ends_with('_'))
}

/// The name of a directory made at `now`.
pub fn directory_name(now: chrono::DateTime<chrono::Utc>, migration: &str) -> String {
    format!("{}_{migration}", now.format("%Y%m%d%H%M%S"))
}

/// Why no migration may be applied at all: Prisma refuses while one is there that failed (P3009). What to
/// do is another thing for one whose name ends in `ours`, of which `apply` does what is missing.
///
/// # Errors
///
/// An objection that names those that failed.
pub fn none_failed(rows: &[PrismaRow], ours: &str) -> Result<(), Objection> {
    let failed: Vec<_> = rows
        .iter()
        .filter(|row| row.state == PrismaState::Failed)
        .collect();
    let Some(first) = failed.first() else {
        return Ok(());
    };
    let each: Vec<_> = failed.iter().map(|row| row.in_words()).collect();
    let name = for_shell(&first.name);
    Err(Objection {
        code: Code::PrismaFailed,
        reason: format!(
            "_prisma_migrations holds a migration that failed: {}",
            each.join(", ")
        ),
        remedy: if first.name.ends_with(ours) {
            format!(
                "Whatever is left of it, `apply --prisma-migration` does what is missing, after:\n  \
                 npx prisma migrate resolve --rolled-back {name}"
            )
        } else {
            format!(
                "Look at what it left behind. When nothing is left of it:\n  \
                 npx prisma migrate resolve --rolled-back {name}\nWhen all of it is there:\n  \
                 npx prisma migrate resolve --applied {name}\nThen run this again."
            )
        },
    })
}

/// The name under which a history of `rows` has the migration called `migration` as applied.
pub fn recorded_name<'a>(rows: &'a [PrismaRow], migration: &str) -> Option<&'a str> {
    rows.iter()
        .find(|row| row.state == PrismaState::Applied && is_of(&row.name, migration))
        .map(|row| row.name.as_str())
}

/// Whether `ours`, whose file is `file`, is recorded as applied already, in a `directory` that holds `names` in
/// order. `rows` is Prisma's history of the database; `None` where Prisma has none.
///
/// # Errors
///
/// When one has failed, when what is recorded is another file, or when Prisma would apply others first.
pub fn is_recorded(
    ours: &PrismaMigration,
    file: &str,
    migration: &str,
    directory: &str,
    names: &[String],
    rows: Option<&[PrismaRow]>,
) -> Result<bool, Objection> {
    let knows = rows.is_some();
    let rows = rows.unwrap_or_default();
    none_failed(rows, migration)?;
    let applied = |name: &str| {
        rows.iter()
            .rfind(|row| row.name == name && row.state == PrismaState::Applied)
    };
    if let Some(row) = applied(&ours.name) {
        return row.same_file(file).map(|()| true);
    }
    if let Some(name) = recorded_name(rows, migration) {
        return Err(Objection {
            code: Code::PrismaEdited,
            reason: format!(
                "_prisma_migrations has this migration as {name}, and the directory as {}",
                ours.name
            ),
            remedy: "Name the directory as the history does; version control should have it so."
                .to_owned(),
        });
    }
    let before: Vec<_> = names
        .iter()
        .take_while(|name| **name < ours.name)
        .filter(|name| applied(name).is_none())
        .collect();
    let Some(first) = before.first() else {
        return Ok(false);
    };
    let others = match before.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let resolve: String = before
        .iter()
        .map(|name| {
            format!(
                "  npx prisma migrate resolve --applied {}\n",
                for_shell(name)
            )
        })
        .collect();
    let otherwise = if knows {
        format!(
            "Otherwise move {} out of the directory, run\n  npx prisma migrate deploy\nand move it back.",
            ours.name
        )
    } else {
        // `migrate deploy` refuses a database that has tables and no history (P3005).
        "What the database does not have, run with psql first: the migration.sql of that name."
            .to_owned()
    };
    Err(Objection {
        code: Code::PrismaOrder,
        reason: if knows {
            format!("Prisma would apply {first}{others} first, which is not applied")
        } else {
            format!(
                "Prisma has no history of this database, so it does not know that it has {first}{others}"
            )
        },
        remedy: format!(
            "When the database has what they make, tell Prisma so:\n{resolve}{otherwise} Then:\n  \
             leora-migrate apply --prisma-migration {}",
            for_shell(directory)
        ),
    })
}

impl PrismaRow {
    /// The row in a few words: `20270131235959_init, failed 2027-01-31 23:59:59Z: relation ...`.
    pub fn in_words(&self) -> String {
        let (what, when) = match self.state {
            PrismaState::Applied => ("applied", self.finished_at.as_ref()),
            PrismaState::Failed => ("failed, begun", Some(&self.started_at)),
            PrismaState::RolledBack => ("rolled back", self.rolled_back_at.as_ref()),
        };
        let said = self
            .logs
            .as_deref()
            .filter(|_| self.state == PrismaState::Failed)
            .and_then(said);
        let said = said.map(|line| format!(" ({line})")).unwrap_or_default();
        let when = when.map_or("", String::as_str);
        in_a_line(&format!("{}: {what} {when}{said}", self.name))
    }

    /// Prisma takes a file for the same when it differs in its line ends only.
    fn same_file(&self, file: &str) -> Result<(), Objection> {
        let unix = file.replace("\r\n", "\n");
        let windows = unix.replace('\n', "\r\n");
        let now = checksum(file);
        if [&now, &checksum(&unix), &checksum(&windows)].contains(&&self.checksum) {
            return Ok(());
        }
        Err(Objection {
            code: Code::PrismaEdited,
            reason: format!(
                "{} was applied with another file: the checksum of this one is {}..., and the one recorded {}...",
                self.name,
                now.get(..12).unwrap_or(&now),
                self.checksum.get(..12).unwrap_or(&self.checksum),
            ),
            remedy: "`prisma migrate dev` would ask to reset the database for that. Restore the file as it was \
                     applied: git log -p shows it."
                .to_owned(),
        })
    }
}

/// What PostgreSQL said, of all that Prisma writes down with it: from `ERROR:` on, else the first line.
fn said(logs: &str) -> Option<&str> {
    let mut lines = logs.lines().map(str::trim).filter(|line| !line.is_empty());
    let errors = |line| str::find(line, "ERROR:").and_then(|at| line.get(at..));
    let error = lines.clone().find_map(errors);
    error.or_else(|| lines.next())
}

/// How a migration is written into Prisma's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrismaRecord {
    /// The migration.
    pub migration: PrismaMigration,
    /// Whether there is such a history; it is made otherwise.
    pub has_table: bool,
}

impl PrismaRecord {
    /// The statements that record it as applied, under the id `run`. It began when their transaction did.
    pub fn applied(&self, run: Uuid) -> Vec<String> {
        let PrismaMigration {
            name,
            checksum,
            schema,
        } = &self.migration;
        let table = table(schema);
        let mut statements = Vec::new();
        if !self.has_table {
            statements.push(format!("CREATE TABLE {table} {COLUMNS}"));
        }
        statements.push(format!(
            "INSERT INTO {table}\n    (id, checksum, migration_name, started_at, finished_at, applied_steps_count)\n    \
             VALUES ({}, {}, {}, now(), clock_timestamp(), 1)",
            literal(&run.to_string()),
            literal(checksum),
            literal(name),
        ));
        statements
    }
}

/// Says in Prisma's history that `migration`, of the schema `schema`, was rolled back.
pub fn rolled_back(schema: &Identifier, migration: &str) -> String {
    format!(
        "UPDATE {} SET rolled_back_at = clock_timestamp()\n    WHERE pg_catalog.right(migration_name, {}) = {} \
         AND finished_at IS NOT NULL AND rolled_back_at IS NULL",
        table(schema),
        migration.chars().count() + 1,
        literal(&format!("_{migration}")),
    )
}

/// Prisma's history of `schema`.
pub fn table(schema: &Identifier) -> String {
    format!("{}._prisma_migrations", schema.quoted())
}

/// As Prisma's engine makes it.
const COLUMNS: &str = "(
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)";

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, state: PrismaState) -> PrismaRow {
        PrismaRow {
            name: name.to_owned(),
            state,
            checksum: checksum("a file"),
            started_at: String::new(),
            finished_at: None,
            rolled_back_at: None,
            logs: None,
        }
    }

    fn judged(names: &[&str], rows: &[PrismaRow]) -> Result<bool, Code> {
        let ours = PrismaMigration {
            name: "2_ours".to_owned(),
            checksum: checksum("a file"),
            schema: Identifier::new("public").expect("a name"),
        };
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        is_recorded(&ours, "a file", "ours", "dir", &names, Some(rows))
            .map_err(|objection| objection.code)
    }

    #[test]
    fn what_the_history_says_decides() {
        use PrismaState::{Applied, Failed, RolledBack};
        let all = ["1_init", "2_ours", "3_next"];
        let init = || row("1_init", Applied);
        assert_eq!(judged(&["2_ours"], &[]), Ok(false));
        assert_eq!(judged(&all, &[init()]), Ok(false));
        assert_eq!(judged(&all, &[init(), row("2_ours", Applied)]), Ok(true));
        assert_eq!(
            judged(&all, &[init(), row("2_ours", RolledBack)]),
            Ok(false)
        );
        assert_eq!(judged(&all, &[]), Err(Code::PrismaOrder));
        assert_eq!(
            judged(&all, &[row("1_init", RolledBack)]),
            Err(Code::PrismaOrder)
        );
        assert_eq!(
            judged(&all, &[init(), row("0_old", Failed)]),
            Err(Code::PrismaFailed)
        );
        assert_eq!(
            judged(&all, &[init(), row("1_ours", Applied)]),
            Err(Code::PrismaEdited)
        );
        let edited = PrismaRow {
            checksum: checksum("another"),
            ..row("2_ours", Applied)
        };
        assert_eq!(judged(&all, &[init(), edited]), Err(Code::PrismaEdited));
    }

    #[test]
    fn a_directory_is_named_as_prisma_names_it() {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        assert_eq!(directory_name(now, "ours"), "20270115080000_ours");
        assert!(is_of("20270115080000_ours", "ours"));
        assert!(!is_of("ours", "ours") && !is_of("20270115080000_yours", "ours"));
    }
}
