//! Faults for the real server, and what it must not lose by them.
//!
//! Clients keep servers busy ([`work`]), every answer is written down ([`record`]), something is broken, and then the
//! servers are asked for all that they had acknowledged. `docs/reliability.md` says what that shows.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a fault that cannot be injected, or a state that cannot be looked at, ends the run"
)]

pub mod bound;
pub mod clock;
pub mod cluster;
pub mod counters;
pub mod database;
pub mod disk;
pub mod node;
pub mod options;
pub mod pair;
pub mod parties;
pub mod progress;
pub mod random;
pub mod record;
pub mod relay;
pub mod scenarios;
mod shims;
pub mod site;
pub mod tally;
pub mod wire;
pub mod work;
