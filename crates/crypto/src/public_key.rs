//! Public keys: built from their parts, checked once, bound to one scheme.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use crate::{
    ml_dsa, roca,
    signature_scheme::{KeyKind, SignatureScheme},
};

/// Smallest RSA modulus, in bits (RFC 7518 section 3.3).
const RSA_MIN_BITS: usize = 2048;
/// Largest RSA modulus, in bits: a bound on the work that a stranger's key can ask of us.
const RSA_MAX_BITS: usize = 8192;
/// Largest RSA exponent, in bits, for the same reason; also the bound of aws-lc.
const RSA_MAX_EXPONENT_BITS: usize = 33;

/// The numbers that make up a public key, big-endian. Which curve or parameter set is meant follows from the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKeyParts {
    /// Modulus and exponent, without leading zero octets.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// Affine coordinates, each exactly as long as the field of the curve.
    Ec {
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// An encoded Edwards point (RFC 8032 section 5.1.2).
    Ed25519 {
        /// The encoded point, 32 octets.
        x: Vec<u8>,
    },
    /// The u-coordinate of a point on Curve25519, little-endian (RFC 7748 section 5). It agrees on keys and signs
    /// nothing.
    X25519 {
        /// The coordinate, 32 octets.
        x: Vec<u8>,
    },
    /// An encoded ML-DSA public key (FIPS 204, algorithm 22).
    MlDsa {
        /// The encoded key; its length tells the parameter set.
        public: Vec<u8>,
    },
}

/// A public key that verifies under one scheme. Cheap to share, costly to make: keep it.
pub struct PublicKey {
    pub(crate) scheme: SignatureScheme,
    pub(crate) key: ParsedPublicKey,
}

/// Why the parts of a public key were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyRejected {
    /// The parts are of another kind of key than the scheme needs.
    #[error("the key is of another kind than the algorithm needs")]
    WrongKind,
    /// A number has leading zero octets, or none at all.
    #[error("an RSA number is empty or has leading zero octets")]
    LeadingZero,
    /// The RSA modulus has fewer than 2048 bits.
    #[error("the RSA modulus has {0} bits, fewer than 2048")]
    RsaTooShort(usize),
    /// The RSA modulus has more than 8192 bits.
    #[error("the RSA modulus has {0} bits, more than 8192")]
    RsaTooLong(usize),
    /// The RSA modulus is even.
    #[error("the RSA modulus is even")]
    RsaModulusEven,
    /// The RSA exponent is even, below 3, or longer than 33 bits.
    #[error("the RSA exponent is not an odd number from 3 to 2^33")]
    RsaExponent,
    /// The RSA modulus bears the mark of a generator whose keys can be factored.
    #[error("the RSA modulus comes from a generator known to be broken (ROCA)")]
    RsaBrokenGenerator,
    /// A coordinate is shorter or longer than the curve's field.
    #[error("a coordinate has {found} octets where the curve needs {expected}")]
    CoordinateLength {
        /// How many the curve needs.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// An encoded key is shorter or longer than the parameter set's.
    #[error("the public key has {found} octets where the algorithm needs {expected}")]
    EncodedLength {
        /// How many the algorithm needs.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// The point is not on the curve.
    #[error("the point is not on the curve")]
    NotOnCurve,
    /// Every agreement with this X25519 key would come to the same, known to all (RFC 7748 section 6.1).
    #[error("the point has small order: no secret can be agreed on with it")]
    SmallOrder,
}

impl PublicKey {
    /// Checks the parts and binds them to `scheme`.
    pub fn from_parts(
        scheme: SignatureScheme,
        parts: &PublicKeyParts,
    ) -> Result<Self, PublicKeyRejected> {
        let key = match (scheme.key_kind(), parts) {
            (KeyKind::Rsa, PublicKeyParts::Rsa { n, e }) => parse_rsa(scheme, n, e)?,
            (KeyKind::Ec { coordinate_len }, PublicKeyParts::Ec { x, y }) => {
                parse_ec(scheme, coordinate_len, x, y)?
            }
            (KeyKind::Ed25519, PublicKeyParts::Ed25519 { x }) => parse_ed25519(x)?,
            (KeyKind::MlDsa { public_len }, PublicKeyParts::MlDsa { public }) => {
                if public.len() != public_len {
                    return Err(PublicKeyRejected::EncodedLength {
                        expected: public_len,
                        found: public.len(),
                    });
                }
                ml_dsa::parse_public(scheme, public)?
            }
            _ => return Err(PublicKeyRejected::WrongKind),
        };
        Ok(Self { scheme, key })
    }

    /// The one scheme this key verifies.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

fn parse_rsa(
    scheme: SignatureScheme,
    n: &[u8],
    e: &[u8],
) -> Result<ParsedPublicKey, PublicKeyRejected> {
    check_rsa(n, e)?;
    let parameters: &'static RsaParameters = match scheme {
        SignatureScheme::RsaPkcs1Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        SignatureScheme::RsaPkcs1Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        SignatureScheme::RsaPkcs1Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        SignatureScheme::RsaPssSha256 => &RSA_PSS_2048_8192_SHA256,
        SignatureScheme::RsaPssSha384 => &RSA_PSS_2048_8192_SHA384,
        SignatureScheme::RsaPssSha512 => &RSA_PSS_2048_8192_SHA512,
        _ => return Err(PublicKeyRejected::WrongKind),
    };
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(parameters)
        .map_err(|_| PublicKeyRejected::RsaExponent)
}

pub(crate) fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), PublicKeyRejected> {
    let (modulus_bits, exponent_bits) = (bits(n)?, bits(e)?);
    if modulus_bits < RSA_MIN_BITS {
        return Err(PublicKeyRejected::RsaTooShort(modulus_bits));
    }
    if modulus_bits > RSA_MAX_BITS {
        return Err(PublicKeyRejected::RsaTooLong(modulus_bits));
    }
    if !is_odd(n) {
        return Err(PublicKeyRejected::RsaModulusEven);
    }
    // An odd number of at least two bits is 3 or more.
    if !is_odd(e) || !(2..=RSA_MAX_EXPONENT_BITS).contains(&exponent_bits) {
        return Err(PublicKeyRejected::RsaExponent);
    }
    if roca::has_fingerprint(n) {
        return Err(PublicKeyRejected::RsaBrokenGenerator);
    }
    Ok(())
}

/// The bit length of a number without leading zero octets.
fn bits(number: &[u8]) -> Result<usize, PublicKeyRejected> {
    match number.first() {
        None | Some(0) => Err(PublicKeyRejected::LeadingZero),
        Some(first) => Ok(number.len() * 8 - first.leading_zeros() as usize),
    }
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

fn parse_ec(
    scheme: SignatureScheme,
    coordinate_len: usize,
    x: &[u8],
    y: &[u8],
) -> Result<ParsedPublicKey, PublicKeyRejected> {
    let algorithm: &'static dyn VerificationAlgorithm = match scheme {
        SignatureScheme::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED,
        SignatureScheme::EcdsaP384Sha384 => &ECDSA_P384_SHA384_FIXED,
        SignatureScheme::EcdsaP521Sha512 => &ECDSA_P521_SHA512_FIXED,
        _ => return Err(PublicKeyRejected::WrongKind),
    };
    check_length(coordinate_len, x)?;
    check_length(coordinate_len, y)?;
    ParsedPublicKey::new(algorithm, uncompressed_point(x, y))
        .map_err(|_| PublicKeyRejected::NotOnCurve)
}

/// SEC 1 section 2.3.3, uncompressed.
pub(crate) fn uncompressed_point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// The points of small order, encoded as RFC 8032 section 5.1.2 says and otherwise, without the bit for the sign. There
/// are signatures that verify under them whatever was signed, and nobody needs a private key to make one.
const SMALL_ORDER: [[u8; 32]; 7] = {
    const fn with_ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
        let mut encoded = [middle; 32];
        encoded[0] = first;
        encoded[31] = last;
        encoded
    }
    [
        with_ends(0, 0, 0),
        with_ends(1, 0, 0),
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
        with_ends(0xec, 0xff, 0x7f),
        with_ends(0xed, 0xff, 0x7f),
        with_ends(0xee, 0xff, 0x7f),
    ]
};

fn has_small_order(x: &[u8]) -> bool {
    let Some((last, others)) = x.split_last() else {
        return false;
    };
    SMALL_ORDER
        .iter()
        .any(|point| others == &point[..31] && last & 0x7f == point[31])
}

fn parse_ed25519(x: &[u8]) -> Result<ParsedPublicKey, PublicKeyRejected> {
    check_length(32, x)?;
    if has_small_order(x) {
        return Err(PublicKeyRejected::SmallOrder);
    }
    ParsedPublicKey::new(&ED25519, x).map_err(|_| PublicKeyRejected::NotOnCurve)
}

pub(crate) fn check_length(expected: usize, coordinate: &[u8]) -> Result<(), PublicKeyRejected> {
    if coordinate.len() == expected {
        Ok(())
    } else {
        Err(PublicKeyRejected::CoordinateLength {
            expected,
            found: coordinate.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsa(n: &[u8], e: &[u8]) -> Result<PublicKey, PublicKeyRejected> {
        PublicKey::from_parts(
            SignatureScheme::RsaPkcs1Sha256,
            &PublicKeyParts::Rsa {
                n: n.to_vec(),
                e: e.to_vec(),
            },
        )
    }

    fn odd_modulus(octets: usize) -> Vec<u8> {
        let mut n = vec![0xff; octets];
        n[0] = 0x80;
        n
    }

    #[test]
    fn an_ed25519_key_of_small_order_is_refused_with_either_sign() {
        for mut point in SMALL_ORDER {
            for sign in [0, 0x80] {
                point[31] = (point[31] & 0x7f) | sign;
                let parts = PublicKeyParts::Ed25519 { x: point.to_vec() };
                let refused = PublicKey::from_parts(SignatureScheme::Ed25519, &parts);
                assert_eq!(refused.unwrap_err(), PublicKeyRejected::SmallOrder);
            }
        }
    }

    #[test]
    fn rsa_moduli_have_2048_to_8192_bits() {
        assert!(rsa(&odd_modulus(256), &[1, 0, 1]).is_ok());
        assert!(rsa(&odd_modulus(1024), &[1, 0, 1]).is_ok());
        assert_eq!(
            rsa(&odd_modulus(128), &[1, 0, 1]).unwrap_err(),
            PublicKeyRejected::RsaTooShort(1024)
        );
        assert_eq!(
            rsa(&odd_modulus(1025), &[1, 0, 1]).unwrap_err(),
            PublicKeyRejected::RsaTooLong(8200)
        );
        let mut n = odd_modulus(256);
        n[0] = 0x7f;
        assert_eq!(
            rsa(&n, &[1, 0, 1]).unwrap_err(),
            PublicKeyRejected::RsaTooShort(2047)
        );
    }

    #[test]
    fn rsa_exponents_are_odd_and_at_least_3_and_bounded() {
        let n = odd_modulus(256);
        assert!(rsa(&n, &[3]).is_ok());
        for e in [&[1][..], &[2], &[1, 0, 0], &[0xff; 5], &[0xff; 256]] {
            assert_eq!(
                rsa(&n, e).unwrap_err(),
                PublicKeyRejected::RsaExponent,
                "{e:?}"
            );
        }
        for e in [&[][..], &[0], &[0, 3]] {
            assert_eq!(
                rsa(&n, e).unwrap_err(),
                PublicKeyRejected::LeadingZero,
                "{e:?}"
            );
        }
    }

    #[test]
    fn an_even_modulus_is_refused() {
        let mut n = odd_modulus(256);
        n[255] = 0xfe;
        assert_eq!(
            rsa(&n, &[1, 0, 1]).unwrap_err(),
            PublicKeyRejected::RsaModulusEven
        );
    }

    #[test]
    fn a_modulus_of_the_broken_generator_is_refused() {
        // 65537^128 has 2049 bits. Each step adds the number to itself moved by two octets.
        let mut n = vec![1_u8];
        for _ in 0..128 {
            let moved = [n.as_slice(), &[0, 0]].concat();
            let mut carry = 0;
            let mut sum = vec![0; moved.len()];
            for at in (0..moved.len()).rev() {
                let other = if at >= 2 { n[at - 2] } else { 0 };
                let total = u16::from(moved[at]) + u16::from(other) + carry;
                sum[at] = total.to_le_bytes()[0];
                carry = total >> 8;
            }
            assert_eq!(carry, 0);
            n = sum;
        }
        assert_eq!(
            rsa(&n, &[1, 0, 1]).unwrap_err(),
            PublicKeyRejected::RsaBrokenGenerator
        );
        n[200] ^= 1;
        assert!(rsa(&n, &[1, 0, 1]).is_ok());
    }

    #[test]
    fn points_off_the_curve_and_coordinates_of_other_lengths_are_refused() {
        let ec = |x: &[u8], y: &[u8]| {
            let parts = PublicKeyParts::Ec {
                x: x.to_vec(),
                y: y.to_vec(),
            };
            PublicKey::from_parts(SignatureScheme::EcdsaP256Sha256, &parts).unwrap_err()
        };
        assert_eq!(ec(&[1; 32], &[1; 32]), PublicKeyRejected::NotOnCurve);
        assert_eq!(ec(&[0; 32], &[0; 32]), PublicKeyRejected::NotOnCurve);
        assert_eq!(
            ec(&[1; 31], &[1; 33]),
            PublicKeyRejected::CoordinateLength {
                expected: 32,
                found: 31
            }
        );
    }

    #[test]
    fn a_key_of_one_kind_is_never_taken_for_another() {
        let parts = PublicKeyParts::Ed25519 { x: vec![1; 32] };
        let error = PublicKey::from_parts(SignatureScheme::EcdsaP256Sha256, &parts).unwrap_err();
        assert_eq!(error, PublicKeyRejected::WrongKind);
    }
}
