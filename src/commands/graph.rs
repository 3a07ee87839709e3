//! `graph`: what a delete reaches, and the models, as pictures.

use leora_schema::LEORA;

use super::{Context, reports, verify};
use crate::cli::{GraphArgs, GraphFormat, GraphPicture};
use crate::error::{Error, exit};
use crate::render::picture::{self, dot, mermaid, svg};
use leora_core::graph::Graph;
use leora_core::model::{Identifier, Schema};
use leora_core::verify::promise::Promise;

pub(super) fn run(context: &Context, args: &GraphArgs) -> Result<u8, Error> {
    let schema = context.settings.schema(None)?;
    let promise = Promise::new(&LEORA, context.settings.baseline(&schema)?);
    let mut graph = graph(&promise, &promise.whole, args)?;
    if args.tried {
        graph = graph.with_marks(&verify::deletes(context)?);
    }
    let text = match (args.picture, args.format) {
        (GraphPicture::Deletes, GraphFormat::Svg) => svg::render(&picture::of_deletes(&graph)),
        (GraphPicture::Models, GraphFormat::Svg) => {
            svg::render(&picture::of_models(&graph, &promise.whole))
        }
        (GraphPicture::Deletes, GraphFormat::Mermaid) => mermaid::of_deletes(&graph),
        (GraphPicture::Models, GraphFormat::Mermaid) => mermaid::of_models(&graph, &promise.whole),
        (_, GraphFormat::Dot) => dot::render(&graph),
    };
    match &args.out {
        None => context.console.result(&text),
        Some(path) => {
            reports::write(path, &text)?;
            let wrote = format!("Wrote {}.\n", path.display());
            context.console.progress(&wrote);
        }
    }
    Ok(exit::DONE)
}

fn graph(promise: &Promise, schema: &Schema, args: &GraphArgs) -> Result<Graph, Error> {
    let focus = args.focus.as_deref().map(Identifier::new).transpose()?;
    let graph = match (args.picture, &focus) {
        (GraphPicture::Models, None) => {
            let declared: Vec<_> = promise.declared.tables.keys().cloned().collect();
            Some(Graph::of_models(schema, &promise.created, &declared))
        }
        (GraphPicture::Models, Some(focus)) => {
            Graph::around(schema, &promise.created, focus, args.depth.unwrap_or(1))
        }
        (GraphPicture::Deletes, focus) => {
            let focus = match focus {
                Some(focus) => focus.clone(),
                None => Identifier::new(LEORA.tenant)?,
            };
            Graph::of_deletes(schema, &promise.created, &focus, args.depth)
        }
    };
    graph.ok_or_else(|| {
        let name = args.focus.as_deref().unwrap_or(LEORA.tenant);
        Error::Usage(format!("there is no table {name} to see it from (--focus)"))
    })
}
