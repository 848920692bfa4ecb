//! The clock on the wall. Everything else takes a [`Clock`].

use std::time::{SystemTime, UNIX_EPOCH};

use avouch_core::time::{Clock, Timestamp};

/// The system's clock: the one place that reads it.
///
/// It follows the system when that is set back or forth, since the times in
/// tokens and statements are compared with those of other machines.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is passed in everywhere else"
    )]
    fn now(&self) -> Timestamp {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp::from_secs(0).after(since),
            // A clock set before 1970 cannot be right. The epoch itself is
            // the nearest instant that a `NumericDate` of ours can say.
            Err(_) => Timestamp::from_secs(0),
        }
    }
}
