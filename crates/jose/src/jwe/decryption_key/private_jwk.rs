//! Private keys as JSON, in only: for imports and known answers.

use avouch_crypto::{
    PrivateKeyParts,
    key_agreement::{AgreementCurve, AgreementPrivateKey},
    rsa_oaep::OaepPrivateKey,
};

use super::{DecryptionKey, PrivateHalf};
use crate::{
    Jwk, KeyUse,
    jwe::{
        EncryptionKeyError, KeyManagementAlgorithm, encryption_key::agreement_curve,
        key_management::KeyManagement,
    },
    jwk::{Members, RsaSecrets},
};

impl DecryptionKey {
    /// Imports a private JWK (RFC 7518 section 6) that says its `alg`.
    pub fn from_private_jwk(json: &[u8]) -> Result<Self, EncryptionKeyError> {
        import(Members::parse(json)?, None)
    }

    /// Imports a private JWK for an algorithm; its own `alg`, if it has one, must be the same.
    pub fn from_private_jwk_for(
        algorithm: KeyManagementAlgorithm,
        json: &[u8],
    ) -> Result<Self, EncryptionKeyError> {
        import(Members::parse(json)?, Some(algorithm))
    }
}

fn import(
    mut members: Members,
    wanted: Option<KeyManagementAlgorithm>,
) -> Result<DecryptionKey, EncryptionKeyError> {
    let public = Jwk::public_half(&members)?;
    let algorithm = settle(public.alg(), wanted)?;
    if !may_decrypt(&public) {
        return Err(EncryptionKeyError::NotForEncryption);
    }
    if !algorithm.fits(public.material()) {
        return Err(EncryptionKeyError::WrongKeyType(algorithm));
    }
    let imported = DecryptionKey::new(algorithm, private_half(algorithm, &public, &mut members)?);
    Ok(match public.kid() {
        Some(kid) => imported.with_kid(kid),
        None => imported,
    })
}

fn settle(
    alg: Option<&str>,
    wanted: Option<KeyManagementAlgorithm>,
) -> Result<KeyManagementAlgorithm, EncryptionKeyError> {
    match (alg, wanted) {
        (None, None) => Err(EncryptionKeyError::NoAlgorithm),
        (None, Some(wanted)) => Ok(wanted),
        (Some(alg), Some(wanted)) if alg != wanted.name() => {
            Err(EncryptionKeyError::OtherAlgorithm)
        }
        (Some(alg), _) => alg
            .parse()
            .map_err(|_| EncryptionKeyError::UnsupportedAlgorithm),
    }
}

fn may_decrypt(jwk: &Jwk) -> bool {
    const OPERATIONS: [&str; 4] = ["decrypt", "unwrapKey", "deriveKey", "deriveBits"];
    jwk.key_use != Some(KeyUse::Signature)
        && jwk.key_ops.as_ref().is_none_or(|operations| {
            operations
                .iter()
                .any(|operation| OPERATIONS.contains(&operation.as_str()))
        })
}

fn private_half(
    algorithm: KeyManagementAlgorithm,
    public: &Jwk,
    members: &mut Members,
) -> Result<PrivateHalf, EncryptionKeyError> {
    let parts = public.material().parts();
    match algorithm.management() {
        KeyManagement::Oaep(hash) => {
            let secrets = RsaSecrets::take(members)?;
            let key = OaepPrivateKey::from_parts(hash, &parts, &secrets.parts())?;
            Ok(PrivateHalf::Rsa(key))
        }
        KeyManagement::Agreement | KeyManagement::AgreementAndWrap(_) => {
            let curve = agreement_curve(public.material())
                .ok_or(EncryptionKeyError::WrongKeyType(algorithm))?;
            let d = members.take_secret("d")?;
            let secret = match curve {
                AgreementCurve::X25519 => PrivateKeyParts::X25519 { d: &d },
                AgreementCurve::P256 | AgreementCurve::P384 | AgreementCurve::P521 => {
                    PrivateKeyParts::Ec { d: &d }
                }
            };
            let key = AgreementPrivateKey::from_parts(curve, &parts, &secret)?;
            Ok(PrivateHalf::Agreement(key))
        }
    }
}
