//! The signature algorithms of JOSE (RFC 7518 section 3.1, RFC 8037, RFC 9864, RFC 9964).

use avouch_crypto::SignatureScheme;

use crate::{
    jwk::{AkpAlgorithm, EcCurve, KeyMaterial, OkpCurve},
    registered_name::registered_names,
};

/// A JWS algorithm with a public key. `none` cannot be said, and nothing here is keyed with a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// `RS384`: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// `RS512`: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// `PS256`: RSASSA-PSS with SHA-256.
    Ps256,
    /// `PS384`: RSASSA-PSS with SHA-384.
    Ps384,
    /// `PS512`: RSASSA-PSS with SHA-512.
    Ps512,
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
    /// `ES384`: ECDSA on P-384 with SHA-384.
    Es384,
    /// `ES512`: ECDSA on P-521 with SHA-512.
    Es512,
    /// `Ed25519`, the fully specified name (RFC 9864 section 2.2).
    Ed25519,
    /// `EdDSA`, the older name (RFC 8037). It names two curves; here it means Ed25519 and never Ed448.
    EdDsa,
    /// `ML-DSA-44` (RFC 9964): ML-DSA with the empty context, good against quantum computers too. Signatures have
    /// 2420 octets.
    MlDsa44,
    /// `ML-DSA-65`: the same with signatures of 3309 octets.
    MlDsa65,
    /// `ML-DSA-87`: the same with signatures of 4627 octets.
    MlDsa87,
}

/// The name is not one of a [`SignatureAlgorithm`]. The name itself is not kept: it may come from a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a supported signature algorithm")]
pub struct UnknownAlgorithm;

impl SignatureAlgorithm {
    /// Every algorithm, in the order of their declaration.
    pub const ALL: [Self; 14] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ed25519,
        Self::EdDsa,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// The name in the registry, as it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ed25519 => "Ed25519",
            Self::EdDsa => "EdDSA",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// Whether keys of this algorithm are RSA keys, and so come in sizes.
    pub const fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512
        )
    }

    /// Whether a key of this type and curve can be used with this algorithm (RFC 7518 section 3.1).
    pub const fn fits(self, material: &KeyMaterial) -> bool {
        match material {
            KeyMaterial::Rsa { .. } => self.is_rsa(),
            KeyMaterial::Ec {
                curve: EcCurve::P256,
                ..
            } => matches!(self, Self::Es256),
            KeyMaterial::Ec {
                curve: EcCurve::P384,
                ..
            } => matches!(self, Self::Es384),
            KeyMaterial::Ec {
                curve: EcCurve::P521,
                ..
            } => matches!(self, Self::Es512),
            KeyMaterial::Okp {
                curve: OkpCurve::Ed25519,
                ..
            } => matches!(self, Self::Ed25519 | Self::EdDsa),
            KeyMaterial::Okp {
                curve: OkpCurve::X25519,
                ..
            } => false,
            KeyMaterial::Akp {
                algorithm: AkpAlgorithm::MlDsa44,
                ..
            } => matches!(self, Self::MlDsa44),
            KeyMaterial::Akp {
                algorithm: AkpAlgorithm::MlDsa65,
                ..
            } => matches!(self, Self::MlDsa65),
            KeyMaterial::Akp {
                algorithm: AkpAlgorithm::MlDsa87,
                ..
            } => matches!(self, Self::MlDsa87),
        }
    }

    pub(crate) const fn scheme(self) -> SignatureScheme {
        match self {
            Self::Rs256 => SignatureScheme::RsaPkcs1Sha256,
            Self::Rs384 => SignatureScheme::RsaPkcs1Sha384,
            Self::Rs512 => SignatureScheme::RsaPkcs1Sha512,
            Self::Ps256 => SignatureScheme::RsaPssSha256,
            Self::Ps384 => SignatureScheme::RsaPssSha384,
            Self::Ps512 => SignatureScheme::RsaPssSha512,
            Self::Es256 => SignatureScheme::EcdsaP256Sha256,
            Self::Es384 => SignatureScheme::EcdsaP384Sha384,
            Self::Es512 => SignatureScheme::EcdsaP521Sha512,
            Self::Ed25519 | Self::EdDsa => SignatureScheme::Ed25519,
            Self::MlDsa44 => SignatureScheme::MlDsa44,
            Self::MlDsa65 => SignatureScheme::MlDsa65,
            Self::MlDsa87 => SignatureScheme::MlDsa87,
        }
    }
}

registered_names!(SignatureAlgorithm, UnknownAlgorithm);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for algorithm in SignatureAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
            let json = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(json, format!("\"{algorithm}\""));
            assert_eq!(
                serde_json::from_str::<SignatureAlgorithm>(&json).unwrap(),
                algorithm
            );
        }
    }

    #[test]
    fn row_7515_a_5_01_none_cannot_be_said_and_names_have_case() {
        for name in [
            "none",
            "None",
            "NONE",
            "noNE",
            "",
            "rs256",
            "Rs256",
            "es256",
            "ED25519",
            "eddsa",
            "ml-dsa-44",
            "ML-DSA",
            "MLDSA44",
            " RS256",
            "RS256 ",
        ] {
            assert_eq!(
                name.parse::<SignatureAlgorithm>(),
                Err(UnknownAlgorithm),
                "{name:?}"
            );
        }
    }
}
