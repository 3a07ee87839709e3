//! The surroundings of a schema: settings, privileges, replica identities, and foreign keys from other schemas.

use super::reader::Reader;
use super::{Around as Found, user_code};
use crate::query::{Answer as _, Answers, Asked, Batch, Parameters, Query, answer, codes};
use crate::session::{Session, Unreadable};
use leora_core::model::{Identifier, accepts_null};
use leora_core::verify::proof::KeyName;
use leora_core::verify::rights::{Holds, Shortfall};
use leora_core::verify::settings::KeptSetting;
use leora_core::verify::surroundings::{
    Exposed, Holder, Holding, Nameless, Opening, Privileges, Surroundings, Unnamed,
};

answer! {
    struct SettingRow of "settings" {
        of_database: bool,
        role: Option<String>,
        setting: String,
        of_server: bool,
    }
}

answer! {
    struct ExposedRow of "exposed_tables" {
        relation: Identifier,
        roles: String,
        how: HowExposed,
        through: Option<String>,
        granted_to: Option<String>,
        memberships: Option<Vec<String>>,
        superusers: Option<String>,
    }
}

answer! {
    struct BlockingRow of "blocking_foreign_keys" {
        referenced: Identifier,
        referencing: String,
        name: Identifier,
        how: Option<Holding>,
        checks: Option<Vec<String>>,
        cleared: Option<Vec<String>>,
    }
}

answer! {
    struct ReplicaIdentityRow of "replica_identity" [15] {
        relation: Identifier,
        why: Unnamed,
        publications: String,
    }
}

answer! {
    struct MissingPrivilegesRow of "missing_privileges" {
        kind: Holds,
        name: Identifier,
        role: String,
        privileges: Vec<String>,
        of_database: Option<bool>,
        of_role: Option<String>,
        setting: Option<String>,
    }
}

answer! {
    struct PlainStorageRow of "plain_storage" {
        relation: Identifier,
        name: Identifier,
    }
}

answer! {
    struct TriggerOrderRow of "delete_trigger_order" {
        relation: u32,
        name: Identifier,
    }
}

answer! {
    struct LockedRow of "exclusively_locked" {
        relation: u32,
    }
}

/// All queries here.
pub(super) const QUERIES: &[Query] = &[
    SettingRow::QUERY,
    ExposedRow::QUERY,
    BlockingRow::QUERY,
    ReplicaIdentityRow::QUERY,
    MissingPrivilegesRow::QUERY,
    PlainStorageRow::QUERY,
    TriggerOrderRow::QUERY,
    LockedRow::QUERY,
    user_code::Line::QUERY,
    user_code::Fingerprint::QUERY,
];

/// How a role may use a table.
#[derive(Clone, Copy, Debug)]
enum HowExposed {
    Granted,
    Owned,
    Schema,
    Database,
    View,
}

codes! {
    HowExposed, "way to use a table" {
        "granted" => HowExposed::Granted,
        "owned" => HowExposed::Owned,
        "schema" => HowExposed::Schema,
        "database" => HowExposed::Database,
        "view" => HowExposed::View,
    }
    Holding, "way to block a delete" {
        "self" => Holding::ByItself,
        "trigger" => Holding::ByTrigger,
        "rule" => Holding::ByRule,
        "privileges" => Holding::ForWantOfRights,
    }
    Unnamed, "reason that rows are not identified" {
        "identity" => Unnamed::ByIdentity,
        "rows" => Unnamed::ByRowFilter,
        "columns" => Unnamed::ByColumnList,
    }
    Holds, "kind of object" {
        "r" => Holds::Table,
        "S" => Holds::Sequence,
        "n" => Holds::Schema,
    }
}

/// The queries about the surroundings of a schema.
pub(crate) struct Around {
    settings: Asked<SettingRow>,
    exposed: Asked<ExposedRow>,
    blocking: Asked<BlockingRow>,
    replica_identity: Asked<ReplicaIdentityRow>,
    missing_privileges: Asked<MissingPrivilegesRow>,
    plain_storage: Asked<PlainStorageRow>,
    trigger_order: Asked<TriggerOrderRow>,
    locked: Asked<LockedRow>,
    user_code: Asked<user_code::Line>,
}

impl Around {
    /// Adds the queries to `batch`, for a transaction with [`super::settings_for`] the schema.
    pub(super) fn ask(session: &Session, batch: &mut Batch) -> Around {
        let version = session.server.version();
        let of_schema = Parameters::of_schema(&session.schema);
        let of_roles = of_schema
            .clone()
            .text("become", version.privilege_to_become());
        Around {
            settings: batch.ask(version, &of_roles),
            exposed: batch.ask(version, &of_roles),
            blocking: batch.ask(version, &of_schema),
            replica_identity: batch.ask(version, &of_schema),
            missing_privileges: batch.ask(version, &of_roles),
            plain_storage: batch.ask(version, &of_schema),
            trigger_order: batch.ask(version, &of_schema),
            locked: batch.ask(version, &of_schema),
            user_code: batch.ask(version, &of_schema),
        }
    }

    /// Reads the answers, with the relations that `reader` has read. Access and replication are the tables'.
    pub(super) fn read(self, answers: &mut Answers, reader: &Reader) -> Result<Found, Unreadable> {
        let exposed = answers.take(self.exposed)?.into_iter();
        let exposed: Result<_, _> = exposed.map(exposed_table).collect();
        let blocking = answers.take(self.blocking)?.into_iter();
        let nameless = answers.take(self.replica_identity)?.into_iter();
        let missing = answers.take(self.missing_privileges)?.into_iter();
        let missing: Result<_, _> = missing.map(shortfall).collect();
        let plain = answers.take(self.plain_storage)?.into_iter();
        let settings = answers.take(self.settings)?.into_iter();
        let surroundings = Surroundings {
            settings: settings.map(setting).collect(),
            exposed: exposed?,
            held: blocking.filter_map(holder).collect(),
            nameless: nameless.map(nameless_table).collect(),
            short_of_rights: missing?,
            cramped: plain.map(|row| (row.relation, row.name)).collect(),
            ..Surroundings::default()
        };
        let mut firing_order = Vec::new();
        for row in answers.take(self.trigger_order)? {
            let table = reader.name(TriggerOrderRow::QUERY, "relation", row.relation)?;
            firing_order.extend(table.map(|table| KeyName {
                table,
                constraint: row.name,
            }));
        }
        let locked = answers.take(self.locked)?.into_iter();
        let busy: Result<Vec<_>, _> = locked
            .map(|row| reader.name(LockedRow::QUERY, "relation", row.relation))
            .collect();
        Ok(Found {
            surroundings,
            busy: busy?.into_iter().flatten().collect(),
            firing_order,
            user_code: user_code::read(answers.take(self.user_code)?)?,
        })
    }
}

fn setting(row: SettingRow) -> KeptSetting {
    KeptSetting {
        of_database: row.of_database,
        role: row.role,
        setting: row.setting,
        of_server: row.of_server,
    }
}

fn exposed_table(row: ExposedRow) -> Result<(Identifier, Exposed), Unreadable> {
    let through = row.through.ok_or(Unreadable::Unexpected {
        query: ExposedRow::QUERY.name,
        column: "through",
        expected: "text",
        found: None,
    });
    let exposed = Exposed {
        roles: row.roles,
        by: match row.how {
            HowExposed::Owned => Opening::Ownership,
            HowExposed::Schema => Opening::Schema(through?),
            HowExposed::Database => Opening::Database(through?),
            HowExposed::View => Opening::View(through?),
            HowExposed::Granted => Opening::Privileges(Privileges {
                granted_to: row.granted_to,
                memberships: row.memberships.unwrap_or_default(),
                superusers: row.superusers,
            }),
        },
    };
    Ok((row.relation, exposed))
}

/// The foreign key, where it blocks. What CHECKs do with NULL is judged from their expressions.
fn holder(row: BlockingRow) -> Option<Holder> {
    let cleared = row.cleared.unwrap_or_default();
    let is_null = |column: &str| cleared.iter().any(|cleared| cleared == column);
    let mut checks = row.checks.iter().flatten();
    let how = match checks.any(|check| !accepts_null(check, &is_null)) {
        true => Holding::ByCheck,
        false => row.how?,
    };
    Some(Holder {
        held: row.referenced,
        table: row.referencing,
        constraint: row.name,
        how,
    })
}

fn nameless_table(row: ReplicaIdentityRow) -> Nameless {
    Nameless {
        table: row.relation,
        how: row.why,
        publications: row.publications,
    }
}

fn shortfall(row: MissingPrivilegesRow) -> Result<Shortfall, Unreadable> {
    let starting = match (row.setting, row.of_database) {
        (None, _) => None,
        (Some(setting), Some(of_database)) => Some(KeptSetting {
            of_database,
            role: row.of_role,
            setting,
            of_server: false,
        }),
        (Some(_), None) => {
            return Err(Unreadable::Unexpected {
                query: MissingPrivilegesRow::QUERY.name,
                column: "of_database",
                expected: "boolean",
                found: None,
            });
        }
    };
    Ok(Shortfall {
        kind: row.kind,
        name: row.name,
        role: row.role,
        missing: row.privileges,
        starting,
    })
}
