//! Keys that decrypt.

mod private_jwk;

use std::fmt;

use avouch_crypto::{
    PrivateKeyRejected, PublicKeyParts, RsaKeySize,
    key_agreement::{AgreementCurve, AgreementPrivateKey},
    random::SecureRandom,
    rsa_oaep::OaepPrivateKey,
};
use zeroize::Zeroizing;

use super::{EncryptionKeyError, KeyManagementAlgorithm, key_management::KeyManagement};
use crate::{Jwk, KeyMaterial, KeyUse};

/// A private key bound to one algorithm, with the name and the public half it is published under.
///
/// `Debug` shows algorithm and `kid` alone; nothing writes the private half but [`to_pkcs8`](Self::to_pkcs8).
pub struct DecryptionKey {
    algorithm: KeyManagementAlgorithm,
    pub(super) key: PrivateHalf,
    public_jwk: Jwk,
    kid: String,
}

pub(super) enum PrivateHalf {
    Rsa(OaepPrivateKey),
    Agreement(AgreementPrivateKey),
}

impl DecryptionKey {
    /// A fresh key: an RSA one has 2048 bits, the others lie on P-256. Takes up to a second for RSA.
    pub fn generate(
        algorithm: KeyManagementAlgorithm,
        rng: &dyn SecureRandom,
    ) -> Result<Self, EncryptionKeyError> {
        if algorithm.is_rsa() {
            Self::generate_rsa(algorithm, RsaKeySize::default())
        } else {
            Self::generate_on(algorithm, AgreementCurve::P256, rng)
        }
    }

    /// A fresh RSA key of a given size.
    pub fn generate_rsa(
        algorithm: KeyManagementAlgorithm,
        size: RsaKeySize,
    ) -> Result<Self, EncryptionKeyError> {
        match algorithm.management() {
            KeyManagement::Oaep(hash) => {
                let key = OaepPrivateKey::generate(hash, size)?;
                Ok(Self::new(algorithm, PrivateHalf::Rsa(key)))
            }
            KeyManagement::Agreement | KeyManagement::AgreementAndWrap(_) => {
                Err(EncryptionKeyError::WrongKeyType(algorithm))
            }
        }
    }

    /// A fresh key on a given curve.
    pub fn generate_on(
        algorithm: KeyManagementAlgorithm,
        curve: AgreementCurve,
        rng: &dyn SecureRandom,
    ) -> Result<Self, EncryptionKeyError> {
        match algorithm.management() {
            KeyManagement::Oaep(_) => Err(EncryptionKeyError::WrongKeyType(algorithm)),
            KeyManagement::Agreement | KeyManagement::AgreementAndWrap(_) => {
                let key = AgreementPrivateKey::generate(curve, rng)?;
                Ok(Self::new(algorithm, PrivateHalf::Agreement(key)))
            }
        }
    }

    /// Parses an unencrypted PKCS#8 document (RFC 5958); the curve of a key that agrees is the document's.
    pub fn from_pkcs8(
        algorithm: KeyManagementAlgorithm,
        pkcs8: &[u8],
    ) -> Result<Self, EncryptionKeyError> {
        let key = match algorithm.management() {
            KeyManagement::Oaep(hash) => PrivateHalf::Rsa(OaepPrivateKey::from_pkcs8(hash, pkcs8)?),
            KeyManagement::Agreement | KeyManagement::AgreementAndWrap(_) => {
                let key = AgreementCurve::ALL
                    .into_iter()
                    .find_map(|curve| AgreementPrivateKey::from_pkcs8(curve, pkcs8).ok());
                PrivateHalf::Agreement(key.ok_or(PrivateKeyRejected::Malformed)?)
            }
        };
        Ok(Self::new(algorithm, key))
    }

    fn new(algorithm: KeyManagementAlgorithm, key: PrivateHalf) -> Self {
        let mut public_jwk = Jwk {
            kid: None,
            key_use: Some(KeyUse::Encryption),
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
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, EncryptionKeyError> {
        Ok(match &self.key {
            PrivateHalf::Rsa(key) => key.to_pkcs8()?,
            PrivateHalf::Agreement(key) => key.to_pkcs8()?,
        })
    }

    /// The one algorithm this key decrypts.
    pub fn algorithm(&self) -> KeyManagementAlgorithm {
        self.algorithm
    }

    /// The name of the key: its RFC 7638 SHA-256 thumbprint in base64url, unless another was given.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What senders get: the public half with `kid`, `use` and `alg`.
    pub fn public_jwk(&self) -> &Jwk {
        &self.public_jwk
    }
}

impl PrivateHalf {
    fn public_parts(&self) -> &PublicKeyParts {
        match self {
            Self::Rsa(key) => key.public_parts(),
            Self::Agreement(key) => key.public_parts(),
        }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("alg", &self.algorithm.name())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
