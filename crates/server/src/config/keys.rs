//! `[keys]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::algorithm::AlgorithmName;
use super::bounded::Seconds;
use super::conflict::Conflict;
use super::tokens::TokensConfig;

/// The keys that sign, and how they come and go. Statements and JWT access
/// tokens have keys of their own, published in one set.
///
/// A key is published, then used, then kept for checking, then gone. The times
/// here must leave every resource server the chance to fetch a key before it
/// meets a statement signed with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// Algorithms for which a statement key is kept. RS256 is the one that
    /// RFC 9701 section 6 gives a resource server that names none. `EdDSA` is
    /// the old name of `Ed25519`; each name has a key of its own. The ML-DSA
    /// ones have to be named: many resource servers cannot read a set with a
    /// key of their type (RFC 9964), and then trust none of its keys.
    pub algorithms: Vec<AlgorithmName>,
    /// Seconds a new key is published before the first statement is signed
    /// with it. Must be longer than `jwks_max_age`. The very first keys of a
    /// fresh server are used at once, since nobody can hold an older set.
    pub publish_before_use: Seconds<1, 31_536_000>,
    /// Seconds a key stays published after its last signature. A statement is
    /// mostly checked at once, but a resource server may keep it for as long
    /// as the token lives, and bring it out again when a charge is disputed.
    /// The default of thirty days covers a monthly statement of account. Must
    /// not be shorter than `tokens.longest_lifetime`.
    pub keep_after_use: Seconds<1, 315_360_000>,
    /// Seconds others may cache the published keys: the `max-age` in the
    /// `Cache-Control` of `/jwks.json`.
    pub jwks_max_age: Seconds<0, 604_800>,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self {
            algorithms: AlgorithmName::USUAL.to_vec(),
            publish_before_use: const { Seconds::literal(86_400) },
            keep_after_use: const { Seconds::literal(2_592_000) },
            jwks_max_age: const { Seconds::literal(3600) },
        }
    }
}

impl KeysConfig {
    pub(super) fn conflicts(&self, tokens: &TokensConfig, found: &mut Vec<Conflict>) {
        if self.algorithms.is_empty() {
            found.push(Conflict {
                keys: &["keys.algorithms"],
                message: "the list is empty, and then nothing can be signed; name one algorithm \
                          at least, or leave the key out for the usual ones"
                    .into(),
            });
        }
        for (index, algorithm) in self.algorithms.iter().enumerate() {
            if self
                .algorithms
                .iter()
                .take(index)
                .any(|earlier| earlier == algorithm)
            {
                found.push(Conflict {
                    keys: &["keys.algorithms"],
                    message: format!(
                        "{} is in the list twice; name it once",
                        algorithm.algorithm()
                    ),
                });
            }
        }
        if self.jwks_max_age.get() >= self.publish_before_use.get() {
            found.push(Conflict {
                keys: &["keys.jwks_max_age", "keys.publish_before_use"],
                message: format!(
                    "a cached key set may be {} s old, but a new key is used {} s after it is \
                     published, so that a resource server could meet a key it has not seen; make \
                     `jwks_max_age` shorter than `publish_before_use`",
                    self.jwks_max_age.get(),
                    self.publish_before_use.get()
                ),
            });
        }
        if self.keep_after_use.get() < tokens.longest_lifetime.get() {
            found.push(Conflict {
                keys: &["keys.keep_after_use", "tokens.longest_lifetime"],
                message: format!(
                    "a token may live {} s, but the key that vouched for it is withdrawn after \
                     {} s; make `keep_after_use` at least as long as `tokens.longest_lifetime`",
                    tokens.longest_lifetime.get(),
                    self.keep_after_use.get()
                ),
            });
        }
    }
}
