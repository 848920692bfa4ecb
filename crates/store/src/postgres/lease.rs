//! For how long what is in memory is believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use avouch_core::time::MonotonicClock;

/// Holds for a time after the database was last asked for changes, and not a
/// moment longer, whatever became of the process meanwhile.
pub(super) struct Lease {
    clock: Arc<dyn MonotonicClock>,
    length: Duration,
    /// In microseconds of the clock. It has ended at 0.
    end: AtomicU64,
}

impl Lease {
    /// One that has ended.
    pub(super) fn new(clock: Arc<dyn MonotonicClock>, length: Duration) -> Self {
        Self {
            clock,
            length,
            end: AtomicU64::new(0),
        }
    }

    /// To be taken before the database is asked.
    pub(super) fn asking(&self) -> Asking {
        Asking(self.clock.now())
    }

    /// Whether it holds. What was forgotten before it was renewed is seen to be
    /// forgotten by whoever is told so.
    pub(super) fn holds(&self) -> bool {
        micros(self.clock.now()) < self.end.load(Ordering::Acquire)
    }

    /// All that was changed before the database was asked is forgotten.
    pub(super) fn renew(&self, asking: Asking) {
        let end = micros(asking.0.saturating_add(self.length));
        self.end.store(end, Ordering::Release);
    }
}

/// When the database was asked.
#[derive(Clone, Copy)]
pub(super) struct Asking(Duration);

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct ByHand(Mutex<Duration>);

    impl MonotonicClock for ByHand {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn it_is_counted_from_the_question_and_not_from_the_answer() {
        let clock = Arc::new(ByHand(Mutex::new(Duration::from_secs(5))));
        let lease = Lease::new(Arc::clone(&clock) as _, Duration::from_secs(1));
        let pass = |millis| *clock.0.lock().unwrap() += Duration::from_millis(millis);
        assert!(!lease.holds());
        let asking = lease.asking();
        pass(400);
        assert!(!lease.holds());
        lease.renew(asking);
        pass(599);
        assert!(lease.holds());
        pass(1);
        assert!(!lease.holds());
        // A process that was stopped after it asked has nothing of the answer.
        let asking = lease.asking();
        pass(3_600_000);
        lease.renew(asking);
        assert!(!lease.holds());
    }
}
