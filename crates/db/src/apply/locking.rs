//! What the role and the server permit a transaction that locks tables.

use std::time::Duration;

use crate::catalog::ServerVersion;
use crate::session::{QueryError, Rows, Session};
use leora_core::model::Identifier;
use leora_core::model::name::literal;
use leora_core::plan::locking::{
    LONGER_WITHOUT_WAITING, LockedBy, Locking, WITHOUT_WAITING, strongest,
};
use leora_core::plan::{Lock, Plan};

/// The setting, as `ALTER ROLE ... SET` and `ALTER DATABASE ... SET` store it.
const SETTING: &str = "deadlock_timeout=";

/// How the locks of `plan` would be taken, asked in a round trip of its own.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn locking(session: &mut Session, plan: &Plan) -> Result<Locking, QueryError> {
    let (together, _) = plan.together_and_alone();
    let locks = strongest(together.iter().flat_map(|(_, step)| &step.locks));
    let questions = questions(&session.schema, session.server.version(), &locks);
    let mut answers = session
        .ask("asking how locks may be taken", &questions)?
        .into_iter();
    Ok(read(&mut answers, 0))
}

/// The questions whose two answers [`read`] reads. LOCK TABLE needs a right to the whole table to change its rows, where
/// a foreign key needs REFERENCES only (`LockTableAclCheck`, lockcmds.c); it is taken in a block of PL/pgSQL. Roles and
/// databases may have a `deadlock_timeout` of their own.
pub(crate) fn questions(schema: &Identifier, version: ServerVersion, locks: &[Lock]) -> String {
    let rights = match version.has_maintain() {
        true => "'UPDATE, DELETE, TRUNCATE, MAINTAIN'",
        false => "'UPDATE, DELETE, TRUNCATE'",
    };
    let tables: Vec<_> = locks
        .iter()
        .map(|lock| literal(lock.table.as_str()))
        .collect();
    let lacking = match tables.is_empty() {
        true => "false".to_owned(),
        false => format!(
            "EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n  \
             WHERE n.nspname = {} AND c.relname IN ({}) AND NOT pg_catalog.has_table_privilege(c.oid, {rights}))",
            literal(schema.as_str()),
            tables.join(", "),
        ),
    };
    format!(
        "SELECT EXISTS (SELECT FROM pg_language l WHERE l.lanname = 'plpgsql' AND pg_catalog.has_language_privilege(l.oid, 'USAGE'))\n  \
         AND NOT {lacking};\n\
         SELECT s.setting FROM pg_settings s WHERE s.name = 'deadlock_timeout'\n\
         UNION ALL\n\
         SELECT pg_catalog.right(c, {skipped}) FROM pg_db_role_setting s, pg_catalog.unnest(s.setconfig) c\n\
         WHERE pg_catalog.starts_with(c, {setting})\n  \
         AND s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))",
        setting = literal(SETTING),
        skipped = format_args!("-{}", SETTING.len()),
    )
}

/// Reads the answers. Where the steps take the locks, the table at place `turn` comes first.
pub(crate) fn read(answers: &mut impl Iterator<Item = Rows>, turn: usize) -> Locking {
    let may_lock = answers
        .next()
        .and_then(|rows| Some(rows.first()?.get(0)? == "t"));
    let by = match may_lock {
        Some(true) => LockedBy::LockTable,
        _ => LockedBy::Steps { first: turn },
    };
    let timeouts = answers.next().unwrap_or_default();
    let timeouts = timeouts.iter().filter_map(|row| row.get(0));
    Locking {
        by,
        deadlock_timeout: timeouts.map(milliseconds).min().unwrap_or_default(),
        without_waiting: match turn {
            0 => WITHOUT_WAITING,
            _ => LONGER_WITHOUT_WAITING,
        },
    }
}

/// A time as PostgreSQL's settings have it (manual, 20.1.1): a number of milliseconds, or a number and its unit. One
/// that cannot be read counts as the shortest.
fn milliseconds(text: &str) -> Duration {
    let text = text.trim();
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit.trim() {
        "us" => 0.000_001,
        "" | "ms" => 0.001,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => 0.0,
    };
    let number: f64 = number.trim().parse().unwrap_or_default();
    Duration::try_from_secs_f64(number * seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_attempts_ask_for_longer_without_waiting() {
        let asked = |turn| read(&mut std::iter::empty(), turn).without_waiting;
        assert_eq!(asked(0), WITHOUT_WAITING);
        assert!(
            [1, 2, 9]
                .map(asked)
                .iter()
                .all(|asked| *asked > WITHOUT_WAITING)
        );
    }

    #[test]
    fn times_are_read_as_postgresql_writes_them() {
        for (text, expected) in [
            ("1000", 1000),
            ("50ms", 50),
            (" 50 ms ", 50),
            ("1s", 1000),
            ("0.5s", 500),
            ("2min", 120_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("1500us", 1),
            ("soon", 0),
            ("1 fortnight", 0),
            ("", 0),
        ] {
            let read = milliseconds(text).as_millis();
            assert_eq!(read, expected, "{text}");
        }
    }
}
