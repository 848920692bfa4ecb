//! Calls of one caller.

use std::hash::BuildHasher;

use super::limiter::{Limit, Limiter};
use super::{Throttled, TooOften};
use crate::AuthenticatedCaller;
use crate::time::Timestamp;

/// Counts the calls of each caller.
pub struct CallRates<S>(Option<Limiter<S>>);

impl<S: BuildHasher> CallRates<S> {
    /// Counts for so many callers; no limit, no count.
    pub fn new(limit: Option<Limit>, callers: usize, hasher: S) -> Self {
        Self(limit.map(|limit| Limiter::new(limit, callers, hasher)))
    }

    /// Counts one call of whoever has authenticated, if it may be made.
    pub fn call(&self, caller: &AuthenticatedCaller, now: Timestamp) -> Result<(), TooOften> {
        let Self(Some(limiter)) = self else {
            return Ok(());
        };
        limiter.take(&caller.id(), now).map_err(|wait| TooOften {
            what: Throttled::Calls,
            wait,
        })
    }
}
