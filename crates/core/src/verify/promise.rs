//! What a database is held to: the schema that stood before, and the declaration on top of it.

use leora_schema::dsl::{Declaration, Origin};

use crate::code::Code;
use crate::diff::compare;
use crate::model::lower::{lower, lower_created};
use crate::model::{Identifier, Schema};
use crate::plan::{Database, Plan, Refusal, Request, plan};

/// What is promised, in the forms that plan and verify need.
#[derive(Clone, Debug)]
pub struct Promise {
    /// The declaration.
    pub declaration: Declaration,
    /// The migration's name.
    pub migration: &'static str,
    /// The schema that stood before, without the tables the migration creates.
    pub baseline: Schema,
    /// The declared models alone: those that are created and those they hang on.
    pub declared: Schema,
    /// The tables that the migration creates, in the order in which they are declared.
    pub created: Vec<Identifier>,
    /// Everything: the baseline and the created tables.
    pub whole: Schema,
}

impl Promise {
    /// `declaration` on top of `baseline`. A baseline written after the migration holds the created
    /// tables already; where they are what is declared, they count as created.
    pub fn new(declaration: &Declaration, mut baseline: Schema) -> Promise {
        let created_schema = lower_created(declaration);
        let created: Vec<_> = declaration
            .models
            .iter()
            .filter(|model| model.origin == Origin::Created)
            .filter_map(|model| {
                created_schema
                    .tables
                    .get_key_value(model.name)
                    .map(|(name, _)| name.clone())
            })
            .collect();
        for name in &created {
            let alone = |schema: &Schema| Schema {
                tables: schema
                    .tables
                    .get(name)
                    .map(|table| (name.clone(), table.clone()))
                    .into_iter()
                    .collect(),
                ..Schema::default()
            };
            let stands = baseline.tables.contains_key(name);
            if stands && compare(&alone(&baseline), &alone(&created_schema)).is_empty() {
                baseline.tables.remove(name);
            }
        }
        let mut whole = baseline.clone();
        whole.tables.extend(created_schema.tables);
        Promise {
            declaration: *declaration,
            migration: declaration.migration,
            baseline,
            declared: lower(declaration),
            created,
            whole,
        }
    }

    /// What is asked of the planner, in the schema called `schema`; the database is still to be named.
    pub fn request<'a>(&'a self, schema: &'a Identifier) -> Request<'a> {
        Request {
            migration: self.migration,
            database: Database::default(),
            schema,
            created: &self.created,
            desired: &self.declared,
            existing: self.baseline.table_names().collect(),
        }
    }

    /// The plan that the baseline itself would get: what it refuses are the declaration's conflicts
    /// with the schema that stood before.
    pub fn plan_on_baseline(&self, schema: &Identifier) -> Plan {
        // A schema without a database has no rows.
        let empty = self.baseline.tables.keys().cloned().collect();
        let mut plan = plan(&self.request(schema), &self.baseline, &empty);
        let missing = |refusal: &&mut Refusal| refusal.code == Code::BaseMissing;
        // No database was asked.
        for refusal in plan.refusals.iter_mut().filter(missing) {
            refusal.remedy =
                "Is this the baseline of the right database and the right schema?".to_owned();
        }
        plan
    }
}
