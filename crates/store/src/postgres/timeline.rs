//! Which history of the data a server goes on with.
//!
//! Each promotion of a standby begins a new timeline, with a higher number. A
//! server on a lower one than was seen before is a former primary: it lacks
//! what came after it was replaced, revocations too, so nothing it says is
//! believed and nothing is written to it.
//!
//! Two servers promoted from the same timeline have the same number, and a
//! process knows only what it has seen itself. That no two servers take writes
//! at one time is for whoever runs them to see to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::open::PostgresError;

/// The history of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    /// Of the cluster: the same for a primary and its standbys, another after `initdb`.
    pub(super) system: String,
    /// Higher after each promotion.
    pub(super) number: u32,
}

/// The newest history that was seen, and which sessions it outdates.
#[derive(Debug, Default)]
pub(super) struct Newest {
    state: Mutex<State>,
    era: watch::Sender<Era>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` before the first session, and on servers that know no timelines.
    timeline: Option<Timeline>,
    /// Whether the log says that a former primary was met on this timeline.
    told: bool,
}

/// Sessions of an earlier era than the present one are not used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Era(u64);

impl Newest {
    /// Refuses a server that is behind, or another one altogether. A newer
    /// timeline begins an era: what came before may be a session with the
    /// former primary.
    pub(super) fn judge(&self, found: Option<Timeline>) -> Result<Era, PostgresError> {
        let mut state = self.state();
        match (&state.timeline, found) {
            (None, None) => {}
            (Some(_), None) => return Err(PostgresError::HidesTimeline),
            (None, found) => state.timeline = found,
            (Some(newest), Some(found)) if newest.system != found.system => {
                return Err(PostgresError::AnotherCluster);
            }
            (Some(newest), Some(found)) if found.number < newest.number => {
                let refused = PostgresError::FormerPrimary {
                    found: found.number,
                    newest: newest.number,
                };
                if !std::mem::replace(&mut state.told, true) {
                    tracing::error!(%refused, "a database server is not worked with");
                }
                return Err(refused);
            }
            (Some(newest), Some(found)) if found.number > newest.number => {
                tracing::warn!(
                    timeline = found.number,
                    before = newest.number,
                    "a standby of the database was promoted: this server works with it from now on"
                );
                state.timeline = Some(found);
                self.era.send_modify(|era| era.0 += 1);
                state.told = false;
            }
            (Some(_), Some(_)) => {}
        }
        Ok(*self.era.borrow())
    }

    /// The server behind a session of this era does not do what a primary does:
    /// every other session with it is outdated, too.
    pub(super) fn doubt(&self, era: Era) {
        self.era.send_if_modified(|now| {
            let is_present = *now == era;
            now.0 += u64::from(is_present);
            is_present
        });
    }

    /// Whether sessions of this era are used no more.
    pub(super) fn outdates(&self, era: Era) -> bool {
        *self.era.borrow() != era
    }

    /// Comes about when sessions of this era are used no more.
    pub(super) fn outdating(&self, era: Era) -> impl Future<Output = ()> + use<> {
        let mut now = self.era.subscribe();
        async move {
            // Without a sender there is nobody left who could use a session.
            let _ = now.wait_for(|now| *now != era).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(system: &str, number: u32) -> Timeline {
        Timeline {
            system: system.to_owned(),
            number,
        }
    }

    #[test]
    fn a_promotion_is_gone_along_with_and_outdates_what_was_before() {
        let newest = Newest::default();
        let first = newest.judge(Some(on("7", 1))).unwrap();
        assert_eq!(newest.judge(Some(on("7", 1))).unwrap(), first);
        assert!(!newest.outdates(first));
        let second = newest.judge(Some(on("7", 2))).unwrap();
        assert!(newest.outdates(first) && !newest.outdates(second));
    }

    #[test]
    fn a_former_primary_and_another_cluster_are_refused_with_a_cure() {
        let newest = Newest::default();
        let era = newest.judge(Some(on("7", 3))).unwrap();
        let refused = newest.judge(Some(on("7", 2))).unwrap_err().to_string();
        assert!(
            refused.contains("timeline 2") && refused.contains("standby of the new"),
            "{refused}"
        );
        // However far on it says it is.
        let refused = newest.judge(Some(on("8", 9))).unwrap_err().to_string();
        assert!(refused.contains("restart"), "{refused}");
        assert!(!newest.outdates(era));
    }

    #[test]
    fn a_server_without_timelines_is_taken_as_it_is_where_none_were_met() {
        let newest = Newest::default();
        let era = newest.judge(None).unwrap();
        assert_eq!(newest.judge(None).unwrap(), era);
        assert_eq!(newest.judge(Some(on("7", 1))).unwrap(), era);
        let refused = newest.judge(None).unwrap_err().to_string();
        assert!(refused.contains("pg_control_system"), "{refused}");
        assert!(!newest.outdates(era));
    }

    #[test]
    fn doubt_begins_one_era_however_many_sessions_raise_it() {
        let newest = Newest::default();
        let era = newest.judge(Some(on("7", 1))).unwrap();
        newest.doubt(era);
        let next = newest.judge(Some(on("7", 1))).unwrap();
        assert!(newest.outdates(era));
        newest.doubt(era);
        assert!(!newest.outdates(next));
    }
}
