//! Private keys: generated or parsed once, bound to one scheme.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair as _, PqdsaKeyPair, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use zeroize::Zeroizing;

use crate::{
    ml_dsa,
    public_key::{PublicKey, PublicKeyParts, PublicKeyRejected, uncompressed_point},
    random::{self, RandomError, SecureRandom},
    signature_scheme::{KeyKind, SignatureScheme},
};

/// A private key that signs under one scheme. `Debug` shows the scheme alone.
pub struct PrivateKey {
    pub(crate) scheme: SignatureScheme,
    pub(crate) key_pair: KeyPair,
    public_parts: PublicKeyParts,
}

pub(crate) enum KeyPair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

/// How large a generated RSA key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RsaKeySize {
    /// 2048 bits.
    #[default]
    Bits2048,
    /// 3072 bits: a third of the signatures per second.
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

/// The secret numbers of a private key, big-endian, for import.
pub enum PrivateKeyParts<'a> {
    /// RFC 8017 section 3.2, second representation, with two primes.
    Rsa {
        /// The private exponent.
        d: &'a [u8],
        /// The first prime.
        p: &'a [u8],
        /// The second prime.
        q: &'a [u8],
        /// `d mod (p - 1)`.
        dp: &'a [u8],
        /// `d mod (q - 1)`.
        dq: &'a [u8],
        /// `q^-1 mod p`.
        qi: &'a [u8],
    },
    /// The scalar of an EC key, as long as the order of the curve.
    Ec {
        /// The scalar.
        d: &'a [u8],
    },
    /// The seed of an Ed25519 key (RFC 8032 section 5.1.5).
    Ed25519 {
        /// The seed, 32 octets.
        d: &'a [u8],
    },
    /// The scalar of an X25519 key (RFC 7748 section 5), before bits of it are set and cleared.
    X25519 {
        /// The scalar, 32 octets.
        d: &'a [u8],
    },
    /// The seed of an ML-DSA key (FIPS 204 section 5.1), from which all else is made.
    MlDsa {
        /// The seed, 32 octets.
        seed: &'a [u8],
    },
}

/// Why no key was generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyGenerationError {
    /// A size was asked for where the scheme has none.
    #[error("only RSA keys come in sizes")]
    NotRsa,
    /// The random source failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The library could not make a key.
    #[error("the key could not be generated")]
    Failed,
}

/// Why a private key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyRejected {
    /// Not the private key of this kind and curve, or its numbers do not fit each other.
    #[error(
        "the private key is malformed, of another kind than the algorithm needs, or inconsistent"
    )]
    Malformed,
    /// Its public half would be refused.
    #[error(transparent)]
    Public(#[from] PublicKeyRejected),
    /// The library could not write the key out.
    #[error("the private key could not be encoded")]
    NotEncodable,
}

impl PrivateKey {
    /// A fresh key; an RSA one has 2048 bits. Only Ed25519 and ML-DSA draw on `rng`: see [`SecureRandom`].
    pub fn generate(
        scheme: SignatureScheme,
        rng: &dyn SecureRandom,
    ) -> Result<Self, KeyGenerationError> {
        let key_pair = match scheme.key_kind() {
            KeyKind::Rsa => return Self::generate_rsa(scheme, RsaKeySize::default()),
            KeyKind::Ec { .. } => {
                let algorithm = ec_algorithm(scheme).ok_or(KeyGenerationError::Failed)?;
                KeyPair::Ec(
                    EcdsaKeyPair::generate(algorithm).map_err(|_| KeyGenerationError::Failed)?,
                )
            }
            KeyKind::Ed25519 => {
                let seed: Zeroizing<[u8; 32]> = Zeroizing::new(random::octets(rng)?);
                let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice());
                KeyPair::Ed25519(pair.map_err(|_| KeyGenerationError::Failed)?)
            }
            KeyKind::MlDsa { .. } => KeyPair::MlDsa(ml_dsa::generate(scheme, rng)?),
        };
        Self::new(scheme, key_pair).map_err(|_| KeyGenerationError::Failed)
    }

    /// A fresh RSA key of the given size, with the exponent 65537.
    pub fn generate_rsa(
        scheme: SignatureScheme,
        size: RsaKeySize,
    ) -> Result<Self, KeyGenerationError> {
        if scheme.key_kind() != KeyKind::Rsa {
            return Err(KeyGenerationError::NotRsa);
        }
        let size = match size {
            RsaKeySize::Bits2048 => rsa::KeySize::Rsa2048,
            RsaKeySize::Bits3072 => rsa::KeySize::Rsa3072,
            RsaKeySize::Bits4096 => rsa::KeySize::Rsa4096,
        };
        let pair = RsaKeyPair::generate(size).map_err(|_| KeyGenerationError::Failed)?;
        Self::new(scheme, KeyPair::Rsa(pair)).map_err(|_| KeyGenerationError::Failed)
    }

    /// Parses an unencrypted PKCS#8 document (RFC 5958).
    pub fn from_pkcs8(scheme: SignatureScheme, pkcs8: &[u8]) -> Result<Self, PrivateKeyRejected> {
        let key_pair = match scheme.key_kind() {
            KeyKind::Rsa => RsaKeyPair::from_pkcs8(pkcs8).map(KeyPair::Rsa),
            KeyKind::Ec { .. } => {
                let algorithm = ec_algorithm(scheme).ok_or(PrivateKeyRejected::Malformed)?;
                EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).map(KeyPair::Ec)
            }
            KeyKind::Ed25519 => Ed25519KeyPair::from_pkcs8(pkcs8).map(KeyPair::Ed25519),
            KeyKind::MlDsa { .. } => {
                return Self::new(scheme, KeyPair::MlDsa(ml_dsa::from_pkcs8(scheme, pkcs8)?));
            }
        };
        Self::new(scheme, key_pair.map_err(|_| PrivateKeyRejected::Malformed)?)
    }

    /// Joins the two halves of a key; they must belong together.
    pub fn from_parts(
        scheme: SignatureScheme,
        public: &PublicKeyParts,
        private: &PrivateKeyParts<'_>,
    ) -> Result<Self, PrivateKeyRejected> {
        PublicKey::from_parts(scheme, public)?;
        let key_pair = match (public, private) {
            (
                PublicKeyParts::Rsa { n, e },
                PrivateKeyParts::Rsa {
                    d,
                    p,
                    q,
                    dp,
                    dq,
                    qi,
                },
            ) => {
                let public_key = RsaPublicKeyComponents {
                    n: n.as_slice(),
                    e: e.as_slice(),
                };
                let components = rsa::KeyPairComponents {
                    public_key,
                    d: *d,
                    p: *p,
                    q: *q,
                    dP: *dp,
                    dQ: *dq,
                    qInv: *qi,
                };
                RsaKeyPair::from_components(&components).map(KeyPair::Rsa)
            }
            (PublicKeyParts::Ec { x, y }, PrivateKeyParts::Ec { d }) => {
                let algorithm = ec_algorithm(scheme).ok_or(PrivateKeyRejected::Malformed)?;
                if d.len() != x.len() {
                    return Err(PrivateKeyRejected::Malformed);
                }
                EcdsaKeyPair::from_private_key_and_public_key(
                    algorithm,
                    d,
                    &uncompressed_point(x, y),
                )
                .map(KeyPair::Ec)
            }
            (PublicKeyParts::Ed25519 { x }, PrivateKeyParts::Ed25519 { d }) => {
                if d.len() != 32 {
                    return Err(PrivateKeyRejected::Malformed);
                }
                Ed25519KeyPair::from_seed_and_public_key(d, x).map(KeyPair::Ed25519)
            }
            (PublicKeyParts::MlDsa { public }, PrivateKeyParts::MlDsa { seed }) => {
                let pair = ml_dsa::from_parts(scheme, public, seed)?;
                return Self::new(scheme, KeyPair::MlDsa(pair));
            }
            _ => return Err(PrivateKeyRejected::Malformed),
        };
        Self::new(scheme, key_pair.map_err(|_| PrivateKeyRejected::Malformed)?)
    }

    /// Every private key passes here, so that none is held whose public half a verifier of ours would refuse.
    fn new(scheme: SignatureScheme, key_pair: KeyPair) -> Result<Self, PrivateKeyRejected> {
        let public_parts = public_parts(&key_pair)?;
        PublicKey::from_parts(scheme, &public_parts)?;
        Ok(Self {
            scheme,
            key_pair,
            public_parts,
        })
    }

    /// The one scheme this key signs under.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// The public half.
    pub fn public_parts(&self) -> &PublicKeyParts {
        &self.public_parts
    }

    /// The key as an unencrypted PKCS#8 document, for sealing.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, PrivateKeyRejected> {
        let failed = |_| PrivateKeyRejected::NotEncodable;
        Ok(Zeroizing::new(match &self.key_pair {
            KeyPair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            KeyPair::Ec(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            KeyPair::Ed25519(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            KeyPair::MlDsa(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
        }))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

fn ec_algorithm(scheme: SignatureScheme) -> Option<&'static EcdsaSigningAlgorithm> {
    match scheme {
        SignatureScheme::EcdsaP256Sha256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
        SignatureScheme::EcdsaP384Sha384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
        SignatureScheme::EcdsaP521Sha512 => Some(&ECDSA_P521_SHA512_FIXED_SIGNING),
        _ => None,
    }
}

fn public_parts(key_pair: &KeyPair) -> Result<PublicKeyParts, PrivateKeyRejected> {
    Ok(match key_pair {
        KeyPair::Rsa(pair) => {
            let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
            PublicKeyParts::Rsa {
                n: components.n,
                e: components.e,
            }
        }
        KeyPair::Ec(pair) => {
            let (form, point) = pair
                .public_key()
                .as_ref()
                .split_first()
                .ok_or(PrivateKeyRejected::Malformed)?;
            if *form != 4 {
                return Err(PrivateKeyRejected::Malformed);
            }
            let (x, y) = point.split_at(point.len() / 2);
            PublicKeyParts::Ec {
                x: x.to_vec(),
                y: y.to_vec(),
            }
        }
        KeyPair::Ed25519(pair) => PublicKeyParts::Ed25519 {
            x: pair.public_key().as_ref().to_vec(),
        },
        KeyPair::MlDsa(pair) => PublicKeyParts::MlDsa {
            public: pair.public_key().as_ref().to_vec(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    const SCHEMES: [SignatureScheme; 7] = [
        SignatureScheme::EcdsaP256Sha256,
        SignatureScheme::EcdsaP384Sha384,
        SignatureScheme::EcdsaP521Sha512,
        SignatureScheme::Ed25519,
        SignatureScheme::MlDsa44,
        SignatureScheme::MlDsa65,
        SignatureScheme::MlDsa87,
    ];

    /// Hands out the same octets always.
    struct Fixed(u8);

    impl SecureRandom for Fixed {
        fn fill(&self, octets: &mut [u8]) -> Result<(), RandomError> {
            octets.fill(self.0);
            Ok(())
        }
    }

    /// Fails always.
    struct Broken;

    impl SecureRandom for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }

    #[test]
    fn an_ed25519_key_comes_from_the_random_source_it_was_given() {
        let key = |octet| PrivateKey::generate(SignatureScheme::Ed25519, &Fixed(octet)).unwrap();
        assert_eq!(key(1).public_parts(), key(1).public_parts());
        assert_ne!(key(1).public_parts(), key(2).public_parts());
        let error = PrivateKey::generate(SignatureScheme::Ed25519, &Broken).unwrap_err();
        assert_eq!(error, KeyGenerationError::Random(RandomError));
    }

    #[test]
    fn a_changed_pkcs8_is_refused_or_a_whole_other_key() {
        for scheme in SCHEMES {
            let key = PrivateKey::generate(scheme, &SystemRandom).unwrap();
            let pkcs8 = key.to_pkcs8().unwrap();
            for at in 0..pkcs8.len() {
                let mut changed = pkcs8.to_vec();
                changed[at] ^= 0x10;
                if let Ok(other) = PrivateKey::from_pkcs8(scheme, &changed) {
                    let signature = other.sign(b"message").unwrap();
                    let public = PublicKey::from_parts(scheme, other.public_parts()).unwrap();
                    assert_eq!(
                        public.verify(b"message", &signature),
                        Ok(()),
                        "{scheme:?} octet {at}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_halves_of_a_key_must_belong_together() {
        let [a, b] = [3, 4]
            .map(|octet| PrivateKey::generate(SignatureScheme::Ed25519, &Fixed(octet)).unwrap());
        let join = |public: &PrivateKey, seed: &[u8]| {
            let secret = PrivateKeyParts::Ed25519 { d: seed };
            PrivateKey::from_parts(SignatureScheme::Ed25519, public.public_parts(), &secret)
        };
        assert_eq!(join(&a, &[3; 32]).unwrap().public_parts(), a.public_parts());
        assert_eq!(
            join(&b, &[3; 32]).unwrap_err(),
            PrivateKeyRejected::Malformed
        );
        assert_eq!(
            join(&a, &[3; 33]).unwrap_err(),
            PrivateKeyRejected::Malformed
        );
        assert_eq!(join(&a, &[]).unwrap_err(), PrivateKeyRejected::Malformed);
    }

    #[test]
    fn debug_shows_the_scheme_alone() {
        let key = PrivateKey::generate(SignatureScheme::Ed25519, &Fixed(5)).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey { scheme: Ed25519, .. }");
    }
}
