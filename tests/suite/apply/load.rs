//! While an application writes. How long its writes wait is measured in `benches/locks.rs`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use leora_core::plan::{Grouping, Plan};
use leora_db::apply::{Applied, ApplyError, ApplyOptions};

use super::ground::{Ground, Holder, patient, target, until};
use crate::support::Template;

const WRITES: [[&str; 2]; 2] = [
    [
        r#"INSERT INTO "User" ("id", "tenantId", "email", "fullName", "hashedPassword", "updatedAt")
           SELECT gen_random_uuid(), "id", gen_random_uuid()::text, 'Load', '', now() FROM "Tenant" WHERE "name" <> 'Load' LIMIT 1"#,
        r#"UPDATE "User" SET "lastLoginAt" = now() WHERE "id" = (SELECT "id" FROM "User" WHERE "fullName" = 'Load' LIMIT 1)"#,
    ],
    [
        r#"INSERT INTO "Tenant" ("id", "slug", "name", "updatedAt")
           VALUES (gen_random_uuid(), gen_random_uuid()::text, 'Load', now())"#,
        r#"UPDATE "Tenant" SET "updatedAt" = now() WHERE "id" = (SELECT "id" FROM "Tenant" WHERE "name" = 'Load' LIMIT 1)"#,
    ],
];

const HOLD: &str = r#"UPDATE "User" SET "isActive" = "isActive"
    WHERE "id" = (SELECT "id" FROM "User" WHERE "fullName" <> 'Load' LIMIT 1)"#;

/// No write fails, none is a victim of a deadlock, and the transaction that blocks costs one attempt: the
/// next is made when it has gone.
#[test]
fn writers_and_a_row_lock_see_it_through() {
    let ground = Ground::on(Template::BaselineWithRows);
    let over = AtomicBool::new(false);
    let holder = Holder::of(&ground, HOLD);
    let done = thread::scope(|scope| {
        let (ground, over) = (&ground, &over);
        for pair in WRITES.into_iter().flat_map(|pair| [pair, pair]) {
            let mut client = ground.client();
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    for statement in pair {
                        client.batch_execute(statement).unwrap();
                    }
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        let worker = scope.spawn(|| ground.apply_with(&patient(), &mut ()));
        until("it has tried", || {
            ground.ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND application_name = 'leora-migrate' AND state = 'idle' AND query LIKE '%transactions that hold a lock%'") == "1"
        });
        thread::sleep(Duration::from_secs(1));
        holder.let_go();
        let done = worker.join().unwrap();
        over.store(true, Ordering::Relaxed);
        done
    });
    let Ok(Applied::Done(done)) = done else {
        panic!("{done:?}");
    };
    let attempts = done.transaction.attempts;
    assert!((2..=4).contains(&attempts), "{attempts} attempts");
    assert_eq!(ground.pending(), Vec::<String>::new());
    ground.no_lock_is_left();
}

/// Six connections that write to both tables in one transaction, in one or both orders, while `work` is done. All of
/// their transactions go through: PostgreSQL cancels none for a deadlock.
fn under_load<T>(ground: &Ground, orders: &[[&str; 2]], work: impl FnOnce() -> T) -> T {
    ground.execute(
        r#"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''50ms''', current_database()); END $$"#,
    );
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let stop = Stop(&over);
        let over = &over;
        let start = |number: usize| {
            let order = orders[number % orders.len()];
            let mut client = ground.client();
            let [one, other] = order.map(|table| {
                format!(r#"UPDATE "{table}" SET "updatedAt" = now() WHERE "id" = (SELECT "id" FROM "{table}" ORDER BY "id" OFFSET {number} LIMIT 1)"#)
            });
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    // In round trips of their own, as an application sends them.
                    for sql in ["BEGIN", &one, &other, "COMMIT"] {
                        client.batch_execute(sql)?;
                    }
                }
                Ok::<_, postgres::Error>(())
            })
        };
        let connections: Vec<_> = (0..6).map(start).collect();
        let done = work();
        drop(stop);
        for connection in connections {
            connection.join().unwrap().unwrap();
        }
        done
    })
}

/// Ends the load, also when a test fails meanwhile.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The order opposite to that of the names.
const USER_FIRST: &[[&str; 2]] = &[["User", "Tenant"]];
const BOTH: &[[&str; 2]] = &[["User", "Tenant"], ["Tenant", "User"]];

/// The baseline with a row of each table for each connection.
fn ground() -> Ground {
    let ground = Ground::on(Template::BaselineWithRows);
    ground.execute(
        r#"INSERT INTO "Tenant" ("id", "slug", "name", "updatedAt")
           SELECT gen_random_uuid(), 'load-' || n, 'Load', now() FROM generate_series(1, 8) n;
           INSERT INTO "User" ("id", "tenantId", "email", "fullName", "hashedPassword", "updatedAt")
           SELECT gen_random_uuid(), "id", "slug", 'Load', '', now() FROM "Tenant";"#,
    );
    ground
}

/// The same for a role that may not lock the tables: it has REFERENCES only.
fn restricted_ground() -> Ground {
    let mut ground = ground();
    let role = format!("{}_deploy", ground.database().name());
    ground.execute(&format!(
        r#"CREATE ROLE "{role}" LOGIN;
           GRANT CREATE ON DATABASE "{}" TO "{role}";
           GRANT USAGE, CREATE ON SCHEMA public TO "{role}";
           GRANT REFERENCES ON ALL TABLES IN SCHEMA public TO "{role}""#,
        ground.database().name()
    ));
    ground.target = target(&ground.url.replace("//leora@", &format!("//{role}@")));
    ground
}

#[test]
fn an_application_that_locks_in_the_other_order_neither_starves_it_nor_deadlocks() {
    let ground = ground();
    under_load(&ground, USER_FIRST, || ground.applied());
    assert_eq!(ground.pending(), Vec::<String>::new());
    under_load(&ground, USER_FIRST, || ground.rolled_back());
    assert_eq!(ground.pending().len(), 16);
}

#[test]
fn nor_where_the_steps_take_the_locks() {
    let ground = restricted_ground();
    under_load(&ground, USER_FIRST, || ground.applied());
    assert_eq!(ground.pending(), Vec::<String>::new());
    under_load(&ground, USER_FIRST, || ground.rolled_back());
    assert_eq!(ground.pending().len(), 16);
}

/// The foreign keys to one table, or one of them, take about as long as a session waits before PostgreSQL looks for a
/// deadlock.
#[test]
fn steps_that_take_the_locks_wait_for_no_table_when_their_time_is_spent() {
    let ground = restricted_ground();
    let slow = |milliseconds: u32| {
        ground.execute(&format!(
            "CREATE OR REPLACE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_sleep({milliseconds} / 1000.0); END $$"
        ));
    };
    slow(0);
    ground.execute("CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION slow()");
    let options = ApplyOptions {
        wait: Duration::from_secs(1),
        ..patient()
    };
    for milliseconds in [15, 45] {
        slow(milliseconds);
        // Whether it is obtained is by chance; `under_load` sees to it that nobody is cancelled.
        match under_load(&ground, USER_FIRST, || ground.apply_with(&options, &mut ())) {
            Ok(_) => {}
            Err(ApplyError::LockNotObtained { .. }) => ground.apply().map(drop).unwrap(),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(ground.pending(), Vec::<String>::new());
        ground.rolled_back();
    }
    ground.no_lock_is_left();
}

/// Where both orders are used, only one table at a time is sure to be obtained.
#[test]
fn one_table_at_a_time_is_obtained_whatever_the_order() {
    for ground in [ground(), restricted_ground()] {
        let plan = Plan {
            grouping: Grouping::OneTableAtATime,
            ..ground.plan(&mut ground.session())
        };
        let mut session = ground.session();
        under_load(&ground, BOTH, || {
            ground
                .apply_plan(&mut session, &plan, &patient(), &mut ())
                .unwrap()
        });
        assert_eq!(ground.pending(), Vec::<String>::new());
    }
}
