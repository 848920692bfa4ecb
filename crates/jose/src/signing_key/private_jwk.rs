//! Private keys as JSON, in only: for imports and known answers.

use avouch_crypto::{PrivateKey, PrivateKeyParts};

use super::{KeyError, SigningKey};
use crate::{
    Jwk, KeyMaterial, KeyUse, SignatureAlgorithm,
    jwk::{Members, RsaSecrets},
};

impl SigningKey {
    /// Imports a private JWK (RFC 7518 section 6, RFC 9964 section 3) that says its `alg`.
    pub fn from_private_jwk(json: &[u8]) -> Result<Self, KeyError> {
        import(Members::parse(json)?, None)
    }

    /// Imports a private JWK for an algorithm; its own `alg`, if it has one, must be the same.
    pub fn from_private_jwk_for(
        algorithm: SignatureAlgorithm,
        json: &[u8],
    ) -> Result<Self, KeyError> {
        import(Members::parse(json)?, Some(algorithm))
    }
}

fn import(
    mut members: Members,
    wanted: Option<SignatureAlgorithm>,
) -> Result<SigningKey, KeyError> {
    let public = Jwk::public_half(&members)?;
    let algorithm = settle(public.alg(), wanted)?;
    if !may_sign(&public) {
        return Err(KeyError::NotForSignatures);
    }
    if !algorithm.fits(public.material()) {
        return Err(KeyError::WrongKeyType(algorithm));
    }
    let key = private_key(algorithm, public.material(), &mut members)?;
    let imported = SigningKey::new(algorithm, key);
    Ok(match public.kid() {
        Some(kid) => imported.with_kid(kid),
        None => imported,
    })
}

fn settle(
    alg: Option<&str>,
    wanted: Option<SignatureAlgorithm>,
) -> Result<SignatureAlgorithm, KeyError> {
    match (alg, wanted) {
        (None, None) => Err(KeyError::NoAlgorithm),
        (None, Some(wanted)) => Ok(wanted),
        (Some(alg), Some(wanted)) if alg != wanted.name() => Err(KeyError::OtherAlgorithm),
        (Some(alg), _) => alg.parse().map_err(|_| KeyError::UnsupportedAlgorithm),
    }
}

fn may_sign(jwk: &Jwk) -> bool {
    jwk.key_use != Some(KeyUse::Encryption)
        && jwk
            .key_ops
            .as_ref()
            .is_none_or(|operations| operations.iter().any(|operation| operation == "sign"))
}

fn private_key(
    algorithm: SignatureAlgorithm,
    public: &KeyMaterial,
    members: &mut Members,
) -> Result<PrivateKey, KeyError> {
    let (scheme, parts) = (algorithm.scheme(), public.parts());
    Ok(match public {
        KeyMaterial::Rsa { .. } => {
            PrivateKey::from_parts(scheme, &parts, &RsaSecrets::take(members)?.parts())?
        }
        KeyMaterial::Ec { .. } => {
            let d = members.take_secret("d")?;
            PrivateKey::from_parts(scheme, &parts, &PrivateKeyParts::Ec { d: &d })?
        }
        KeyMaterial::Okp { .. } => {
            let d = members.take_secret("d")?;
            PrivateKey::from_parts(scheme, &parts, &PrivateKeyParts::Ed25519 { d: &d })?
        }
        KeyMaterial::Akp { .. } => {
            let seed = members.take_secret("priv")?;
            PrivateKey::from_parts(scheme, &parts, &PrivateKeyParts::MlDsa { seed: &seed })?
        }
    })
}
