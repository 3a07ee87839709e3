//! A publisher and its subscriber: the migration stops no replication, and each knows its own runs. On two servers of
//! their own, since the shared one writes no logical WAL.

use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use crate::apply::ground::until;
use crate::support::{Cli, Output, psql, repository};

/// A server with the tables of before.
struct Side(ScratchServer);

impl Side {
    fn new() -> Side {
        let settings = [
            "wal_level = logical",
            "max_wal_senders = 10",
            "max_replication_slots = 10",
            "wal_retrieve_retry_interval = 100ms",
        ];
        let options = Options {
            settings: settings.map(str::to_owned).into(),
            ..Options::default()
        };
        let side = Side(ScratchServer::start(&Binaries::find().unwrap(), &options).unwrap());
        side.psql(&fixture("fixtures/leora/baseline.sql"));
        side
    }

    fn url(&self) -> String {
        self.0.url("postgres")
    }

    #[track_caller]
    fn psql(&self, sql: &str) {
        psql(&self.url(), sql).exits(0);
    }

    fn ask(&self, question: &str) -> String {
        let mut client = Client::connect(&self.url(), NoTls).unwrap();
        let row = client
            .query_one(&format!("SELECT ({question})::text"), &[])
            .unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }

    fn run(&self, args: &[&str]) -> Output {
        Cli::new().env("DIRECT_URL", self.url()).args(args).run()
    }

    fn run_as(&self, role: &str, args: &[&str]) -> Output {
        let url = self.url().replace("//leora@", &format!("//{role}@"));
        Cli::new().env("DIRECT_URL", url).args(args).run()
    }

    fn json(&self, command: &str) -> serde_json::Value {
        let output = self.run(&[command, "--format", "json"]);
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"))
    }

    fn has_schemas_of_partitions(&self) -> bool {
        self.ask("current_setting('server_version_num')").as_str() >= "150000"
    }

    /// The runs on record: their states, and whether they are the publisher's.
    fn runs(&self) -> Vec<(String, bool)> {
        let status = self.json("status");
        let runs = status["runs"].as_array().unwrap().iter();
        let run = |run: &serde_json::Value| {
            let state = run["state"].as_str().unwrap().to_owned();
            (state, run["from_publisher"].as_bool().unwrap())
        };
        runs.map(run).collect()
    }
}

fn fixture(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap()
}

/// Two servers, of which the second subscribes to the first.
struct Pair {
    publisher: Side,
    subscriber: Side,
}

impl Pair {
    fn with(publication: &str) -> Pair {
        let pair = Pair {
            publisher: Side::new(),
            subscriber: Side::new(),
        };
        pair.publisher.psql(&fixture("fixtures/leora/rows.sql"));
        pair.publisher
            .psql(&format!("CREATE PUBLICATION \"to All\" {publication}"));
        pair.subscribe();
        pair
    }

    fn subscribe(&self) {
        let url = self.publisher.url();
        self.subscriber
            .psql(&format!("CREATE SUBSCRIPTION \"the Sub\" CONNECTION '{url}' PUBLICATION \"to All\" WITH (slot_name = 'the_sub')"));
        self.is_copied();
    }

    fn is_copied(&self) {
        let copied = "NOT EXISTS (SELECT FROM pg_subscription_rel WHERE srsubstate <> 'r')";
        until("all tables are copied", || {
            self.subscriber.ask(copied) == "true"
        });
    }

    /// What is written to a table that both have gets to the subscriber.
    #[track_caller]
    fn replicates(&self, marker: &str) {
        self.publisher
            .psql(&format!("UPDATE \"Tenant\" SET \"name\" = '{marker}'"));
        let there = format!("SELECT count(*) FROM \"Tenant\" WHERE \"name\" = '{marker}'");
        until(marker, || self.subscriber.ask(&there) != "0");
    }
}

/// The lines that say what to do, in order.
fn instructions(text: &str) -> Vec<String> {
    let begins = |line: &&str| {
        line.trim_start().starts_with(|c: char| c.is_ascii_digit()) && line.contains(": ")
    };
    let lines = text.lines().filter(begins);
    lines
        .filter(|line| line.contains("ubscri"))
        .map(str::to_owned)
        .collect()
}

/// Types what a line says, on the side that it names.
fn typed(pair: &Pair, line: &str) {
    let (place, what) = line.split_once(": ").unwrap();
    let side = match place.contains("subscriber") {
        true => &pair.subscriber,
        false => &pair.publisher,
    };
    match what.strip_prefix("leora-migrate ") {
        Some(words) => {
            let mut args: Vec<_> = words.split(' ').collect();
            args.push("--yes");
            side.run(&args).exits(0).lacks("RED:");
        }
        None => side.psql(what),
    }
}

fn follows_the_instructions(pair: &Pair) {
    let refused = pair.publisher.run(&["apply", "--yes"]).exits(2);
    let refused = refused
        .stderr_has("LM0067")
        .stderr_has("Nothing was changed");
    let changed = "EXISTS (SELECT FROM pg_class WHERE relname IN ('Job', 'migration'))";
    assert_eq!(pair.publisher.ask(changed), "false");
    pair.replicates("after the refusal");

    let lines = instructions(&refused.stderr);
    assert_eq!(lines.len(), 3, "{refused}");
    let plan = pair
        .publisher
        .run(&["plan"])
        .exits(0)
        .stdout_has("warning: publication");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in &lines {
        assert!(words(&plan.stdout).contains(&words(line)), "{line}\n{plan}");
        typed(pair, line);
    }
    pair.is_copied();
    pair.replicates("after the migration");
    pair.publisher.psql(
        r#"INSERT INTO "Job" ("id", "tenantId", "type", "payload", "updatedAt")
           SELECT gen_random_uuid(), "id", 'x', '{}', now() FROM "Tenant""#,
    );
    until("the new tables replicate", || {
        pair.subscriber.ask(r#"SELECT count(*) FROM "Job""#)
            == pair.publisher.ask(r#"SELECT count(*) FROM "Job""#)
    });
    assert_eq!(
        pair.publisher
            .ask("SELECT active FROM pg_replication_slots"),
        "true"
    );
    pair.publisher
        .run(&["apply", "--yes"])
        .exits(0)
        .lacks("LM0067");
}

#[test]
fn what_is_printed_keeps_all_tables_replicating_and_each_side_knows_its_runs() {
    let pair = Pair::with("FOR ALL TABLES");
    follows_the_instructions(&pair);
    let own = ("applied".to_owned(), false);
    let publishers = ("applied".to_owned(), true);
    assert_eq!(pair.publisher.runs(), std::slice::from_ref(&own));
    assert_eq!(pair.subscriber.runs(), [own.clone(), publishers.clone()]);
    let status = pair.subscriber.run(&["status"]).exits(0);
    status.stdout_has("applied on the publisher by leora");

    // A table that is still replicated is not dropped under the subscription.
    let refused = pair
        .subscriber
        .run(&["rollback", "--yes", "--discard-rows"])
        .exits(2)
        .stderr_has("Roll back on the publisher first");
    let (_, refresh) = refused.stderr.split_once("in psql: ").unwrap();
    pair.publisher
        .run(&["rollback", "--yes", "--discard-rows"])
        .exits(0);
    pair.replicates("after the rollback of the publisher");
    pair.subscriber.psql(refresh);
    let rolled_back = |from_publisher| ("rolled-back".to_owned(), from_publisher);
    until("the publisher's rollback is on record", || {
        pair.subscriber.runs() == [own.clone(), rolled_back(true)]
    });
    pair.subscriber
        .run(&["rollback", "--yes", "--discard-rows"])
        .exits(0);
    assert_eq!(
        pair.subscriber.runs(),
        [rolled_back(false), rolled_back(true)]
    );
    pair.replicates("after the rollback of the subscriber");
}

#[test]
fn what_is_printed_keeps_the_tables_of_a_schema_replicating() {
    if !Side::new().has_schemas_of_partitions() {
        crate::support::not_tested("FOR TABLES IN SCHEMA came with PostgreSQL 15");
        return;
    }
    follows_the_instructions(&Pair::with("FOR TABLES IN SCHEMA public"));
}

/// The publisher's run alone is nothing to take back; once nobody subscribes any more, it is the database's own, as a copy's.
#[test]
fn a_run_on_the_publisher_is_not_the_subscribers_while_it_subscribes() {
    let pair = Pair {
        publisher: Side::new(),
        subscriber: Side::new(),
    };
    pair.publisher
        .run(&["apply", "--yes", "--no-verify"])
        .exits(0);
    pair.publisher
        .psql("CREATE PUBLICATION \"to All\" FOR ALL TABLES");
    // As `pg_dump --schema-only` makes it.
    let script = pair.publisher.run(&["plan", "--format", "sql"]).stdout;
    assert!(
        script.contains("Nothing to do") || script.contains("nothing to do"),
        "{script}"
    );
    pair.subscriber
        .run(&["apply", "--yes", "--no-verify"])
        .exits(0);
    pair.subscriber.psql("TRUNCATE leora_migrate.migration");
    pair.subscribe();
    assert_eq!(pair.subscriber.runs(), [("applied".to_owned(), true)]);
    let rollback = pair.subscriber.run(&["rollback", "--yes"]).exits(2);
    rollback
        .stderr_has("those on record are the publisher's")
        .stderr_has("LM0066");
    let verify = pair.subscriber.json("verify");
    let checks = verify["checks"].as_array().unwrap();
    let recorded = checks
        .iter()
        .find(|check| check["id"] == "migration.recorded")
        .unwrap();
    assert_eq!(recorded["outcome"]["status"], "not-proved", "{recorded}");

    pair.subscriber.psql("DROP SUBSCRIPTION \"the Sub\"");
    assert_eq!(pair.subscriber.runs(), [("applied".to_owned(), false)]);
    pair.subscriber.run(&["rollback", "--yes"]).exits(0);
}

#[test]
fn a_slot_is_what_stops_apply_and_is_named_while_nobody_is_connected_to_it() {
    let side = Side::new();
    side.psql(
        "CREATE ROLE plain LOGIN; GRANT USAGE, CREATE ON SCHEMA public TO plain; GRANT CREATE ON DATABASE postgres TO plain;
         GRANT SELECT, REFERENCES ON ALL TABLES IN SCHEMA public TO plain;
         CREATE PUBLICATION few FOR TABLE \"Tenant\", \"User\";
         SELECT pg_create_logical_replication_slot('lost', 'pgoutput')",
    );
    // A publication that names its tables includes no new ones.
    side.run_as("plain", &["plan"])
        .exits(0)
        .lacks("publication");
    side.psql("CREATE PUBLICATION everything FOR ALL TABLES");
    let refused = side.run_as("plain", &["apply", "--yes"]).exits(2);
    refused
        .stderr_has("LM0067")
        .stderr_has("WHERE subslotname = 'lost' \\gexec")
        .lacks("\"few\"");
    let plan = side.json("plan");
    assert_eq!(plan["published"]["publications"][0]["name"], "everything");
    assert_eq!(plan["published"]["slots"][0]["is_active"], false);

    let inactive = "logical slot \"lost\" is inactive: the server keeps";
    side.run_as("plain", &["status"])
        .exits(0)
        .stdout_has(inactive);
    side.run(&["apply", "--yes", "--subscribers-ready"])
        .exits(0)
        .stdout_has(inactive);
    side.run_as("plain", &["verify"]).stdout_has(inactive);
    assert_eq!(side.json("status")["slots"][0]["name"], "lost");

    side.run(&["rollback", "--yes"]).exits(0);
    side.psql("SELECT pg_drop_replication_slot('lost')");
    side.run(&["plan"])
        .exits(0)
        .stdout_has("nobody subscribes now")
        .lacks("warning: publication");
    let applied = side.run(&["apply", "--yes"]).exits(0);
    applied.lacks("inactive");
}

/// A slot of another database, and a physical one, get nothing of this one.
#[test]
fn slots_of_others_stop_nothing() {
    let side = Side::new();
    side.psql(
        "CREATE DATABASE other; CREATE PUBLICATION everything FOR ALL TABLES;
         SELECT pg_create_physical_replication_slot('standby')",
    );
    psql(
        &side.0.url("other"),
        "SELECT pg_create_logical_replication_slot('elsewhere', 'pgoutput')",
    )
    .exits(0);
    side.run(&["apply", "--yes"]).exits(0).lacks("inactive");
}
