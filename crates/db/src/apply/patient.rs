//! Reading what somebody may hold ACCESS EXCLUSIVE, or change meanwhile.

use super::attempt::{is_worth_another_try, roll_back};
use super::blockers::Awaited;
use super::error::ApplyError;
use super::interrupt::Interrupt;
use super::patience::{Patience, Pause};
use super::{ApplyOptions, Observer};
use crate::session::{QueryError, Session};

/// Calls `read`, whose waits are short, until it is not kept from a table any more, for as long as
/// `options` allow; and once more when a table went away between two of its questions.
///
/// # Errors
///
/// [`ApplyError::LockNotObtained`] when the time is spent, else what `read` says.
pub fn patiently<T>(
    session: &mut Session,
    options: &ApplyOptions,
    observer: &mut dyn Observer,
    mut read: impl FnMut(&mut Session) -> Result<T, QueryError>,
) -> Result<T, ApplyError> {
    let mut patience = Patience::new(options);
    let mut went_away = false;
    loop {
        patience.next_lock_timeout();
        let error = match read(session) {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        if error.is_loss() {
            return Err(error.into());
        }
        roll_back(session)?;
        // Undefined table, undefined column. A second time it is not by chance.
        if !went_away && matches!(error.sqlstate(), Some("42P01" | "42703")) {
            went_away = true;
            continue;
        }
        if !is_worth_another_try(&error) {
            return Err(error.into());
        }
        // A signal ends the process here: nothing is under way.
        let pause = patience.pause(session, &Awaited::Reading, &Interrupt::default(), observer)?;
        if let Pause::Spent(tried) = pause {
            return Err(ApplyError::LockNotObtained {
                awaited: Awaited::Reading,
                tried,
                remedy: None,
            });
        }
    }
}
