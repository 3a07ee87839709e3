//! Looking at a database: connect, see whether it suits, read it, and plan.

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use leora_schema::LEORA;

use super::Context;
use super::narrator::Narrator;
use super::patience::patience;
use crate::error::{Code, Error};
use crate::render::console::Console;
use crate::render::style::paragraph;
use crate::report::Subject;
use leora_core::model::name::quoted;
use leora_core::model::{Schema, in_a_line};
use leora_core::plan::{Plan, Request, grants, plan};
use leora_core::verify::baseline::OtherBaseline;
use leora_core::verify::promise::Promise;
use leora_core::verify::renames::Renames;
use leora_db::apply::{ApplyOptions, patiently};
use leora_db::catalog::ServerVersion;
use leora_db::connect::Target;
use leora_db::facts::{Facts, Reach, facts};
use leora_db::introspect::{Around, Introspection, Tables, introspect, introspect_tables};
use leora_db::session::{QueryError, Server, Session};

/// How long commands that only look wait for a table that somebody holds.
const A_MOMENT: Duration = Duration::from_secs(5);

/// An open connection to a database that suits.
pub(super) struct Connected {
    /// Where it leads.
    pub(super) target: Target,
    /// The connection.
    pub(super) session: Session,
    /// When the command began to look.
    pub(super) since: Instant,
    /// How often the server had been asked until then.
    asked_before: u32,
}

/// What a database is held to, what stands in it, and what is to be done.
pub(super) struct Survey {
    pub(super) promise: Promise,
    pub(super) found: Tables,
    pub(super) facts: Facts,
    pub(super) plan: Plan,
}

impl Survey {
    /// The same with the grants in its plan that the new tables lack, and the existing ones have.
    pub(super) fn with_grants(mut self) -> Survey {
        let schema = self.plan.schema.clone();
        let request = self.promise.request(&schema);
        let access = &self.found.access;
        let grants = grants(&request, access);
        let plan = self.plan.with_grants(grants, &self.found.schema);
        let plan = plan.with_audience(&request, access);
        self.plan = plan.with_publications(&self.found.replication);
        self
    }
}

impl Connected {
    /// Connects, and says at once when the database is not one to work on.
    pub(super) fn open(context: &Context) -> Result<Connected, Error> {
        let since = Instant::now();
        let target = context.settings.target()?;
        for warning in target.warnings() {
            context
                .console
                .complain(&format!("warning: {}\n", in_a_line(&warning.to_string())));
        }
        if target.password_on_command_line() {
            context.console.complain(
                "warning: --url holds a password, which other users of this machine can see while the command runs; \
                 DIRECT_URL does not show it\n",
            );
        }
        let schema = context.settings.schema(Some(&target))?;
        let client = target.connect("leora-migrate")?;
        let connected = Connected {
            session: Session::open(client, schema)?,
            target,
            since,
            asked_before: 0,
        };
        connected.check_suits()?;
        Ok(connected)
    }

    fn check_suits(&self) -> Result<(), Error> {
        let server = &self.session.server;
        let schema = self.session.schema.quoted();
        let user = quoted(&server.user);
        if server.version() < ServerVersion::OLDEST {
            return Err(Error::Unsuitable {
                code: Code::ServerTooOld,
                reason: format!("the server is PostgreSQL {}", server.version),
                remedy: "PostgreSQL 13 is the oldest that leora-migrate works on.".to_owned(),
            });
        }
        if server.schema_oid.is_none() {
            return Err(Error::Unsuitable {
                code: Code::NoSuchSchema,
                reason: format!(
                    "there is no schema {schema} in database {}",
                    server.database
                ),
                remedy: format!("There are: {}. Choose one with --schema.", server.schemas),
            });
        }
        if !server.may_use_schema {
            return Err(Error::Unsuitable {
                code: Code::SchemaClosed,
                reason: format!("role {user} may not see into schema {schema}"),
                remedy: format!("GRANT USAGE ON SCHEMA {schema} TO {user};"),
            });
        }
        Ok(())
    }

    /// Begins to look again, after the database was changed here.
    pub(super) fn look_again(&mut self) -> Result<(), QueryError> {
        self.since = Instant::now();
        self.asked_before = self.session.round_trips();
        self.session.identify()
    }

    /// How often the server was asked since the command began to look.
    pub(super) fn round_trips(&self) -> u32 {
        self.session.round_trips().saturating_sub(self.asked_before)
    }

    /// Reads the database and plans. A table that nobody may read now is waited for, for a moment.
    pub(super) fn survey(&mut self, context: &Context) -> Result<Survey, Error> {
        let options = patience(context, None, Some(A_MOMENT));
        self.survey_within(context, &options)
    }

    /// The same, and looks at the rows of the tables that stood before too. While the server looks, `meanwhile` works
    /// on what the catalogs say.
    pub(super) fn survey_rows<T: Send>(
        &mut self,
        context: &Context,
        meanwhile: impl Fn(&Server, &Promise, &Introspection) -> T + Sync,
    ) -> Result<(Survey, Around, T), Error> {
        let options = patience(context, None, Some(A_MOMENT));
        let (survey, (around, made)) = self.survey_by(context, &options, |session, promise| {
            let found = introspect(session)?;
            let server = session.server.clone();
            let (facts, made) = thread::scope(|scope| {
                let making = scope.spawn(|| meanwhile(&server, promise, &found));
                let busy = &found.around.busy;
                let facts = facts(session, &found.tables, promise, Reach::AllTables { busy });
                (
                    facts,
                    making.join().unwrap_or_else(|panic| resume_unwind(panic)),
                )
            });
            Ok((found.tables, facts?, (found.around, made)))
        })?;
        Ok((survey, around, made))
    }

    /// The same as [`Connected::survey`], as patiently as `options` say.
    pub(super) fn survey_within(
        &mut self,
        context: &Context,
        options: &ApplyOptions,
    ) -> Result<Survey, Error> {
        let surveyed = self.survey_by(context, options, |session, promise| {
            let found = introspect_tables(session)?;
            let facts = facts(session, &found, promise, Reach::NewTables)?;
            Ok((found, facts, ()))
        })?;
        Ok(surveyed.0)
    }

    fn survey_by<T>(
        &mut self,
        context: &Context,
        options: &ApplyOptions,
        look: impl Fn(&mut Session, &Promise) -> Result<(Tables, Facts, T), QueryError>,
    ) -> Result<(Survey, T), Error> {
        let promise = Promise::new(&LEORA, context.settings.baseline(&self.session.schema)?);
        let (found, facts, made) =
            self.read(context, options, |session| look(session, &promise))?;
        let request = Request {
            database: self.session.server.database(),
            ..promise.request(&self.session.schema)
        };
        let plan = plan(&request, &found.schema, &facts.empty);
        let plan = plan.with_audience(&request, &found.access);
        let plan = plan.with_publications(&found.replication);
        let survey = Survey {
            promise,
            found,
            facts,
            plan,
        };
        Ok((survey, made))
    }

    /// Warns of a baseline that is another database's, and of tables that would be made although another schema has
    /// one of the name: it may have been moved there.
    pub(super) fn warn_of_others(&self, context: &Context, survey: &Survey) {
        let (live, promise) = (&survey.found.schema, &survey.promise);
        let renamed = Renames::of_tables(live, &promise.whole);
        if let Some(other) = OtherBaseline::of(live, promise, &renamed, &survey.facts.elsewhere) {
            let text = format!("warning: {}. {}", other.what(), OtherBaseline::REMEDY);
            context
                .console
                .complain(&paragraph(&text, Console::width()));
        }
        for other in &survey.facts.elsewhere {
            if survey.promise.created.contains(&other.table) {
                let told = other.told(&self.session.schema);
                context
                    .console
                    .complain(&format!("warning: {}\n", in_a_line(&told)));
            }
        }
    }

    /// Reads the schema alone.
    pub(super) fn schema(&mut self, context: &Context) -> Result<Schema, Error> {
        let options = patience(context, None, Some(A_MOMENT));
        let found = self.read(context, &options, introspect_tables)?;
        Ok(found.schema)
    }

    /// Reads, as patiently as `options` say, and tells who is waited for.
    pub(super) fn read<T>(
        &mut self,
        context: &Context,
        options: &ApplyOptions,
        mut read: impl FnMut(&mut Session) -> Result<T, QueryError>,
    ) -> Result<T, Error> {
        let mut narrator = Narrator::new(context.console);
        let read = |session: &mut Session| {
            let found = read(session)?;
            session.has_read("reading the database")?;
            Ok(found)
        };
        let found = patiently(&mut self.session, options, &mut narrator, read);
        Ok(found.inspect_err(|error| narrator.tell_more(error))?)
    }

    /// What is looked at, for reports.
    pub(super) fn subject(&self) -> Subject {
        Subject::new(
            self.target.endpoint(),
            &self.session.server,
            &self.session.schema,
        )
    }
}
