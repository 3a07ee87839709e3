//! `diff`: two schemas, from wherever they are read.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::thread;

use super::Context;
use super::source::Source;
use crate::cli::{DiffArgs, DiffFormat};
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::diff as unified;
use crate::render::json;
use crate::render::style::{list, paragraph};
use leora_core::ddl;
use leora_core::diff::{Difference, compare};
use leora_core::model::{Identifier, Schema, in_a_line, in_lines};
use leora_core::plan::{Database, Request, plan};

/// One of the two, by the name it was given.
struct Side {
    name: String,
    schema: Schema,
}

pub(super) fn run(context: &Context, args: &DiffArgs) -> Result<u8, Error> {
    let (from, to) = (Source::parse(&args.from), Source::parse(&args.to));
    let target = if [&from, &to].contains(&&Source::Url) {
        Some(context.settings.target()?)
    } else {
        None
    };
    let namespace = context.settings.schema(target.as_ref())?;
    let read = |source: &Source| -> Result<Side, Error> {
        Ok(Side {
            name: source.to_string(),
            schema: source.read(context, &namespace)?,
        })
    };
    // While a server answers, the other is read.
    let (from, to) = thread::scope(|scope| {
        let to = scope.spawn(|| read(&to));
        (read(&from), to.join())
    });
    let (from, to) = (from?, to.unwrap_or_else(|panic| resume_unwind(panic))?);
    let differences = compare(&from.schema, &to.schema);
    let text = match args.format {
        DiffFormat::Text => text(&from, &to, &differences),
        DiffFormat::Sql => sql(&from, &to, &namespace),
        DiffFormat::Json => {
            let value =
                serde_json::json!({"from": from.name, "to": to.name, "differences": differences});
            json::render(&value)
        }
    };
    context.console.result(&text);
    Ok(if differences.is_empty() {
        exit::DONE
    } else {
        exit::FOUND
    })
}

/// Each difference in a line, then each table that differs as a unified diff.
fn text(from: &Side, to: &Side, differences: &[Difference]) -> String {
    if differences.is_empty() {
        let text = format!("No difference between {} and {}.", from.name, to.name);
        return paragraph(&text, Console::width());
    }
    let head = format!("{} differs from {}:", from.name, to.name);
    let mut out = list(&head, differences, Console::width());
    let owners: BTreeSet<_> = differences
        .iter()
        .map(|difference| &difference.object.owner)
        .collect();
    for owner in owners {
        let (actual, desired) = ddl::both_sides(owner, &from.schema, &to.schema);
        let name = |side: &Side| in_a_line(&format!("{} {owner}", side.name));
        let shown =
            |lines: Vec<String>| lines.iter().map(|line| in_lines(line)).collect::<Vec<_>>();
        let (actual, desired) = (shown(actual), shown(desired));
        out += "\n";
        out += &unified::coloured(
            &unified::unified(&name(from), &actual, &name(to), &desired),
            Console::width(),
        );
    }
    out
}

/// What is additive, as statements; the rest as comments. Rows are not looked at: a statement is that for an empty table.
fn sql(from: &Side, to: &Side, namespace: &Identifier) -> String {
    let created: Vec<_> = to.schema.tables.keys().cloned().collect();
    let request = Request {
        migration: "diff",
        database: Database::default(),
        schema: namespace,
        created: &created,
        desired: &to.schema,
        existing: BTreeSet::new(),
    };
    let empty = from.schema.tables.keys().cloned().collect();
    let plan = plan(&request, &from.schema, &empty);
    let mut out: String = plan
        .steps
        .iter()
        .map(|step| format!("{};\n\n", step.sql))
        .collect();
    out.extend(
        plan.refusals
            .iter()
            .map(|refusal| format!("-- refused: {}\n", in_a_line(&refusal.reason))),
    );
    out.extend(
        plan.notes
            .iter()
            .map(|note| format!("-- left alone: {}\n", in_a_line(note))),
    );
    let gone = from
        .schema
        .table_names()
        .filter(|name| !to.schema.tables.contains_key(*name));
    out.extend(gone.map(|name| format!("-- refused: table {} is not expected\n", name.quoted())));
    out
}
