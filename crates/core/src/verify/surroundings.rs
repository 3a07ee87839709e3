//! What stands around the tables and decides what can be done with them: settings, publications, and
//! foreign keys from elsewhere.

use super::check::{Finding, Judgement, Remedy};
use super::evidence::Basis;
use super::rights::Shortfall;
use super::settings::KeptSetting;
use crate::model::Identifier;
use crate::model::access::Access;
use crate::model::replication::Replication;

/// What stands around a schema.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Who may use the tables.
    pub access: Access,
    /// Who replicates.
    pub replication: Replication,
    /// The settings that sessions start with here.
    pub settings: Vec<KeptSetting>,
    /// The tables that Supabase's public roles may use and no row-level security keeps from them, with the roles.
    pub exposed: Vec<(Identifier, Exposed)>,
    /// The foreign keys of other schemas that hold rows of this one back.
    pub held: Vec<Holder>,
    /// The tables whose rows a publication must name and cannot.
    pub nameless: Vec<Nameless>,
    /// The rights that owners of tables lack.
    pub short_of_rights: Vec<Shortfall>,
    /// The columns, after their tables, whose long values are refused for want of room in a page.
    pub cramped: Vec<(Identifier, Identifier)>,
}

/// Who may use a table that no row-level security keeps from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The roles, with commas between.
    pub roles: String,
    /// What lets them.
    pub by: Opening,
}

/// What lets a role use a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Privileges on it.
    Privileges(Privileges),
    /// It is the table's owner, or may become it.
    Ownership,
    /// It is the owner of the schema, given as SQL, or may become it: it may drop the table.
    Schema(String),
    /// It is the owner of the database, given as SQL, whom the schema belongs to (`pg_database_owner`).
    Database(String),
    /// A view, given as SQL, that reads the table.
    View(String),
}

/// How roles come by privileges on a table. Names are SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privileges {
    /// To whom they are granted, with commas between.
    pub granted_to: Option<String>,
    /// The memberships that give them without a grant on the table: `pg_read_all_data FROM anon`.
    pub memberships: Vec<String>,
    /// Those of the roles that are superusers, with commas between.
    pub superusers: Option<String>,
}

/// A table whose rows publications must name when they are changed or deleted, and cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nameless {
    /// The table.
    pub table: Identifier,
    /// Why they cannot.
    pub how: Unnamed,
    /// The publications, as SQL, with commas between.
    pub publications: String,
}

/// Why a publication cannot name the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// The table's replica identity names none.
    ByIdentity,
    /// It chooses rows by a column that the replica identity has not.
    ByRowFilter,
    /// It leaves out a column of the replica identity.
    ByColumnList,
}

/// A foreign key of another schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The table of this schema whose rows it holds back.
    pub held: Identifier,
    /// The table it is on, with its schema, as SQL.
    pub table: String,
    /// Its name.
    pub constraint: Identifier,
    /// How it holds rows back.
    pub how: Holding,
}

/// How a foreign key of another schema holds rows back, or may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// It refuses, or sets NULL where that is refused.
    ByItself,
    /// It sets NULL, which a CHECK refuses or may refuse.
    ByCheck,
    /// A trigger fires on the way.
    ByTrigger,
    /// A rule does something else instead.
    ByRule,
    /// The owner of the table may not delete or change its rows.
    ForWantOfRights,
}

/// A publication must be able to name the rows whose change or deletion it tells.
pub(super) fn replication(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let refused = |nameless: &Nameless| {
        let Nameless {
            table,
            how,
            publications,
        } = nameless;
        let table = table.quoted();
        let (why, remedy): (_, Remedy) = match how {
            Unnamed::ByIdentity => (
                "must name them, and the table's replica identity names none",
                format!(
                    "ALTER TABLE {table} REPLICA IDENTITY DEFAULT; -- once it has a primary key"
                )
                .into(),
            ),
            Unnamed::ByRowFilter => (
                "chooses rows by a column that the table's replica identity has not",
                format!(
                    "ALTER TABLE {table} REPLICA IDENTITY FULL; -- or choose by columns of its primary key, or publish \
                     inserts alone"
                )
                .into(),
            ),
            Unnamed::ByColumnList => (
                "leaves out columns of the table's replica identity",
                Remedy::new(format!(
                    "ALTER PUBLICATION {publications} DROP TABLE {table}; -- and add it again with all columns of its \
                     primary key"
                ))
                .losing(format!(
                    "subscribers get no change of {table} until it is added again"
                )),
            ),
        };
        Finding::new(format!(
            "rows of {table} can be neither changed nor deleted: publication {publications} {why}"
        ))
        .remedy(remedy)
    };
    Judgement::none_expected(evidence.around.nameless.iter().map(refused).collect())
}

/// The columns whose long values are refused, as reasons to fail.
pub(super) fn cramped(around: &Surroundings) -> impl Iterator<Item = Finding> {
    around.cramped.iter().map(|(table, column)| {
        let (table, column) = (table.quoted(), column.quoted());
        Finding::new(format!(
            "column {table}.{column}: storage is PLAIN, so that a row of more than 8 kB is refused"
        ))
        .remedy(format!(
            "ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTENDED;"
        ))
    })
}

/// The foreign keys of other schemas that hold rows back, as reasons to fail.
pub(super) fn held(around: &Surroundings) -> impl Iterator<Item = Finding> {
    around.held.iter().map(|holder| {
        let Holder {
            held,
            table,
            constraint,
            how,
        } = holder;
        let (held, constraint) = (held.quoted(), constraint.quoted());
        let (what, remedy) = match how {
            Holding::ByItself => (
                format!("{table} holds rows of {held} back, by {constraint}"),
                format!(
                    "ALTER TABLE {table} DROP CONSTRAINT {constraint};\n\
                     -- it belongs to another schema: ask who needs it, for its rows may then reference nothing"
                ),
            ),
            Holding::ByCheck => (
                format!("{table} may hold rows of {held} back, by {constraint}: it sets NULL, and a CHECK may refuse that"),
                format!("See what the CHECKs of the table do with NULL: \\d {table} in psql. If they accept it, waive this."),
            ),
            Holding::ByTrigger => (
                format!("a trigger of {table} fires where rows of {held} are deleted, by {constraint}, and may refuse"),
                format!("See what it does: \\d {table} in psql. If it refuses nothing, waive this."),
            ),
            Holding::ByRule => (
                format!("a rule of {table} changes what deleting rows of {held} does there, by {constraint}"),
                format!("See what it does: \\d {table} in psql. Who needs it decides whether it can go."),
            ),
            Holding::ForWantOfRights => (
                format!("{table} holds rows of {held} back, by {constraint}: its owner may not delete or change its rows"),
                format!("Give its owner back what it lacks: GRANT SELECT, UPDATE, DELETE ON {table} TO ..."),
            ),
        };
        Finding::new(what).remedy(remedy)
    })
}
