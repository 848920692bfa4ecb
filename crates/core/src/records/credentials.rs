//! What a caller is authenticated with: its method, and its secrets where the
//! method has any.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ClientAuthentication, SecretKind};
use crate::secret::{SecretHash, StoredSecret};
use crate::time::Timestamp;

/// How a caller proves itself: exactly one method, as registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The one method that is accepted.
    pub authentication: ClientAuthentication,
    /// Its secrets, newest last; more than one only while rotating. All of the
    /// kind that the method works with.
    pub secrets: Vec<StoredSecret>,
}

/// Why no secret is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RotationError {
    /// No room for a further one.
    #[error(
        "there are {} secrets already: let some expire first",
        Credentials::MOST_SECRETS
    )]
    TooMany,
    /// The method works without one, or with another kind.
    #[error("this caller does not authenticate with a secret")]
    NoSecret,
}

impl Credentials {
    /// The most secrets a caller has at a time: enough to rotate without haste.
    pub const MOST_SECRETS: usize = 8;

    /// A caller's first credentials, with the secret that was made for it.
    pub fn first(authentication: ClientAuthentication, secret: Option<StoredSecret>) -> Self {
        Self {
            authentication,
            secrets: secret.into_iter().collect(),
        }
    }

    /// The credentials after another method was registered. Secrets are kept if
    /// they are of the kind it works with, and are gone otherwise: a secret is
    /// good for no other method.
    #[must_use]
    pub fn with_authentication(&self, authentication: ClientAuthentication) -> Self {
        let kind = authentication.secret_kind();
        let mut secrets = self.secrets.clone();
        secrets.retain(|secret| Some(secret.kind()) == kind);
        Self {
            authentication,
            secrets,
        }
    }

    /// The kind of secret it needs and has none of.
    pub fn lacks_secret(&self, now: Timestamp) -> Option<SecretKind> {
        let has_one = self.secrets.iter().any(|secret| secret.is_live(now));
        self.authentication.secret_kind().filter(|_| !has_one)
    }

    /// Whether a live secret has this hash. Every secret is compared, so that
    /// the time does not tell which one fits.
    pub fn has_secret(&self, presented: &SecretHash, now: Timestamp) -> bool {
        self.secrets
            .iter()
            .filter(|stored| stored.is_live(now))
            .filter_map(StoredSecret::hash)
            .fold(false, |found, hash| hash.matches(presented) | found)
    }

    /// The credentials after a rotation: the fresh secret, and before it those
    /// that live on for the overlap, none longer than it would have.
    pub fn rotated(
        &self,
        fresh: StoredSecret,
        overlap: Duration,
        now: Timestamp,
    ) -> Result<Self, RotationError> {
        if self.authentication.secret_kind() != Some(fresh.kind()) {
            return Err(RotationError::NoSecret);
        }
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
            return Err(RotationError::TooMany);
        }
        secrets.push(fresh);
        Ok(Self {
            secrets,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_jose::MacAlgorithm;

    use crate::secret::KeptSecret;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn secret(name: &str, expires_at: Option<i64>) -> StoredSecret {
        StoredSecret {
            kept: KeptSecret::Hash(SecretHash::of(name)),
            created_at: at(0),
            expires_at: expires_at.map(at),
        }
    }

    fn credentials(secrets: Vec<StoredSecret>) -> Credentials {
        Credentials {
            authentication: ClientAuthentication::ClientSecretBasic,
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
            Err(RotationError::TooMany)
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

    #[test]
    fn a_secret_is_good_for_no_method_of_another_kind() {
        let hashed = credentials(vec![secret("one", None)]);
        let post = hashed.with_authentication(ClientAuthentication::ClientSecretPost);
        assert_eq!(post.secrets, hashed.secrets);
        assert_eq!(post.lacks_secret(at(0)), None);

        let by_assertion = ClientAuthentication::ClientSecretJwt {
            algorithm: MacAlgorithm::Hs256,
        };
        let sealed = hashed.with_authentication(by_assertion);
        assert_eq!(sealed.secrets, []);
        assert_eq!(sealed.lacks_secret(at(0)), Some(SecretKind::Sealed));
        assert_eq!(
            sealed.rotated(secret("hashed", None), Duration::ZERO, at(0)),
            Err(RotationError::NoSecret)
        );
    }
}
