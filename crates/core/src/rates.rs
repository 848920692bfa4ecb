//! How often one caller may call, and how often anybody may fail to
//! authenticate.
//!
//! **Failures** are counted for where they come from ([`Source`]) and for the
//! `client_id` they claim. Both counts bound what guessing costs the server and
//! its log; neither is what keeps secrets safe, for those have 256 random bits.
//! So both are made never to hurt whoever has the right credentials:
//!
//! - *Claimed id.* Anybody can name anybody's id. So the credentials are judged
//!   first, always in the same way, and good ones pass whatever the count says.
//!   Beyond the limit a failure is answered with 429 where it was 401. A flood
//!   against an id does not touch its owner; who floods learns nothing new, for
//!   he is told neither more nor less about the secret or whether the id is
//!   anybody's: made-up ids are counted like others.
//! - *Source.* Beyond the limit its requests are refused before their
//!   credentials are looked at, so that a signature to verify is not a way to
//!   keep the server busy. Many may share a source, one of them with a wrong
//!   secret it tries over and over. So an id that has authenticated from this
//!   very source within [`PROVEN_FOR`] is judged nevertheless; its failures are
//!   answered with 429 too. Who comes to such a source for the first time waits.
//! - Where a request comes from is not always known ([`Source`] is then `None`):
//!   then there is no count for it, rather than one that all share.
//!
//! **Calls** are counted for the caller that has authenticated, hence for nobody
//! else's.
//!
//! **State** is of a fixed size, made at start, whoever comes (`table::Table`): there
//! is no allocation on the way. Each node counts for itself, and a restart
//! forgets. Time is passed in; set back, it makes nobody wait longer than a
//! full flood would.

mod calls;
mod failures;
mod limiter;
mod source;
mod table;

use std::time::Duration;

pub use calls::CallRates;
pub use failures::{FailureRates, PROVEN_FOR};
pub use limiter::{Limit, Limiter};
pub use source::Source;

/// Refused for coming too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    /// What there was too much of.
    pub what: Throttled,
    /// After which time one more would be taken, if nothing else came.
    pub wait: Duration,
}

impl TooOften {
    /// The wait as it goes over the wire (RFC 9110 section 10.2.3): whole
    /// seconds, never too short, at least one.
    pub fn retry_after(&self) -> u64 {
        let whole = self.wait.as_secs();
        let part = u64::from(self.wait.subsec_nanos() > 0);
        whole.saturating_add(part).max(1)
    }
}

/// What there may be too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// Failures from one source.
    SourceFailures,
    /// Failures for one claimed `client_id`.
    CallerFailures,
    /// Calls of one caller.
    Calls,
}

impl Throttled {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SourceFailures, Self::CallerFailures, Self::Calls];

    /// A name for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SourceFailures => "source_failures",
            Self::CallerFailures => "caller_failures",
            Self::Calls => "calls",
        }
    }
}

#[cfg(test)]
mod tests;
