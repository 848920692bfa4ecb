//! Secrets that two share.

use std::fmt;

use avouch_crypto::hmac::{SecretTooShort, SharedHmacKey, TagInvalid};

use super::MacAlgorithm;

/// A shared secret bound to one algorithm. It is made of the secret alone, never of a JWK, and becomes neither a
/// signing nor a verification key. `Debug` shows the algorithm.
#[derive(Clone)]
pub struct MacKey {
    algorithm: MacAlgorithm,
    key: SharedHmacKey,
}

/// Why a secret is not usable with an algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MacKeyError {
    /// RFC 7518 section 3.2: at least as long as the hash.
    #[error("{algorithm} needs a secret of at least {} octets: take a longer one or a shorter hash", .source.needed)]
    TooShort {
        /// The algorithm that was to be used.
        algorithm: MacAlgorithm,
        /// How long the secret has to be.
        source: SecretTooShort,
    },
}

impl MacKey {
    /// Binds a secret to the algorithm that both sides have settled on. For a client secret these are the octets of
    /// its text (OpenID Connect Core section 10.1).
    pub fn from_shared_secret(algorithm: MacAlgorithm, secret: &[u8]) -> Result<Self, MacKeyError> {
        let key = SharedHmacKey::new(algorithm.hash(), secret)
            .map_err(|source| MacKeyError::TooShort { algorithm, source })?;
        Ok(Self { algorithm, key })
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> MacAlgorithm {
        self.algorithm
    }

    pub(super) fn compute(&self, signing_input: &str) -> Vec<u8> {
        self.key.compute(signing_input.as_bytes())
    }

    pub(super) fn verify(&self, signing_input: &str, tag: &[u8]) -> Result<(), TagInvalid> {
        self.key.verify(signing_input.as_bytes(), tag)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey")
            .field("alg", &self.algorithm.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_as_long_as_the_hash_and_the_error_says_so() {
        for (algorithm, needed) in [
            (MacAlgorithm::Hs256, 32),
            (MacAlgorithm::Hs384, 48),
            (MacAlgorithm::Hs512, 64),
        ] {
            assert!(MacKey::from_shared_secret(algorithm, &vec![1; needed]).is_ok());
            let error = MacKey::from_shared_secret(algorithm, &vec![1; needed - 1]).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "{algorithm} needs a secret of at least {needed} octets: take a longer one or a shorter hash"
                )
            );
        }
    }

    #[test]
    fn debug_shows_the_algorithm_alone() {
        let key = MacKey::from_shared_secret(MacAlgorithm::Hs256, &[b's'; 32]).unwrap();
        assert_eq!(format!("{key:?}"), r#"MacKey { alg: "HS256", .. }"#);
    }
}
