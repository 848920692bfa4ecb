//! `[dpop]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::Seconds;

/// Proofs that a caller holds the key its token is bound to (RFC 9449). Each is
/// good once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DpopConfig {
    /// Demand a nonce of this server in every proof (section 8), so that none
    /// can be made in advance. A client learns the nonce from the answer to its
    /// first try. It is made out of a secret and the time: no node has to
    /// remember it.
    pub require_nonce: bool,
    /// Seconds that a nonce lives, at least; at most twice as long.
    pub nonce_lifetime: Seconds<10, 3600>,
    /// Seconds ago that a proof may have been made. Until then its `jti` is
    /// remembered.
    pub longest_age: Seconds<5, 600>,
}

impl Default for DpopConfig {
    fn default() -> Self {
        Self {
            require_nonce: false,
            nonce_lifetime: const { Seconds::literal(60) },
            longest_age: const { Seconds::literal(60) },
        }
    }
}
