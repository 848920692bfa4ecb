use super::*;
use crate::{
    private_key::{PrivateKeyParts, PrivateKeyRejected},
    public_key::{PublicKeyParts, PublicKeyRejected},
    random::SystemRandom,
};

const CURVES: [AgreementCurve; 4] = AgreementCurve::ALL;

/// The u-coordinates of small order that have one spelling below the field's prime (RFC 7748 section 6.1; the first
/// five of <https://cr.yp.to/ecdh.html#validate>).
fn small_order() -> Vec<[u8; 32]> {
    let mut one = [0; 32];
    one[0] = 1;
    let mut p_minus_one = [0xff; 32];
    (p_minus_one[0], p_minus_one[31]) = (0xec, 0x7f);
    let order_eight = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    let other_order_eight = [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ];
    vec![[0; 32], one, p_minus_one, order_eight, other_order_eight]
}

fn generate(curve: AgreementCurve) -> AgreementPrivateKey {
    AgreementPrivateKey::generate(curve, &SystemRandom).unwrap()
}

fn public(key: &AgreementPrivateKey) -> AgreementPublicKey {
    AgreementPublicKey::from_parts(key.curve(), key.public_parts()).unwrap()
}

#[test]
fn both_parties_agree_and_only_for_the_same_purpose() {
    for curve in CURVES {
        let recipient = generate(curve);
        let (passing, sent) = public(&recipient)
            .agree_ephemeral(b"purpose", 48, &SystemRandom)
            .unwrap();
        let passing = AgreementPublicKey::from_parts(curve, &passing).unwrap();
        assert_eq!(recipient.agree(&passing, b"purpose", 48).unwrap(), sent);
        assert_ne!(recipient.agree(&passing, b"another", 48).unwrap(), sent);
        assert_ne!(
            generate(curve).agree(&passing, b"purpose", 48).unwrap(),
            sent
        );
    }
}

#[test]
fn no_two_occasions_share_a_key() {
    for curve in CURVES {
        let recipient = public(&generate(curve));
        let [a, b] = [(); 2].map(|()| {
            let agreed = recipient.agree_ephemeral(b"", 32, &SystemRandom);
            agreed.unwrap()
        });
        assert_ne!(a.0, b.0);
        assert_ne!(a.1, b.1);
    }
}

#[test]
fn a_key_of_another_curve_is_not_agreed_with() {
    for curve in CURVES {
        for other in CURVES.into_iter().filter(|other| *other != curve) {
            let parts = generate(other).public_parts().clone();
            assert!(AgreementPublicKey::from_parts(curve, &parts).is_err());
            let agreed = generate(curve).agree(&public(&generate(other)), b"", 32);
            assert_eq!(agreed.unwrap_err(), AgreementFailed);
        }
    }
}

#[test]
fn points_off_the_curve_and_of_small_order_are_refused() {
    let ec = |octet: u8| PublicKeyParts::Ec {
        x: vec![octet; 32],
        y: vec![octet; 32],
    };
    for octet in [0, 1] {
        assert_eq!(
            AgreementPublicKey::from_parts(AgreementCurve::P256, &ec(octet)).unwrap_err(),
            PublicKeyRejected::NotOnCurve
        );
    }
    let recipient = generate(AgreementCurve::X25519);
    for x in small_order() {
        let parts = PublicKeyParts::X25519 { x: x.to_vec() };
        let point = AgreementPublicKey::from_parts(AgreementCurve::X25519, &parts).unwrap();
        assert!(point.has_small_order(), "{x:?}");
        assert_eq!(
            recipient.agree(&point, b"", 32).unwrap_err(),
            AgreementFailed
        );
        assert_eq!(
            point.agree_ephemeral(b"", 32, &SystemRandom).unwrap_err(),
            EphemeralAgreementError::Agreement
        );
    }
    for curve in CURVES {
        assert!(!public(&generate(curve)).has_small_order());
    }
}

#[test]
fn coordinates_have_the_length_of_their_curve() {
    for curve in CURVES {
        let wrong = match generate(curve).public_parts() {
            PublicKeyParts::X25519 { x } => PublicKeyParts::X25519 { x: x[1..].to_vec() },
            PublicKeyParts::Ec { x, y } => PublicKeyParts::Ec {
                x: [&[0], x.as_slice()].concat(),
                y: y.clone(),
            },
            other => panic!("{other:?}"),
        };
        let error = AgreementPublicKey::from_parts(curve, &wrong).unwrap_err();
        assert!(matches!(error, PublicKeyRejected::CoordinateLength { .. }));
    }
}

#[test]
fn a_key_survives_pkcs8_and_is_read_as_no_other() {
    for curve in CURVES {
        let key = generate(curve);
        let pkcs8 = key.to_pkcs8().unwrap();
        let stored = AgreementPrivateKey::from_pkcs8(curve, &pkcs8).unwrap();
        assert_eq!(stored.public_parts(), key.public_parts());
        for other in CURVES.into_iter().filter(|other| *other != curve) {
            assert!(AgreementPrivateKey::from_pkcs8(other, &pkcs8).is_err());
        }
        for length in 0..pkcs8.len() {
            assert!(AgreementPrivateKey::from_pkcs8(curve, &pkcs8[..length]).is_err());
        }
    }
}

#[test]
fn the_halves_of_a_key_must_belong_together() {
    let [a, b] = [(); 2].map(|()| generate(AgreementCurve::X25519));
    let pkcs8 = a.to_pkcs8().unwrap();
    let secret = PrivateKeyParts::X25519 { d: &pkcs8[16..] };
    let join = |public: &AgreementPrivateKey| {
        AgreementPrivateKey::from_parts(AgreementCurve::X25519, public.public_parts(), &secret)
    };
    assert!(join(&a).is_ok());
    assert_eq!(join(&b).unwrap_err(), PrivateKeyRejected::Malformed);
    let short = PrivateKeyParts::X25519 { d: &[1; 31] };
    let joined = AgreementPrivateKey::from_parts(AgreementCurve::X25519, a.public_parts(), &short);
    assert_eq!(joined.unwrap_err(), PrivateKeyRejected::Malformed);
}

#[test]
fn debug_shows_the_curve_alone() {
    let key = generate(AgreementCurve::X25519);
    assert_eq!(
        format!("{key:?}"),
        "AgreementPrivateKey { curve: X25519, .. }"
    );
    assert_eq!(
        format!("{:?}", public(&key)),
        "AgreementPublicKey { curve: X25519, .. }"
    );
}
