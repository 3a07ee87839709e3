//! The questions asked of PostgreSQL's system catalogs, and what its versions answer differently.
//!
//! The schema's owner is not who asks, and on the search path its functions and operators are preferred to
//! PostgreSQL's where their argument types fit better (manual, chapter 10). So every function is called by its
//! full name, and operators by that or with arguments of exactly their types.
//!
//! Every question is about one schema, named by its oid, and none is asked per table. The catalogs
//! are described in the PostgreSQL manual, chapter 53.

mod access;
mod around;
mod replication;

pub use around::AROUND_IT;

use leora_core::model::name::literal;

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

    /// `UNIQUE NULLS NOT DISTINCT` came with 15 (`pg_index.indnullsnotdistinct`).
    pub fn has_nulls_not_distinct(self) -> bool {
        self.major() >= 15
    }

    /// `ON DELETE SET NULL (columns)` came with 15 (`pg_constraint.confdelsetcols`).
    pub fn has_set_null_columns(self) -> bool {
        self.major() >= 15
    }

    /// Publications of some rows or columns, or of a schema, came with 15 (`pg_publication_rel.prqual`, `prattrs`,
    /// `pg_publication_namespace`).
    pub fn has_publications_of_parts(self) -> bool {
        self.major() >= 15
    }

    /// Extended statistics on expressions came with 14 (`pg_statistic_ext.stxexprs`).
    pub fn has_expression_statistics(self) -> bool {
        self.major() >= 14
    }

    /// `restrict_nonsystem_relation_kind` came with 17 and the minor releases that mended CVE-2024-7348.
    pub fn restricts_relation_kinds(self) -> bool {
        const SINCE: [u32; 4] = [130_016, 140_013, 150_008, 160_004];
        let since = SINCE.iter().find(|since| **since / 10_000 == self.major());
        self.major() >= 17 || since.is_some_and(|since| self.0 >= *since)
    }

    /// `NOT ENFORCED` came with 18 (`pg_constraint.conenforced`).
    pub fn has_not_enforced(self) -> bool {
        self.major() >= 18
    }

    /// Memberships that let a role be set, or not, came with 16.
    pub fn has_membership_options(self) -> bool {
        self.major() >= 16
    }

    /// `client_connection_check_interval` came with 14.
    pub fn has_connection_check(self) -> bool {
        self.major() >= 14
    }

    /// The privilege MAINTAIN came with 17.
    pub fn has_maintain(self) -> bool {
        self.major() >= 17
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

/// Who and where we are, before anything else is asked. One row. A history that runs code when it is read
/// ([`READS_NO_CODE`]), or has not the columns that are read of it, is not read.
pub const IDENTIFY: &str = "\
SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('server_version'), pg_catalog.current_database(),
       current_user, session_user, r.rolsuper, r.rolsuper OR r.rolbypassrls, pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('transaction_read_only'), pg_catalog.current_setting('session_replication_role'),
       (SELECT oid FROM pg_namespace WHERE nspname = {schema}),
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
       coalesce((SELECT pg_catalog.has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = {schema}), false),
       coalesce((SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = {schema}), false),
       (SELECT pg_catalog.string_agg(nspname, ', ' ORDER BY nspname) FROM pg_namespace
         WHERE nspname !~ '^pg_'::text AND nspname <> 'information_schema'),
       pg_catalog.pg_backend_pid(), (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()),
       coalesce((SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
                        AND (SELECT pg_catalog.count(*) FROM pg_attribute a WHERE a.attrelid = c.oid
                              AND a.attname IN ('name', 'target_schema', 'state', 'finished_at', 'applied_by')) = '5'
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = 'leora_migrate' AND c.relname = 'migration' AND {reads_no_code}), false),
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'leora_migrate' AND c.relname = 'migration' AND c.relkind = 'r'),
       coalesce((SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT')
                        AND (SELECT pg_catalog.count(*) FROM pg_attribute a WHERE a.attrelid = c.oid
                              AND a.attname IN ('migration_name', 'started_at', 'finished_at', 'rolled_back_at')) = '4'
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = {schema} AND c.relname = '_prisma_migrations' AND {reads_no_code}), false),
       EXISTS (SELECT FROM pg_subscription_rel s JOIN pg_class c ON c.oid = s.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'leora_migrate' AND c.relname = 'migration'),
       pg_catalog.has_function_privilege('pg_catalog.pg_current_wal_lsn()', 'EXECUTE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_last_wal_replay_lsn()', 'EXECUTE')
FROM pg_roles r WHERE r.rolname = current_user";

/// Whether reading the relation `c` runs no code but PostgreSQL's own: it is a table, without children, whose indexes and
/// statistics have no expressions for the planner to evaluate, nor its policies functions.
pub const READS_NO_CODE: &str = "\
c.relkind = 'r'
 AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
 AND NOT EXISTS (SELECT FROM pg_statistic_ext s WHERE s.stxrelid = c.oid)
 AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid)
 AND NOT (pg_catalog.row_security_active(c.oid)
          AND EXISTS (SELECT FROM pg_policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass::oid AND d.objid = p.oid
                       WHERE p.polrelid = c.oid AND d.refclassid = 'pg_proc'::regclass::oid))";

/// Has the session stay while nothing is asked of it, where it would be ended (`idle_session_timeout`, 14 on; NULL before).
/// No transaction is open then, so it must be set for the whole session; elsewhere nothing is set.
pub const STAY_CONNECTED: &str = "\
SELECT pg_catalog.set_config('idle_session_timeout', '0', false)
WHERE pg_catalog.current_setting('idle_session_timeout', true) <> '0'";

/// The questions about the schema itself, in the order in which [`super::introspect`] reads the answers.
pub const OF_THE_SCHEMA: &[&str] = &[
    RELATIONS,
    INHERITANCE,
    COLUMNS,
    SEQUENCES,
    CONSTRAINTS,
    OPERATOR_CLASSES,
    INDEXES,
    TRIGGERS,
    LOST_TRIGGERS,
    RULES,
    POLICIES,
    ENUMS,
    DOMAINS,
    access::ACCESS,
    replication::REPLICATION,
];

/// How far the WAL is. Whether a role may call a function is checked before it is known whether it is called
/// (`ExecInitFunc`, execExpr.c), so one that may not call these must not be sent them.
const WAL_POSITION: &str = "\
CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END";

/// The `questions` as this version of PostgreSQL can answer them, about the schema whose oid is `schema`, as SQL.
pub fn asked(
    questions: &[&str],
    version: ServerVersion,
    schema: &str,
    may_ask_wal_position: bool,
) -> Vec<String> {
    let since =
        |has: bool, column: &str, otherwise: &str| if has { column } else { otherwise }.to_owned();
    let nulls_not_distinct = since(
        version.has_nulls_not_distinct(),
        "i.indnullsnotdistinct",
        "false",
    );
    let set_columns = since(version.has_set_null_columns(), "k.confdelsetcols", "NULL");
    let of_parts = version.has_publications_of_parts();
    let row_filter = since(of_parts, "r.prqual::text", "NULL");
    let column_list = since(of_parts, "r.prattrs::smallint[]", "NULL::smallint[]");
    let published_schemas = since(
        of_parts,
        "SELECT n.pnnspid FROM pg_publication_namespace n WHERE n.pnpubid = p.oid",
        "SELECT NULL::pg_catalog.oid WHERE false",
    );
    let enforced = since(version.has_not_enforced(), "k.conenforced", "true");
    let statistics = since(
        version.has_expression_statistics(),
        EXPRESSION_STATISTICS,
        "",
    );
    let wal_position = since(may_ask_wal_position, WAL_POSITION, "NULL");
    let becomes = since(version.has_membership_options(), "USAGE, SET", "MEMBER");
    let asked = questions.iter().map(|question| {
        question
            .replace("{statistics}", &statistics)
            .replace("{published_schemas}", &published_schemas)
            .replace("{schema}", schema)
            .replace("{nulls_not_distinct}", &nulls_not_distinct)
            .replace("{set_columns}", &set_columns)
            .replace("{row_filter}", &row_filter)
            .replace("{column_list}", &column_list)
            .replace("{enforced}", &enforced)
            .replace("{becomes}", &becomes)
            .replace("{wal_position}", &wal_position)
    });
    asked.collect()
}

/// User-defined code that work on rows of the tables runs: a JSON array a row, which
/// [`UserCode`](leora_core::verify::user_code::UserCode) is read from.
pub const USER_CODE: &str = include_str!("catalog/user_code.sql");

/// What would run, beside PostgreSQL's own code, when rows of one table are written: a row each, of a reason not to and
/// what to do. Whoever may create the table before its first use decides what runs as the role that writes to it.
pub fn code_of_writes(schema: &str, table: &str, version: ServerVersion) -> String {
    let (schema, table) = (literal(schema), literal(table));
    let oid = format!("(SELECT n.oid FROM pg_namespace n WHERE n.nspname = {schema})");
    let code = asked(&[USER_CODE], version, &oid, false).concat();
    format!(
        "SELECT pg_catalog.format('writing to %I.%I would run %s %s as the role %I', {schema}, {table}, x ->> 1, x ->> 2, current_user),\n  \
         pg_catalog.format('Find out who made it, and drop it or the table: \\d %I.%I in psql shows both.', {schema}, {table})\n\
         FROM (SELECT line::json AS x FROM (\n{code}\n) l) c\n\
         WHERE x ->> 0 = {table} AND (x ->> 5)::integer & 3 <> 0 ORDER BY 1"
    )
}

const EXPRESSION_STATISTICS: &str = "\
UNION ALL
SELECT 'pg_statistic_ext'::regclass::oid, s.oid, s.stxexprs::text FROM member m JOIN pg_statistic_ext s ON s.stxrelid = m.oid";

/// Before the first ANALYZE a table has no pages to the catalog; the counters of the statistics system
/// need no lock, unlike its file's size, and 20 rows a page is a guess on the safe side. After one, the
/// table has grown as its rows have.
///
/// The planner evaluates what is constant in indexes and statistics for every statement on a table (`plancat.c`), so one
/// where these call functions other than PostgreSQL's is not read. PostgreSQL's own are pinned, and have no dependencies.
///
/// Extensions' relations (dependency type `e`) and the sequences that columns own (`a`, `i`) are
/// left out.
const RELATIONS: &str = "\
SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid)
            WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
       CASE WHEN c.relpages > 0 AND c.reltuples > '0'
            THEN (c.relpages::float8 * greatest('1', pg_catalog.pg_stat_get_live_tuples(c.oid)::float8 / c.reltuples::float8))::bigint
            ELSE greatest(c.relpages, pg_catalog.pg_stat_get_live_tuples(c.oid) / 20) END, greatest(c.reltuples, pg_catalog.pg_stat_get_live_tuples(c.oid), 0)::bigint,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid)
         AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_depend d ON d.classid = 'pg_class'::regclass::oid AND d.objid = i.indexrelid
                          WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                            AND d.refclassid IN ('pg_proc'::regclass::oid, 'pg_operator'::regclass::oid))
         AND NOT EXISTS (SELECT FROM pg_statistic_ext s JOIN pg_depend d ON d.classid = 'pg_statistic_ext'::regclass::oid AND d.objid = s.oid
                          WHERE s.stxrelid = c.oid AND d.refclassid IN ('pg_proc'::regclass::oid, 'pg_operator'::regclass::oid))
FROM pg_class c
WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid
                   AND d.objsubid = 0 AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i')))";

/// Parents and children of plain tables may stand in any schema; partitions have parents of kind `p`. A typed
/// table follows a type instead, as it can have no parents.
const INHERITANCE: &str = "\
SELECT h.inhrelid, h.inhparent::regclass::text, CASE WHEN p.relkind = 'r' THEN p.oid END, h.inhrelid::regclass, NULL
FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_class p ON p.oid = h.inhparent
WHERE {schema} IN (c.relnamespace, p.relnamespace) AND c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT c.oid, NULL, NULL, NULL, c.reloftype::regtype::text
FROM pg_class c WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p') AND c.reloftype <> '0'";

/// A default names no column, so its relation need not be looked up (manual, system catalog information functions, `pg_get_expr`), which
/// is half of what printing it costs. Collation 100 is `default`.
const COLUMNS: &str = "\
SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.attidentity, a.attgenerated, pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated <> '' THEN d.adrelid ELSE '0' END), a.attcollation,
       CASE WHEN a.attcollation NOT IN ('0', '100') THEN a.attcollation::regcollation END
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p', 'f')";

/// The sequences that columns own. What is not logged cannot be read on a replica.
const SEQUENCES: &str = "\
SELECT d.refobjid, d.refobjsubid, s.seqrelid::regclass, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart,
       s.seqincrement, s.seqmin, s.seqmax, s.seqcycle, c.relpersistence = 'u',
       pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT') AND (c.relpersistence = 'p' OR NOT pg_catalog.pg_is_in_recovery())
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_depend d ON d.classid = 'pg_class'::regclass::oid AND d.objid = s.seqrelid AND d.objsubid = 0
 AND d.refclassid = 'pg_class'::regclass::oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
WHERE c.relnamespace = {schema}";

/// A foreign key to a partitioned table has a copy for each partition, on the same referencing table, whose parent
/// (`conparentid`) is the foreign key or another copy; so the copies are told from what partitions have of their
/// table. NOT NULL constraints (contype `n`, PostgreSQL 18) are the columns' own matter, but for one that not
/// every row was checked against, which `pg_attribute.attnotnull` does not tell from others.
const CONSTRAINTS: &str = "\
SELECT k.conrelid, k.conname, k.contype, k.condeferrable, k.condeferred, k.convalidated, {enforced},
       k.conindid, k.confrelid, k.confupdtype, k.confdeltype, k.confmatchtype, k.conkey, k.confkey,
       {set_columns}, CASE WHEN k.contype IN ('c', 'x', 'n') THEN pg_catalog.pg_get_constraintdef(k.oid) END,
       CASE WHEN k.contype = 'f' AND r.relnamespace <> {schema} THEN r.relnamespace::regnamespace END,
       CASE WHEN k.contype = 'f' AND r.relnamespace <> {schema} THEN r.relname END,
       CASE WHEN k.contype = 'f' AND r.relnamespace <> {schema} THEN
         (SELECT pg_catalog.array_agg(a.attname ORDER BY u.n) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u(attnum, n)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum) END, k.oid, k.conparentid
FROM pg_constraint k LEFT JOIN pg_class r ON r.oid = k.confrelid
WHERE k.connamespace = {schema} AND k.conrelid <> '0'
  AND (k.contype IN ('p', 'u', 'f', 'c', 'x') OR k.contype = 'n' AND NOT k.convalidated)";

/// Those that an index names: all that are no default, and the defaults that somebody made, which take the place of
/// PostgreSQL's own for the type (`GetDefaultOpClass` prefers an exact match). An extension's are its types' own.
const OPERATOR_CLASSES: &str = "\
SELECT o.oid, CASE WHEN pg_catalog.pg_opclass_is_visible(o.oid) THEN pg_catalog.quote_ident(o.opcname)
                   ELSE o.opcnamespace::regnamespace::text || '.' || pg_catalog.quote_ident(o.opcname) END
FROM pg_opclass o
WHERE NOT o.opcdefault
   OR o.opcnamespace <> 'pg_catalog'::regnamespace::oid
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_opclass'::regclass::oid AND d.objid = o.oid AND d.deptype = 'e')";

/// Only what an index with expressions, a predicate or a foreign collation needs is deparsed. Nobody looks for the
/// indexes of a table that says it has none (`pg_class.relhasindex`), one that looks for doubles late is a
/// constraint's that may be deferred, and a primary key's looks for them.
const INDEXES: &str = "\
SELECT i.indexrelid, i.indrelid, c.relname, m.amname, i.indisunique, i.indisprimary, i.indisexclusion,
       i.indisvalid, i.indisready AND i.indislive, i.indnkeyatts, i.indkey, i.indoption, i.indclass,
       i.indcollation, {nulls_not_distinct}, pg_catalog.pg_get_expr(i.indpred, i.indrelid),
       CASE WHEN i.indexprs IS NOT NULL THEN
         (SELECT pg_catalog.array_agg(pg_catalog.pg_get_indexdef(i.indexrelid, n, false) ORDER BY n)
            FROM pg_catalog.generate_series(1, i.indnkeyatts) n) END,
       CASE WHEN NOT i.indcollation::oid[] OPERATOR(pg_catalog.<@) ARRAY[0, 100]::oid[] THEN i.indcollation::oid[]::regcollation[] END,
       t.relhasindex AND (i.indisunique OR NOT i.indisprimary)
         AND (i.indimmediate OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.condeferrable))
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_am m ON m.oid = c.relam
WHERE c.relnamespace = {schema}";

/// The triggers people wrote, and those behind foreign keys that do not fire as usual.
const TRIGGERS: &str = "\
SELECT t.tgrelid, t.tgname, t.tgisinternal, t.tgenabled, t.tgconstraint,
       CASE WHEN NOT t.tgisinternal THEN pg_catalog.pg_get_triggerdef(t.oid) END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = {schema} AND (t.tgenabled <> 'O' OR NOT t.tgisinternal)";

/// Each foreign key between plain tables has four triggers, two on each, that call the functions of its actions
/// (`ri_triggers.c`) for each row, and a copy for a partition has two (`conparentid`): 5 is INSERT, 9 DELETE, 17 UPDATE (`pg_trigger.h`). Nobody looks for the triggers of
/// a table that says it has none (`pg_class.relhastriggers`). The triggers are asked for
/// by constraint, which `pg_trigger_tgconstraint_index` answers whatever PostgreSQL expects of the conditions.
const LOST_TRIGGERS: &str = "\
SELECT k.oid
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid AND c.relkind = 'r' AND NOT c.relispartition
JOIN pg_class r ON r.oid = k.confrelid AND r.relkind = 'r'
CROSS JOIN (SELECT ARRAY['noaction', 'restrict', 'cascade', 'setnull', 'setdefault']) a(names)
CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(p.proname::text || ' '::text || t.tgtype::text) AS calls
                      FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                     WHERE t.tgconstraint = k.oid AND t.tgisinternal AND t.tgqual IS NULL AND t.tgattr::text = '') t
WHERE k.connamespace = {schema} AND k.contype = 'f' AND k.conparentid = '0' AND {enforced}
  AND (t.calls IS NULL OR NOT c.relhastriggers OR NOT r.relhastriggers OR NOT t.calls OPERATOR(pg_catalog.@>) ARRAY[
       'RI_FKey_check_ins 5', 'RI_FKey_check_upd 17', 'RI_FKey_' || a.names[pg_catalog.strpos('arcnd', k.confdeltype::text)] || '_del 9',
       'RI_FKey_' || a.names[pg_catalog.strpos('arcnd', k.confupdtype::text)] || '_upd 17'])";

const RULES: &str = "\
SELECT w.ev_class, w.rulename, w.ev_enabled, pg_catalog.pg_get_ruledef(w.oid)
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p', 'f')";

const POLICIES: &str = "\
SELECT p.polrelid, p.polname, p.polpermissive, p.polcmd,
       (SELECT pg_catalog.string_agg(CASE WHEN r = '0' THEN 'public' ELSE r::regrole::text END, ', ' ORDER BY r)
          FROM pg_catalog.unnest(p.polroles) r),
       pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = {schema}";

const ENUMS: &str = "\
SELECT t.typname, pg_catalog.array_agg(e.enumlabel ORDER BY e.enumsortorder)
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
WHERE t.typnamespace = {schema}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass::oid AND d.objid = t.oid AND d.deptype = 'e')
GROUP BY t.oid, t.typname";

/// Those of other schemas too, where a column is of one. 16384 is the first oid that is not PostgreSQL's own.
const DOMAINS: &str = "\
SELECT CASE WHEN t.typnamespace = {schema} THEN t.typname::text ELSE pg_catalog.format_type(t.oid, NULL) END, pg_catalog.format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
       k.conname, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated
FROM pg_type t LEFT JOIN pg_constraint k ON k.contypid = t.oid AND k.contype = 'c'
WHERE t.typtype = 'd'
  AND (t.typnamespace = {schema}
       OR t.oid >= '16384' AND EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                                        WHERE a.atttypid = t.oid AND c.relnamespace = {schema} AND c.relkind IN ('r', 'p')))
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass::oid AND d.objid = t.oid AND d.deptype = 'e')";
