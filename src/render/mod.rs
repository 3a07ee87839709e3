//! One report, one plan; a small renderer for each reader.

pub mod console;
pub mod diff;
pub mod explanation;
pub mod formats;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod picture;
pub mod plan_text;
pub mod prisma_text;
mod remedy;
pub mod report_text;
pub mod sarif;
pub mod status_text;
pub mod style;
pub mod undo_text;
pub mod validation_text;
pub mod waiting;
pub mod words;
