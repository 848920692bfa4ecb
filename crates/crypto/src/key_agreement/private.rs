//! One's own half.

use std::fmt;

use aws_lc_rs::{
    agreement::{PrivateKey, agree},
    encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der},
};
use zeroize::Zeroizing;

use super::{AgreementCurve, AgreementPublicKey};
use crate::{
    concat_kdf, constant_time,
    private_key::{KeyGenerationError, PrivateKeyParts, PrivateKeyRejected},
    public_key::PublicKeyParts,
    random::{self, SecureRandom},
};

/// What stands before the 32 octets of an X25519 key in PKCS#8 (RFC 8410 section 7). aws-lc-rs reads and writes the
/// form for other curves alone.
const X25519_PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
];

/// A private key that agrees. `Debug` shows the curve alone.
pub struct AgreementPrivateKey {
    curve: AgreementCurve,
    key: PrivateKey,
    public_parts: PublicKeyParts,
}

/// Nothing was agreed on: the other half is of another curve or has small order. There is one reason on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no secret could be agreed on")]
pub struct AgreementFailed;

impl AgreementPrivateKey {
    /// A fresh key. Only X25519 draws on `rng`: see [`SecureRandom`].
    pub fn generate(
        curve: AgreementCurve,
        rng: &dyn SecureRandom,
    ) -> Result<Self, KeyGenerationError> {
        let key = if curve == AgreementCurve::X25519 {
            let scalar: Zeroizing<[u8; 32]> = Zeroizing::new(random::octets(rng)?);
            PrivateKey::from_private_key(curve.algorithm(), scalar.as_slice())
                .map_err(|_| KeyGenerationError::Failed)?
        } else {
            PrivateKey::generate(curve.algorithm()).map_err(|_| KeyGenerationError::Failed)?
        };
        Self::new(curve, key).map_err(|_| KeyGenerationError::Failed)
    }

    /// Parses an unencrypted PKCS#8 document (RFC 5958).
    pub fn from_pkcs8(curve: AgreementCurve, pkcs8: &[u8]) -> Result<Self, PrivateKeyRejected> {
        if curve == AgreementCurve::X25519 {
            let scalar = pkcs8.strip_prefix(X25519_PKCS8_PREFIX.as_slice());
            return Self::from_scalar(curve, scalar.ok_or(PrivateKeyRejected::Malformed)?);
        }
        let key = PrivateKey::from_private_key_der(curve.algorithm(), pkcs8)
            .map_err(|_| PrivateKeyRejected::Malformed)?;
        Self::new(curve, key)
    }

    /// Joins the two halves of a key; they must belong together.
    pub fn from_parts(
        curve: AgreementCurve,
        public: &PublicKeyParts,
        private: &PrivateKeyParts<'_>,
    ) -> Result<Self, PrivateKeyRejected> {
        AgreementPublicKey::from_parts(curve, public)?;
        let ((PublicKeyParts::Ec { .. }, PrivateKeyParts::Ec { d })
        | (PublicKeyParts::X25519 { .. }, PrivateKeyParts::X25519 { d })) = (public, private)
        else {
            return Err(PrivateKeyRejected::Malformed);
        };
        let key = Self::from_scalar(curve, d)?;
        if key.public_parts == *public {
            Ok(key)
        } else {
            Err(PrivateKeyRejected::Malformed)
        }
    }

    /// The key whose scalar this is; it must be exactly as long as a coordinate.
    pub(super) fn from_scalar(
        curve: AgreementCurve,
        scalar: &[u8],
    ) -> Result<Self, PrivateKeyRejected> {
        let key = PrivateKey::from_private_key(curve.algorithm(), scalar)
            .map_err(|_| PrivateKeyRejected::Malformed)?;
        Self::new(curve, key)
    }

    fn new(curve: AgreementCurve, key: PrivateKey) -> Result<Self, PrivateKeyRejected> {
        let public = key
            .compute_public_key()
            .map_err(|_| PrivateKeyRejected::Malformed)?;
        Ok(Self {
            curve,
            key,
            public_parts: public_parts(curve, public.as_ref())?,
        })
    }

    /// The curve.
    pub fn curve(&self) -> AgreementCurve {
        self.curve
    }

    /// The public half.
    pub fn public_parts(&self) -> &PublicKeyParts {
        &self.public_parts
    }

    pub(super) fn into_public_parts(self) -> PublicKeyParts {
        self.public_parts
    }

    /// The key as an unencrypted PKCS#8 document, for sealing.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, PrivateKeyRejected> {
        if self.curve == AgreementCurve::X25519 {
            let seed = AsBigEndian::<Curve25519SeedBin<'_>>::as_be_bytes(&self.key)
                .map_err(|_| PrivateKeyRejected::NotEncodable)?;
            let pkcs8 = [X25519_PKCS8_PREFIX.as_slice(), seed.as_ref()].concat();
            return Ok(Zeroizing::new(pkcs8));
        }
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.key)
            .map_err(|_| PrivateKeyRejected::NotEncodable)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// Agrees on a key of `length` octets for the purpose and parties that `other_info` tells.
    pub fn agree(
        &self,
        peer: &AgreementPublicKey,
        other_info: &[u8],
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, AgreementFailed> {
        agree(&self.key, peer.key.clone(), AgreementFailed, |secret| {
            // The library refuses this already (RFC 7748 section 6.1). Ours is the promise, so ours is the check.
            if constant_time::eq(secret, &vec![0; secret.len()]) {
                return Err(AgreementFailed);
            }
            let mut agreed = Zeroizing::new(vec![0; length]);
            concat_kdf::derive(secret, other_info, &mut agreed).map_err(|_| AgreementFailed)?;
            Ok(agreed)
        })
    }
}

fn public_parts(
    curve: AgreementCurve,
    encoded: &[u8],
) -> Result<PublicKeyParts, PrivateKeyRejected> {
    if curve == AgreementCurve::X25519 {
        return Ok(PublicKeyParts::X25519 {
            x: encoded.to_vec(),
        });
    }
    match encoded.split_first() {
        Some((4, point)) => {
            let (x, y) = point.split_at(point.len() / 2);
            Ok(PublicKeyParts::Ec {
                x: x.to_vec(),
                y: y.to_vec(),
            })
        }
        _ => Err(PrivateKeyRejected::Malformed),
    }
}

impl fmt::Debug for AgreementPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgreementPrivateKey")
            .field("curve", &self.curve)
            .finish_non_exhaustive()
    }
}
