//! How many fetches may be under way: in all, and from one host.
//!
//! The place at the host is taken first, so that those who wait for one slow host keep no place
//! from the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Host;

/// The places, free and taken.
#[derive(Debug)]
pub(crate) struct Slots {
    all: Arc<Semaphore>,
    per_host: usize,
    hosts: Arc<Hosts>,
}

/// Hosts that somebody fetches from or waits for; the others are forgotten.
#[derive(Debug, Default)]
struct Hosts(Mutex<HashMap<Host, Arc<Semaphore>>>);

/// A place. Dropped, it is free again. Fields are dropped in this order.
#[derive(Debug)]
pub(crate) struct Slot {
    _in_all: OwnedSemaphorePermit,
    _at_host: OwnedSemaphorePermit,
    _interest: Interest,
}

/// Keeps the host known while somebody waits or fetches.
#[derive(Debug)]
struct Interest {
    hosts: Arc<Hosts>,
    host: Host,
}

impl Slots {
    pub(crate) fn new(all: usize, per_host: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS))),
            per_host: per_host.min(Semaphore::MAX_PERMITS),
            hosts: Arc::default(),
        }
    }

    /// Waits for a place; `None` never comes, for the semaphores are never closed.
    pub(crate) async fn take(&self, host: &Host) -> Option<Slot> {
        let interest = Interest {
            hosts: Arc::clone(&self.hosts),
            host: host.clone(),
        };
        let at_host = self.at(host).acquire_owned().await.ok()?;
        let in_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Slot {
            _in_all: in_all,
            _at_host: at_host,
            _interest: interest,
        })
    }

    fn at(&self, host: &Host) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock();
        let semaphore = hosts
            .entry(host.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        Arc::clone(semaphore)
    }
}

impl Hosts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Host, Arc<Semaphore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        let mut hosts = self.hosts.lock();
        // Permits and those who wait hold the semaphore too.
        if hosts
            .get(&self.host)
            .is_some_and(|semaphore| Arc::strong_count(semaphore) == 1)
        {
            hosts.remove(&self.host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Whether a place is to be had at once.
    fn try_take(slots: &Slots, host: &str) -> Option<Slot> {
        let host = Host::parse(host).unwrap();
        let mut waiting = pin!(slots.take(&host));
        match waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(slot) => slot,
            Poll::Pending => None,
        }
    }

    #[test]
    fn row_8725_3_10_01_fetches_are_bounded_in_all_and_for_each_host() {
        let slots = Slots::new(3, 2);
        let first = try_take(&slots, "a.example").unwrap();
        let _second = try_take(&slots, "a.example").unwrap();
        assert!(try_take(&slots, "a.example").is_none());
        let _third = try_take(&slots, "b.example").unwrap();
        assert!(try_take(&slots, "c.example").is_none());
        drop(first);
        assert!(try_take(&slots, "a.example").is_some());
    }

    #[test]
    fn who_waits_for_one_host_keeps_no_place_from_others() {
        let slots = Slots::new(2, 1);
        let _first = try_take(&slots, "a.example").unwrap();
        let host = Host::parse("a.example").unwrap();
        let mut waiting = pin!(slots.take(&host));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert!(try_take(&slots, "b.example").is_some());
    }

    #[test]
    fn hosts_are_forgotten_when_nobody_is_there() {
        let slots = Slots::new(3, 1);
        let first = try_take(&slots, "a.example").unwrap();
        assert!(try_take(&slots, "a.example").is_none());
        assert_eq!(slots.hosts.lock().len(), 1);
        drop(first);
        assert!(slots.hosts.lock().is_empty());
    }
}
