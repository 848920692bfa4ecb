//! Keys that encrypt.

use std::fmt;

use avouch_crypto::{
    key_agreement::{AgreementCurve, AgreementPublicKey},
    rsa_oaep::OaepPublicKey,
};

use super::{EncryptionKeyError, KeyManagementAlgorithm, key_management::KeyManagement};
use crate::{EcCurve, Jwk, KeyMaterial, OkpCurve};

/// A recipient's public key, parsed, bound to the one algorithm it is used with. Make it once and keep it.
pub struct EncryptionKey {
    algorithm: KeyManagementAlgorithm,
    kid: Option<String>,
    thumbprint: [u8; 32],
    pub(super) key: RecipientKey,
}

pub(super) enum RecipientKey {
    Rsa(OaepPublicKey),
    Agreement(AgreementPublicKey),
}

impl EncryptionKey {
    /// Binds a recipient's key to the algorithm that was settled on with it.
    ///
    /// The key must be of the right type and curve, its `use` and `key_ops` must allow encryption, and its `alg`, if
    /// it has one, must be the same name.
    pub fn from_jwk(
        jwk: &Jwk,
        algorithm: KeyManagementAlgorithm,
    ) -> Result<Self, EncryptionKeyError> {
        if !jwk.may_encrypt() {
            return Err(EncryptionKeyError::NotForEncryption);
        }
        if jwk.alg().is_some_and(|alg| alg != algorithm.name()) {
            return Err(EncryptionKeyError::OtherAlgorithm);
        }
        if !algorithm.fits(jwk.material()) {
            return Err(EncryptionKeyError::WrongKeyType(algorithm));
        }
        let parts = jwk.material().parts();
        let key = match algorithm.management() {
            KeyManagement::Oaep(hash) => {
                RecipientKey::Rsa(OaepPublicKey::from_parts(hash, &parts)?)
            }
            KeyManagement::Agreement | KeyManagement::AgreementAndWrap(_) => {
                let curve = agreement_curve(jwk.material())
                    .ok_or(EncryptionKeyError::WrongKeyType(algorithm))?;
                RecipientKey::Agreement(AgreementPublicKey::from_parts(curve, &parts)?)
            }
        };
        Ok(Self {
            algorithm,
            kid: jwk.kid().map(str::to_owned),
            thumbprint: jwk.thumbprint(),
            key,
        })
    }

    /// The one algorithm this key is used with.
    pub fn algorithm(&self) -> KeyManagementAlgorithm {
        self.algorithm
    }

    /// The `kid` of the JWK it came from.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The SHA-256 thumbprint of the JWK it came from (RFC 7638).
    pub fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }
}

impl TryFrom<&Jwk> for EncryptionKey {
    type Error = EncryptionKeyError;

    /// Binds a key to the algorithm in its own `alg`, which it must have.
    fn try_from(jwk: &Jwk) -> Result<Self, EncryptionKeyError> {
        let alg = jwk.alg().ok_or(EncryptionKeyError::NoAlgorithm)?;
        Self::from_jwk(
            jwk,
            alg.parse()
                .map_err(|_| EncryptionKeyError::UnsupportedAlgorithm)?,
        )
    }
}

/// The curve of a key that agrees; `None` for the others.
pub(super) fn agreement_curve(material: &KeyMaterial) -> Option<AgreementCurve> {
    match material {
        KeyMaterial::Ec { curve, .. } => Some(match curve {
            EcCurve::P256 => AgreementCurve::P256,
            EcCurve::P384 => AgreementCurve::P384,
            EcCurve::P521 => AgreementCurve::P521,
        }),
        KeyMaterial::Okp {
            curve: OkpCurve::X25519,
            ..
        } => Some(AgreementCurve::X25519),
        KeyMaterial::Okp { .. } | KeyMaterial::Rsa { .. } | KeyMaterial::Akp { .. } => None,
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("alg", &self.algorithm.name())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
