//! The other party's half.

use std::fmt;

use aws_lc_rs::agreement::{ParsedPublicKey, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::{AgreementCurve, AgreementPrivateKey};
use crate::{
    private_key::KeyGenerationError,
    public_key::{PublicKeyParts, PublicKeyRejected, check_length, uncompressed_point},
    random::SecureRandom,
};

/// A public key to agree with. Its point is on its curve.
pub struct AgreementPublicKey {
    curve: AgreementCurve,
    pub(super) key: ParsedPublicKey,
}

/// Why nothing was agreed on with a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EphemeralAgreementError {
    /// There is no key of ours for the one occasion.
    #[error(transparent)]
    Generation(#[from] KeyGenerationError),
    /// The recipient's point has small order, or the library failed.
    #[error("no secret could be agreed on")]
    Agreement,
}

impl AgreementPublicKey {
    /// Checks the parts and binds them to `curve`: coordinates of the right length, a point on the curve.
    ///
    /// A small order shows when something is agreed on, or before that by
    /// [`has_small_order`](Self::has_small_order).
    pub fn from_parts(
        curve: AgreementCurve,
        parts: &PublicKeyParts,
    ) -> Result<Self, PublicKeyRejected> {
        let length = curve.coordinate_len();
        let encoded = match (curve, parts) {
            (AgreementCurve::X25519, PublicKeyParts::X25519 { x }) => {
                check_length(length, x)?;
                x.clone()
            }
            (
                AgreementCurve::P256 | AgreementCurve::P384 | AgreementCurve::P521,
                PublicKeyParts::Ec { x, y },
            ) => {
                check_length(length, x)?;
                check_length(length, y)?;
                uncompressed_point(x, y)
            }
            _ => return Err(PublicKeyRejected::WrongKind),
        };
        let unparsed = UnparsedPublicKey::new(curve.algorithm(), encoded);
        Ok(Self {
            curve,
            key: unparsed
                .try_into()
                .map_err(|_| PublicKeyRejected::NotOnCurve)?,
        })
    }

    /// The curve.
    pub fn curve(&self) -> AgreementCurve {
        self.curve
    }

    /// Whether every agreement with this key comes to nothing. Points of a NIST curve never do; on Curve25519 an
    /// agreement tells, and any scalar will do for it, since all of them are multiples of the cofactor.
    pub fn has_small_order(&self) -> bool {
        self.curve == AgreementCurve::X25519
            && AgreementPrivateKey::from_scalar(self.curve, &[1; 32])
                .is_ok_and(|any| any.agree(self, b"", 32).is_err())
    }

    /// Agrees on a key of `length` octets with a key pair made for this one occasion, whose public half is given to
    /// the other party. Draws on `rng` for X25519 alone: see [`SecureRandom`].
    pub fn agree_ephemeral(
        &self,
        other_info: &[u8],
        length: usize,
        rng: &dyn SecureRandom,
    ) -> Result<(PublicKeyParts, Zeroizing<Vec<u8>>), EphemeralAgreementError> {
        let ephemeral = AgreementPrivateKey::generate(self.curve, rng)?;
        let agreed = ephemeral
            .agree(self, other_info, length)
            .map_err(|_| EphemeralAgreementError::Agreement)?;
        Ok((ephemeral.into_public_parts(), agreed))
    }
}

impl fmt::Debug for AgreementPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgreementPublicKey")
            .field("curve", &self.curve)
            .finish_non_exhaustive()
    }
}
