//! Publications that would include what a plan makes, and what is to be done at the subscribers, in which order.

use serde::{Deserialize, Serialize};

use super::{Plan, Remark};
use crate::ddl::Change;
use crate::model::Identifier;
use crate::model::name::literal;
use crate::model::replication::{Publication, Replication, Slot};

/// Changes that are sent to subscribers which may not know the tables. Of a table that a subscriber lacks, the first
/// change ends its replication as a whole, and the server keeps WAL from then on (`logicalrep_rel_open` in relation.c).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The publications.
    pub publications: Vec<Publication>,
    /// The logical slots of the database. Without any, nobody subscribes now.
    pub slots: Vec<Slot>,
}

/// What refreshes the subscriptions of the database that meet `condition`, in psql. Their names are known on the
/// subscriber only: a slot has the subscription's name unless it was given another.
pub fn refresh(condition: &str) -> String {
    format!(
        "SELECT format('ALTER SUBSCRIPTION %I REFRESH PUBLICATION', subname) FROM pg_subscription WHERE {condition} \\gexec"
    )
}

impl Plan {
    /// The same plan with the publications that would include what it makes.
    pub fn with_publications(mut self, replication: &Replication) -> Plan {
        let creates = self
            .steps
            .iter()
            .any(|step| matches!(step.change, Change::CreateTable { .. }));
        let publications = replication.publications.iter();
        let matters =
            |publication: &&Publication| publication.history || creates && publication.new_tables;
        let publications: Vec<_> = publications.filter(matters).cloned().collect();
        let is_told = !self.steps.is_empty() && !publications.is_empty();
        self.published = is_told.then(|| Published {
            publications,
            slots: replication.slots.clone(),
        });
        self
    }
}

impl Published {
    /// What is published, and what that does.
    pub fn reason(&self) -> String {
        let names: Vec<_> = self
            .publications
            .iter()
            .map(|one| one.name.quoted())
            .collect();
        let any = |includes: fn(&Publication) -> bool| self.publications.iter().any(includes);
        let what = match (any(|one| one.history), any(|one| one.new_tables)) {
            (true, true) => "the history of migrations and the new tables",
            (true, false) => "the history of migrations",
            (false, _) => "the new tables",
        };
        let slots: Vec<_> = self.slots.iter().map(|slot| slot.name.quoted()).collect();
        let subscribers = match slots.is_empty() {
            true => "no logical slot exists, so nobody subscribes now".to_owned(),
            false => format!("logical slots: {}", slots.join(", ")),
        };
        format!(
            "publication {} includes {what} ({subscribers}); a subscriber without these tables stops replicating at the first \
             change of one, and the server keeps WAL for it until the disk is full",
            names.join(", ")
        )
    }

    /// What is to be done, in order, a line each.
    pub fn instructions(&self) -> Vec<String> {
        let subscriptions = self.slots.iter().filter(|slot| slot.plugin == "pgoutput");
        let subscriptions = subscriptions.filter(|slot| !slot.is_of_first_copy());
        let mut instructions = vec![
            "1. On each subscriber, with its address: leora-migrate apply".to_owned(),
            "2. Here: leora-migrate apply --subscribers-ready".to_owned(),
        ];
        let refresh = |name: &Identifier| {
            let of_slot = format!("subslotname = {}", literal(name.as_str()));
            format!(
                "3. On the subscriber of slot {name}, in psql: {}",
                refresh(&of_slot)
            )
        };
        instructions.extend(subscriptions.map(|slot| refresh(&slot.name)));
        instructions
    }

    pub(super) fn remarks(&self) -> Vec<Remark> {
        if self.slots.is_empty() {
            return vec![Remark::plain(format!(
                "{}. Before somebody subscribes, the tables must exist there.",
                self.reason()
            ))];
        }
        let told = format!("{}. So, in this order:", self.reason());
        let instructions = self.instructions().into_iter().map(Remark::plain);
        std::iter::once(Remark::warning(told))
            .chain(instructions)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::model::{Schema, snapshot};
    use crate::plan::{Database, Request, plan};

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("legal")
    }

    /// The plan that creates a table, or has nothing to do, where `publications` and `slots` exist.
    fn planned(creates: bool, publications: &[(&str, bool, bool)], slots: &[(&str, &str)]) -> Plan {
        let text = "[tables.T]\ncolumns = [{ name = \"id\", type = \"uuid\" }]";
        let target = snapshot::read(text).expect("a schema");
        let request = Request {
            migration: "test",
            database: Database::default(),
            schema: &name("public"),
            created: &[name("T")],
            desired: &target,
            existing: BTreeSet::new(),
        };
        let actual = match creates {
            true => Schema::default(),
            false => target.clone(),
        };
        let publications = publications
            .iter()
            .map(|(of, new_tables, history)| Publication {
                name: name(of),
                new_tables: *new_tables,
                history: *history,
            });
        let slots = slots.iter().map(|(of, plugin)| Slot {
            name: name(of),
            is_active: true,
            plugin: (*plugin).to_owned(),
            retained_bytes: Some(0),
        });
        let plan = plan(&request, &actual, &BTreeSet::new());
        plan.with_publications(&Replication {
            publications: publications.collect(),
            slots: slots.collect(),
            ..Replication::default()
        })
    }

    #[test]
    fn only_what_is_sent_is_told_and_only_subscribers_are_refreshed() {
        let of = |plan: &Plan| {
            let published = plan.published.iter().flat_map(|one| &one.publications);
            published
                .map(|one| one.name.to_string())
                .collect::<Vec<_>>()
        };
        let all = [
            ("all", true, true),
            ("schema", true, false),
            ("history", false, true),
        ];
        let plan = planned(
            true,
            &all,
            &[
                ("sub", "pgoutput"),
                ("pg_16384_sync_16390_1", "pgoutput"),
                ("cdc", "wal2json"),
            ],
        );
        assert_eq!(of(&plan), ["all", "schema", "history"]);
        let lines = plan.published.as_ref().expect("published").instructions();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].ends_with("WHERE subslotname = 'sub' \\gexec"));
        assert!(plan.remarks()[0].is_warning);
        let unheard = planned(true, &all[1..2], &[]);
        assert_eq!(of(&unheard), ["schema"]);
        assert!(unheard.remarks().iter().all(|remark| !remark.is_warning));
        assert_eq!(planned(false, &all, &[("sub", "pgoutput")]).published, None);
        assert_eq!(planned(true, &[], &[("sub", "pgoutput")]).published, None);
    }

    #[test]
    fn wal_is_told_in_units_that_people_read() {
        let kept = |retained_bytes| {
            let slot = Slot {
                name: name("s"),
                is_active: false,
                plugin: "pgoutput".to_owned(),
                retained_bytes,
            };
            slot.retained()
        };
        assert_eq!(kept(Some(1)), "the server keeps 1 kB of WAL for it");
        assert_eq!(kept(Some(20 << 20)), "the server keeps 20 MB of WAL for it");
        assert_eq!(kept(None), "the WAL that it needs is gone");
    }
}
