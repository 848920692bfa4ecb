//! The system's clocks. Everything else takes a [`Clock`] or a [`MonotonicClock`].

#[cfg(not(target_os = "linux"))]
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use avouch_core::time::{Clock, MonotonicClock, Timestamp};

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

/// The time that passed since the machine was started: whether the process ran
/// or was stopped, whatever was done to the clock on the wall, and where the
/// system tells, also while the machine was asleep.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMonotonicClock;

impl MonotonicClock for SystemMonotonicClock {
    #[cfg(target_os = "linux")]
    fn now(&self) -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(now.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> Duration {
        static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
        START.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_go_back() {
        let mut before = SystemMonotonicClock.now();
        for _ in 0..1_000 {
            let now = SystemMonotonicClock.now();
            assert!(now >= before);
            before = now;
        }
    }
}
