//! While an application writes. How long its writes wait is measured in `benches/locks.rs`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use leora_migrate::db::apply::Applied;

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
