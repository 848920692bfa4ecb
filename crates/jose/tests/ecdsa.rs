//! ECDSA signatures have one form (RFC 7518 section 3.4).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::random::SystemRandom;
use avouch_jose::{KeyError, SignatureAlgorithm, SigningKey, VerificationKey, base64url, jws};
use common::{verifier, verify};

/// Orders of the curves: a component of a signature lies between 1 and one less.
const ORDERS: [(SignatureAlgorithm, &str); 3] = [
    (
        SignatureAlgorithm::Es256,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    (
        SignatureAlgorithm::Es384,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    (
        SignatureAlgorithm::Es512,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    ),
];

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// An ASN.1 INTEGER.
fn der_integer(number: &[u8]) -> Vec<u8> {
    let mut value: Vec<u8> = number
        .iter()
        .copied()
        .skip_while(|octet| *octet == 0)
        .collect();
    if value.first().is_none_or(|first| *first >= 0x80) {
        value.insert(0, 0);
    }
    [&[2, u8::try_from(value.len()).unwrap()], value.as_slice()].concat()
}

fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let body = [der_integer(r), der_integer(s)].concat();
    let length = u8::try_from(body.len()).unwrap();
    let prefix: &[u8] = if length < 0x80 {
        &[0x30, length]
    } else {
        &[0x30, 0x81, length]
    };
    [prefix, &body].concat()
}

struct Signed {
    key: VerificationKey,
    input: String,
    signature: Vec<u8>,
}

impl Signed {
    fn new(algorithm: SignatureAlgorithm) -> Self {
        let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
        let header = base64url::encode(format!(r#"{{"alg":"{algorithm}"}}"#));
        let input = format!("{header}.{}", base64url::encode("{}"));
        let signature = key.sign(input.as_bytes()).unwrap();
        Self {
            key: verifier(&key),
            input,
            signature,
        }
    }

    fn accepts(&self, signature: &[u8]) -> bool {
        verify(
            &jws::append_signature(self.input.clone(), signature),
            &self.key,
        )
        .is_ok()
    }
}

#[test]
fn row_7518_3_4_01_a_signature_is_the_fixed_length_pair_and_nothing_else() {
    for (algorithm, order) in ORDERS {
        let signed = Signed::new(algorithm);
        let length = order.len() / 2;
        assert_eq!(signed.signature.len(), 2 * length);
        let (r, s) = signed.signature.split_at(length);
        assert!(signed.accepts(&signed.signature), "{algorithm}");

        assert!(!signed.accepts(&der(r, s)), "{algorithm}: DER");
        assert!(!signed.accepts(&[]), "{algorithm}: empty");
        assert!(
            !signed.accepts(&signed.signature[1..]),
            "{algorithm}: short"
        );
        assert!(
            !signed.accepts(&[&[0], signed.signature.as_slice()].concat()),
            "{algorithm}: zero before"
        );
        assert!(
            !signed.accepts(&[signed.signature.as_slice(), &[0]].concat()),
            "{algorithm}: zero after"
        );
        assert!(
            !signed.accepts(&[&[0], r, &[0], s].concat()),
            "{algorithm}: both longer"
        );
        assert!(!signed.accepts(&[s, r].concat()), "{algorithm}: swapped");
    }
}

#[test]
fn row_7518_3_4_01_zero_and_out_of_range_components_are_refused() {
    for (algorithm, order) in ORDERS {
        let signed = Signed::new(algorithm);
        let n = from_hex(order);
        let length = n.len();
        let (r, s) = signed.signature.split_at(length);
        let mut one = vec![0; length];
        one[length - 1] = 1;
        let (zero, most) = (vec![0; length], vec![0xff; length]);
        for bad in [&zero, &n, &most] {
            for other in [r, s, &one, &zero, &n] {
                assert!(!signed.accepts(&[bad, other].concat()), "{algorithm}");
                assert!(!signed.accepts(&[other, bad].concat()), "{algorithm}");
            }
        }
        assert!(!signed.accepts(&[one.clone(), one].concat()), "{algorithm}");
    }
}

#[test]
fn row_7518_3_4_01_curve_and_algorithm_fit() {
    for (algorithm, _) in ORDERS {
        let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
        let mut jwk: serde_json::Value = serde_json::to_value(key.public_jwk()).unwrap();
        jwk.as_object_mut().unwrap().remove("alg");
        let jwk = common::public_half(&jwk);
        for (other, _) in ORDERS {
            let bound = VerificationKey::from_jwk(&jwk, other);
            if other == algorithm {
                assert!(bound.is_ok());
            } else {
                assert_eq!(bound.unwrap_err(), KeyError::WrongKeyType(other));
            }
        }
    }
}
