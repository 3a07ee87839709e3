//! Whether the history can be written to.

use super::error::ApplyError;
use leora_core::plan::record::HistoryState;

/// Refuses to write to a history of a version that this program does not know.
///
/// # Errors
///
/// [`ApplyError::HistoryNewer`].
pub fn history_may_be_written(history: HistoryState) -> Result<(), ApplyError> {
    match history {
        HistoryState::Present(layout) if !layout.is_known() => Err(ApplyError::HistoryNewer {
            version: layout.version,
        }),
        _ => Ok(()),
    }
}
