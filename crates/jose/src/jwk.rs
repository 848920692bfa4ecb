//! Public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037, RFC 9964).
//!
//! A [`Jwk`] holds a public key and nothing else, and holds it soundly: sizes, points and exponents are checked when
//! it is parsed, so that what comes later deals with keys that work.

mod certificates;
mod members;
mod parse;
mod rsa_secrets;
mod serialize;
mod set;
mod thumbprint;

use avouch_crypto::{PublicKeyParts, PublicKeyRejected};

use crate::{base64url::NotBase64url, strict_json::JsonError};

pub(crate) use members::Members;
pub(crate) use rsa_secrets::RsaSecrets;
pub use set::{JwkSet, MAX_KEYS, MAX_SET_LEN, PublicationError, SelectError};

/// A public key with what its owner says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    pub(crate) kid: Option<String>,
    pub(crate) key_use: Option<KeyUse>,
    pub(crate) key_ops: Option<Vec<String>>,
    pub(crate) alg: Option<String>,
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) material: KeyMaterial,
}

/// What a key is for (RFC 7517 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// `sig`: signatures.
    Signature,
    /// `enc`: encryption.
    Encryption,
}

/// The numbers of a public key, big-endian.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyMaterial {
    /// `kty` `RSA`: no leading zero octets in either number.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// `kty` `EC`: a point on the curve, each coordinate as long as the field.
    Ec {
        /// `crv`.
        curve: EcCurve,
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// `kty` `OKP`: 32 octets.
    Okp {
        /// `crv`.
        curve: OkpCurve,
        /// The encoded public key.
        x: Vec<u8>,
    },
    /// `kty` `AKP`: a key of exactly one algorithm, as long as that algorithm needs.
    Akp {
        /// `alg`, part of the key and of its thumbprint.
        algorithm: AkpAlgorithm,
        /// `pub`: the encoded public key.
        public: Vec<u8>,
    },
}

/// Curves of `kty` `EC` (RFC 7518 section 6.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EcCurve {
    /// `P-256`.
    P256,
    /// `P-384`.
    P384,
    /// `P-521`.
    P521,
}

/// Curves of `kty` `OKP` (RFC 8037 section 2). Ed448 and X448 are not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OkpCurve {
    /// `Ed25519`, for signatures.
    Ed25519,
    /// `X25519`, for key agreement.
    X25519,
}

/// Algorithms of `kty` `AKP` (RFC 9964 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AkpAlgorithm {
    /// `ML-DSA-44`.
    MlDsa44,
    /// `ML-DSA-65`.
    MlDsa65,
    /// `ML-DSA-87`.
    MlDsa87,
}

/// Why a JWK was refused. Shows member names, never their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not one JSON object.
    #[error("the key is not a JSON object: {0}")]
    Json(#[from] JsonError),
    /// A member that the key type needs is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A member is of another JSON type than it has to be, an empty or overlong string, or an overlong array.
    #[error("`{0}` is not of the right type")]
    WrongType(&'static str),
    /// A number is not base64url.
    #[error("`{member}` is {source}")]
    Base64url {
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        source: NotBase64url,
    },
    /// The private half of a key, or a shared secret, where a public key was expected.
    #[error("`{0}` belongs to a private or symmetric key, but a public key was expected")]
    PrivateMember(&'static str),
    /// A symmetric key (`kty` `oct`) where a public key was expected.
    #[error("a symmetric key where a public key was expected")]
    Symmetric,
    /// A `kty` that this library does not know.
    #[error("the key type is not supported")]
    UnsupportedKeyType,
    /// A `crv` that this library does not know, or that is of another `kty`.
    #[error("the curve is not supported")]
    UnsupportedCurve,
    /// A `kty` `AKP` whose `alg` this library does not know, or that is of another `kty`.
    #[error("`alg` is not a supported algorithm of an AKP key")]
    UnsupportedAkpAlgorithm,
    /// A `use` other than `sig` and `enc`.
    #[error("the `use` of the key is not supported")]
    UnsupportedUse,
    /// `key_ops` repeats itself or contradicts `use` (RFC 7517 section 4.3).
    #[error("`key_ops` repeats itself or contradicts `use`")]
    InconsistentOperations,
    /// An `x5c` that is not an array of base64, an empty one, or one that is too long.
    #[error("`x5c` is not an array of certificates, each in base64 with padding")]
    Certificates,
    /// The numbers do not make a sound key.
    #[error(transparent)]
    Unsound(#[from] PublicKeyRejected),
    /// A JWK Set without a `keys` array, with too many keys, or too long.
    #[error("not a JWK Set, or one that is too large")]
    NotASet,
}

impl Jwk {
    /// `kid`, if the key has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `use`, if the key has one.
    pub fn key_use(&self) -> Option<KeyUse> {
        self.key_use
    }

    /// `alg`, if the key has one: any name, supported or not.
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// The DER of the certificates in `x5c`, that of this key first. Whether they are certificates, and of this key,
    /// is for the reader to see; nobody here has vouched for them.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// The numbers of the key.
    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// The same key under another `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Whether the owner lets the key verify signatures, by `use` and `key_ops`.
    pub fn may_verify(&self) -> bool {
        self.key_use != Some(KeyUse::Encryption)
            && self
                .key_ops
                .as_ref()
                .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"))
    }

    /// Whether the owner lets others encrypt to the key, by `use` and `key_ops`.
    pub fn may_encrypt(&self) -> bool {
        let permits = |operations: &Vec<String>| match self.material {
            KeyMaterial::Rsa { .. } => operations
                .iter()
                .any(|operation| operation == "encrypt" || operation == "wrapKey"),
            // Operations are those of the private half: with the public half of a key that agrees nothing is done
            // alone, and the Web Cryptography API writes an empty array.
            KeyMaterial::Ec { .. } | KeyMaterial::Okp { .. } => {
                operations.is_empty()
                    || operations
                        .iter()
                        .any(|operation| operation == "deriveKey" || operation == "deriveBits")
            }
            KeyMaterial::Akp { .. } => false,
        };
        self.key_use != Some(KeyUse::Signature) && self.key_ops.as_ref().is_none_or(permits)
    }
}

impl KeyMaterial {
    /// The numbers in the words of the floor below.
    pub(crate) fn parts(&self) -> PublicKeyParts {
        match self {
            Self::Rsa { n, e } => PublicKeyParts::Rsa {
                n: n.clone(),
                e: e.clone(),
            },
            Self::Ec { x, y, .. } => PublicKeyParts::Ec {
                x: x.clone(),
                y: y.clone(),
            },
            Self::Okp {
                curve: OkpCurve::Ed25519,
                x,
            } => PublicKeyParts::Ed25519 { x: x.clone() },
            Self::Okp {
                curve: OkpCurve::X25519,
                x,
            } => PublicKeyParts::X25519 { x: x.clone() },
            Self::Akp { public, .. } => PublicKeyParts::MlDsa {
                public: public.clone(),
            },
        }
    }

    /// The reverse, for the parts of a sound key: its length tells the curve or the parameter set.
    pub(crate) fn from_parts(parts: &PublicKeyParts) -> Self {
        match parts {
            PublicKeyParts::Rsa { n, e } => Self::Rsa {
                n: n.clone(),
                e: e.clone(),
            },
            PublicKeyParts::Ec { x, y } => Self::Ec {
                curve: match x.len() {
                    66 => EcCurve::P521,
                    48 => EcCurve::P384,
                    _ => EcCurve::P256,
                },
                x: x.clone(),
                y: y.clone(),
            },
            PublicKeyParts::Ed25519 { x } => Self::Okp {
                curve: OkpCurve::Ed25519,
                x: x.clone(),
            },
            PublicKeyParts::X25519 { x } => Self::Okp {
                curve: OkpCurve::X25519,
                x: x.clone(),
            },
            PublicKeyParts::MlDsa { public } => Self::Akp {
                algorithm: match public.len() {
                    2592 => AkpAlgorithm::MlDsa87,
                    1952 => AkpAlgorithm::MlDsa65,
                    _ => AkpAlgorithm::MlDsa44,
                },
                public: public.clone(),
            },
        }
    }
}

impl KeyUse {
    /// As it stands in `use`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Encryption => "enc",
        }
    }
}

impl EcCurve {
    /// As it stands in `crv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }
}

impl OkpCurve {
    /// As it stands in `crv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }
}

impl AkpAlgorithm {
    /// As it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }
}
