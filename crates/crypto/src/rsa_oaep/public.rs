//! The half that encrypts.

use std::fmt;

use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents};

use super::OaepHash;
use crate::public_key::{PublicKeyParts, PublicKeyRejected, check_rsa};

/// An RSA public key that encrypts. Cheap to share, costly to make: keep it.
pub struct OaepPublicKey {
    hash: OaepHash,
    key: OaepPublicEncryptingKey,
}

/// Nothing was encrypted: the message is longer than the key can take, or the library failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message could not be encrypted")]
pub struct EncryptionFailed;

impl OaepPublicKey {
    /// Checks the parts, as strictly as those of a key that verifies, and binds them to `hash`.
    pub fn from_parts(hash: OaepHash, parts: &PublicKeyParts) -> Result<Self, PublicKeyRejected> {
        let PublicKeyParts::Rsa { n, e } = parts else {
            return Err(PublicKeyRejected::WrongKind);
        };
        check_rsa(n, e)?;
        let components = PublicKeyComponents {
            n: n.as_slice(),
            e: e.as_slice(),
        };
        let key: PublicEncryptingKey = components
            .try_into()
            .map_err(|_| PublicKeyRejected::RsaExponent)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| PublicKeyRejected::RsaExponent)?;
        Ok(Self { hash, key })
    }

    /// How long every ciphertext is: as long as the modulus.
    pub fn ciphertext_len(&self) -> usize {
        self.key.ciphertext_size()
    }

    /// Encrypts a short message, such as a key.
    pub fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, EncryptionFailed> {
        let mut ciphertext = vec![0; self.ciphertext_len()];
        let length = self
            .key
            .encrypt(self.hash.algorithm(), message, &mut ciphertext, None)
            .map_err(|_| EncryptionFailed)?
            .len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }
}

impl fmt::Debug for OaepPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OaepPublicKey")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}
