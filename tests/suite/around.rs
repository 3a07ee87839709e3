//! What stands around a schema is told as it is: to whom a table is open and why, who lacks which rights, and what
//! sets a limit. On a server of its own, since roles belong to a server.

use leora_core::model::Identifier;
use leora_core::verify::rights::Shortfall;
use leora_core::verify::surroundings::{Exposed, Holding, Opening, Privileges, Surroundings};
use leora_db::introspect::introspect;
use leora_db::scratch::{Binaries, Options, ScratchServer};
use leora_db::session::Session;
use postgres::{Client, NoTls};

use super::reports::migrated;
use super::support::{Cli, TestDatabase};

/// A server on which `sql` was run in its database.
struct Ground(ScratchServer);

impl Ground {
    fn with(sql: &str) -> Ground {
        let binaries = Binaries::find().unwrap();
        let server = ScratchServer::start(&binaries, &Options::default()).unwrap();
        let ground = Ground(server);
        ground.client().batch_execute(sql).unwrap();
        ground
    }

    fn client(&self) -> Client {
        Client::connect(&self.0.url("postgres"), NoTls).unwrap()
    }

    fn around(&self) -> Surroundings {
        let schema = Identifier::new("public").unwrap();
        let mut session = Session::open(self.client(), schema).unwrap();
        introspect(&mut session).unwrap().around.surroundings
    }
}

/// What opens each table, by its name.
fn openings(around: &Surroundings) -> Vec<(&str, &str, &Opening)> {
    let exposed = around.exposed.iter();
    exposed
        .map(|(table, Exposed { roles, by })| (table.as_str(), roles.as_str(), by))
        .collect()
}

fn privileges(granted_to: Option<&str>, memberships: &[&str], superusers: Option<&str>) -> Opening {
    Opening::Privileges(Privileges {
        granted_to: granted_to.map(str::to_owned),
        memberships: memberships.iter().map(|one| (*one).to_owned()).collect(),
        superusers: superusers.map(str::to_owned),
    })
}

#[test]
fn a_table_is_open_by_the_grant_or_the_membership_that_opens_it() {
    let ground = Ground::with(
        "CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE application; CREATE ROLE keeper; GRANT keeper TO anon;
         REVOKE ALL ON SCHEMA public FROM PUBLIC;
         GRANT USAGE ON SCHEMA public TO anon, keeper;
         CREATE TABLE of_keeper (); ALTER TABLE of_keeper OWNER TO keeper; GRANT SELECT ON of_keeper TO application;
         CREATE TABLE granted (a int); GRANT SELECT ON granted TO anon, authenticated, application;
         CREATE TABLE granted_to_keeper (a int); GRANT SELECT (a) ON granted_to_keeper TO keeper",
    );
    let around = ground.around();
    assert_eq!(
        openings(&around),
        [
            ("granted", "anon", &privileges(Some("anon"), &[], None)),
            (
                "granted_to_keeper",
                "anon",
                &privileges(Some("keeper"), &[], None)
            ),
            (
                "of_keeper",
                "anon",
                &privileges(None, &["keeper FROM anon"], None)
            ),
        ]
    );
}

#[test]
fn a_table_is_open_to_a_superuser_whatever_is_granted() {
    let ground = Ground::with(
        "CREATE ROLE anon; CREATE ROLE authenticated SUPERUSER; CREATE ROLE application; CREATE ROLE chief SUPERUSER;
         GRANT chief TO anon;
         CREATE TABLE t (); GRANT SELECT ON t TO application",
    );
    let around = ground.around();
    assert_eq!(
        openings(&around),
        [(
            "t",
            "anon, authenticated",
            &privileges(None, &["chief FROM anon"], Some("authenticated"))
        )]
    );
}

/// Those whose name and setting say so, and nobody's that has no use for it.
#[test]
fn a_setting_is_told_of_sessions_that_start_with_it() {
    let ground = Ground::with(
        r#"CREATE ROLE "Reporting"; CREATE ROLE clerk; CREATE ROLE scribe; CREATE ROLE reader; CREATE ROLE other;
           GRANT "Reporting" TO clerk, scribe, reader;
           CREATE TABLE one (); CREATE TABLE two ();
           GRANT INSERT ON one, two TO clerk, scribe, other; GRANT SELECT ON one, two TO reader;
           ALTER ROLE clerk SET role = 'Reporting'; ALTER ROLE scribe SET role = 'Reporting';
           ALTER ROLE reader SET role = 'Reporting'; ALTER ROLE other SET role = 'Reporting'"#,
    );
    let around = ground.around();
    let told = around.short_of_rights.iter();
    let told: Vec<_> = told
        .map(
            |Shortfall {
                 name,
                 role,
                 starting,
                 ..
             }| {
                let holder = starting.as_ref().unwrap().holder();
                format!("{name}: {role}, of {holder}")
            },
        )
        .collect();
    assert_eq!(
        told,
        [
            r#"one: "Reporting", of role clerk"#,
            r#"two: "Reporting", of role clerk"#,
            r#"one: "Reporting", of role scribe"#,
            r#"two: "Reporting", of role scribe"#,
        ]
    );
}

#[test]
fn an_owner_lacks_only_what_its_columns_take_numbers_by() {
    let ground = Ground::with(
        "CREATE ROLE application; REVOKE ALL ON SCHEMA public FROM PUBLIC;
         CREATE TABLE one (n serial); CREATE TABLE two (n serial); CREATE TABLE three (n serial); CREATE SEQUENCE alone;
         ALTER TABLE one OWNER TO application; ALTER TABLE two OWNER TO application; ALTER SEQUENCE alone OWNER TO application;
         REVOKE ALL ON SEQUENCE one_n_seq, alone FROM application; REVOKE USAGE ON SEQUENCE two_n_seq FROM application",
    );
    let around = ground.around();
    let told = around.short_of_rights.iter();
    let told: Vec<_> = told.map(|short| short.name.as_str()).collect();
    assert_eq!(told, ["one_n_seq", "public"]);
}

/// A limit of the server's own is told as that, and so is none that the database or the role has.
#[test]
fn a_limit_is_told_of_whoever_set_it() {
    let limits = |ground: &Ground| -> Vec<String> {
        let settings = ground.around().settings.into_iter();
        let limits = settings.filter(|kept| kept.setting.starts_with("statement_timeout="));
        limits
            .filter(|kept| kept.setting != "statement_timeout=0")
            .map(|kept| format!("{}, {}", kept.setting, kept.holder()))
            .collect()
    };
    let ground = Ground::with("CREATE TABLE t ()");
    let set = |sql: &str| ground.client().batch_execute(sql).unwrap();
    set("ALTER DATABASE postgres SET statement_timeout = '90ms'");
    assert_eq!(limits(&ground), ["statement_timeout=90ms, this database"]);
    set("ALTER DATABASE postgres RESET statement_timeout");
    set("ALTER ROLE leora SET statement_timeout = '90ms'");
    assert_eq!(limits(&ground), ["statement_timeout=90ms, role leora"]);
    set("ALTER ROLE leora RESET statement_timeout");
    set("ALTER DATABASE postgres SET work_mem = '5MB'");
    set("ALTER SYSTEM SET statement_timeout = '90ms'");
    set("SELECT pg_reload_conf()");
    // The server reads it in its own time.
    let told = (0..1000)
        .map(|_| limits(&ground))
        .find(|told| !told.is_empty());
    assert_eq!(
        told.unwrap_or_default(),
        ["statement_timeout=90, the server"]
    );
}

/// The trigger of one partition fires there alone.
#[test]
fn a_partition_is_told_for_itself_where_its_table_is_not() {
    let ground = Ground::with(
        "CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA other;
         CREATE TABLE other.logs (t_id int REFERENCES t ON DELETE CASCADE, n int) PARTITION BY LIST (n);
         CREATE TABLE other.first PARTITION OF other.logs FOR VALUES IN (1);
         CREATE FUNCTION other.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
         CREATE TRIGGER no BEFORE DELETE ON other.first FOR EACH ROW EXECUTE FUNCTION other.no()",
    );
    let around = ground.around();
    let held: Vec<_> = around
        .held
        .iter()
        .map(|holder| (holder.table.as_str(), holder.how))
        .collect();
    assert_eq!(held, [("other.first", Holding::ByTrigger)]);
}

/// A CHECK that NULL passes holds nothing back, and one that may refuse it is said to, once for a partitioned table.
#[test]
fn a_check_holds_rows_back_that_may_refuse_null() {
    let ground = Ground::with(
        "CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA other;
         CREATE TABLE other.passes (t_id int REFERENCES t ON DELETE SET NULL, n int,
             CHECK (t_id > 0), CHECK (t_id IS NULL OR n > 0));
         CREATE TABLE other.refuses (t_id int REFERENCES t ON DELETE SET NULL CHECK (t_id IS NOT NULL));
         CREATE TABLE other.unsure (t_id int REFERENCES t ON DELETE SET NULL, n int, CHECK (num_nonnulls(t_id, n) = 1));
         CREATE TABLE other.stays (t_id int REFERENCES t ON DELETE CASCADE CHECK (t_id IS NOT NULL));
         CREATE TABLE other.parted (t_id int REFERENCES t ON DELETE SET NULL, n int, CHECK (t_id IS NOT NULL)) PARTITION BY LIST (n);
         CREATE TABLE other.part PARTITION OF other.parted FOR VALUES IN (1)",
    );
    let around = ground.around();
    let held = around.held.iter();
    let held: Vec<_> = held
        .map(|holder| (holder.table.as_str(), holder.how))
        .collect();
    let by_check = ["other.parted", "other.refuses", "other.unsure"];
    assert_eq!(held, by_check.map(|table| (table, Holding::ByCheck)));
}

/// It stays where it is, so that moving it is no way out.
#[test]
fn a_table_that_an_extension_was_given_is_taken_out_of_it() {
    let database = TestDatabase::from(migrated());
    database.execute(r#"ALTER EXTENSION plpgsql ADD TABLE "Job""#);
    let output = Cli::new()
        .database(&database)
        .args(["verify", "--format", "json"])
        .run();
    let told = r#"ALTER EXTENSION \"plpgsql\" DROP TABLE \"public\".\"Job\""#;
    assert!(output.stdout.contains(told), "{}", output.stdout);
}
