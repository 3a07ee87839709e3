//! Code that is not PostgreSQL's own and that work on rows runs: triggers, rules, and functions that are not trusted.
//! Which functions are trusted is decided in `crates/db/sql/user_code.sql`.

use std::collections::BTreeMap;

use crate::model::Identifier;

/// What is done to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A row is inserted.
    Insert,
    /// A row is updated.
    Update,
    /// A row is deleted.
    Delete,
    /// Rows are looked for.
    Read,
}

impl Event {
    /// All of them.
    pub const ALL: [Event; 4] = [Event::Insert, Event::Update, Event::Delete, Event::Read];
}

/// One trigger, rule or function, and what makes it run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserCode {
    /// What it is.
    pub kind: CodeKind,
    /// Its name, as SQL; a function's with its schema and arguments.
    pub name: String,
    /// The table it is on, as SQL, where that is another than the one whose rows are worked on: a partition, or a
    /// table of another schema.
    pub on: Option<String>,
    /// What makes it run.
    pub events: Vec<Event>,
    /// Whether it runs for rows alone, and not for a statement that finds none.
    pub per_row: bool,
    /// The column whose default it computes. It does not run where the column is given a value.
    pub fills: Option<Identifier>,
    /// The sequences it is known to advance, as SQL, with commas between.
    pub sequences: Option<String>,
}

/// Kinds of code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeKind {
    /// A user-defined trigger.
    Trigger,
    /// A user-defined rule.
    Rule,
    /// A function that is not trusted, in a CHECK, an index and so on.
    Function {
        /// Its owner, as SQL.
        owner: String,
    },
}

impl UserCode {
    /// Whether `event` runs it. With `rows` what runs for rows counts; what runs for statements always does.
    fn runs_on(&self, event: Event, rows: bool) -> bool {
        self.fills.is_none() && self.events.contains(&event) && (rows || !self.per_row)
    }

    /// That it would run, on `table`, in words. A function is named once, whatever tables it runs for.
    pub fn would_run(&self, table: &Identifier) -> String {
        let name = &self.name;
        let on = || self.on.clone().unwrap_or_else(|| table.quoted());
        match &self.kind {
            CodeKind::Trigger => format!("trigger {name} on {} would fire", on()),
            CodeKind::Rule => format!("rule {name} on {} would fire", on()),
            CodeKind::Function { owner } => format!("function {name} of {owner} would run"),
        }
    }
}

/// The user-defined code of a schema's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeByTable {
    by_table: BTreeMap<Identifier, Vec<UserCode>>,
    fingerprint: String,
}

impl CodeByTable {
    /// By table. The fingerprint is what the server says of all of it, to see later whether it has changed.
    pub fn new(
        found: impl IntoIterator<Item = (Identifier, UserCode)>,
        fingerprint: String,
    ) -> Self {
        let mut by_table: BTreeMap<Identifier, Vec<UserCode>> = BTreeMap::new();
        for (table, code) in found {
            by_table.entry(table).or_default().push(code);
        }
        by_table.values_mut().for_each(|all| all.sort());
        CodeByTable {
            by_table,
            fingerprint,
        }
    }

    /// What the server said of all of it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// All of a table.
    pub fn of(&self, table: &Identifier) -> &[UserCode] {
        self.by_table
            .get(table)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// What `event` runs on `table`: with `rows` what runs for rows, too.
    pub fn run_by<'c>(
        &'c self,
        table: &Identifier,
        event: Event,
        rows: bool,
    ) -> impl Iterator<Item = &'c UserCode> {
        let all = self.of(table).iter();
        all.filter(move |code| code.runs_on(event, rows))
    }

    /// What computes the default of a column.
    pub fn fills(&self, table: &Identifier, column: &Identifier) -> Option<&UserCode> {
        let all = self.of(table).iter();
        all.into_iter()
            .find(|code| code.fills.as_ref() == Some(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("legal")
    }

    fn code(kind: CodeKind, events: &[Event], per_row: bool) -> UserCode {
        UserCode {
            kind,
            name: "f".to_owned(),
            on: None,
            events: events.to_vec(),
            per_row,
            fills: None,
            sequences: None,
        }
    }

    #[test]
    fn rows_and_statements_run_what_is_for_them() {
        use Event::{Delete, Insert, Update};
        let cases = [
            (true, true, &[Insert, Update][..]),
            (true, false, &[]),
            (false, true, &[Insert, Update]),
            (false, false, &[Insert, Update]),
        ];
        for (per_row, rows, expected) in cases {
            let one = code(CodeKind::Trigger, &[Insert, Update], per_row);
            let all = CodeByTable::new([(name("Errand"), one)], String::new());
            for event in [Insert, Update, Delete] {
                let runs = all.run_by(&name("Errand"), event, rows).count();
                let said = format!("per row {per_row}, rows {rows}, {event:?}");
                assert_eq!(runs == 1, expected.contains(&event), "{said}");
            }
            assert_eq!(all.run_by(&name("Staff"), Insert, true).count(), 0);
        }
    }

    #[test]
    fn a_default_runs_for_no_row_that_is_given_a_value() {
        let default = UserCode {
            fills: Some(name("code")),
            ..code(CodeKind::Rule, &Event::ALL, true)
        };
        let all = CodeByTable::new([(name("Errand"), default.clone())], String::new());
        assert_eq!(all.run_by(&name("Errand"), Event::Insert, true).count(), 0);
        assert_eq!(all.fills(&name("Errand"), &name("code")), Some(&default));
        assert_eq!(all.fills(&name("Errand"), &name("type")), None);
    }

    #[test]
    fn a_function_is_named_without_the_table() {
        let owner = "mallory".to_owned();
        let said = code(CodeKind::Function { owner }, &Event::ALL, true);
        assert_eq!(
            said.would_run(&name("Errand")),
            "function f of mallory would run"
        );
        let rule = UserCode {
            on: Some("other.t".to_owned()),
            ..code(CodeKind::Rule, &Event::ALL, true)
        };
        assert_eq!(
            rule.would_run(&name("Errand")),
            "rule f on other.t would fire"
        );
        assert_eq!(
            code(CodeKind::Trigger, &Event::ALL, true).would_run(&name("Errand")),
            "trigger f on \"Errand\" would fire"
        );
    }
}
