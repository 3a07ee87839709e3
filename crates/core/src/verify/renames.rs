//! Tables and columns under other names, which may be each other's: found by what they are made of.
//!
//! Taken one by one, the columns of two tables with swapped names are all unexpected or missing, and the advice would
//! be to drop them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Identifier, Schema, Table};

/// What has another name in the live schema than in the target: the live name, by the target's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames {
    live_names: BTreeMap<Identifier, Identifier>,
    /// All names in the live schema.
    taken: BTreeSet<Identifier>,
}

impl Renames {
    /// The tables. Two are the same when they have the same columns with the same types.
    pub fn of_tables(live: &Schema, target: &Schema) -> Renames {
        fn shapes(schema: &Schema) -> BTreeMap<&Identifier, BTreeSet<(&Identifier, String)>> {
            let tables = schema.tables.iter();
            let tables = tables.filter(|(_, table)| table.kind.is_table());
            tables
                .map(|(name, table)| {
                    let columns = table.columns.iter();
                    (
                        name,
                        columns
                            .map(|column| (&column.name, column.ty.sql()))
                            .collect(),
                    )
                })
                .collect()
        }
        let taken = live.tables.keys().cloned().collect();
        Renames::matching(&shapes(live), &shapes(target), taken)
    }

    /// The columns of a table. Two are the same when they alone have the type, of those that are not in their places.
    pub fn of_columns(live: &Table, target: &Table) -> Renames {
        fn shapes(table: &Table) -> BTreeMap<&Identifier, String> {
            let columns = table.columns.iter();
            columns
                .map(|column| (&column.name, column.ty.sql()))
                .collect()
        }
        let taken = live.columns.iter().map(|column| column.name.clone());
        Renames::matching(&shapes(live), &shapes(target), taken.collect())
    }

    /// Pairs what is not in its place: the only one of its shape on either side.
    fn matching<S: Ord>(
        live: &BTreeMap<&Identifier, S>,
        target: &BTreeMap<&Identifier, S>,
        taken: BTreeSet<Identifier>,
    ) -> Renames {
        let only =
            |here: &BTreeMap<&Identifier, S>, other: &BTreeMap<&Identifier, S>, shape: &S| {
                let mut alike = here
                    .iter()
                    .filter(|(name, own)| *own == shape && other.get(*name) != Some(*own));
                let (name, _) = alike.next()?;
                alike.next().is_none().then(|| (*name).clone())
            };
        let displaced = target
            .iter()
            .filter(|(name, shape)| live.get(*name) != Some(*shape));
        let pairs = displaced.filter_map(|(_, shape)| {
            Some((only(target, live, shape)?, only(live, target, shape)?))
        });
        Renames {
            live_names: pairs.collect(),
            taken,
        }
    }

    /// Whether `name`, in either schema, is one of them.
    pub fn concern(&self, name: &Identifier) -> bool {
        let mut pairs = self.live_names.iter();
        pairs.any(|(target, live)| target == name || live == name)
    }

    /// Whether there are several, such as two that have each other's names.
    pub fn are_several(&self) -> bool {
        self.live_names.len() > 1
    }

    /// The renames that give what is called `name` in either schema its name again, in order, each from a name to a name.
    /// `None` where there is none, or where something else has the name.
    pub fn of(&self, name: &Identifier) -> Option<Vec<(Identifier, Identifier)>> {
        let mut names = BTreeSet::from([name]);
        loop {
            let touched = |(target, live): &(&Identifier, &Identifier)| {
                names.contains(target) || names.contains(live)
            };
            let pairs: Vec<_> = self.live_names.iter().filter(touched).collect();
            let before = names.len();
            names.extend(pairs.iter().flat_map(|(target, live)| [*target, *live]));
            if names.len() == before {
                let pairs = pairs.into_iter();
                let open = pairs.map(|(target, live)| (live.clone(), target.clone()));
                return self.ordered(open.collect());
            }
        }
    }

    /// Orders renames such that each name is free when it is given; a circle begins with a name of its own.
    fn ordered(
        &self,
        mut open: Vec<(Identifier, Identifier)>,
    ) -> Option<Vec<(Identifier, Identifier)>> {
        let mut taken = self.taken.clone();
        let mut renames = Vec::new();
        while let Some((first, _)) = open.first().cloned() {
            if let Some(at) = open.iter().position(|(_, to)| !taken.contains(to)) {
                let (from, to) = open.remove(at);
                taken.remove(&from);
                taken.insert(to.clone());
                renames.push((from, to));
                continue;
            }
            let is_circle = open
                .iter()
                .all(|(_, to)| open.iter().any(|(from, _)| from == to));
            let mut asides = [format!("{first}_swapped"), "swapped".to_owned()].into_iter();
            let free = |name: String| {
                Identifier::new(name)
                    .ok()
                    .filter(|name| !taken.contains(name))
            };
            let aside = asides.find_map(free).filter(|_| is_circle)?;
            taken.remove(&first);
            taken.insert(aside.clone());
            open[0].0 = aside.clone();
            renames.push((first, aside));
        }
        (!renames.is_empty()).then_some(renames)
    }
}

/// Whether a table has at least half of the columns of `wanted`, by name.
pub(super) fn is_mostly(there: &Table, wanted: &Table) -> bool {
    let columns = wanted.columns.iter();
    let held = columns.filter(|column| there.column(column.name.as_str()).is_some());
    held.count() * 2 >= wanted.columns.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("legal")
    }

    fn shapes(side: &[(Identifier, u8)]) -> BTreeMap<&Identifier, u8> {
        side.iter().map(|(one, shape)| (one, *shape)).collect()
    }

    /// The renames where the live schema has `live`, and the target `target`: names and shapes.
    fn renames(live: &[(&str, u8)], target: &[(&str, u8)]) -> Renames {
        let named = |side: &[(&str, u8)]| -> Vec<_> {
            side.iter()
                .map(|(one, shape)| (name(one), *shape))
                .collect()
        };
        let (live, target) = (named(live), named(target));
        let taken = live.iter().map(|(one, _)| one.clone()).collect();
        Renames::matching(&shapes(&live), &shapes(&target), taken)
    }

    fn ordered(live: &[(&str, u8)], target: &[(&str, u8)], of: &str) -> Option<String> {
        let renames = renames(live, target).of(&name(of))?;
        let renames = renames.iter().map(|(from, to)| format!("{from}>{to}"));
        Some(renames.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_is_elsewhere_gets_its_name_again_in_an_order_that_works() {
        let target = [("a", 1), ("b", 2), ("c", 3)];
        for (live, of, expected) in [
            (
                &[("a", 1u8), ("b", 2), ("c", 3)] as &[(&str, u8)],
                "a",
                None,
            ),
            (&[("x", 1), ("b", 2), ("c", 3)], "a", Some("x>a")),
            (&[("x", 1), ("b", 2), ("c", 3)], "x", Some("x>a")),
            (&[("x", 1), ("b", 2), ("c", 3)], "b", None),
            (
                &[("a", 2), ("b", 1), ("c", 3)],
                "a",
                Some("b>b_swapped a>b b_swapped>a"),
            ),
            (
                &[("a", 2), ("b", 3), ("c", 1)],
                "b",
                Some("c>c_swapped b>c a>b c_swapped>a"),
            ),
            (&[("b", 1), ("x", 2), ("c", 3)], "a", Some("b>a x>b")),
            // Something else has the name.
            (&[("a", 9), ("x", 1), ("b", 2), ("c", 3)], "a", None),
            // Which of two it is nobody knows.
            (&[("x", 1), ("y", 1), ("b", 2), ("c", 3)], "a", None),
            (
                &[("a", 2), ("b", 1), ("b_swapped", 8), ("c", 3)],
                "a",
                Some("b>swapped a>b swapped>a"),
            ),
            (
                &[
                    ("a", 2),
                    ("b", 1),
                    ("b_swapped", 7),
                    ("swapped", 8),
                    ("c", 3),
                ],
                "a",
                None,
            ),
        ] {
            assert_eq!(ordered(live, &target, of).as_deref(), expected, "{live:?}");
        }
    }
}
