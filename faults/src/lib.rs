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

pub mod counters;
pub mod disk;
pub mod node;
pub mod parties;
pub mod random;
pub mod record;
mod shims;
pub mod site;
pub mod wire;
pub mod work;
