//! The clock that keys are aged by.

use std::time::Duration;

/// Tells the time; passed in, like all time.
pub trait Clock: Send + Sync + 'static {
    /// What has passed since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}
