//! Client secrets: made here, shown once, kept as a hash.

use std::fmt;

use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_crypto::{constant_time, hash};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::records::SecretKind;
use crate::time::Timestamp;

/// A secret in the clear: shown to its owner once, never stored.
pub struct PlainSecret(Zeroizing<String>);

impl PlainSecret {
    /// A fresh secret of 256 random bits, base64url.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, RandomError> {
        Self::of_octets::<32>(random)
    }

    /// A fresh secret of 512 random bits: its text is long enough to be a key
    /// of every HMAC of JOSE (RFC 7518 section 3.2).
    pub fn generate_for_hmac(random: &dyn SecureRandom) -> Result<Self, RandomError> {
        Self::of_octets::<64>(random)
    }

    fn of_octets<const N: usize>(random: &dyn SecureRandom) -> Result<Self, RandomError> {
        let mut bytes = Zeroizing::new([0; N]);
        random.fill(bytes.as_mut_slice())?;
        Ok(Self(Zeroizing::new(avouch_jose::base64url::encode(
            bytes.as_slice(),
        ))))
    }

    /// The secret itself. Named so that each use of it stands out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret(..)")
    }
}

/// The SHA-256 of a secret.
///
/// A plain hash is enough because every secret has 256 random bits: there is
/// no dictionary to try, and the check costs a caller no time.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash that no secret has, for comparisons whose outcome is already
    /// known and whose duration must not tell.
    pub const OF_NOTHING: Self = Self([0; 32]);

    /// The hash of a presented secret.
    pub fn of(secret: &str) -> Self {
        Self(hash::sha256(secret.as_bytes()))
    }

    /// Wraps a hash read back from storage.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as it is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares in a time that does not depend on where the two differ.
    pub fn matches(&self, other: &Self) -> bool {
        constant_time::eq(&self.0, &other.0)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// A secret that both sides keep, as it is stored: sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSecret(Vec<u8>);

impl SealedSecret {
    /// Wraps what was read back from storage.
    pub const fn from_bytes(sealed: Vec<u8>) -> Self {
        Self(sealed)
    }

    /// The sealed secret as it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(..)")
    }
}

/// What is kept of a secret: enough to check it, and no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptSecret {
    /// Of one that its owner sends.
    Hash(SecretHash),
    /// Of one that is never sent: assertions are checked under it.
    Sealed(SealedSecret),
}

/// One of a caller's secrets, with its end if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSecret {
    /// What is kept of the secret.
    pub kept: KeptSecret,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer counts; `None` for as long as it stands.
    pub expires_at: Option<Timestamp>,
}

impl StoredSecret {
    /// Keeps a fresh secret that has no end.
    pub const fn new(kept: KeptSecret, now: Timestamp) -> Self {
        Self {
            kept,
            created_at: now,
            expires_at: None,
        }
    }

    /// The kind of method it works with.
    pub const fn kind(&self) -> SecretKind {
        match self.kept {
            KeptSecret::Hash(_) => SecretKind::Hashed,
            KeptSecret::Sealed(_) => SecretKind::Sealed,
        }
    }

    /// The hash, of a secret that its owner sends.
    pub const fn hash(&self) -> Option<&SecretHash> {
        match &self.kept {
            KeptSecret::Hash(hash) => Some(hash),
            KeptSecret::Sealed(_) => None,
        }
    }

    /// Whether it counts at this instant.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;

    use super::*;

    #[test]
    fn a_secret_matches_its_own_hash_only() {
        let one = PlainSecret::generate(&SystemRandom).unwrap();
        let two = PlainSecret::generate(&SystemRandom).unwrap();
        assert!(one.hash().matches(&SecretHash::of(one.expose())));
        assert!(!one.hash().matches(&two.hash()));
        assert_eq!(one.expose().len(), 43);
    }

    #[test]
    fn neither_form_shows_in_debug() {
        let secret = PlainSecret::generate(&SystemRandom).unwrap();
        let shown = format!("{secret:?} {:?}", secret.hash());
        assert_eq!(shown, "PlainSecret(..) SecretHash(..)");
    }

    #[test]
    fn a_secret_ends_at_its_end() {
        let secret = StoredSecret {
            kept: KeptSecret::Hash(SecretHash::OF_NOTHING),
            created_at: Timestamp::from_secs(0),
            expires_at: Some(Timestamp::from_secs(10)),
        };
        assert!(secret.is_live(Timestamp::from_secs(9)));
        assert!(!secret.is_live(Timestamp::from_secs(10)));
    }
}
