//! While an application writes. How long its writes wait is measured in `benches/locks.rs`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use leora_core::plan::{Grouping, Plan};
use leora_db::apply::{Applied, Done};

use super::ground::{Ground, Holder, patient, until};
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
                        AND application_name = 'leora-migrate' AND state = 'idle' AND query LIKE '%pg_locks%'") == "1"
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

/// Six connections that write to both tables in one transaction, and in the order opposite to that of the names. All
/// transactions of an application that write go through, and so does the migration.
fn livelock(ground: &Ground, orders: &[[&str; 2]], plan: &Plan) -> Done {
    ground.execute(r#"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''50ms''', current_database()); END $$"#);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &over;
        for number in 0..6 {
            let order = orders[number % orders.len()];
            let mut client = ground.client();
            let [one, other] = order.map(|table| {
                format!(r#"UPDATE "{table}" SET "updatedAt" = now() WHERE "id" = (SELECT "id" FROM "{table}" ORDER BY "id" OFFSET {number} LIMIT 1)"#)
            });
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    // In round trips of their own, as an application sends them.
                    for sql in ["BEGIN", &one, &other, "COMMIT"] {
                        client.batch_execute(sql).unwrap();
                    }
                }
            });
        }
        let mut session = ground.session();
        let applied = ground.apply_plan(&mut session, plan, &patient(), &mut ());
        over.store(true, Ordering::Relaxed);
        match applied {
            Ok(Applied::Done(done)) => done,
            other => panic!("{other:?}"),
        }
    })
}

fn rows_for_each(ground: &Ground) {
    ground.execute(
        r#"INSERT INTO "Tenant" ("id", "slug", "name", "updatedAt")
           SELECT gen_random_uuid(), 'load-' || n, 'Load', now() FROM generate_series(1, 8) n;
           INSERT INTO "User" ("id", "tenantId", "email", "fullName", "hashedPassword", "updatedAt")
           SELECT gen_random_uuid(), "id", "slug", 'Load', '', now() FROM "Tenant";"#,
    );
}

#[test]
fn an_application_that_locks_in_the_other_order_neither_starves_it_nor_deadlocks() {
    let ground = Ground::on(Template::BaselineWithRows);
    rows_for_each(&ground);
    let plan = ground.plan(&mut ground.session());
    livelock(&ground, &[["User", "Tenant"]], &plan);
    assert_eq!(ground.pending(), Vec::<String>::new());
}

/// Where both orders are used, only one table at a time is sure to be obtained.
#[test]
fn one_table_at_a_time_is_obtained_whatever_the_order() {
    let ground = Ground::on(Template::BaselineWithRows);
    rows_for_each(&ground);
    let plan = Plan {
        grouping: Grouping::OneTableAtATime,
        ..ground.plan(&mut ground.session())
    };
    livelock(&ground, &[["User", "Tenant"], ["Tenant", "User"]], &plan);
    assert_eq!(ground.pending(), Vec::<String>::new());
}
