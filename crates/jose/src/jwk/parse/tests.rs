use avouch_crypto::PublicKeyRejected;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::base64url;

const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

fn ec_with(name: &str, value: Value) -> Result<Jwk, JwkError> {
    let mut members = crate::strict_json::object(EC.as_bytes()).unwrap();
    members.insert(name.to_owned(), value);
    Jwk::from_object(members)
}

fn rsa(octets: usize, e: &str) -> Result<Jwk, JwkError> {
    let mut n = vec![0xff; octets];
    n[0] = 0x80;
    Jwk::parse_public(
        json!({"kty":"RSA","n":base64url::encode(n),"e":e})
            .to_string()
            .as_bytes(),
    )
}

#[test]
fn a_public_key_comes_through_in_one_order() {
    let jwk = ec_with("kid", json!("k1")).unwrap();
    let json = jwk.to_json();
    assert!(
        json.starts_with(r#"{"kty":"EC","kid":"k1","crv":"P-256","x":"#),
        "{json}"
    );
    assert_eq!(Jwk::parse_public(json.as_bytes()).unwrap(), jwk);
    assert_eq!(serde_json::from_str::<Jwk>(&json).unwrap(), jwk);
}

#[test]
fn private_and_symmetric_members_are_refused() {
    for member in PRIVATE_MEMBERS {
        assert_eq!(
            ec_with(member, json!("AA")),
            Err(JwkError::PrivateMember(member))
        );
        assert_eq!(
            ec_with(member, Value::Null),
            Err(JwkError::PrivateMember(member)),
            "even if empty"
        );
    }
    assert_eq!(
        Jwk::parse_public(br#"{"kty":"oct","k":"AyM1"}"#),
        Err(JwkError::Symmetric)
    );
}

#[test]
fn types_and_curves_that_are_not_known_are_told_apart_from_errors() {
    assert_eq!(
        ec_with("kty", json!("LMS")),
        Err(JwkError::UnsupportedKeyType)
    );
    assert_eq!(
        ec_with("kty", json!("ec")),
        Err(JwkError::UnsupportedKeyType),
        "case matters"
    );
    assert_eq!(
        ec_with("kty", json!("OKP")),
        Err(JwkError::UnsupportedCurve)
    );
    assert_eq!(
        ec_with("crv", json!("secp256k1")),
        Err(JwkError::UnsupportedCurve)
    );
    assert_eq!(ec_with("use", json!("seal")), Err(JwkError::UnsupportedUse));
}

#[test]
fn row_fsp_5_4_1_03_short_keys_are_refused() {
    assert_eq!(
        rsa(255, "AQAB"),
        Err(JwkError::Unsound(PublicKeyRejected::RsaTooShort(2040)))
    );
    assert_eq!(
        rsa(128, "AQAB"),
        Err(JwkError::Unsound(PublicKeyRejected::RsaTooShort(1024)))
    );
    assert!(rsa(256, "AQAB").is_ok());
    for curve in ["P-192", "secp192r1", "secp160r1"] {
        assert_eq!(
            ec_with("crv", json!(curve)),
            Err(JwkError::UnsupportedCurve),
            "{curve}"
        );
    }
}

#[test]
fn row_7518_3_3_01_rsa_keys_are_bounded_on_both_sides_and_no_hmac_key_is_taken() {
    assert_eq!(
        rsa(128, "AQAB"),
        Err(JwkError::Unsound(PublicKeyRejected::RsaTooShort(1024)))
    );
    assert_eq!(
        rsa(2048, "AQAB"),
        Err(JwkError::Unsound(PublicKeyRejected::RsaTooLong(16384)))
    );
    assert!(rsa(1024, "AQAB").is_ok());
    let short = json!({"kty":"oct","alg":"HS256","k":base64url::encode([7; 31])});
    assert_eq!(
        Jwk::parse_public(short.to_string().as_bytes()),
        Err(JwkError::Symmetric)
    );
}

#[test]
fn rsa_numbers_have_one_spelling() {
    assert_eq!(
        rsa(256, "AAEAAQ"),
        Err(JwkError::Unsound(PublicKeyRejected::LeadingZero))
    );
    assert_eq!(
        rsa(256, "AQ"),
        Err(JwkError::Unsound(PublicKeyRejected::RsaExponent))
    );
    assert!(matches!(
        rsa(256, "AQAB="),
        Err(JwkError::Base64url { member: "e", .. })
    ));
}

#[test]
fn points_are_on_their_curve_and_spelt_in_full() {
    assert_eq!(
        ec_with("y", json!(base64url::encode([1; 32]))),
        Err(JwkError::Unsound(PublicKeyRejected::NotOnCurve))
    );
    let found = |x: &[u8]| ec_with("x", json!(base64url::encode(x)));
    assert_eq!(
        found(&[1; 31]),
        Err(JwkError::Unsound(PublicKeyRejected::CoordinateLength {
            expected: 32,
            found: 31
        }))
    );
    assert!(matches!(
        ec_with("crv", json!("P-384")),
        Err(JwkError::Unsound(_))
    ));
}

#[test]
fn a_point_of_small_order_is_no_key_to_agree_with() {
    let x25519 = |x: [u8; 32]| {
        let jwk = json!({"kty":"OKP","crv":"X25519","x":base64url::encode(x)});
        Jwk::parse_public(jwk.to_string().as_bytes())
    };
    assert_eq!(
        x25519([0; 32]),
        Err(JwkError::Unsound(PublicKeyRejected::SmallOrder))
    );
    assert!(x25519([9; 32]).is_ok());
}

/// Any octets of the right number are a public key of ML-DSA.
fn akp(alg: &str, octets: usize) -> Value {
    json!({"kty":"AKP","alg":alg,"pub":base64url::encode(vec![7; octets])})
}

fn parsed(jwk: &Value) -> Result<Jwk, JwkError> {
    Jwk::parse_public(jwk.to_string().as_bytes())
}

const AKP_LENGTHS: [(&str, usize); 3] = [
    ("ML-DSA-44", 1312),
    ("ML-DSA-65", 1952),
    ("ML-DSA-87", 2592),
];

#[test]
fn row_9964_3_01_an_akp_key_comes_through_with_its_alg() {
    for (alg, octets) in AKP_LENGTHS {
        let jwk = parsed(&akp(alg, octets)).unwrap();
        assert_eq!((jwk.alg(), jwk.material().key_type()), (Some(alg), "AKP"));
        let json = jwk.to_json();
        let start = format!(r#"{{"kty":"AKP","alg":"{alg}","pub":"Bw"#);
        assert!(json.starts_with(&start), "{json}");
        assert_eq!(Jwk::parse_public(json.as_bytes()).unwrap(), jwk);
    }
}

#[test]
fn row_9964_3_01_an_akp_key_is_exactly_as_long_as_its_alg_says() {
    for (alg, expected) in AKP_LENGTHS {
        for found in [0, 1, 32, 1311, 1312, 1313, 1952, 2591, 2592, 2593, 3072] {
            let length = PublicKeyRejected::EncodedLength { expected, found };
            let wanted = if found == expected {
                None
            } else {
                Some(JwkError::Unsound(length))
            };
            assert_eq!(parsed(&akp(alg, found)).err(), wanted, "{alg} {found}");
        }
    }
    assert_eq!(
        parsed(&akp("ML-DSA-87", 4000)),
        Err(JwkError::WrongType("pub"))
    );
}

#[test]
fn row_9964_3_01_an_akp_key_without_alg_or_with_a_foreign_one_is_refused() {
    let mut jwk = akp("ML-DSA-44", 1312);
    for alg in [
        "ML-DSA",
        "ml-dsa-44",
        "Ed25519",
        "ES256",
        "SLH-DSA-SHA2-128s",
        "RSA-OAEP",
    ] {
        jwk["alg"] = json!(alg);
        assert_eq!(
            parsed(&jwk),
            Err(JwkError::UnsupportedAkpAlgorithm),
            "{alg}"
        );
    }
    jwk["alg"] = json!(44);
    assert_eq!(parsed(&jwk), Err(JwkError::WrongType("alg")));
    jwk.as_object_mut().unwrap().remove("alg");
    assert_eq!(parsed(&jwk), Err(JwkError::Missing("alg")));
    jwk = akp("ML-DSA-44", 1312);
    jwk.as_object_mut().unwrap().remove("pub");
    assert_eq!(parsed(&jwk), Err(JwkError::Missing("pub")));
    jwk = akp("ML-DSA-44", 1312);
    jwk["priv"] = json!(base64url::encode([0; 32]));
    assert_eq!(parsed(&jwk), Err(JwkError::PrivateMember("priv")));
    // It is no key of another type because it names its algorithm.
    let ec = ec_with("alg", json!("ML-DSA-44")).unwrap();
    assert!(!ec.fits(SignatureAlgorithm::MlDsa44));
}

#[test]
fn an_akp_key_is_for_signatures_alone() {
    let jwk = parsed(&akp("ML-DSA-65", 1952)).unwrap();
    assert!(jwk.may_verify());
    for algorithm in crate::KeyManagementAlgorithm::ALL {
        assert!(!jwk.encrypts(algorithm), "{algorithm}");
    }
    let mut operations = akp("ML-DSA-65", 1952);
    operations["key_ops"] = json!([]);
    assert!(!parsed(&operations).unwrap().may_encrypt());
}

#[test]
fn members_of_the_wrong_type_are_named() {
    for name in ["kid", "use", "alg", "kty", "crv", "x"] {
        assert_eq!(ec_with(name, json!(1)), Err(JwkError::WrongType(name)));
    }
    assert_eq!(ec_with("kid", json!("")), Err(JwkError::WrongType("kid")));
    assert_eq!(
        ec_with("kid", json!("k".repeat(1025))),
        Err(JwkError::WrongType("kid"))
    );
    assert_eq!(
        ec_with("key_ops", json!(["verify", 1])),
        Err(JwkError::WrongType("key_ops"))
    );
    assert_eq!(
        Jwk::parse_public(br#"{"kty":"EC","crv":"P-256"}"#),
        Err(JwkError::Missing("x"))
    );
}

#[test]
fn key_ops_neither_repeat_nor_contradict_use() {
    assert!(ec_with("key_ops", json!(["verify"])).unwrap().may_verify());
    assert!(!ec_with("key_ops", json!(["encrypt"])).unwrap().may_verify());
    assert_eq!(
        ec_with("key_ops", json!(["verify", "verify"])),
        Err(JwkError::InconsistentOperations)
    );
    let many: Vec<String> = (0..17).map(|number| number.to_string()).collect();
    assert_eq!(
        ec_with("key_ops", json!(many)),
        Err(JwkError::WrongType("key_ops"))
    );
    assert!(ec_with("key_ops", json!(many[1..])).is_ok());
    let both = json!({"use":"enc","key_ops":["verify"],"kty":"OKP","crv":"X25519","x":base64url::encode([9; 32])});
    assert_eq!(
        Jwk::parse_public(both.to_string().as_bytes()),
        Err(JwkError::InconsistentOperations)
    );
}

#[test]
fn certificates_are_kept_and_have_to_be_base64() {
    let der = [0x30, 0x03, 0xff, 0xfe, 0x00];
    let jwk = ec_with("x5c", json!(["MAP//gA=", "MAP//gA="])).unwrap();
    assert_eq!(jwk.certificates(), [der, der]);
    let json = jwk.to_json();
    assert!(json.contains(r#""x5c":["MAP//gA=","MAP//gA="]"#), "{json}");
    assert_eq!(Jwk::parse_public(json.as_bytes()), Ok(jwk.clone()));
    let bare = Jwk::parse_public(EC.as_bytes()).unwrap();
    assert!(bare.certificates().is_empty());
    assert_eq!(jwk.thumbprint_base64url(), bare.thumbprint_base64url());
    for bad in [
        json!(null),
        json!("MAP//gA="),
        json!([]),
        json!([""]),
        json!([1]),
        json!(["MAP__gA="]),
        json!(["MAP//gA"]),
        json!(["MAP/\n/gA="]),
        json!(["A".repeat(32 * 1024 + 4)]),
        json!(vec!["MAP//gA="; 17]),
    ] {
        assert_eq!(
            ec_with("x5c", bad.clone()),
            Err(JwkError::Certificates),
            "{bad}"
        );
    }
}

#[test]
fn duplicate_members_are_refused_also_inside_other_documents() {
    let twice = EC.replacen('{', r#"{"kty":"EC","#, 1);
    assert!(matches!(
        Jwk::parse_public(twice.as_bytes()),
        Err(JwkError::Json(_))
    ));
    assert!(serde_json::from_str::<Jwk>(&twice).is_err());
}

proptest! {
    #[test]
    fn no_members_make_it_panic(
        kty in "RSA|EC|OKP|AKP|oct|x",
        crv in "P-256|P-521|Ed25519|X25519|x",
        alg in "ES256|ML-DSA-44|ML-DSA-87|x",
        number in "[-_A-Za-z0-9]{0,90}",
        other in "[ -~]{0,20}",
    ) {
        let jwk = json!({"kty":kty,"crv":crv,"n":number,"e":"AQAB","x":number,"y":number,"pub":number,"alg":alg,"use":other,"kid":other});
        let _ = Jwk::parse_public(jwk.to_string().as_bytes());
    }
}
