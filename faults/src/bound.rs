//! The bound within which every server honours what one of them acknowledged.

use std::thread;
use std::time::{Duration, Instant};

use crate::node::PAUSE;
use crate::parties::Parties;
use crate::wire::Door;

/// As docs/storage.md states it.
pub const BOUND: Duration = Duration::from_secs(1);

/// Asks a server for tokens whose revocation another one acknowledged, until all are dead there or the bound is over.
///
/// `since` is the later of the acknowledgement and the moment from which the server could know. A question counts by
/// when it was sent, so a slow machine does not look like a stale server. No answer at all is not a wrong one.
pub fn not_honoured(
    door: &Door,
    parties: &Parties,
    tokens: &[String],
    since: Instant,
) -> Vec<String> {
    let mut alive: Vec<&String> = tokens.iter().collect();
    loop {
        let sent = Instant::now();
        alive.retain(|token| parties.is_active(door, token) == Some(true));
        if alive.is_empty() {
            return Vec::new();
        }
        if sent.duration_since(since) > BOUND {
            let still = |_| "revoked, and active elsewhere after the bound".to_owned();
            return alive.into_iter().map(still).collect();
        }
        thread::sleep(PAUSE);
    }
}
