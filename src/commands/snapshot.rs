//! `snapshot`: the live schema, written down.

use std::fs;

use super::Context;
use super::survey::Connected;
use crate::cli::SnapshotArgs;
use crate::error::{Error, exit};
use leora_core::model::snapshot;

pub(super) fn run(context: &Context, args: &SnapshotArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let schema = connected.schema(context)?;
    let text = snapshot::write(&schema);
    let Some(path) = &args.out else {
        context.console.result(&text);
        return Ok(exit::DONE);
    };
    fs::write(path, &text).map_err(|source| Error::File {
        doing: "write",
        path: path.clone(),
        source,
    })?;
    let tables = schema.table_names().count();
    context.console.progress(&format!(
        "Wrote {tables} tables and {} enums of {}, schema {}, to {}.\n",
        schema.enums.len(),
        connected.target.endpoint(),
        connected.session.schema,
        path.display()
    ));
    Ok(exit::DONE)
}
