//! Looking at a database: connect, see whether it suits, read it, and plan.

use std::time::Instant;

use leora_schema::LEORA;

use super::Context;
use crate::db::catalog::ServerVersion;
use crate::db::connect::Target;
use crate::db::facts::{Facts, facts};
use crate::db::introspect::{Introspection, introspect};
use crate::db::session::Session;
use crate::error::{Code, Error};
use crate::plan::{Plan, Request, plan};
use crate::report::Subject;
use crate::verify::promise::Promise;

/// An open connection to a database that suits.
pub(super) struct Connected {
    /// Where it leads.
    pub(super) target: Target,
    /// The connection.
    pub(super) session: Session,
    /// When it was opened.
    pub(super) since: Instant,
}

/// What a database is held to, what stands in it, and what is to be done.
pub(super) struct Survey {
    pub(super) promise: Promise,
    pub(super) found: Introspection,
    pub(super) facts: Facts,
    pub(super) plan: Plan,
}

impl Connected {
    /// Connects, and says at once when the database is not one to work on.
    pub(super) fn open(context: &Context) -> Result<Connected, Error> {
        let since = Instant::now();
        let target = context.settings.target()?;
        for warning in target.warnings() {
            context.console.complain(&format!("warning: {warning}\n"));
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
        };
        connected.check_suits()?;
        Ok(connected)
    }

    fn check_suits(&self) -> Result<(), Error> {
        let server = &self.session.server;
        let schema = self.session.schema.quoted();
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
                reason: format!("role {} may not see into schema {schema}", server.user),
                remedy: format!("GRANT USAGE ON SCHEMA {schema} TO {};", server.user),
            });
        }
        Ok(())
    }

    /// Reads the database and plans.
    pub(super) fn survey(&mut self, context: &Context) -> Result<Survey, Error> {
        let promise = Promise::new(&LEORA, context.settings.baseline(&self.session.schema)?);
        let found = introspect(&mut self.session)?;
        let facts = facts(
            &mut self.session,
            &found,
            &promise.created,
            promise.migration,
        )?;
        let request = Request {
            database: self.session.server.database(),
            ..promise.request(&self.session.schema)
        };
        let plan = plan(&request, &found.schema, &facts.rows);
        Ok(Survey {
            promise,
            found,
            facts,
            plan,
        })
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
