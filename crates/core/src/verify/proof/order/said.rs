//! What is said of a delete that reaches a table by two paths.

use super::{Certainty, Edge, Graph, Rounds, arrows, place};
use crate::ddl::Change;
use crate::model::Identifier;
use crate::verify::advice::{Advice, DELETE_ORDER};
use crate::verify::proof::subject::KeyName;

impl<'a> Graph<'a> {
    pub(super) fn advice(&self, hold: &Edge<'a>, firing_order: &[KeyName]) -> Advice {
        let mut by_name: Vec<_> = self
            .edges
            .iter()
            .map(|edge| (edge.name, edge.child))
            .collect();
        by_name.sort();
        let here = self.lets_go(hold, |edge| place(firing_order, edge));
        let restored = self.lets_go(hold, |edge| {
            by_name
                .binary_search(&(edge.name, edge.child))
                .unwrap_or(usize::MAX)
        });
        let (root, child) = (self.root.quoted(), hold.child.quoted());
        let (parent, name) = (hold.parent.quoted(), hold.name.quoted());
        let verdict = |succeeds: bool| if succeeds { "succeeds" } else { "is refused" };
        let certainty = self.certainty(hold);
        let title = match certainty {
            Certainty::Refuses => {
                format!("deleting a row of {root} is refused by {name} in any order")
            }
            _ => format!(
                "deleting a row of {root} {} here, by the order of the foreign keys",
                verdict(here)
            ),
        };
        let at_the_end = format!(
            "Checked when the transaction ends, {name} finds both rows gone, in any order (below)"
        );
        let rounds = self.sure_rounds(hold.child);
        let way = |rounds: &Rounds<'a>| rounds.get(hold.child).and_then(|(_, edge)| *edge);
        let shortcut =
            way(&self.first).filter(|short| way(rounds).map(|edge| edge.name) != Some(short.name));
        let what_happens = if certainty == Certainty::Depends {
            let in_time =
                format!("It succeeds where the row of {child} goes before {name} is checked");
            let by_creation = "PostgreSQL fires the triggers behind foreign keys in the order in which these were created";
            let by_name =
                "a copy restored from pg_dump creates the foreign keys in the order of their names";
            let order = if let Some(shortcut) = shortcut {
                format!(
                    "{in_time}: always by {}, but that may be NULL, and then the order decides. {by_creation}, and {by_name}.",
                    shortcut.name.quoted()
                )
            } else {
                let why = self.why(hold, firing_order);
                let why = why.map_or_else(String::new, |(first, second)| {
                    format!(
                        " {} was created before {}:",
                        first.name.quoted(),
                        second.name.quoted()
                    )
                });
                format!(
                    "{in_time}. {by_creation}. Here{why} it {}; {by_name}: there it {}.",
                    verdict(here),
                    verdict(restored)
                )
            };
            format!(
                "{order} {at_the_end}; it succeeds too where a foreign key by a NOT NULL column cascades from {root} to \
                 {child} directly."
            )
        } else {
            format!(
                "The row of {parent} goes two rounds or more before the row of {child}, so {name} is checked while that \
                 still stands, here and in a restored copy. {at_the_end}."
            )
        };
        Advice {
            id: DELETE_ORDER.id,
            title,
            detail: format!("{} {what_happens}", self.two_paths(hold, rounds)),
            sql: Some(deferred(hold)),
        }
    }

    /// The rounds by the cascades that no NULL stops, where those reach `table`.
    fn sure_rounds(&self, table: &Identifier) -> &Rounds<'a> {
        match self.last.contains_key(table) {
            true => &self.last,
            false => &self.first,
        }
    }

    /// Which delete takes which two rows, by which paths, and which foreign key stands between them.
    fn two_paths(&self, hold: &Edge<'a>, to_child: &Rounds<'a>) -> String {
        let (root, child, parent) = (self.root, hold.child.quoted(), hold.parent.quoted());
        let path = |table, rounds| arrows(root, &self.path(table, rounds).unwrap_or_default());
        let by = path(hold.child, to_child);
        let both = if hold.parent == root {
            format!("That delete takes the row of {child} along, by {by}.")
        } else {
            format!(
                "Deleting a row of {} deletes both: the row of {parent} by {}, the row of {child} by {by}.",
                root.quoted(),
                path(hold.parent, &self.first)
            )
        };
        format!(
            "{} (ON DELETE {}) refuses to delete a row of {parent} while a row of {child} names it. {both}",
            hold.name.quoted(),
            hold.key.on_delete.sql()
        )
    }

    pub(super) fn settled(&self, hold: &Edge<'a>) -> Advice {
        let (root, child) = (self.root.quoted(), hold.child.quoted());
        let rounds = self.sure_rounds(hold.child);
        let taken_by = rounds.get(hold.child).and_then(|(_, edge)| *edge);
        let condition = taken_by.map(|edge| {
            format!(
                " Without {}, the order in which the other foreign keys were created could decide.",
                edge.name.quoted()
            )
        });
        Advice {
            id: DELETE_ORDER.id,
            title: format!(
                "deleting a row of {root} reaches {child} by two paths, and succeeds in every order"
            ),
            detail: format!(
                "{} PostgreSQL deletes in rounds: first the rows that name the deleted row, then those that name them. The \
                 row of {child} goes in the same round as the row of {}, or before, and {} is checked in the next: it \
                 refuses nothing, here and in a restored copy.{}",
                self.two_paths(hold, rounds),
                hold.parent.quoted(),
                hold.name.quoted(),
                condition.unwrap_or_default()
            ),
            sql: None,
        }
    }
}

/// Checked when the transaction ends, a foreign key finds what all paths have left.
pub(super) fn deferred(hold: &Edge<'_>) -> String {
    let quoted = |names: &[Identifier]| {
        names
            .iter()
            .map(Identifier::quoted)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let Edge {
        child,
        name,
        key,
        parent,
    } = hold;
    format!(
        "ALTER TABLE {child} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {parent} \
         ({referenced}) ON DELETE NO ACTION ON UPDATE {on_update} DEFERRABLE INITIALLY DEFERRED;",
        child = child.quoted(),
        name = name.quoted(),
        columns = quoted(&key.columns),
        parent = parent.quoted(),
        referenced = quoted(&key.referenced_columns),
        on_update = key.on_update.sql()
    )
}

/// The same foreign key, which is the last to fire then.
pub(super) fn made_again(edge: &Edge<'_>) -> String {
    let (table, name) = (edge.child.clone(), edge.name.clone());
    let (quoted_table, quoted_name) = (table.quoted(), name.quoted());
    let add = Change::AddForeignKey {
        table,
        name,
        key: edge.key.clone(),
        not_valid: true,
    };
    format!(
        "BEGIN;\nALTER TABLE {quoted_table} DROP CONSTRAINT {quoted_name};\n{};\nCOMMIT;\n\
         ALTER TABLE {quoted_table} VALIDATE CONSTRAINT {quoted_name};",
        add.sql()
    )
}
