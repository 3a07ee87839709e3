//! The triggers and rules that people wrote, and what makes them fire.

use crate::model::{Firing, Identifier, Table, Trigger};

/// What is done to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Insert,
    Update,
    Delete,
}

impl Event {
    fn word(self) -> &'static str {
        match self {
            Event::Insert => "INSERT",
            Event::Update => "UPDATE",
            Event::Delete => "DELETE",
        }
    }
}

/// The first trigger or rule of a table, in words, that `event` would fire. With `rows` one that fires
/// for rows counts; one that fires for statements always does.
pub(super) fn fired_by(
    name: &Identifier,
    table: &Table,
    event: Event,
    rows: bool,
) -> Option<String> {
    let fires = |trigger: &Trigger| matches!(trigger.firing, Firing::Enabled | Firing::Always);
    let trigger = table.triggers.iter().find(|(_, trigger)| {
        let definition = &trigger.definition;
        fires(trigger)
            && events(definition).contains(event.word())
            && (rows || !definition.contains(" FOR EACH ROW "))
    });
    // A rule that puts nothing in a statement's place does nothing that could not be undone.
    let rule = table.rules.iter().find(|(_, rule)| {
        let definition = rule.definition.as_str();
        fires(rule)
            && !definition
                .trim_end_matches(';')
                .ends_with("DO INSTEAD NOTHING")
            && definition.contains(&format!(" ON {} TO ", event.word()))
    });
    let named = trigger
        .map(|(trigger, _)| ("trigger", trigger))
        .or(rule.map(|(rule, _)| ("rule", rule)));
    named.map(|(kind, its_name)| {
        format!(
            "{kind} {} on {} would fire",
            its_name.quoted(),
            name.quoted()
        )
    })
}

/// The part of `CREATE TRIGGER name BEFORE INSERT OR UPDATE ON table ...` that names the events.
fn events(definition: &str) -> &str {
    let after_name = definition
        .split_once("TRIGGER ")
        .map(|(_, rest)| match rest.strip_prefix('"') {
            Some(quoted) => quoted
                .replace("\"\"", "  ")
                .find('"')
                .map_or("", |end| &quoted[end + 1..]),
            None => rest.split_once(' ').map_or("", |(_, rest)| rest),
        })
        .unwrap_or_default();
    after_name
        .split_once(" ON ")
        .map_or(after_name, |(events, _)| events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_are_found_behind_any_name() {
        for (definition, expected) in [
            (
                "CREATE TRIGGER t BEFORE INSERT OR DELETE ON public.a FOR EACH ROW EXECUTE FUNCTION f()",
                "BEFORE INSERT OR DELETE",
            ),
            (
                "CREATE TRIGGER \"a ON \"\"DELETE\"\" x\" AFTER UPDATE OF \"ON\" ON \"A\" FOR EACH STATEMENT EXECUTE FUNCTION f()",
                " AFTER UPDATE OF \"ON\"",
            ),
            (
                "CREATE CONSTRAINT TRIGGER t AFTER DELETE ON a DEFERRABLE",
                "AFTER DELETE",
            ),
        ] {
            assert_eq!(events(definition), expected);
        }
    }
}
