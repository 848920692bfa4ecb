//! Instants, and the clock that is passed in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
///
/// Finer than the seconds that go over the wire, so that a log tells what was
/// first. What counts as first is never decided by it between servers, nor on
/// one whose clock may be set: see [`crate::records::Epoch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that lies `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant that lies `seconds` seconds after the epoch; saturates at
    /// the ends of the range.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// From whole seconds as JWTs have them (RFC 7519 section 2). What lies
    /// beyond the end of time here is that end.
    pub fn from_numeric_date(seconds: u64) -> Self {
        let micros = seconds.saturating_mul(1_000_000);
        Self::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: a `NumericDate`
    /// (RFC 7519 section 2) without a fraction.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// A `NumericDate` as it goes over the wire (RFC 7519 section 2): whole
    /// seconds. Instants before 1970 do not occur there and give 0.
    pub fn numeric_date(self) -> u64 {
        u64::try_from(self.as_secs()).unwrap_or(0)
    }

    /// This instant moved into the future; saturates at the end of the range.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// How far this instant lies after `earlier`, or zero if it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Tells the time. Read once per request, so that a statement is true of one
/// instant.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Tells how much time passes, whatever is done to the clock on the wall. It
/// never goes back, and goes on while the process is stopped.
pub trait MonotonicClock: Send + Sync {
    /// The time since an instant of the clock's own choosing.
    fn now(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(Timestamp::from_micros(1_999_999).as_secs(), 1);
        assert_eq!(Timestamp::from_micros(-1).as_secs(), -1);
    }

    #[test]
    fn the_ends_of_the_range_saturate() {
        assert_eq!(Timestamp::from_secs(i64::MAX).as_micros(), i64::MAX);
        let last = Timestamp::from_micros(i64::MAX);
        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(
            Timestamp::from_secs(1).since(Timestamp::from_secs(2)),
            Duration::ZERO
        );
    }
}
