//! What must hold of a declaration, checked while it compiles.

use crate::dsl::{
    Column, Declaration, Default, MAX_IDENTIFIER_BYTES, Model, OnDelete, Scenario, ScenarioKind,
    Type,
};

impl Model {
    /// Stops the build unless the model makes sense by itself.
    ///
    /// # Panics
    ///
    /// On a name PostgreSQL would cut or that needs escaping, a duplicate column, index or relation,
    /// a key or index over a column the model does not have, a default of another type than its column,
    /// a scenario that contradicts the model.
    pub const fn assert_valid(&self) {
        assert_identifier(self.name);
        assert!(!self.columns.is_empty(), "a model without columns");
        let mut i = 0;
        while i < self.columns.len() {
            let column = &self.columns[i];
            assert_identifier(column.name);
            column.assert_default_fits();
            let mut j = 0;
            while j < i {
                assert!(
                    !same(self.columns[j].name, column.name),
                    "two columns of one name"
                );
                j += 1;
            }
            i += 1;
        }
        assert!(
            !self.primary_key.is_empty(),
            "a model without a primary key"
        );
        self.assert_columns_exist(self.primary_key);
        self.assert_key_is_required();
        self.assert_indexes_valid();
        self.assert_relations_valid();
        let mut i = 0;
        while i < self.scenarios.len() {
            self.assert_scenario_valid(&self.scenarios[i]);
            i += 1;
        }
    }

    const fn assert_scenario_valid(&self, scenario: &Scenario) {
        assert_check_name(scenario.check);
        match scenario.kind {
            ScenarioKind::Referenced => {}
            ScenarioKind::DeletedWith(field) => {
                let Some(relation) = self.relation(field) else {
                    panic!("a scenario of a relation that the model does not have")
                };
                assert!(
                    matches!(relation.on_delete, OnDelete::Cascade),
                    "a row that is deleted with another, by a relation that does not cascade"
                );
            }
            ScenarioKind::KeptWithoutAuthor(field) => {
                let Some(relation) = self.relation(field) else {
                    panic!("a scenario of a relation that the model does not have")
                };
                let Some(column) = self.column(relation.column) else {
                    panic!("a relation held by a column that the model does not have")
                };
                assert!(
                    matches!(relation.on_delete, OnDelete::Unsaid) && !column.nullable,
                    "a row that is kept, by a relation that does not refuse the delete"
                );
            }
            ScenarioKind::UniquePer(columns) => assert!(
                self.has_unique_index(columns),
                "a scenario of columns that no unique index has"
            ),
            ScenarioKind::NothingUnique => {
                let mut i = 0;
                while i < self.indexes.len() {
                    assert!(
                        !self.indexes[i].unique,
                        "nothing unique, and a unique index"
                    );
                    i += 1;
                }
            }
            ScenarioKind::NextVersion { version, of } => {
                self.assert_columns_exist(&[version]);
                self.assert_columns_exist(of);
            }
            ScenarioKind::WideAndOwn { owner, of } => {
                let Some(column) = self.column(owner) else {
                    panic!("a scenario of a column that the model does not have")
                };
                assert!(column.nullable, "an owner that every row must have");
                self.assert_columns_exist(of);
            }
            ScenarioKind::StartsAs(values) => {
                let mut i = 0;
                while i < values.len() {
                    let Some(column) = self.column(values[i].0) else {
                        panic!("a scenario of a column that the model does not have")
                    };
                    assert!(
                        column.default.is_some(),
                        "a value to start with, of a column without a default"
                    );
                    i += 1;
                }
            }
        }
    }

    const fn has_unique_index(&self, columns: &[&str]) -> bool {
        let mut i = 0;
        while i < self.indexes.len() {
            if self.indexes[i].unique && same_list(self.indexes[i].columns, columns) {
                return true;
            }
            i += 1;
        }
        false
    }

    const fn assert_key_is_required(&self) {
        let mut i = 0;
        while i < self.primary_key.len() {
            if let Some(column) = self.column(self.primary_key[i]) {
                assert!(!column.nullable, "an optional column in the primary key");
            }
            i += 1;
        }
    }

    const fn assert_indexes_valid(&self) {
        let mut i = 0;
        while i < self.indexes.len() {
            let index = &self.indexes[i];
            assert!(!index.columns.is_empty(), "an index over no column");
            self.assert_columns_exist(index.columns);
            let mut j = 0;
            while j < i {
                assert!(
                    !same_list(self.indexes[j].columns, index.columns),
                    "two indexes over the same columns"
                );
                j += 1;
            }
            i += 1;
        }
    }

    const fn assert_relations_valid(&self) {
        let mut i = 0;
        while i < self.foreign_keys.len() {
            let relation = &self.foreign_keys[i];
            assert!(
                self.column(relation.column).is_some(),
                "a relation held by a column that the model does not have"
            );
            assert!(
                self.column(relation.field).is_none(),
                "a relation's field has the name of a column"
            );
            let mut j = 0;
            while j < i {
                let earlier = &self.foreign_keys[j];
                assert!(
                    !same(earlier.column, relation.column),
                    "two relations held by one column"
                );
                assert!(
                    !same(earlier.field, relation.field),
                    "two relations of one name"
                );
                j += 1;
            }
            i += 1;
        }
    }

    const fn assert_columns_exist(&self, names: &[&str]) {
        let mut i = 0;
        while i < names.len() {
            assert!(
                self.column(names[i]).is_some(),
                "a key or an index names a column that the model does not have"
            );
            let mut j = 0;
            while j < i {
                assert!(
                    !same(names[j], names[i]),
                    "a key or an index names one column twice"
                );
                j += 1;
            }
            i += 1;
        }
    }
}

impl Column {
    const fn assert_default_fits(&self) {
        if let Some(default) = self.default {
            let fits = matches!(
                (self.ty, default),
                (Type::Text, Default::Text(_))
                    | (Type::Int, Default::Int(_))
                    | (Type::Boolean, Default::Boolean(_))
                    | (Type::DateTime, Default::Now)
            );
            assert!(fits, "a default of another type than its column");
        }
    }
}

impl Declaration {
    /// Stops the build unless the models make sense together.
    ///
    /// # Panics
    ///
    /// As [`Model::assert_valid`], and on two models of one name, a relation to a model that is not
    /// declared, a foreign key of another type than its target, two lists of one name on a model, two scenarios
    /// of one name, a tenant that is not declared, two columns by which models reference it.
    pub const fn assert_valid(&self) {
        assert!(
            self.model(self.tenant).is_some(),
            "a tenant that is not declared"
        );
        let mut i = 0;
        while i < self.models.len() {
            let model = &self.models[i];
            model.assert_valid();
            let mut j = 0;
            while j < i {
                assert!(
                    !same(self.models[j].name, model.name),
                    "two models of one name"
                );
                j += 1;
            }
            self.assert_targets_of(model);
            i += 1;
        }
        self.assert_lists_distinct();
        self.assert_scenarios_distinct();
    }

    const fn assert_scenarios_distinct(&self) {
        let mut a = 0;
        while a < self.models.len() {
            let mut i = 0;
            while i < self.models[a].scenarios.len() {
                assert!(
                    self.scenarios_named(self.models[a].scenarios[i].check) == 1,
                    "two scenarios of one name"
                );
                i += 1;
            }
            a += 1;
        }
    }

    const fn scenarios_named(&self, name: &str) -> usize {
        let mut found = 0;
        let mut a = 0;
        while a < self.models.len() {
            let mut i = 0;
            while i < self.models[a].scenarios.len() {
                if same(self.models[a].scenarios[i].check, name) {
                    found += 1;
                }
                i += 1;
            }
            a += 1;
        }
        found
    }

    const fn assert_targets_of(&self, model: &Model) {
        let mut i = 0;
        while i < model.foreign_keys.len() {
            let relation = &model.foreign_keys[i];
            let Some(target) = self.model(relation.model) else {
                panic!("a relation to a model that is not declared")
            };
            let (Some(own), Some(referenced)) =
                (model.column(relation.column), target.column("id"))
            else {
                panic!("a relation to a model without the column id")
            };
            assert!(
                own.ty as u8 == referenced.ty as u8,
                "a foreign key of another type than its target"
            );
            assert!(
                target.primary_key.len() == 1 && same(target.primary_key[0], "id"),
                "a relation to a model whose primary key is not id"
            );
            if same(relation.model, self.tenant)
                && let Some(column) = self.tenant_column()
            {
                assert!(
                    same(relation.column, column),
                    "two columns by which models reference the tenant"
                );
            }
            i += 1;
        }
    }

    /// The lists that relations add to the models they reference: no two of a name on one model,
    /// and none with the name of a column.
    const fn assert_lists_distinct(&self) {
        let mut a = 0;
        while a < self.models.len() {
            let mut i = 0;
            while i < self.models[a].foreign_keys.len() {
                let relation = &self.models[a].foreign_keys[i];
                if let (Some(list), Some(target)) = (relation.inverse, self.model(relation.model)) {
                    assert!(
                        target.column(list).is_none(),
                        "a relation's list has the name of a column"
                    );
                    assert!(
                        self.lists_named(relation.model, list) == 1,
                        "two lists of one name on a model"
                    );
                }
                i += 1;
            }
            a += 1;
        }
    }

    const fn lists_named(&self, target: &str, list: &str) -> usize {
        let mut found = 0;
        let mut a = 0;
        while a < self.models.len() {
            let mut i = 0;
            while i < self.models[a].foreign_keys.len() {
                let relation = &self.models[a].foreign_keys[i];
                if let Some(name) = relation.inverse
                    && same(relation.model, target)
                    && same(name, list)
                {
                    found += 1;
                }
                i += 1;
            }
            a += 1;
        }
        found
    }
}

/// Letters, digits and underscores only: what needs no escaping anywhere, in SQL or in Prisma.
const fn assert_identifier(name: &str) {
    let bytes = name.as_bytes();
    assert!(!bytes.is_empty(), "an empty name");
    assert!(
        bytes.len() <= MAX_IDENTIFIER_BYTES,
        "a name past 63 bytes, which PostgreSQL would cut"
    );
    assert!(
        bytes[0].is_ascii_alphabetic(),
        "a name that does not begin with a letter"
    );
    let mut i = 0;
    while i < bytes.len() {
        assert!(
            bytes[i].is_ascii_alphanumeric() || bytes[i] == b'_',
            "a name with a character that needs escaping"
        );
        i += 1;
    }
}

/// Small letters, digits and hyphens: what the names of checks consist of.
const fn assert_check_name(name: &str) {
    let bytes = name.as_bytes();
    assert!(!bytes.is_empty(), "a scenario without a name");
    let mut i = 0;
    while i < bytes.len() {
        let fits = bytes[i].is_ascii_lowercase() || bytes[i].is_ascii_digit() || bytes[i] == b'-';
        assert!(fits, "a scenario whose name is none of a check");
        i += 1;
    }
}

/// Whether two texts are one; `==` is not `const`.
pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn same_list(a: &[&str], b: &[&str]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if !same(a[i], b[i]) {
            return false;
        }
        i += 1;
    }
    true
}
