//! One report, one plan; a small renderer for each reader.

pub mod console;
pub mod diff;
pub mod plan_text;
pub mod report_text;
pub mod status_text;
mod style;
pub mod waiting;
