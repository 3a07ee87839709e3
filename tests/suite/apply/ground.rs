//! A database to migrate, and what is known of it.

use std::time::Duration;

use leora_core::model::{Identifier, Schema};
use leora_core::plan::{Plan, Request, plan};
use leora_core::verify::promise::Promise;
use leora_db::apply::{Applied, ApplyError, ApplyOptions, Done, Interrupt, Observer, apply};
use leora_db::connect::{Sources, Target};
use leora_db::facts::{Reach, facts};
use leora_db::history::{self, History};
use leora_db::introspect::introspect_tables;
use leora_db::session::Session;
use leora_schema::LEORA;

use crate::support::{Template, TestDatabase};

pub(crate) struct Ground {
    /// Dropped with the test, where it is one of the server that all tests share.
    pub(crate) database: Option<TestDatabase>,
    pub(crate) url: String,
    pub(crate) target: Target,
    pub(crate) promise: Promise,
    pub(crate) schema: Identifier,
}

impl Ground {
    pub(crate) fn on(template: Template) -> Ground {
        let database = TestDatabase::from(template);
        let ground = Ground::at(&database.url());
        Ground {
            database: Some(database),
            ..ground
        }
    }

    /// A database of a server of one's own.
    pub(crate) fn at(url: &str) -> Ground {
        Ground {
            database: None,
            url: url.to_owned(),
            target: target(url),
            promise: Promise::new(&LEORA, Schema::default()),
            schema: Identifier::new("public").unwrap(),
        }
    }

    /// The database, where it is one of the server that all tests share.
    pub(crate) fn database(&self) -> &TestDatabase {
        self.database.as_ref().unwrap()
    }

    /// Where the server's socket is.
    pub(crate) fn socket_directory(&self) -> String {
        let data = self.ask("SELECT current_setting('data_directory')");
        let directory = std::path::Path::new(&data).parent().unwrap();
        directory.display().to_string()
    }

    pub(crate) fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.url, postgres::NoTls).unwrap()
    }

    #[track_caller]
    pub(crate) fn execute(&self, sql: &str) {
        self.database().execute(sql);
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
        let there = introspect_tables(session).unwrap();
        let request = self.request(session);
        let found = facts(session, &there, &self.promise, Reach::NewTables).unwrap();
        plan(&request, &there.schema, &found.empty)
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
        self.apply_with_all(session, plan, options, observer, &Interrupt::default())
    }

    pub(crate) fn apply_until(
        &self,
        session: &mut Session,
        plan: &Plan,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Applied, ApplyError> {
        self.apply_with_all(session, plan, &patient(), observer, interrupt)
    }

    pub(crate) fn apply_with_all(
        &self,
        session: &mut Session,
        plan: &Plan,
        options: &ApplyOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Applied, ApplyError> {
        let request = self.request(session);
        apply(
            &self.target,
            session,
            plan,
            &request,
            options,
            observer,
            interrupt,
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

    #[track_caller]
    pub(crate) fn no_lock_is_left(&self) {
        let left = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                    WHERE d.datname = current_database() AND (l.locktype = 'advisory' OR NOT l.granted)";
        assert_eq!(self.ask(left), "0");
    }

    /// The answer to a question of one value.
    pub(crate) fn ask(&self, question: &str) -> String {
        let question = format!("SELECT ({question})::text");
        let row = self.client().query_one(&question, &[]).unwrap();
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

/// Somebody who has a transaction open, and with it locks.
pub(crate) struct Holder {
    client: postgres::Client,
}

impl Holder {
    /// Begins a transaction as application `reports`, and runs `sql` in it.
    pub(crate) fn of(ground: &Ground, sql: &str) -> Holder {
        let mut client = ground.client();
        let begin = "SET application_name = 'reports'; BEGIN";
        client.batch_execute(begin).unwrap();
        client.batch_execute(sql).unwrap();
        Holder { client }
    }

    pub(crate) fn pid(&mut self) -> i32 {
        let row = self.client.query_one("SELECT pg_backend_pid()", &[]);
        row.unwrap().get(0)
    }

    pub(crate) fn let_go(mut self) {
        self.client.batch_execute("COMMIT").unwrap();
    }
}

/// Waits until something is so, and fails the test when it never is.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The baseline with rows, and the three tables without the indexes and foreign keys whose names hold
/// one of `missing`.
pub(crate) fn without(client: &mut postgres::Client, missing: &[&str]) {
    let schema = Identifier::new("public").unwrap();
    let promise = Promise::new(&LEORA, Schema::default());
    let request = promise.request(&schema);
    let mut actual = promise.declared.clone();
    for name in request.created {
        actual.tables.remove(name);
    }
    for step in plan(&request, &actual, &std::collections::BTreeSet::new()).steps {
        let name = step.change.object_name().as_str();
        if !missing.iter().any(|part| name.contains(part)) {
            client.batch_execute(&step.sql).unwrap();
        }
    }
}

/// Two jobs and a widget for each tenant.
pub(crate) const ROWS: &str = r#"
INSERT INTO "Job" ("id", "tenantId", "type", "payload", "updatedAt")
SELECT gen_random_uuid(), t."id", 'image_extraction', '{}', now() FROM "Tenant" t, generate_series(1, 2);
INSERT INTO "DashboardWidget" ("id", "tenantId", "widgetType", "position", "updatedAt")
SELECT gen_random_uuid(), t."id", 'revenue_trend', 1, now() FROM "Tenant" t;
"#;
