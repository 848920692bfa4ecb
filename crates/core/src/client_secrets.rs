//! Client secrets in the making, and those that both sides keep opened again.

use avouch_crypto::random::SecureRandom;
use avouch_crypto::seal::{SealError, SealingKey};
use avouch_jose::{MacAlgorithm, MacKey};
use thiserror::Error;

use crate::records::SecretKind;
use crate::secret::{KeptSecret, PlainSecret, SealedSecret, StoredSecret};
use crate::time::Timestamp;

/// Seals the secrets that are kept. Its key is a server secret, itself sealed.
#[derive(Debug)]
pub struct ClientSecrets(SealingKey);

/// A kept secret that cannot be used. An operator has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a kept client secret cannot be opened: it was changed, or belongs to another caller")]
pub struct UnusableSecret;

impl ClientSecrets {
    /// Works with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(SealingKey::new(key))
    }

    /// Makes a secret for `owner`: to be shown once, and to be kept.
    pub fn make(
        &self,
        kind: SecretKind,
        owner: &str,
        random: &dyn SecureRandom,
        now: Timestamp,
    ) -> Result<(PlainSecret, StoredSecret), SealError> {
        let (secret, kept) = match kind {
            SecretKind::Hashed => {
                let secret = PlainSecret::generate(random)?;
                let hash = secret.hash();
                (secret, KeptSecret::Hash(hash))
            }
            SecretKind::Sealed => {
                let secret = PlainSecret::generate_for_hmac(random)?;
                let sealed = self
                    .0
                    .seal(owner.as_bytes(), secret.expose().as_bytes(), random)?;
                (secret, KeptSecret::Sealed(SealedSecret::from_bytes(sealed)))
            }
        };
        Ok((secret, StoredSecret::new(kept, now)))
    }

    /// The key that assertions of `owner` are checked under.
    pub fn mac_key(
        &self,
        owner: &str,
        sealed: &SealedSecret,
        algorithm: MacAlgorithm,
    ) -> Result<MacKey, UnusableSecret> {
        let secret = self
            .0
            .open(owner.as_bytes(), sealed.as_bytes())
            .map_err(|_| UnusableSecret)?;
        MacKey::from_shared_secret(algorithm, &secret).map_err(|_| UnusableSecret)
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;

    use super::*;

    fn secrets() -> ClientSecrets {
        ClientSecrets::new(&[3; 32])
    }

    fn make(kind: SecretKind) -> (PlainSecret, StoredSecret) {
        let now = Timestamp::from_secs(0);
        secrets().make(kind, "shop", &SystemRandom, now).unwrap()
    }

    #[test]
    fn a_secret_that_is_sent_is_kept_as_a_hash_alone() {
        let (secret, kept) = make(SecretKind::Hashed);
        assert_eq!(kept.kept, KeptSecret::Hash(secret.hash()));
    }

    #[test]
    fn a_secret_that_is_kept_opens_for_its_owner_alone_and_is_long_enough() {
        let (secret, kept) = make(SecretKind::Sealed);
        assert_eq!(secret.expose().len(), 86);
        let KeptSecret::Sealed(sealed) = kept.kept else {
            panic!("not sealed");
        };
        for algorithm in MacAlgorithm::ALL {
            assert!(secrets().mac_key("shop", &sealed, algorithm).is_ok());
            assert!(secrets().mac_key("other", &sealed, algorithm).is_err());
        }
        assert!(!format!("{sealed:?}").contains(secret.expose()));
    }
}
