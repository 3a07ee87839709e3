//! `--prisma-migration DIR`: the migration as one of Prisma's, written and recorded.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use leora_schema::LEORA;
use uuid::Uuid;

use super::Context;
use super::migrations_directory::{Found, MigrationsDirectory, unusable};
use super::survey::{Connected, Survey};
use crate::error::Code;
use crate::error::Error;
use crate::render::console::Console;
use crate::render::diff;
use crate::render::prisma_text::{self, Holds};
use leora_core::ddl::Change;
use leora_core::model::Identifier;
use leora_core::model::name::for_shell;
use leora_core::plan::Step;
use leora_core::plan::prisma_record::{
    Objection, PrismaMigration, PrismaRow, PrismaState, checksum, directory_name, is_recorded,
    recorded_name,
};
use leora_core::plan::prisma_script::{is_one_transaction, migration_sql, same_statements};
use leora_core::prisma::Source;
use leora_core::prisma::patch::{Patch, patch};
use leora_core::verify::promise::Promise;
use leora_db::apply::{ApplyError, ApplyOptions, Committed, Interrupt, Observer};
use leora_db::prisma_history::{self, Access, PrismaHistory};

/// The file, which is the whole migration whatever part of it this database holds: `migrate dev` replays
/// it on a database that holds nothing of it.
fn script(promise: &Promise, schema: &Identifier) -> Result<String, Error> {
    let plan = promise.plan_on_baseline(schema);
    if !plan.refusals.is_empty() {
        let refusals = plan.refusals;
        return Err(ApplyError::PlanRefused { refusals }.into());
    }
    Ok(migration_sql(&plan))
}

/// Writes the migration into the directory `path`, unless it is there, and says what to do next.
pub(super) fn write(
    context: &Context,
    survey: &Survey,
    history: &PrismaHistory,
    path: &Path,
) -> Result<(), Error> {
    let schema = &survey.plan.schema;
    let expected = script(&survey.promise, schema)?;
    let directory = MigrationsDirectory::read(path)?;
    let migration = survey.promise.migration;
    let console = &context.console;
    let found = directory.find(migration)?;
    if let Some(found) = &found {
        check(context, found, &expected)?;
    }
    let recorded_name = || recorded_name(&history.rows, migration).map(str::to_owned);
    let name = found.as_ref().map(|found| found.name.clone());
    let name = name
        .or_else(recorded_name)
        .unwrap_or_else(|| directory_name(SystemTime::now().into(), migration));
    let text = found.as_ref().map_or(&expected, |found| &found.text);
    let ours = PrismaMigration {
        checksum: checksum(text),
        name: name.clone(),
        schema: schema.clone(),
    };
    let shown_path = path.display().to_string();
    let recorded = match known(history) {
        // What may not be read says nothing.
        Some(_) if history.access == Access::Closed => Ok(false),
        rows => is_recorded(&ours, text, migration, &shown_path, &directory.names, rows),
    };
    let recorded = match recorded {
        Err(objection) if objection.code == Code::PrismaEdited => return Err(objection.into()),
        recorded => recorded,
    };
    match found {
        Some(found) => {
            let line = format!(
                "{} is there already, and is this migration.\n",
                found.file.display()
            );
            console.progress(&line);
            if !is_one_transaction(&found.text) {
                let migration = path.join(&found.name).display().to_string();
                let text =
                    prisma_text::not_one_transaction(&migration, &shown_path, Console::width());
                console.progress(&text);
            }
        }
        None => {
            for file in directory.write(&name, &expected)? {
                console.progress(&format!("Wrote {}\n", file.display()));
            }
        }
    }
    if let Some(file) = schema_that_lags(path, schema) {
        let file = file.display().to_string();
        console.progress(&prisma_text::schema_lags(&file, Console::width()));
    }
    let whole = survey.promise.plan_on_baseline(schema).steps;
    // Grants are not in the file: a shadow database lacks the roles.
    let mut steps = survey.plan.steps.clone();
    steps.retain(|step| !matches!(step.change, Change::Grant { .. }));
    if steps.len() < survey.plan.steps.len() {
        console.progress(&prisma_text::grants_left_out(&shown_path, Console::width()));
    }
    let holds = match &steps {
        steps if steps.is_empty() => Holds::All,
        steps if same_sql(steps, &whole) => Holds::Nothing,
        _ => Holds::Part,
    };
    console.progress(&prisma_text::next(
        &shown_path,
        holds,
        known(history).is_some(),
        recorded,
        Console::width(),
    ));
    Ok(())
}

/// The rows of Prisma's history, where there is one.
fn known(history: &PrismaHistory) -> Option<&[PrismaRow]> {
    (history.access != Access::Absent).then_some(&history.rows)
}

/// The `schema.prisma` beside the migrations, when the models are still to be put into it.
fn schema_that_lags(directory: &Path, schema: &Identifier) -> Option<PathBuf> {
    let file = directory.parent()?.join("schema.prisma");
    let source = Source {
        name: file.display().to_string(),
        text: fs::read_to_string(&file).ok()?,
    };
    let Patch { added, .. } = patch(&[source], &LEORA, schema).ok()?;
    (!added.is_empty()).then_some(file)
}

fn same_sql(one: &[Step], other: &[Step]) -> bool {
    let sql = |step: &Step| step.sql.clone();
    one.iter().map(sql).eq(other.iter().map(sql))
}

/// A migration that is to be applied as one of Prisma's.
pub(super) struct Pending {
    /// The migration.
    pub(super) migration: PrismaMigration,
    /// Whether Prisma's history has it as applied.
    pub(super) recorded: bool,
}

/// The migration in the directory `path`, when it may be applied to this database.
pub(super) fn pending(
    context: &Context,
    connected: &mut Connected,
    survey: &Survey,
    path: &Path,
) -> Result<Pending, Error> {
    let schema = connected.session.schema.clone();
    let name = survey.promise.migration;
    let directory = MigrationsDirectory::read(path)?;
    let Some(found) = directory.find(name)? else {
        return Err(unusable(
            format!("{} holds no migration {name}", path.display()),
            &format!(
                "This writes it:\n  leora-migrate plan --prisma-migration {}",
                for_shell(&path.display().to_string())
            ),
        ));
    };
    check(context, &found, &script(&survey.promise, &schema)?)?;
    let history = prisma_history::read(&mut connected.session)?;
    if let Some(obstacle) = history.obstacle(&connected.session) {
        let obstacles = vec![obstacle];
        return Err(ApplyError::Refused { obstacles }.into());
    }
    let migration = PrismaMigration {
        checksum: checksum(&found.text),
        name: found.name.clone(),
        schema,
    };
    let recorded = is_recorded(
        &migration,
        &found.text,
        name,
        &path.display().to_string(),
        &directory.names,
        known(&history),
    )?;
    warn_of_unknown(context, path, &directory, &history);
    let of_name = history.rows.iter().filter(|row| row.name == migration.name);
    let said = prisma_text::rows(of_name, Console::width());
    if !said.is_empty() {
        context
            .console
            .progress(&format!("Prisma's history:\n{said}"));
    }
    Ok(Pending {
        migration,
        recorded,
    })
}

/// Migrations that the database had and the directory has not: perhaps it is another database's.
fn warn_of_unknown(
    context: &Context,
    path: &Path,
    directory: &MigrationsDirectory,
    history: &PrismaHistory,
) {
    let unknown: Vec<_> = history
        .rows
        .iter()
        .filter(|row| row.state == PrismaState::Applied && !directory.names.contains(&row.name))
        .map(|row| row.name.as_str())
        .collect();
    if !unknown.is_empty() {
        let directory = path.display().to_string();
        let text = prisma_text::unknown(&directory, &unknown, Console::width());
        context.console.complain(&text);
    }
}

/// Whether the file that is there is the migration; shows the difference when it is not.
fn check(context: &Context, found: &Found, expected: &str) -> Result<(), Error> {
    if same_statements(&found.text, expected) {
        return Ok(());
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let name = found.file.display().to_string();
    let shown = diff::unified(
        "as it is planned",
        &lines(expected),
        &name,
        &lines(&found.text),
    );
    context.console.result(&diff::coloured(&shown, usize::MAX));
    Err(unusable(
        format!("{name} is not the migration that is planned"),
        "Take that migration away when no database has it, or restore its file from version control.",
    ))
}

/// Records a migration all of which stands already.
pub(super) fn record(
    connected: &mut Connected,
    migration: &PrismaMigration,
    options: &ApplyOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Committed, ApplyError> {
    prisma_history::record(
        &connected.target,
        &mut connected.session,
        migration,
        Uuid::new_v4(),
        options,
        observer,
        interrupt,
    )
}

impl From<Objection> for Error {
    fn from(objection: Objection) -> Error {
        let Objection {
            code,
            reason,
            remedy,
        } = objection;
        Error::Unsuitable {
            code,
            reason,
            remedy,
        }
    }
}
