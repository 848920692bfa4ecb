//! `[tokens]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::Seconds;
use super::conflict::Conflict;

/// How long access tokens live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// Seconds an access token lives if nothing else is asked for.
    pub default_lifetime: Seconds<1, 31_536_000>,
    /// The most seconds anyone may ask for, through the admin API too.
    pub longest_lifetime: Seconds<1, 31_536_000>,
    /// Seconds an expired token stays in the database before it is cleaned
    /// up. It is inactive from its expiry on; this only keeps the reason at
    /// hand for whoever asks why.
    pub keep_expired: Seconds<0, 31_536_000>,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            default_lifetime: const { Seconds::literal(600) },
            longest_lifetime: const { Seconds::literal(86_400) },
            keep_expired: const { Seconds::literal(3600) },
        }
    }
}

impl TokensConfig {
    pub(super) fn conflicts(&self, found: &mut Vec<Conflict>) {
        if self.default_lifetime > self.longest_lifetime {
            found.push(Conflict {
                keys: &["tokens.default_lifetime", "tokens.longest_lifetime"],
                message: format!(
                    "the default lifetime of {} s is above `longest_lifetime` ({} s); lower the \
                     one or raise the other",
                    self.default_lifetime.get(),
                    self.longest_lifetime.get()
                ),
            });
        }
    }
}
