//! Keys that sign.

mod private_jwk;

use std::fmt;

use avouch_crypto::{
    KeyGenerationError, PrivateKey, PrivateKeyRejected, RsaKeySize, SigningFailed,
    random::SecureRandom,
};
use zeroize::Zeroizing;

use crate::{Jwk, JwkError, KeyMaterial, KeyUse, SignatureAlgorithm};

/// A private key bound to one algorithm, with the name and the public half it is published under.
///
/// `Debug` shows algorithm and `kid` alone; nothing writes the private half but [`to_pkcs8`](Self::to_pkcs8).
pub struct SigningKey {
    algorithm: SignatureAlgorithm,
    key: PrivateKey,
    public_jwk: Jwk,
    kid: String,
}

/// Why there is no usable key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The JWK is not sound.
    #[error(transparent)]
    Jwk(#[from] JwkError),
    /// The JWK has no `alg`, and none was given.
    #[error("the key does not say its `alg`")]
    NoAlgorithm,
    /// The `alg` of the JWK is not a supported signature algorithm.
    #[error("the key is for an algorithm that is not supported")]
    UnsupportedAlgorithm,
    /// The `alg` of the JWK is another one than asked for. One key, one algorithm.
    #[error("the key is for another algorithm")]
    OtherAlgorithm,
    /// `use` or `key_ops` do not allow what was asked for.
    #[error("the key is not meant for this use")]
    NotForSignatures,
    /// The type or curve of the key does not fit the algorithm.
    #[error("the type or curve of the key does not fit {0}")]
    WrongKeyType(SignatureAlgorithm),
    /// The private half is malformed, or not the half of its public one.
    #[error(transparent)]
    Private(#[from] PrivateKeyRejected),
    /// The key could not be generated.
    #[error(transparent)]
    Generation(#[from] KeyGenerationError),
}

/// Why nothing was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The header names another algorithm than the key's. A mistake of the program.
    #[error("the header names {header}, the key signs {key}")]
    AlgorithmMismatch {
        /// What the header names.
        header: SignatureAlgorithm,
        /// What the key signs.
        key: SignatureAlgorithm,
    },
    /// The cryptographic library failed.
    #[error(transparent)]
    Failed(#[from] SigningFailed),
}

impl SigningKey {
    /// A fresh key; an RSA one has 2048 bits. Takes up to a second for RSA: not for a thread that serves requests.
    pub fn generate(
        algorithm: SignatureAlgorithm,
        rng: &dyn SecureRandom,
    ) -> Result<Self, KeyError> {
        Ok(Self::new(
            algorithm,
            PrivateKey::generate(algorithm.scheme(), rng)?,
        ))
    }

    /// A fresh RSA key of a given size.
    pub fn generate_rsa(algorithm: SignatureAlgorithm, size: RsaKeySize) -> Result<Self, KeyError> {
        Ok(Self::new(
            algorithm,
            PrivateKey::generate_rsa(algorithm.scheme(), size)?,
        ))
    }

    /// Parses an unencrypted PKCS#8 document.
    pub fn from_pkcs8(algorithm: SignatureAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::new(
            algorithm,
            PrivateKey::from_pkcs8(algorithm.scheme(), pkcs8)?,
        ))
    }

    fn new(algorithm: SignatureAlgorithm, key: PrivateKey) -> Self {
        let mut public_jwk = Jwk {
            kid: None,
            key_use: Some(KeyUse::Signature),
            key_ops: None,
            alg: Some(algorithm.name().to_owned()),
            certificates: Vec::new(),
            material: KeyMaterial::from_parts(key.public_parts()),
        };
        let kid = public_jwk.thumbprint_base64url();
        public_jwk.kid = Some(kid.clone());
        Self {
            algorithm,
            key,
            public_jwk,
            kid,
        }
    }

    /// The same key under a name of the caller's instead of its thumbprint.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = kid.into();
        self.public_jwk.kid = Some(self.kid.clone());
        self
    }

    /// The key as an unencrypted PKCS#8 document, for sealing. The `kid` is not in it.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(self.key.to_pkcs8()?)
    }

    /// The one algorithm this key signs with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The name of the key: its RFC 7638 SHA-256 thumbprint in base64url, unless another was given.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What verifiers get: the public half with `kid`, `use` and `alg`.
    pub fn public_jwk(&self) -> &Jwk {
        &self.public_jwk
    }

    /// Signs a message, for a JWS its signing input. The octets of the signature are as JWS wants them.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.key.sign(message)?)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("alg", &self.algorithm.name())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
