//! A database to migrate, and what is known of it.

use std::time::Duration;

use leora_migrate::db::apply::{
    Applied, ApplyError, ApplyOptions, Done, Interrupt, Observer, apply,
};
use leora_migrate::db::connect::{Sources, Target};
use leora_migrate::db::facts::facts;
use leora_migrate::db::history::{self, History};
use leora_migrate::db::introspect::introspect;
use leora_migrate::db::session::Session;
use leora_migrate::model::{Identifier, Schema};
use leora_migrate::plan::{Plan, Request, plan};
use leora_migrate::verify::promise::Promise;
use leora_schema::LEORA;

use crate::support::{Template, TestDatabase};

pub(crate) struct Ground {
    pub(crate) database: TestDatabase,
    pub(crate) target: Target,
    promise: Promise,
    schema: Identifier,
}

impl Ground {
    pub(crate) fn on(template: Template) -> Ground {
        let database = TestDatabase::from(template);
        Ground {
            target: target(&database.url()),
            database,
            promise: Promise::new(&LEORA, Schema::default()),
            schema: Identifier::new("public").unwrap(),
        }
    }

    pub(crate) fn session(&self) -> Session {
        session(&self.target)
    }

    pub(crate) fn request(&self, session: &Session) -> Request<'_> {
        Request {
            database: session.server.database(),
            ..self.promise.request(&self.schema)
        }
    }

    pub(crate) fn plan(&self, session: &mut Session) -> Plan {
        let actual = introspect(session).unwrap().schema;
        let request = self.request(session);
        let found = facts(session, &actual, request.created, request.migration).unwrap();
        plan(&request, &actual, &found.rows)
    }

    pub(crate) fn apply(&self) -> Result<Applied, ApplyError> {
        self.apply_with(&patient(), &mut ())
    }

    pub(crate) fn apply_with(
        &self,
        options: &ApplyOptions,
        observer: &mut dyn Observer,
    ) -> Result<Applied, ApplyError> {
        let mut session = self.session();
        let plan = self.plan(&mut session);
        self.apply_plan(&mut session, &plan, options, observer)
    }

    pub(crate) fn apply_plan(
        &self,
        session: &mut Session,
        plan: &Plan,
        options: &ApplyOptions,
        observer: &mut dyn Observer,
    ) -> Result<Applied, ApplyError> {
        let request = self.request(session);
        apply(
            &self.target,
            session,
            plan,
            &request,
            options,
            observer,
            &Interrupt::default(),
        )
    }

    /// Applies, and expects it to be done.
    #[track_caller]
    pub(crate) fn applied(&self) -> Done {
        match self.apply() {
            Ok(Applied::Done(done)) => done,
            other => panic!("{other:?}"),
        }
    }

    /// What is still to be done.
    pub(crate) fn pending(&self) -> Vec<String> {
        let plan = self.plan(&mut self.session());
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
        plan.steps
            .iter()
            .map(|step| step.change.summary())
            .collect()
    }

    pub(crate) fn history(&self) -> History {
        history::read(&mut self.session()).unwrap()
    }

    /// The answer to a question of one value.
    pub(crate) fn ask(&self, question: &str) -> String {
        let question = format!("SELECT ({question})::text");
        let row = self.database.client().query_one(&question, &[]).unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }
}

pub(crate) fn target(url: &str) -> Target {
    Target::resolve(&Sources {
        url_flag: Some(url.to_owned()),
        ..Sources::default()
    })
    .unwrap()
}

pub(crate) fn session(target: &Target) -> Session {
    let client = target.connect("leora-migrate").unwrap();
    Session::open(client, Identifier::new("public").unwrap()).unwrap()
}

/// Options under which a test fails within a minute rather than hangs.
pub(crate) fn patient() -> ApplyOptions {
    ApplyOptions {
        wait: Duration::from_secs(60),
        ..ApplyOptions::new("a test")
    }
}
