//! Following the change feed: what other servers change is forgotten here.
//!
//! **What must hold.** A change that was acknowledged by another server is seen
//! by every look-up that starts longer than the lease ([`super::lease`]) later,
//! whatever happens to this process or its connections.
//!
//! **How.** Again and again the database is asked what came after the entries
//! that are known ([`super::changes`] says why none is stepped over). What they
//! name is forgotten, as a write of our own would have it ([`crate::cache`]:
//! the change is committed, so the same argument holds). Only then is the lease
//! renewed, and it counts from when the question was sent: the snapshot that
//! answered it was taken later, and shows every change that was acknowledged
//! before. A look-up first sees that the lease holds and then looks into the
//! cache; so what it finds there lacks no change from before the question, and
//! those after are younger than the lease.
//!
//! **A feed is followed over one connection, from its head on.** Whenever a
//! connection is made, everything is forgotten and the newest entries are the
//! ones that are known: behind another connection there may be another server,
//! one to which a fail-over did not bring the last changes, and what was looked
//! up before may never have happened there. Everything is forgotten, too, if
//! the entries that are known are not there any more, or what comes after them
//! is not whole or is very much: then this reader was away for too long. To go
//! on from the head is sound: the head was read before the cache was emptied,
//! and what is put in afterwards was read after that.
//!
//! While the lease does not hold, look-ups ask the database. What they find is
//! kept, for entries about it will come, or everything will be forgotten.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::storage::StoreError;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::changes::{self, LANES};
use super::fault::{Away, Fault};
use super::hot::Hot;
use super::pool::{Connections, Lease};
use super::rows::{Params, all, number};
use crate::cache::Stale;

/// Entries of one lane that are read at once; if there are more, forgetting
/// everything is less work.
const PORTION: usize = 512;
/// How long an answer is waited for before another connection is tried.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest pause between tries while the feed cannot be read.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// The entries after those that are known, and the known ones themselves. A
/// walk along the index for each lane, whatever else the planner believes.
const READ: &str = "
    SELECT found.lane, found.number, found.kind, found.name, found.tokens
    FROM unnest($1::bigint[], $2::bigint[]) AS known (lane, number)
    CROSS JOIN LATERAL (
        SELECT c.lane, c.number, c.kind, c.name, coalesce(c.tokens, '{}') AS tokens
        FROM change c WHERE c.lane = known.lane AND c.number >= known.number
        ORDER BY c.number LIMIT $3) found
    ORDER BY found.lane, found.number";

/// The newest entry of each lane, 0 where there is none.
const HEAD: &str = "
    SELECT coalesce((SELECT max(c.number) FROM change c WHERE c.lane = known.lane), 0)
    FROM unnest($1::bigint[]) AS known (lane) ORDER BY known.lane";

/// The newest entry that is known, of each lane.
type Known = [i64; LANES.len()];

/// Reads the feed on behalf of one store.
pub(super) struct Follower {
    hot: Arc<Hot>,
    /// Of its own, so that no load keeps it from asking.
    connections: Connections,
    /// `None` until the head was read, and after anything went wrong.
    place: Option<Place>,
    /// What was known last, wherever it was read.
    seen: Known,
}

/// Where in the feed a reader is.
struct Place {
    connection: Lease,
    known: Known,
}

impl Follower {
    pub(super) fn new(hot: Arc<Hot>, connections: Connections) -> Self {
        Self {
            hot,
            connections,
            place: None,
            seen: Known::default(),
        }
    }

    /// Asks once, and renews the lease. After an error the next call makes
    /// another connection.
    pub(super) async fn follow(&mut self) -> Result<(), StoreError> {
        // Taken out, so that it is gone if this is broken off half-way. A
        // connection that is given up is closed.
        let place = self.place.take();
        let asked = tokio::time::timeout(PATIENCE, self.ask(place)).await;
        let place = asked.unwrap_or(Err(Fault::Away(Away::Silent(PATIENCE))))?;
        self.seen = place.known;
        self.place = Some(place);
        Ok(())
    }

    async fn ask(&self, place: Option<Place>) -> Result<Place, Fault> {
        match place {
            Some(place) if !place.connection.is_outdated() => self.go_on(place).await,
            _ => self.begin(self.connections.lease().await?).await,
        }
    }

    /// Forgets everything and begins at the head.
    async fn begin(&self, mut connection: Lease) -> Result<Place, Fault> {
        let asking = self.hot.lease.asking();
        let client = &*connection.client();
        let heads = all(client, HEAD, &[&LANES.as_slice()], |row| {
            row.take(number::<i64>)
        })
        .await?;
        let mut known = Known::default();
        for (known, head) in known.iter_mut().zip(heads) {
            *known = head;
        }
        if known.iter().zip(&self.seen).any(|(head, seen)| head < seen) {
            // The newest entry of a lane is never cleaned away.
            tracing::error!(
                "the database lacks changes that this server had seen in it: a fail-over to a \
                 standby that was behind, or a restore, has taken back writes that may have been \
                 acknowledged. Revocations may be among them: see docs/storage.md, \"What a \
                 fail-over may lose\""
            );
        }
        self.hot.caches.forget([&Stale::Everything]);
        self.hot.lease.renew(asking);
        Ok(Place { connection, known })
    }

    /// Forgets what the entries say that came since.
    async fn go_on(&self, mut place: Place) -> Result<Place, Fault> {
        let asking = self.hot.lease.asking();
        let portion = i64::try_from(PORTION).unwrap_or(i64::MAX);
        let params: Params<'_> = &[&LANES.as_slice(), &place.known.as_slice(), &portion];
        let client = &*place.connection.client();
        let entries = all(client, READ, params, |row| {
            let (lane, number) = (row.take(number)?, row.take(number)?);
            Ok((lane, number, changes::read(row)?))
        })
        .await?;
        let positions: Vec<_> = entries.iter().map(|(lane, at, _)| (*lane, *at)).collect();
        let Some(known) = advance(&place.known, &positions) else {
            tracing::warn!(
                "the change feed has gone on without this server, or is not the one it was: \
                 everything in memory is forgotten"
            );
            return self.begin(place.connection).await;
        };
        let news = entries
            .iter()
            .filter(|(lane, at, _)| place.known.get(*lane).is_some_and(|known| at > known));
        self.hot.caches.forget(news.map(|(_, _, stale)| stale));
        place.known = known;
        self.hot.lease.renew(asking);
        Ok(place)
    }
}

/// What is known after these entries were read, in the order of lanes and
/// numbers; `None` if they are not the known ones and, without a gap, all that
/// follow.
fn advance(known: &Known, entries: &[(usize, i64)]) -> Option<Known> {
    let mut next = *known;
    // Where nothing was ever written, there is no known entry to see again.
    let mut seen = known.map(|number| number == 0);
    let mut read = [0; LANES.len()];
    for (lane, number) in entries {
        let (next, seen) = (next.get_mut(*lane)?, seen.get_mut(*lane)?);
        *read.get_mut(*lane)? += 1;
        if *seen {
            if next.checked_add(1) != Some(*number) {
                return None;
            }
            *next = *number;
        } else if number == next {
            *seen = true;
        } else {
            return None;
        }
    }
    let whole = seen.iter().all(|seen| *seen) && read.iter().all(|read| *read < PORTION);
    whole.then_some(next)
}

/// How a store follows the feed.
pub(super) enum Follows {
    /// All the time.
    ByItself(#[expect(dead_code, reason = "goes on until it is dropped")] Following),
    /// When it is told to.
    WhenAsked(Box<Mutex<Follower>>),
}

/// Follows the feed until it is dropped.
pub(super) struct Following(JoinHandle<()>);

impl Following {
    pub(super) fn start(mut follower: Follower, every: Duration) -> Self {
        Self(tokio::spawn(async move {
            let mut lost = false;
            let mut pause = every;
            loop {
                match follower.follow().await {
                    Ok(()) => {
                        if lost {
                            tracing::info!("changes of other servers are followed again");
                        }
                        (lost, pause) = (false, every);
                    }
                    Err(error) => {
                        if !lost {
                            tracing::warn!(
                                %error,
                                "changes of other servers cannot be followed: until they can, \
                                 nothing in memory is believed and every look-up asks the database"
                            );
                        }
                        (lost, pause) = (true, (pause * 2).min(LONGEST_PAUSE).max(every));
                    }
                }
                tokio::time::sleep(pause).await;
            }
        }))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known = [0, 7, 0, 0, 0, 0, 0, 0, 3];

    fn advanced(entries: &[(usize, i64)]) -> Option<Known> {
        advance(&KNOWN, entries)
    }

    #[test]
    fn what_follows_without_a_gap_becomes_known() {
        assert_eq!(advanced(&[(1, 7), (8, 3)]), Some(KNOWN));
        assert_eq!(
            advanced(&[(0, 1), (0, 2), (1, 7), (1, 8), (8, 3)]),
            Some([2, 8, 0, 0, 0, 0, 0, 0, 3])
        );
    }

    #[test]
    fn a_known_entry_that_is_gone_is_noticed() {
        // Cleaned up, or never written in this database.
        assert_eq!(advanced(&[(8, 3)]), None);
        assert_eq!(advanced(&[(1, 9), (1, 10), (8, 3)]), None);
        assert_eq!(advanced(&[(1, 8), (8, 3)]), None);
    }

    #[test]
    fn a_gap_is_noticed() {
        assert_eq!(advanced(&[(1, 7), (1, 9), (8, 3)]), None);
        assert_eq!(advanced(&[(0, 2), (1, 7), (8, 3)]), None);
        assert_eq!(advanced(&[(1, 7), (8, 3), (9, 1)]), None);
    }

    #[test]
    fn more_than_is_read_at_once_is_not_taken_for_all() {
        let mut entries = vec![(1, 7), (8, 3)];
        let more = i64::try_from(PORTION).unwrap();
        entries.splice(0..0, (1..more).map(|number| (0, number)));
        assert_eq!(advanced(&entries).unwrap()[0], more - 1);
        entries.insert(PORTION - 1, (0, more));
        assert_eq!(advanced(&entries), None);
    }
}
