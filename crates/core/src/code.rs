//! Every error's code, and what `explain` says about it: one table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is said about a code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code.
    pub code: Code,
    /// What happened, in one line.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// How it comes about, or why it stops the program.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal, $meaning:literal, $cause:literal, $remedy:literal;)*) => {
        /// The code of an error. A number is never used for anything else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $title] $name = $number,)*
        }

        /// Every code, in the order of numbers.
        pub const TABLE: &[Entry] = &[$(Entry {
            code: Code::$name,
            title: $title,
            meaning: $meaning,
            cause: $cause,
            remedy: $remedy,
        },)*];
    };
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LM{:04}", *self as u16)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> String {
        code.to_string()
    }
}

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Code, String> {
        let known = TABLE.iter().find(|entry| entry.code.to_string() == text);
        known
            .map(|entry| entry.code)
            .ok_or_else(|| format!("there is no code {text}"))
    }
}

codes! {
    Usage = 1, "What was typed makes no sense",
        "A flag or an argument is unknown, is missing, or does not go with another.",
        "The message names it. A misspelt flag gets the nearest one that exists.",
        "`leora-migrate COMMAND --help` shows what a command takes, with examples that work.";
    FileContent = 2, "A file does not say what it should",
        "A configuration file, a baseline or a plan was read and could not be understood. The message names file, \
         line and column.",
        "A key is unknown, a value is of another kind, or the file is not of the kind that was asked for. Unknown \
         keys are refused, since a misspelt one would silently mean nothing.",
        "Correct the line. A baseline is written by `snapshot`, a plan by `plan --format json`; neither is edited by \
         hand.";
    FileRead = 3, "A file cannot be read",
        "The operating system did not give the file. The message has its reason.",
        "It is not there, or this user may not read it. A relative path starts at the current directory.",
        "Check the path and the permissions.";
    FileWrite = 4, "A file cannot be written",
        "What was to be written is ready, and the operating system did not take it.",
        "The directory does not exist, this user may not write there, or the disk is full. Directories are not \
         created.",
        "Make the directory, or name another file. A verification is not lost: run it again.";
    Name = 5, "A name is none that PostgreSQL keeps",
        "A schema's name is empty, longer than 63 bytes, or contains a NUL character.",
        "PostgreSQL cuts longer names at 63 bytes, so that two could become one.",
        "Give the name as the database has it: `\\dn` in psql lists the schemas.";
    PrismaSchema = 6, "A schema.prisma is not one that Prisma would take",
        "The file was read as Prisma reads it, and something in it makes no sense. The message names file, line and \
         what is wrong, for each fault.",
        "A model names a field or a type that is not there, a block does not close, or two things have one name.",
        "Correct what it names; `npx prisma validate` should agree.";
    PrismaPatch = 7, "A schema.prisma cannot be patched",
        "{title} cannot be written into the file without changing what is there already. The file is as it was.",
        "Something of a name that {title} needs is there and is something else, or {existing} is missing.",
        "Settle what the message names by hand, then run it again.";

    PrismaMigrations = 8, "A directory of Prisma's migrations cannot be used",
        "The directory given with --prisma-migration is not as it must be. Nothing was changed.",
        "It holds no migration of this name, holds it twice, or holds one whose statements are others than those \
         planned; it is the directory of the schema, in which that of the migrations is; or its \
         migration_lock.toml names another kind of database.",
        "The message has the difference and what to do. A migration that no database has can be taken away and \
         written anew.";

    NoTarget = 10, "No database was named",
        "There is no --url, neither DIRECT_URL nor DATABASE_URL is set, the configuration file has no url, and \
         none of libpq's variables is set.",
        "A .env file is not read by itself: which file holds would depend on the directory.",
        "Set DIRECT_URL, or read a file of variables with --env-file .env.";
    Address = 11, "The address cannot be understood",
        "The URL or key=value string is not one. The message names where it came from and what is wrong, and \
         shows no part that could be a password.",
        "Most often a password holds a character that means something in a URL, or the quotes of a .env file \
         became part of the value.",
        "In a URL write / as %2F, ? as %3F, @ as %40, # as %23, % as %25 and : as %3A in user and password.";
    AddressKind = 12, "The address is not one of a PostgreSQL server",
        "The URL begins with something else than postgresql:// or postgres://.",
        "It may lead to Prisma's proxy (prisma://), be JDBC's, or lead to another kind of database.",
        "Give the database's own URL; beside Prisma's proxy it is most often in DIRECT_URL.";
    Placeholder = 13, "The password is a placeholder",
        "The address was copied with [YOUR-PASSWORD] where the password belongs.",
        "Supabase shows addresses this way.",
        "Put the database's password in its place; Supabase: Database Settings, Reset database password, if nobody \
         knows it.";
    AddressValue = 14, "A parameter of the address has a value it cannot have",
        "A parameter is there and its value is none that it takes.",
        "The message names the parameter, its value and what it takes.",
        "Correct the value, or take the parameter away to get libpq's default.";
    Protection = 15, "A protection was asked for that cannot be had",
        "A parameter of the address asks for a protection of the connection that this program does not give, or \
         two of them contradict each other.",
        "Going on without it would be weaker than what was asked for, so it is an error and no warning.",
        "Take it away if it may be done without, or use what the message names instead.";
    AddressFile = 16, "A file that the address is read from cannot be used",
        "The env file or a service file is not there, cannot be read, or has a line that makes no sense.",
        "The message names the file, and the line where there is one.",
        "Correct the file, or give the address by --url or DIRECT_URL.";
    NoService = 17, "There is no such service",
        "The address names a service that none of the service files defines.",
        "libpq reads ~/.pg_service.conf (or PGSERVICEFILE), then the system's pg_service.conf.",
        "Define it in one of the files named, or set PGSERVICEFILE.";
    NoUser = 18, "No user was named",
        "The address has no user, PGUSER is not set, and the operating system's user has no name.",
        "This happens in containers that run under a bare number.",
        "Put the user into the address, or set PGUSER.";

    HostNotFound = 20, "There is no host of that name",
        "The name service does not know the host.",
        "The name is misspelt, it is known in another network only, or a Supabase project was paused or deleted.",
        "Check the name with `getent hosts NAME`.";
    Refused = 21, "The host refuses connections",
        "The host answers, and nothing listens on that port.",
        "PostgreSQL does not run, listens on other addresses (listen_addresses) or on another port.",
        "Check the port; on the server: `SHOW listen_addresses; SHOW port;`";
    NoSocket = 22, "There is no server socket",
        "No PostgreSQL server has a socket in that directory.",
        "The server does not run, or its unix_socket_directories names another directory. Without a host, libpq's \
         default directory is taken.",
        "Give the directory as host (host=/run/postgresql), or a host name for TCP.";
    Unreachable = 23, "The host cannot be reached",
        "The network knows no way to the address.",
        "A VPN is off, a network is down, or the host has IPv6 addresses only and this machine has none: so it is \
         with Supabase's direct addresses from networks without IPv6.",
        "Check the network. Supabase: the session pooler (port 5432) has IPv4.";
    TimedOut = 24, "The host does not answer",
        "Nothing came back in the time allowed.",
        "A firewall or an allow list drops the packets, the address is wrong, the project is paused, or the server \
         is overloaded.",
        "Check address and allow list; connect_timeout in the address sets the time.";
    TlsRefused = 25, "The server does not offer TLS",
        "sslmode asks for an encrypted connection, and the server has none to offer.",
        "Its setting ssl is off.",
        "Set ssl = on at the server. Only where the network itself is safe: sslmode=prefer.";
    Certificate = 26, "The server's certificate is not accepted",
        "TLS was offered, and the certificate is not one to trust: expired, for another name, or signed by an \
         authority that is not known here.",
        "sslmode=verify-ca and verify-full check it against sslrootcert. Somebody between could show another one.",
        "Name the root certificate in sslrootcert (Supabase: Database Settings, SSL Configuration). Do not weaken \
         sslmode over a network that is not yours.";
    ClientCertificate = 27, "The server does not accept the client's certificate",
        "The server asks for a certificate of the client, and refused the one given, or got none.",
        "It must be signed by an authority in the server's ssl_ca_file, and be for this user.",
        "Give certificate and key in sslcert and sslkey.";
    TlsHandshake = 28, "TLS could not be agreed on",
        "Both sides speak TLS, and found no version or cipher in common, or the server does not begin with TLS \
         unasked.",
        "Only TLS 1.2 and 1.3 are spoken. sslnegotiation=direct needs PostgreSQL 17.",
        "See the server's ssl_min_protocol_version and ssl_ciphers, and its log.";
    TlsFiles = 29, "The files that TLS needs cannot be used",
        "A root certificate, a client certificate or a key is missing, unreadable, encrypted, not in PEM format, or \
         readable by others.",
        "sslmode=verify-ca and verify-full need a root certificate: ~/.postgresql/root.crt unless sslrootcert names \
         another.",
        "Do what the message says; sslrootcert=system trusts what the operating system trusts.";
    ChannelBinding = 30, "The server did not bind the channel",
        "channel_binding=require was asked for, and the password exchange did not use it.",
        "It needs TLS and scram-sha-256. A pooler in between cannot have it.",
        "Use the direct address, or take channel_binding away.";
    PasswordNeeded = 31, "A password is needed",
        "The server asks for one, and none was given.",
        "No source had one: the address, PGPASSWORD, the password file.",
        "Put it into DIRECT_URL, PGPASSWORD or ~/.pgpass (mode 600). On the command line others can see it.";
    WrongPassword = 32, "The password or the user is wrong",
        "The server compared and said no. It does not say which of the two it is.",
        "The message says where the password came from. A pooler wants another user: Supabase's wants \
         postgres.PROJECT.",
        "Try it with psql and the same address. In a URL special characters must be percent-encoded.";
    NoSuchRole = 33, "There is no such role",
        "The server has no role of the user's name, or it may not log in.",
        "Without a user in the address, the operating system's user is taken.",
        "Check the user in the address, or PGUSER; `\\du` in psql lists the roles.";
    NoSuchDatabase = 34, "There is no such database",
        "The server has no database of that name. This program creates none.",
        "Without a database in the address, the user's name is taken.",
        "Check the name in the address, or PGDATABASE; `psql -l` lists the databases.";
    NotAllowed = 35, "The server does not let this user in from here",
        "No line of the server's pg_hba.conf allows this user, database, address and encryption together.",
        "Often it allows encrypted connections only.",
        "Ask for TLS (sslmode=require), or have a line added to pg_hba.conf.";
    NoConnectRight = 36, "The user may not connect to this database",
        "The role is known, and lacks the CONNECT privilege on the database.",
        "Somebody revoked it from PUBLIC.",
        "GRANT CONNECT ON DATABASE ... TO ...;";
    TooMany = 37, "The server has no connection to spare",
        "max_connections, or the limit of the role or the database, is reached.",
        "Idle sessions of the application hold them.",
        "Wait and run it again, or end idle sessions; pg_stat_activity shows them.";
    NotReady = 38, "The server is not ready",
        "It is starting, shutting down or recovering.",
        "It was restarted, or a project was just resumed.",
        "Wait and run it again.";
    Pooler = 39, "The connection pooler refused",
        "A pooler (pgbouncer, Supavisor) stands between, and it said no before the server was asked.",
        "It does not know the user, the database or the project, keeps an old password, or takes no startup \
         parameters.",
        "Use the direct address (DIRECT_URL; Supabase: port 5432), which leaves the pooler out.";
    AuthenticationMethod = 40, "The authentication method is not supported",
        "The server asks for a way to log in that this program does not know.",
        "GSSAPI, SSPI, LDAP with negotiation and the like are not supported; scram-sha-256, md5, password, cert, \
         trust and peer are.",
        "Use a role that may log in by one of these.";
    SessionAttributes = 41, "No server is of the kind asked for",
        "target_session_attrs asks for a server that is, say, writable, and none of the hosts is.",
        "The only server reached is a replica, or read-only.",
        "Name a server that is, or take the parameter away.";
    ServerRefused = 42, "The server refused the connection",
        "The server answered with an error that has no code of its own here. The message has its words and its \
         SQLSTATE.",
        "Appendix A of PostgreSQL's manual explains the SQLSTATE.",
        "Settle what the server says; its log may say more.";
    NotPostgres = 43, "What answers there is no PostgreSQL server",
        "Something listens on that port and speaks otherwise.",
        "The port is of another service.",
        "Check host and port.";
    SetupLost = 44, "The connection was lost while it was being set up",
        "The other side closed it without a word.",
        "A server process crashed, or a proxy in between gave up.",
        "Run it again; if it stays so, the server's log says why.";
    ConnectOther = 45, "The connection was not made",
        "The system gave a reason that has no code of its own. The message has it.",
        "It comes from the operating system or the driver.",
        "Try psql with the same address, and compare.";

    Unreadable = 46, "An answer of the server cannot be read",
        "The server answered, and the answer lacks a column that was asked for, or holds something else in one. \
         Nothing was changed.",
        "What answers is no PostgreSQL server, a pooler or proxy rewrites answers, an object was dropped while it was \
         read, or the database's encoding is SQL_ASCII and a name or value in it is no UTF-8.",
        "Run it again; use the direct address (DIRECT_URL). Where the encoding is SQL_ASCII, rename what is no UTF-8, or make the \
         database anew in UTF8.";
    UnknownValue = 47, "A catalog holds a value that leora-migrate does not know",
        "A column of PostgreSQL's catalogs holds a code, such as a kind of relation, that this version of \
         leora-migrate does not know, or a number that refers to nothing. The message names the query, the column and \
         the value. Nothing was changed.",
        "The server is newer than leora-migrate, which knows PostgreSQL 13 to 18; or its catalogs are damaged.",
        "Update leora-migrate. Where the server is of a version that it knows, look for the value in psql: the \
         queries are in crates/db/sql of the source.";

    Query = 50, "PostgreSQL did not answer a question",
        "A statement that only reads failed, or the connection was lost meanwhile. Nothing was changed.",
        "The message says what was being asked, and has PostgreSQL's words.",
        "Settle what it says and run it again.";
    ServerTooOld = 51, "The server is too old",
        "It is older than PostgreSQL 13.",
        "Its catalog lacks what must be known to plan safely, and it gets no fixes any more.",
        "Upgrade the server.";
    NoSuchSchema = 52, "There is no such schema",
        "The database has no schema of the name asked for. This program creates none.",
        "It is another database than was thought, or the tables stand in another schema. The schema is --schema, \
         else `?schema=` in the address, else the configuration file's, else public.",
        "The message lists the schemas there are; choose one with --schema.";
    SchemaClosed = 53, "The role may not see into the schema",
        "The role lacks the USAGE privilege on the schema, so its tables cannot be read.",
        "The role is not the one that migrates.",
        "Run it as the tables' owner, or: GRANT USAGE ON SCHEMA ... TO ...;";
    PrismaFailed = 54, "Prisma's history holds a migration that failed",
        "A row of _prisma_migrations has neither finished_at nor rolled_back_at. Prisma applies nothing while there \
         is one (P3009), and neither does `apply --prisma-migration`.",
        "A `prisma migrate deploy` failed or was cut off. Nothing is left of a file that says BEGIN and COMMIT, as \
         `plan --prisma-migration` writes it. Other files: Prisma up to 7.3 sends one as one transaction, Prisma from \
         7.4 on each statement by itself, so that part of it may be there.",
        "Look at what it left, then say so to Prisma: `prisma migrate resolve --rolled-back NAME`, or --applied.";
    PrismaOrder = 55, "Prisma would apply other migrations first",
        "The directory holds migrations that come before this one, and the database has not had them.",
        "Prisma applies in the order of names. Recording this one first would leave a history that no other \
         database has.",
        "Where the database has what they make, `prisma migrate resolve --applied NAME` for each; otherwise apply \
         them first. `prisma migrate deploy` does that where Prisma has a history of the database; where it has \
         none, Prisma refuses a database with tables (P3005).";
    PrismaEdited = 56, "Prisma's history has this migration with another file",
        "The row in _prisma_migrations has another checksum than the file, or another name.",
        "The file was changed after it was applied, or the migration was written anew. `prisma migrate dev` would \
         ask to reset the database.",
        "Restore the file as it was applied, from version control.";

    HistoryShape = 57, "The history was written in another way",
        "The table in which migrations are recorded lacks a column that this version reads. Nothing was changed.",
        "Another version of leora-migrate made it, or somebody changed it. The tables of the application are not \
         meant.",
        "Use the version that made it; the history names it in the column tool_version. When the history does not \
         matter any more, as on a copy, rename its schema: ALTER SCHEMA leora_migrate RENAME TO leora_migrate_old.";

    ServerFailed = 58, "The verification could not be finished",
        "The server, or the connection to it, failed while verify looked. What was found until then is in the report; \
         it is no verdict. Exit code 2. Nothing was changed: the rows that verify makes are rolled back.",
        "The session was ended (57P01), the server crashed, its disk is full, it found corrupted data (class XX), or \
         PL/pgSQL cannot be loaded, in which deletes are tried.",
        "Look into the server's log, settle what it says, and run verify again.";

    NotVerified = 59, "The migration is applied, and was not verified",
        "`apply` committed the migration; then it could not verify it. Exit code 1: the \
         database has changed.",
        "The message says what kept it: a table that another session holds ACCESS EXCLUSIVE, a session or a server that \
         was ended, a signal.",
        "`leora-migrate verify` verifies it. `leora-migrate status` shows what is recorded.";

    StandsOtherwise = 60, "Something stands that differs from the declaration",
        "A table, column, key or index that the migration needs or would create is there, and is not what is \
         declared. Nothing is done.",
        "The plan only adds: it never drops, retypes or rewrites what stands, since that can lose rows or stop the \
         application.",
        "Decide which side is right. Change the database by hand, or the declaration, then plan again; the diff in \
         `verify` shows all of it.";
    BaseMissing = 61, "A table that the migration hangs on is missing",
        "{existing} is not there.",
        "It is another database or another schema than was thought, or an empty one.",
        "`leora-migrate status` shows which database and which schema was read.";
    RowsWithoutValue = 62, "A required column cannot be added to rows that stand",
        "A table that stands partly lacks a required column without a constant default, and holds rows that would \
         have no value in it.",
        "Only people know what the value should be.",
        "Add it as nullable, fill it in, then ALTER TABLE ... ALTER COLUMN ... SET NOT NULL; plan again.";
    KeyOnRows = 63, "A primary key cannot be added at once to rows that stand",
        "Building it would block reads and writes of the table meanwhile.",
        "ADD PRIMARY KEY takes ACCESS EXCLUSIVE and reads all rows under it.",
        "Build the index concurrently, then make it the key: the message has both statements.";
    NameTaken = 64, "A name is taken",
        "An index, a table or a type of a name that the migration needs stands already, for something else.",
        "Tables, indexes, views and sequences of a schema share one set of names; a table's row type shares one with \
         enums and domains.",
        "Rename what holds the name, then plan again.";
    BuiltUpon = 65, "Others have built on what would be taken back",
        "An index, a column, a key or a trigger that this migration did not make stands on what it made, and would \
         go with it. Nothing is done.",
        "Taking a migration back takes away what it made, and nothing of anybody else's.",
        "Take it away first, by what made it.";

    NothingToTakeBack = 66, "There is nothing to roll back",
        "The history of this database has no run of the migration that was not rolled back. Nothing is done.",
        "It was not applied, or by another tool, or is rolled back already. What stands without a record is not \
         taken away: nobody knows who made it.",
        "`leora-migrate status` shows the history and what stands. Another database may be meant.";
    SubscribersNotReady = 67, "Subscribers would stop replicating",
        "A publication includes what the migration makes, and a logical replication slot exists. Nothing was changed.",
        "A publication FOR ALL TABLES includes the history of migrations as well, one FOR TABLES IN SCHEMA the new tables. \
         PostgreSQL replicates no CREATE TABLE. A subscriber that gets a change of a table that it lacks stops replicating \
         everything, and the server keeps WAL for its slot until the disk is full.",
        "First `leora-migrate apply` on each subscriber, then `apply --subscribers-ready` here, then on each subscriber ALTER \
         SUBSCRIPTION ... REFRESH PUBLICATION, as it is printed. A slot that nobody needs any more: SELECT pg_drop_replication_slot('NAME').";
    HistoryNewer = 68, "The history is a newer version's",
        "The table in which migrations are recorded has a version, which this leora-migrate does not know. Nothing was \
         changed. `status`, `plan` and `verify` still read what they know of it.",
        "A newer leora-migrate applied a migration here, and upgraded the history.",
        "Use that version, or a newer one; the history names it in the column tool_version.";

    PlanRefused = 70, "The plan holds refusals",
        "Something stands in the way, and nothing was done.",
        "A plan is carried out whole or not at all.",
        "`leora-migrate plan` shows each refusal with its own code and the safe way.";
    Obstacles = 71, "The plan could not have worked here, or not safely",
        "Before anything was changed it was asked what would be needed, and something is missing: a right, a \
         writable server, a session of its own, rows that do not contradict a unique index or a foreign key.",
        "An error in the middle would cost a lock for nothing.",
        "Do what each line says, or have somebody do it who may.";
    ChangedSince = 72, "The plan is for another database, or this one has changed since",
        "A plan runs on the database that it was made for, and only while that is what it was. The message says \
         which of the two differs.",
        "The address is another one, the database was created again, another run migrated it, or rows came into a table \
         that was empty. A plan that was reviewed must be the plan that runs.",
        "Plan again. A plan of the same class does the same, so what was reviewed holds for it; another class is \
         reviewed again.";
    LockNotObtained = 73, "The locks were not obtained in the time allowed",
        "Other transactions hold locks that conflict, or a table ACCESS EXCLUSIVE, so that it may not even be read. \
         Nothing changed; running it again is safe. Exit code 3.",
        "A statement that waits for a lock makes everybody after it wait too, so each wait is short (lock_timeout) \
         and the whole is tried again until --wait is over.",
        "The message names who blocks. Run it when they are done, end them, or allow more with --wait. Where several \
         tables are never free at the same time, --one-table-at-a-time locks each in a transaction of its own.";
    StepFailed = 74, "A step failed, and nothing changed",
        "PostgreSQL refused a statement; its transaction was rolled back.",
        "The message has the step, PostgreSQL's words and the SQLSTATE.",
        "Settle what it says and apply again.";
    PartlyApplied = 75, "The migration is partly applied",
        "Some steps are done and stay; others are not. Exit code 4.",
        "CREATE INDEX CONCURRENTLY and VALIDATE cannot share a transaction, so what stands before them is \
         committed first. With --one-table-at-a-time each existing table has a transaction of its own.",
        "The message says what is done and what is left. Settle why it stopped, then apply again: it goes on from \
         there.";
    LostRolledBack = 76, "The connection was lost, and nothing changed",
        "The server was asked again, and it had rolled back.",
        "The network, a proxy's idle limit, or the server's restart.",
        "Run it again; it is safe.";
    LostUnknown = 77, "The connection was lost, and the outcome is not known",
        "It is not known whether all of the transaction was done or nothing. Exit code 4.",
        "It was lost at the moment of the commit, and nobody could say: no server answers, or a standby, another server, \
         one that has neither a record of the transaction nor says that it was aborted, or one that this role may not ask \
         which it is. The message says which.",
        "Ask the primary, by `leora-migrate status` or the query in the message. What it answers is what is true.";
    Interrupted = 78, "It was interrupted",
        "A signal came (Ctrl-C is 2). The message says whether anything is done. Exit code 128 and the signal's \
         number, as shells have it.",
        "The transaction is rolled back; what steps of their own had done before stays.",
        "Apply again: it goes on from there.";
    LostInFailover = 79, "The connection was lost, and the new primary does not have the transaction",
        "The server that was to commit is gone, another one was promoted, and the transaction is not there. The old one \
         may have committed it. Exit code 4.",
        "Replication to that standby is asynchronous, or the commit had not reached it.",
        "Find out what else the new primary lacks. Before the old one is started again, decide which of the two is right \
         (pg_rewind discards what only the old one has). Then run it again on the new primary.";

    NotInstalled = 80, "No PostgreSQL server is installed",
        "`demo` starts a server of its own, and found no initdb and postgres.",
        "The message lists where it looked. LEORA_MIGRATE_PG_BINDIR names another directory.",
        "Install one; the message has the command for this system.";
    ScratchUser = 81, "There is no user to run a scratch server as",
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody.",
        "The container has hardly any users.",
        "Run it as another user than root.";
    ScratchPlace = 82, "The scratch server's directory cannot be made ready",
        "The operating system did not let the directory be made, or no shell could be run.",
        "The temporary directory is full, read-only, or has a very long name.",
        "Set TMPDIR to a directory that can be written.";
    ScratchStart = 83, "The scratch server did not start, or did not do as told",
        "The programs are there, and ended, or took too long. The message has the end of the log.",
        "Shared memory or disk is short, or the machine is overloaded.",
        "Settle what the log says and run it again.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_its_own_and_rises() {
        assert!(TABLE.is_sorted_by_key(|entry| entry.code as u16));
        assert!(TABLE.windows(2).all(|two| two[0].code != two[1].code));
    }

    #[test]
    fn everything_said_is_a_sentence() {
        for entry in TABLE {
            for text in [entry.meaning, entry.cause, entry.remedy] {
                assert!(
                    text.ends_with(['.', ';', ')', '`']),
                    "{}: {text}",
                    entry.code
                );
                assert!(!text.contains("  "), "{}: {text}", entry.code);
            }
            assert!(!entry.title.ends_with('.'), "{}", entry.code);
        }
    }

    #[test]
    fn a_code_is_written_as_people_type_it() {
        let text = String::from(Code::LockNotObtained);
        assert_eq!(text, "LM0073");
        assert_eq!(Code::try_from(text), Ok(Code::LockNotObtained));
        assert!(Code::try_from("LM9999".to_owned()).is_err());
    }
}
