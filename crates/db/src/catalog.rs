//! PostgreSQL's versions, and the settings under which its catalogs are read.

/// A PostgreSQL server's version, as `server_version_num` gives it: 150004 is 15.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion(pub u32);

impl ServerVersion {
    /// The oldest version supported.
    pub const OLDEST: ServerVersion = ServerVersion(130000);

    /// The number before the dot.
    pub fn major(self) -> u32 {
        self.0 / 10_000
    }

    /// `restrict_nonsystem_relation_kind` came with 17 and the minor releases that mended CVE-2024-7348.
    pub fn restricts_relation_kinds(self) -> bool {
        const SINCE: [u32; 4] = [130_016, 140_013, 150_008, 160_004];
        let since = SINCE.iter().find(|since| **since / 10_000 == self.major());
        self.major() >= 17 || since.is_some_and(|since| self.0 >= *since)
    }

    /// The privileges on a role with which SET ROLE works, for `pg_has_role`. Memberships that do not allow it came with
    /// 16 (`SET FALSE`).
    pub fn privilege_to_become(self) -> &'static str {
        match self.major() >= 16 {
            true => "USAGE, SET",
            false => "MEMBER",
        }
    }

    /// `client_connection_check_interval` came with 14.
    pub fn has_connection_check(self) -> bool {
        self.major() >= 14
    }

    /// The privileges of which LOCK TABLE takes one, for `has_table_privilege`. MAINTAIN came with 17.
    pub fn privileges_to_lock(self) -> &'static str {
        match self.major() >= 17 {
            true => "UPDATE, DELETE, TRUNCATE, MAINTAIN",
            false => "UPDATE, DELETE, TRUNCATE",
        }
    }

    /// `transaction_timeout` came with 17.
    pub fn has_transaction_timeout(self) -> bool {
        self.major() >= 17
    }
}

/// The settings under which catalogs are read and statements run, whatever the database, the role
/// or the URL set: names unqualified only in the schema asked for, texts printed in one way, no way of reading switched off.
pub const SESSION: &[(&str, &str)] = &[
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("xmloption", "content"),
    // An error that is caught would end the session all the same.
    ("exit_on_error", "off"),
    ("idle_in_transaction_session_timeout", "0"),
    ("statement_timeout", "60s"),
    ("jit", "off"),
    // What is asked is little; workers for it, or files, would take longer than it does.
    ("max_parallel_workers_per_gather", "0"),
    ("work_mem", "16MB"),
    // A session that is told everything waits for the telling.
    ("client_min_messages", "warning"),
    // The planner would evaluate CHECKs, whoever wrote them.
    ("constraint_exclusion", "off"),
    ("enable_seqscan", "on"),
    ("enable_indexscan", "on"),
    ("enable_indexonlyscan", "on"),
    ("enable_bitmapscan", "on"),
    ("enable_nestloop", "on"),
    ("enable_hashjoin", "on"),
    ("enable_mergejoin", "on"),
    ("enable_sort", "on"),
];
