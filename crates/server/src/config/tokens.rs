//! `[tokens]`

use avouch_core::records::TokenFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::algorithm::AlgorithmName;
use super::bounded::Seconds;
use super::conflict::Conflict;

/// How long access tokens live, and what they look like.
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
    /// The form of access tokens where neither the resource server nor the
    /// client is set up for one. `opaque` tokens say nothing. A `jwt` (RFC
    /// 9068) can be read by whoever holds it, and is believed by a resource
    /// server that does not ask until it expires, revoked or not; at
    /// introspection it is judged like an opaque one.
    pub format: AccessTokenFormat,
    /// What JWT access tokens are signed with. Their key is made when it is
    /// first needed and signs nothing else. RFC 9068 section 2.1 has everybody
    /// support RS256.
    pub signing_algorithm: AlgorithmName,
    /// Issue no access token that is not bound to a key of its client, by
    /// `DPoP` (RFC 9449) or mutual TLS (RFC 8705), so that a stolen one is of no
    /// use. FAPI 2.0 (section 5.3.2.1) wants it.
    pub sender_constrained: bool,
}

/// The form of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "documented at the field, which is what the manual shows"
)]
pub enum AccessTokenFormat {
    #[default]
    Opaque,
    Jwt,
}

impl From<AccessTokenFormat> for TokenFormat {
    fn from(format: AccessTokenFormat) -> Self {
        match format {
            AccessTokenFormat::Opaque => Self::Opaque,
            AccessTokenFormat::Jwt => Self::Jwt,
        }
    }
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            default_lifetime: const { Seconds::literal(600) },
            longest_lifetime: const { Seconds::literal(86_400) },
            keep_expired: const { Seconds::literal(3600) },
            format: AccessTokenFormat::Opaque,
            signing_algorithm: AlgorithmName::RS256,
            sender_constrained: false,
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
