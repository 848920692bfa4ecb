//! Keys that verify.

use std::fmt;

use avouch_crypto::PublicKey;

use crate::{Jwk, KeyError, SignatureAlgorithm};

/// A public key, parsed, bound to the one algorithm it verifies. Make it once and keep it.
pub struct VerificationKey {
    algorithm: SignatureAlgorithm,
    kid: Option<String>,
    key: PublicKey,
}

impl VerificationKey {
    /// Binds a key to the algorithm that the verifier has settled on.
    ///
    /// The key must be of the right type and curve, its `use` and `key_ops` must allow verifying, and its `alg`, if it
    /// has one, must be the same name: a key published for `Ed25519` does not verify `EdDSA`.
    pub fn from_jwk(jwk: &Jwk, algorithm: SignatureAlgorithm) -> Result<Self, KeyError> {
        if !jwk.may_verify() {
            return Err(KeyError::NotForSignatures);
        }
        if jwk.alg().is_some_and(|alg| alg != algorithm.name()) {
            return Err(KeyError::OtherAlgorithm);
        }
        if !algorithm.fits(jwk.material()) {
            return Err(KeyError::WrongKeyType(algorithm));
        }
        let key = PublicKey::from_parts(algorithm.scheme(), &jwk.material().parts())
            .map_err(|error| KeyError::Jwk(error.into()))?;
        Ok(Self {
            algorithm,
            kid: jwk.kid().map(str::to_owned),
            key,
        })
    }

    /// The one algorithm this key verifies.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The `kid` of the JWK it came from.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.key
    }
}

impl TryFrom<&Jwk> for VerificationKey {
    type Error = KeyError;

    /// Binds a key to the algorithm in its own `alg`, which it must have.
    fn try_from(jwk: &Jwk) -> Result<Self, KeyError> {
        let alg = jwk.alg().ok_or(KeyError::NoAlgorithm)?;
        Self::from_jwk(
            jwk,
            alg.parse().map_err(|_| KeyError::UnsupportedAlgorithm)?,
        )
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("alg", &self.algorithm.name())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
