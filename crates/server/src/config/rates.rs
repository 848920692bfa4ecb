//! `[rates]`

use std::num::NonZeroU32;
use std::time::Duration;

use avouch_core::rates::Limit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::Whole;

/// How often callers may call, and how often anybody may fail to authenticate.
/// What is too much is answered with 429 and `Retry-After`.
///
/// Each node counts for itself, in memory of a fixed size. Good credentials
/// pass however many bad ones are sent for the same `client_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RatesConfig {
    /// Calls a second that one caller may make on average, at the introspection,
    /// token and revocation endpoints together. 0 for as many as it likes.
    pub calls_per_second: Whole<0, 1_000_000>,
    /// Calls that one caller may make at once after a pause.
    pub calls_at_once: Whole<1, 10_000_000>,
    /// Requests a minute, and at once, from one IPv4 address or IPv6 /64
    /// network that may fail to authenticate or ask for registration without a
    /// token. Beyond it, credentials from there are not looked at, but for those
    /// of callers that have authenticated from there within a day. Requests
    /// from this machine, and from a proxy in `listen.trusted_proxies` that does
    /// not say for whom, are not counted. 0 for no limit.
    pub source_failures_per_minute: Whole<0, 1_000_000>,
    /// Requests a minute, and at once, with the same `client_id` that may fail
    /// to authenticate. Beyond it, failures are answered with 429 instead of
    /// 401 and only counted, not recorded one by one; the caller's own requests
    /// are not touched. 0 for no limit.
    pub caller_failures_per_minute: Whole<0, 1_000_000>,
}

impl Default for RatesConfig {
    fn default() -> Self {
        Self {
            calls_per_second: const { Whole::literal(5_000) },
            calls_at_once: const { Whole::literal(10_000) },
            source_failures_per_minute: const { Whole::literal(60) },
            caller_failures_per_minute: const { Whole::literal(60) },
        }
    }
}

impl RatesConfig {
    /// Rates that nobody meets by trying things on.
    pub const fn for_development() -> Self {
        Self {
            calls_per_second: Whole::literal(0),
            calls_at_once: Whole::literal(10_000_000),
            source_failures_per_minute: Whole::literal(60_000),
            caller_failures_per_minute: Whole::literal(60_000),
        }
    }

    /// How often one caller may call; none for as often as it likes.
    pub(crate) fn calls(&self) -> Option<Limit> {
        let at_once = count(self.calls_at_once.get())?;
        Some(Limit::new(
            count(self.calls_per_second.get())?,
            Duration::from_secs(1),
            at_once,
        ))
    }

    /// How often requests from one address may fail.
    pub(crate) fn source_failures(&self) -> Option<Limit> {
        a_minute(self.source_failures_per_minute.get())
    }

    /// How often requests for one `client_id` may fail.
    pub(crate) fn caller_failures(&self) -> Option<Limit> {
        a_minute(self.caller_failures_per_minute.get())
    }
}

fn a_minute(failures: u64) -> Option<Limit> {
    let failures = count(failures)?;
    Some(Limit::new(failures, Duration::from_mins(1), failures))
}

/// None for zero. The largest number in the configuration fits.
fn count(number: u64) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(number).unwrap_or(u32::MAX))
}
