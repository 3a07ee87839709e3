//! A change to a schema, as SQL.

mod canonical;
mod layout;
mod statement;

use serde::{Deserialize, Serialize};

use crate::model::access::Privileges;
use crate::model::{
    Column, Enum, ForeignKey, Identifier, Index, PrimaryKey, Table, TableReference, printable,
};

use layout::a_line_a_clause;

pub use canonical::{both_sides, canonical, canonical_schema};
pub use statement::{default_of, key_list};

/// One additive change, or the removal of what one added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
#[expect(missing_docs, reason = "the fields are what the statements name")]
pub enum Change {
    CreateEnum {
        name: Identifier,
        definition: Enum,
    },
    CreateTable {
        name: Identifier,
        definition: Box<Table>,
    },
    AddColumn {
        table: Identifier,
        column: Column,
    },
    AddPrimaryKey {
        table: Identifier,
        key: PrimaryKey,
    },
    CreateIndex {
        table: Identifier,
        name: Identifier,
        index: Index,
        concurrently: bool,
    },
    AddForeignKey {
        table: Identifier,
        name: Identifier,
        key: ForeignKey,
        not_valid: bool,
    },
    ValidateForeignKey {
        table: Identifier,
        name: Identifier,
        references: TableReference,
    },
    DropTable {
        name: Identifier,
    },
    DropEnum {
        name: Identifier,
    },
    DropColumn {
        table: Identifier,
        name: Identifier,
    },
    DropIndex {
        name: Identifier,
        concurrently: bool,
    },
    DropConstraint {
        table: Identifier,
        name: Identifier,
    },
    Grant {
        table: Identifier,
        privileges: Privileges,
        to: Identifier,
    },
    Revoke {
        table: Identifier,
        privileges: Privileges,
        from: Identifier,
    },
}

impl Change {
    /// The statement, without a semicolon. Names are unqualified: the schema is the search path's. Nothing in it is
    /// unsafe to print, so that it is printed as it is run.
    pub fn sql(&self) -> String {
        printable(&self.statement())
    }

    fn statement(&self) -> String {
        match self {
            Change::CreateEnum { name, definition } => statement::create_enum(name, definition),
            Change::CreateTable { name, definition } => statement::create_table(name, definition),
            Change::AddColumn { table, column } => statement::add_column(table, column),
            Change::AddPrimaryKey { table, key } => statement::add_primary_key(table, key),
            Change::CreateIndex {
                table,
                name,
                index,
                concurrently,
            } => {
                let sql = statement::create_index(table, name, index, *concurrently);
                a_line_a_clause(&sql, &[" ON "])
            }
            Change::AddForeignKey {
                table,
                name,
                key,
                not_valid,
            } => {
                let sql = statement::add_foreign_key(table, name, key);
                let sql = sql + if *not_valid { " NOT VALID" } else { "" };
                a_line_a_clause(&sql, &[" ADD CONSTRAINT ", " FOREIGN KEY ", " ON DELETE "])
            }
            Change::ValidateForeignKey { table, name, .. } => {
                statement::validate_constraint(table, name)
            }
            Change::DropTable { name } => statement::drop_table(name),
            Change::DropEnum { name } => statement::drop_enum(name),
            Change::DropColumn { table, name } => statement::drop_column(table, name),
            Change::DropIndex { name, concurrently } => statement::drop_index(name, *concurrently),
            Change::DropConstraint { table, name } => statement::drop_constraint(table, name),
            Change::Grant {
                table,
                privileges,
                to,
            } => format!(
                "GRANT {privileges} ON {} TO {}",
                table.quoted(),
                to.quoted()
            ),
            Change::Revoke {
                table,
                privileges,
                from,
            } => format!(
                "REVOKE {privileges} ON {} FROM {}",
                table.quoted(),
                from.quoted()
            ),
        }
    }

    /// The change that takes this one back; `None` when there is nothing to take back.
    pub fn undo(&self) -> Option<Change> {
        match self {
            Change::CreateEnum { name, .. } => Some(Change::DropEnum { name: name.clone() }),
            Change::CreateTable { name, .. } => Some(Change::DropTable { name: name.clone() }),
            Change::AddColumn { table, column } => Some(Change::DropColumn {
                table: table.clone(),
                name: column.name.clone(),
            }),
            Change::AddPrimaryKey { table, key } => Some(Change::DropConstraint {
                table: table.clone(),
                name: key.name.clone(),
            }),
            Change::CreateIndex {
                name, concurrently, ..
            } => Some(Change::DropIndex {
                name: name.clone(),
                concurrently: *concurrently,
            }),
            Change::AddForeignKey { table, name, .. } => Some(Change::DropConstraint {
                table: table.clone(),
                name: name.clone(),
            }),
            Change::Grant {
                table,
                privileges,
                to,
            } => Some(Change::Revoke {
                table: table.clone(),
                privileges: privileges.clone(),
                from: to.clone(),
            }),
            Change::ValidateForeignKey { .. }
            | Change::DropTable { .. }
            | Change::DropEnum { .. }
            | Change::DropColumn { .. }
            | Change::DropIndex { .. }
            | Change::DropConstraint { .. }
            | Change::Revoke { .. } => None,
        }
    }

    /// The name of what it makes or removes; of a grant, the role's.
    pub fn object_name(&self) -> &Identifier {
        match self {
            Change::CreateEnum { name, .. }
            | Change::CreateTable { name, .. }
            | Change::CreateIndex { name, .. }
            | Change::AddForeignKey { name, .. }
            | Change::ValidateForeignKey { name, .. }
            | Change::DropTable { name }
            | Change::DropEnum { name }
            | Change::DropColumn { name, .. }
            | Change::DropIndex { name, .. }
            | Change::DropConstraint { name, .. } => name,
            Change::AddColumn { column, .. } => &column.name,
            Change::AddPrimaryKey { key, .. } => &key.name,
            Change::Grant { to, .. } => to,
            Change::Revoke { from, .. } => from,
        }
    }

    /// The change in words: `table "Order"`, `index "Order_status_idx" on "Order"`.
    pub fn summary(&self) -> String {
        let on = |what: &str, name: &Identifier, table: &Identifier| {
            format!("{what} {} on {}", name.quoted(), table.quoted())
        };
        match self {
            Change::CreateEnum { name, .. } => format!("create enum {}", name.quoted()),
            Change::CreateTable { name, .. } => format!("create table {}", name.quoted()),
            Change::AddColumn { table, column } => on("add column", &column.name, table),
            Change::AddPrimaryKey { table, key } => on("add primary key", &key.name, table),
            Change::CreateIndex {
                table, name, index, ..
            } => on(
                if index.unique {
                    "create unique index"
                } else {
                    "create index"
                },
                name,
                table,
            ),
            Change::AddForeignKey { table, name, .. } => on("add foreign key", name, table),
            Change::ValidateForeignKey { table, name, .. } => {
                on("validate foreign key", name, table)
            }
            Change::DropTable { name } => format!("drop table {}", name.quoted()),
            Change::DropEnum { name } => format!("drop enum {}", name.quoted()),
            Change::DropColumn { table, name } => on("drop column", name, table),
            Change::DropIndex { name, .. } => format!("drop index {}", name.quoted()),
            Change::DropConstraint { table, name } => on("drop constraint", name, table),
            Change::Grant {
                table,
                privileges,
                to,
            } => format!(
                "grant {privileges} on {} to {}",
                table.quoted(),
                to.quoted()
            ),
            Change::Revoke {
                table,
                privileges,
                from,
            } => format!(
                "revoke {privileges} on {} from {}",
                table.quoted(),
                from.quoted()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lower::lower;
    use crate::model::{IndexKey, IndexTarget};
    use crate::sample::SAMPLE;

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("legal")
    }

    #[test]
    fn a_table_reads_as_prisma_would_write_it() {
        let schema = lower(&SAMPLE);
        let definition = Box::new(schema.tables["Errand"].clone());
        let sql = Change::CreateTable {
            name: name("Errand"),
            definition,
        }
        .sql();
        let expected = r#"CREATE TABLE "Errand" (
    "id" UUID NOT NULL,
    "tenantId" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "maxAttempts" INTEGER NOT NULL DEFAULT 3,
    "result" JSONB,
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Errand_pkey" PRIMARY KEY ("id")
)"#;
        assert_eq!(sql, expected);
    }

    #[test]
    fn a_quote_in_any_name_stays_inside_it() {
        let key = IndexKey {
            on: IndexTarget::Column(name(r#"c"x"#)),
            descending: true,
            nulls_reversed: true,
            operator_class: None,
            collation: None,
        };
        let index = Index {
            keys: vec![key],
            ..Index::default()
        };
        let create = Change::CreateIndex {
            table: name(r#"t"x"#),
            name: name(r#"i"x"#),
            index,
            concurrently: true,
        };
        assert_eq!(
            create.sql(),
            "CREATE INDEX CONCURRENTLY \"i\"\"x\"\n    ON \"t\"\"x\" (\"c\"\"x\" DESC NULLS LAST)"
        );
        let drop = Change::DropIndex {
            name: name(r#"i"x"#),
            concurrently: false,
        };
        assert_eq!(drop.sql(), r#"DROP INDEX "i""x""#);
        let drop = Change::DropConstraint {
            table: name(r#"t"x"#),
            name: name(r#"k"x"#),
        };
        assert_eq!(drop.sql(), r#"ALTER TABLE "t""x" DROP CONSTRAINT "k""x""#);
    }
}
