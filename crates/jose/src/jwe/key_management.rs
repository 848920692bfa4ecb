//! `alg` of a JWE (RFC 7518 section 4.1, RFC 8037 section 3.2).

use avouch_crypto::{key_wrap::KeyWrap, rsa_oaep::OaepHash};

use crate::{
    jwk::{KeyMaterial, OkpCurve},
    registered_name::registered_names,
};

/// How the reader of a JWE comes by the content encryption key. Each needs the reader's public key and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyManagementAlgorithm {
    /// `RSA-OAEP`: RSAES-OAEP with SHA-1, for readers that know no better.
    RsaOaep,
    /// `RSA-OAEP-256`: RSAES-OAEP with SHA-256.
    RsaOaep256,
    /// `RSA-OAEP-384`: RSAES-OAEP with SHA-384.
    RsaOaep384,
    /// `RSA-OAEP-512`: RSAES-OAEP with SHA-512.
    RsaOaep512,
    /// `ECDH-ES`: the key that was agreed on encrypts the content.
    EcdhEs,
    /// `ECDH-ES+A128KW`: the key that was agreed on wraps the one that encrypts the content, with AES-128.
    EcdhEsA128Kw,
    /// `ECDH-ES+A256KW`: the same with AES-256.
    EcdhEsA256Kw,
}

/// The name is not one of a [`KeyManagementAlgorithm`]. The name itself is not kept: it may come from a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a supported key management algorithm")]
pub struct UnknownKeyManagementAlgorithm;

/// What an algorithm comes to, in the words of the floor below.
pub(super) enum KeyManagement {
    Oaep(OaepHash),
    Agreement,
    AgreementAndWrap(KeyWrap),
}

impl KeyManagementAlgorithm {
    /// Every algorithm, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::RsaOaep384,
        Self::RsaOaep512,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA256Kw,
    ];

    /// The name in the registry, as it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::RsaOaep384 => "RSA-OAEP-384",
            Self::RsaOaep512 => "RSA-OAEP-512",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// Whether keys of this algorithm are RSA keys, and so come in sizes; the others lie on a curve.
    pub const fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::RsaOaep | Self::RsaOaep256 | Self::RsaOaep384 | Self::RsaOaep512
        )
    }

    /// Whether a key of this type and curve can be used with this algorithm.
    pub const fn fits(self, material: &KeyMaterial) -> bool {
        match material {
            KeyMaterial::Rsa { .. } => self.is_rsa(),
            KeyMaterial::Ec { .. }
            | KeyMaterial::Okp {
                curve: OkpCurve::X25519,
                ..
            } => !self.is_rsa(),
            KeyMaterial::Okp {
                curve: OkpCurve::Ed25519,
                ..
            }
            | KeyMaterial::Akp { .. } => false,
        }
    }

    pub(super) const fn management(self) -> KeyManagement {
        match self {
            Self::RsaOaep => KeyManagement::Oaep(OaepHash::Sha1),
            Self::RsaOaep256 => KeyManagement::Oaep(OaepHash::Sha256),
            Self::RsaOaep384 => KeyManagement::Oaep(OaepHash::Sha384),
            Self::RsaOaep512 => KeyManagement::Oaep(OaepHash::Sha512),
            Self::EcdhEs => KeyManagement::Agreement,
            Self::EcdhEsA128Kw => KeyManagement::AgreementAndWrap(KeyWrap::Aes128),
            Self::EcdhEsA256Kw => KeyManagement::AgreementAndWrap(KeyWrap::Aes256),
        }
    }
}

registered_names!(KeyManagementAlgorithm, UnknownKeyManagementAlgorithm);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for algorithm in KeyManagementAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
            let json = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(json, format!("\"{algorithm}\""));
            assert_eq!(
                serde_json::from_str::<KeyManagementAlgorithm>(&json).unwrap(),
                algorithm
            );
        }
    }

    fn cannot_be_said(name: &str) {
        assert_eq!(
            name.parse::<KeyManagementAlgorithm>(),
            Err(UnknownKeyManagementAlgorithm),
            "{name:?}"
        );
    }

    #[test]
    fn row_josedep_01_rsa1_5_cannot_be_said() {
        cannot_be_said("RSA1_5");
    }

    #[test]
    fn row_8725bis_3_13_01_passwords_and_shared_secrets_cannot_be_said() {
        for name in [
            "PBES2-HS256+A128KW",
            "PBES2-HS384+A192KW",
            "PBES2-HS512+A256KW",
            "dir",
            "A128KW",
            "A192KW",
            "A256KW",
            "A128GCMKW",
            "A192GCMKW",
            "A256GCMKW",
        ] {
            cannot_be_said(name);
        }
    }

    #[test]
    fn names_have_case_and_no_others_are_known() {
        for name in [
            "",
            "none",
            "rsa-oaep",
            "ecdh-es",
            "ECDH-ES+A192KW",
            "ECDH-ES ",
            "RSA-OAEP-1",
        ] {
            cannot_be_said(name);
        }
    }
}
