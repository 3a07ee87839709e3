//! What `--prisma-migration` says, for people.

use super::style::{bad, caution, good, wrapped};
use crate::error::Code;
use leora_core::model::name::for_shell;
use leora_core::plan::prisma_record::{Objection, PrismaRow, PrismaState};

/// How much of the migration a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Nothing of it.
    Nothing,
    /// Part of it.
    Part,
    /// All of it.
    All,
}

/// What to type when the migration is in `directory`, for a terminal of `width` columns. Prisma has a history
/// of a database that `holds` so much of it when Prisma `knows` it, and the migration is `recorded` there
/// unless something is in the way. Prisma's engine refuses a database that it does not know when it holds any
/// table (P3005).
pub fn next(
    directory: &str,
    holds: Holds,
    knows: bool,
    recorded: Result<bool, Objection>,
    width: usize,
) -> String {
    let recorded = match recorded {
        Ok(recorded) => recorded,
        Err(objection) => {
            let reason = wrapped(&format!("{}.", objection.reason), "", "", width);
            let reason = match objection.code {
                Code::PrismaOrder => caution(&reason),
                _ => bad(&reason),
            };
            return format!("\n{reason}{}\n", objection.remedy);
        }
    };
    let apply = format!(
        "leora-migrate apply --prisma-migration {}",
        for_shell(directory)
    );
    let has = match holds {
        Holds::All if recorded => {
            return good("This database has it, and Prisma's history says so.\n");
        }
        Holds::Nothing if !knows => {
            let text = "Prisma has no history of this database, so `prisma migrate deploy` would refuse it \
                        (P3005). This begins one:";
            return format!("\n{}  {apply}\n", wrapped(text, "", "", width));
        }
        Holds::Nothing => {
            return format!(
                "\nNext, one of the two:\n  {apply}\n      {}\n  npx prisma migrate deploy\n      {}\n",
                "waits for locks briefly, tries again, records it as Prisma does",
                "tries once; when a lock is not free, a failed migration is to be resolved"
            );
        }
        Holds::Part => "part",
        Holds::All => "all",
    };
    let text = format!(
        "This database holds {has} of it already, so `prisma migrate deploy` would fail here. This does what \
         is missing and records it as Prisma does:"
    );
    format!("\n{}  {apply}\n", wrapped(&text, "", "", width))
}

/// Said after applying where Prisma keeps a history and was not told.
pub const NOT_RECORDED: &str = "\
Prisma's history does not have it, so `prisma migrate deploy` would try it again.
`apply --prisma-migration DIR` records it there.
";

/// Says that the grants of the plan are not in the migration's file.
pub fn grants_left_out(directory: &str, width: usize) -> String {
    let text = "The grants are not in the file, since the roles are not in every database that Prisma runs it on. This makes \
                them with the migration, or after it:";
    let text = wrapped(text, "", "", width);
    format!(
        "\n{text}  leora-migrate apply --prisma-migration {} --grants-like-existing\n",
        for_shell(directory)
    )
}

/// Warns that the schema file beside the migrations does not have the models.
pub fn schema_lags(file: &str, width: usize) -> String {
    let text = format!(
        "{file} does not have the three models yet, and without them the next `prisma migrate dev` would drop \
         their tables. This adds them:"
    );
    let text = wrapped(&caution(&text), "", "", width);
    format!(
        "\n{text}  leora-migrate prisma patch {} --write\n",
        for_shell(file)
    )
}

/// Warns that the file of `migration`, a directory in `directory`, has no BEGIN and COMMIT around its statements:
/// an earlier version of this program or `prisma migrate dev --create-only` wrote it.
pub fn not_one_transaction(migration: &str, directory: &str, width: usize) -> String {
    let warning = "It does not begin with BEGIN and end with COMMIT. Prisma from 7.4 on sends each statement by \
                   itself, so a failure leaves part of it behind, and lock_timeout has no effect.";
    let warning = wrapped(&caution(warning), "", "", width);
    let (migration, directory) = (for_shell(migration), for_shell(directory));
    format!(
        "\n{warning}Where no database has it yet, delete {migration} and run\n  \
         leora-migrate plan --prisma-migration {directory}\n\
         Where one has it, keep the file (Prisma compares its checksum), and elsewhere run\n  \
         leora-migrate apply --prisma-migration {directory}\n"
    )
}

/// What Prisma's history says of the migration.
pub fn rows<'a>(rows: impl Iterator<Item = &'a PrismaRow>, width: usize) -> String {
    let line = |row: &PrismaRow| {
        let said = row.in_words();
        let line = match row.state {
            PrismaState::Applied => said,
            PrismaState::Failed => bad(&format!(
                "{said}. Prisma applies nothing until it is resolved"
            )),
            PrismaState::RolledBack => caution(&said),
        };
        wrapped(&line, "  ", "    ", width)
    };
    rows.map(line).collect()
}

/// Warns of migrations that a database had and `directory` does not hold.
pub fn unknown(directory: &str, names: &[&str], width: usize) -> String {
    let text = format!(
        "warning: this database has had migrations that {directory} does not hold: {}",
        names.join(", ")
    );
    wrapped(&text, "", "  ", width)
}
