//! A declaration and a baseline for tests: Leora's in all but the names of its models.

use leora_schema::dsl::*;
use leora_schema::{BASELINE, LEORA};

use crate::model::{Schema, snapshot};

const SHOP: Model = Model {
    name: "Shop",
    ..LEORA.models[0]
};
const STAFF: Model = Model {
    name: "Staff",
    foreign_keys: &[relation("tenant", "tenantId", "Shop").on_delete_cascade()],
    ..LEORA.models[1]
};
const MEASURE: Model = Model {
    name: "Measure",
    foreign_keys: &[
        relation("tenant", "tenantId", "Shop")
            .on_delete_cascade()
            .listed_as("measures"),
        relation("createdBy", "createdById", "Staff").listed_as("measures"),
    ],
    ..LEORA.models[2]
};
/// A model with columns and indexes of most kinds.
pub(crate) const CARD: Model = Model {
    name: "Card",
    foreign_keys: &[
        relation("tenant", "tenantId", "Shop")
            .on_delete_cascade()
            .listed_as("cards"),
        relation("user", "userId", "Staff")
            .on_delete_cascade()
            .listed_as("cards"),
    ],
    ..LEORA.models[3]
};
const ERRAND: Model = Model {
    name: "Errand",
    foreign_keys: &[relation("tenant", "tenantId", "Shop")
        .on_delete_cascade()
        .listed_as("errands")],
    ..LEORA.models[4]
};

/// The declaration.
pub(crate) const SAMPLE: Declaration = Declaration {
    tenant: "Shop",
    models: &[SHOP, STAFF, MEASURE, CARD, ERRAND],
    ..LEORA
};
const _: () = SAMPLE.assert_valid();

/// The schema before the migration.
pub(crate) fn baseline() -> Schema {
    let names = LEORA.models.iter().zip(SAMPLE.models);
    let text = names.fold(BASELINE.to_owned(), |text, (leoras, own)| {
        text.replace(leoras.name, own.name)
    });
    snapshot::read(&text).expect("the baseline reads")
}
