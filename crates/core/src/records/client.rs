//! Clients: those who get tokens. They never learn what a token is worth.

use std::collections::BTreeSet;
use std::time::Duration;

use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::TokenFormat;
use crate::id::ClientId;
use crate::secret::{SecretHash, StoredSecret};
use crate::time::Timestamp;

/// A registered client (RFC 6749 section 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// Name and links for people.
    pub details: PublicDetails,
    /// How it proves itself.
    pub credentials: Credentials,
    /// How it may get tokens.
    pub grant_types: BTreeSet<GrantType>,
    /// The most it may be granted for itself.
    pub scope: Scope,
    /// The resources its tokens may be good for.
    pub resources: AllowedResources,
    /// Overrides the server's life time of access tokens.
    pub access_token_lifetime: Option<Duration>,
    /// The form of its access tokens where the RS leaves it open; `None` for
    /// the server's default.
    pub access_token_format: Option<TokenFormat>,
    /// When it was registered.
    pub registered_at: Timestamp,
}

/// How a caller proves itself: exactly one method, as registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The one method that is accepted.
    pub method: AuthenticationMethod,
    /// Its secrets, newest last; more than one only while rotating.
    pub secrets: Vec<StoredSecret>,
}

/// No room for a further secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "there are {} secrets already: let some expire first",
    Credentials::MOST_SECRETS
)]
pub struct TooManySecrets;

impl Credentials {
    /// The most secrets a caller has at a time: enough to rotate without haste.
    pub const MOST_SECRETS: usize = 8;

    /// Whether a live secret has this hash. Every secret is compared, so that
    /// the time does not tell which one fits.
    pub fn has_secret(&self, presented: &SecretHash, now: Timestamp) -> bool {
        self.secrets
            .iter()
            .filter(|stored| stored.is_live(now))
            .fold(false, |found, stored| {
                stored.hash.matches(presented) | found
            })
    }

    /// The credentials after a rotation: the fresh secret, and before it those
    /// that live on for the overlap, none longer than it would have.
    pub fn rotated(
        &self,
        fresh: StoredSecret,
        overlap: Duration,
        now: Timestamp,
    ) -> Result<Self, TooManySecrets> {
        let end = now.after(overlap);
        let mut secrets: Vec<_> = self
            .secrets
            .iter()
            .map(|secret| StoredSecret {
                expires_at: Some(secret.expires_at.map_or(end, |sooner| sooner.min(end))),
                ..secret.clone()
            })
            .filter(|secret| secret.is_live(now))
            .collect();
        if secrets.len() >= Self::MOST_SECRETS {
            return Err(TooManySecrets);
        }
        secrets.push(fresh);
        Ok(Self {
            method: self.method,
            secrets,
        })
    }
}

/// A grant type this server knows (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 section 4.4.
    ClientCredentials,
}

impl GrantType {
    /// Every grant type that really works.
    pub const ALL: &'static [Self] = &[Self::ClientCredentials];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// The grant type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }
}

/// Where a client may ask to use its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedResources {
    /// Any registered resource; each token request has to name its own.
    Any,
    /// These; a token request that names none gets them all.
    Only(Vec<ResourceIdentifier>),
}

/// What people are shown about a caller (RFC 7591 section 2; RFC 9701 section 3).
/// Self-asserted: shown, never trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicDetails {
    /// `client_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `client_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// `contacts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// `tos_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// `policy_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn secret(name: &str, expires_at: Option<i64>) -> StoredSecret {
        StoredSecret {
            hash: SecretHash::of(name),
            created_at: at(0),
            expires_at: expires_at.map(at),
        }
    }

    fn credentials(secrets: Vec<StoredSecret>) -> Credentials {
        Credentials {
            method: AuthenticationMethod::ClientSecretBasic,
            secrets,
        }
    }

    #[test]
    fn older_secrets_live_on_for_the_overlap_and_never_longer_than_they_would_have() {
        let before = credentials(vec![
            secret("gone", Some(100)),
            secret("soon", Some(105)),
            secret("late", Some(999)),
            secret("now", None),
        ]);
        let after = before
            .rotated(secret("fresh", None), Duration::from_secs(10), at(100))
            .unwrap();
        let expected = vec![
            secret("soon", Some(105)),
            secret("late", Some(110)),
            secret("now", Some(110)),
            secret("fresh", None),
        ];
        assert_eq!(after.secrets, expected);
        let at_once = before.rotated(secret("fresh", None), Duration::ZERO, at(100));
        assert_eq!(at_once.unwrap().secrets, [secret("fresh", None)]);
    }

    #[test]
    fn secrets_are_bounded() {
        let mut credentials = credentials(vec![secret("first", None)]);
        for _ in 1..Credentials::MOST_SECRETS {
            credentials = credentials
                .rotated(secret("next", None), Duration::from_secs(10), at(100))
                .unwrap();
        }
        let overlap = Duration::from_secs(10);
        assert_eq!(
            credentials.rotated(secret("next", None), overlap, at(100)),
            Err(TooManySecrets)
        );
        assert!(
            credentials
                .rotated(secret("next", None), overlap, at(110))
                .is_ok()
        );
    }

    #[test]
    fn a_live_secret_is_known_by_its_hash() {
        let credentials = credentials(vec![secret("old", Some(10)), secret("new", None)]);
        let has = |name: &str, now| credentials.has_secret(&SecretHash::of(name), at(now));
        assert!(has("old", 9) && has("new", 9));
        assert!(!has("old", 10) && has("new", 10) && !has("other", 9));
    }
}
