//! `demo`: all of it on a private scratch server.

use super::Context;
use crate::error::Error;

pub(super) fn run(_context: &Context) -> Result<u8, Error> {
    Err(Error::Usage("not yet".to_owned()))
}
