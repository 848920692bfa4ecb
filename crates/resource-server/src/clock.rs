//! The clock that answers are judged by, and keys are aged by.

use std::time::UNIX_EPOCH;

/// Tells the time. A test brings its own; everybody else is well served by [`SystemClock`].
pub trait Clock: Send + Sync + 'static {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place of this library where time comes in"
    )]
    fn now(&self) -> u64 {
        let since_epoch = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock set before 1970 makes every answer one from the future, which is refused.
        since_epoch.map_or(0, |elapsed| elapsed.as_secs())
    }
}
