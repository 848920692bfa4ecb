//! Tokens that are rightly signed and still refused: so that the refusal is shown to be for the rule and not for a
//! signature that would not have verified anyway.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::random::SystemRandom;
use avouch_jose::{
    JwkSet, ParseError, SelectError, SignatureAlgorithm, SigningKey, VerificationKey, VerifyError,
    base64url, jws,
    jws::{CriticalError, UnverifiedJws},
    strict_json::JsonError,
};
use common::{forge, verifier, verify};
use josekit::{
    jwk::KeyPair,
    jws::{JwsSigner, JwsVerifier},
};
use serde_json::{Value, json};

fn key(algorithm: SignatureAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm, &SystemRandom).unwrap()
}

fn parse_error(token: &str) -> ParseError {
    UnverifiedJws::parse(token).unwrap_err()
}

/// The error for a token with this header, rightly signed; `None` if it verifies.
fn header_error(header: impl AsRef<[u8]>) -> Option<ParseError> {
    let key = key(SignatureAlgorithm::Ed25519);
    let token = forge(&key, header, b"{}");
    let unverified = match UnverifiedJws::parse(&token) {
        Ok(unverified) => unverified,
        Err(error) => return Some(error),
    };
    unverified.verify(&verifier(&key)).unwrap();
    None
}

#[test]
fn row_8725_3_1_01_a_token_never_chooses_the_algorithm() {
    // One RSA key, published for PS256; its owner (or whoever uses it as an oracle) signs RS256 with it.
    let ps256 = key(SignatureAlgorithm::Ps256);
    let rs256 =
        SigningKey::from_pkcs8(SignatureAlgorithm::Rs256, &ps256.to_pkcs8().unwrap()).unwrap();
    let token = forge(&rs256, r#"{"alg":"RS256","kid":"k"}"#, b"{}");
    let set = JwkSet {
        keys: vec![ps256.public_jwk().clone().with_kid("k")],
    };

    let unverified = UnverifiedJws::parse(&token).unwrap();
    assert_eq!(
        set.select(Some("k"), unverified.header().algorithm()),
        Err(SelectError::NoneFits)
    );
    assert_eq!(
        unverified.verify(&verifier(&ps256)).unwrap_err(),
        VerifyError::AlgorithmMismatch {
            header: SignatureAlgorithm::Rs256,
            key: SignatureAlgorithm::Ps256
        }
    );
    // A header that lies about it does not help either.
    assert!(
        verify(
            &forge(&rs256, r#"{"alg":"PS256","kid":"k"}"#, b"{}"),
            &verifier(&ps256)
        )
        .is_err()
    );
}

#[test]
fn row_8725_2_1_01_hs256_keyed_with_any_form_of_the_public_key_is_refused() {
    let rsa = key(SignatureAlgorithm::Rs256);
    let theirs = josekit::jws::RS256
        .key_pair_from_der(rsa.to_pkcs8().unwrap().as_slice())
        .unwrap();
    let secrets = [
        rsa.public_jwk().to_json().into_bytes(),
        theirs.to_pem_public_key(),
        theirs.to_der_public_key(),
    ];
    for secret in secrets {
        let signer = josekit::jws::HS256.signer_from_bytes(&secret).unwrap();
        let input = format!(
            "{}.{}",
            base64url::encode(r#"{"alg":"HS256"}"#),
            base64url::encode("{}")
        );
        let tag = signer.sign(input.as_bytes()).unwrap();
        let fooled = josekit::jws::HS256.verifier_from_bytes(&secret).unwrap();
        assert!(
            fooled.verify(input.as_bytes(), &tag).is_ok(),
            "the forgery is a true one"
        );
        assert_eq!(
            parse_error(&jws::append_signature(input, &tag)),
            ParseError::UnsupportedAlgorithm
        );
    }
}

#[test]
fn row_7515_a_5_01_none_is_refused_with_and_without_a_signature() {
    let key = key(SignatureAlgorithm::Ed25519);
    for name in ["none", "None", "NONE", "noNE", "nOnE", ""] {
        let header = json!({ "alg": name }).to_string();
        let signed = forge(&key, &header, b"{}");
        assert_eq!(
            parse_error(&signed),
            ParseError::UnsupportedAlgorithm,
            "{name:?}"
        );
        let (input, _) = signed.rsplit_once('.').unwrap();
        assert_eq!(
            parse_error(&format!("{input}.")),
            ParseError::UnsupportedAlgorithm,
            "{name:?}"
        );
    }
    // An empty signature under an honest name.
    let honest = forge(&key, r#"{"alg":"Ed25519"}"#, b"{}");
    let (input, _) = honest.rsplit_once('.').unwrap();
    assert!(verify(&format!("{input}."), &verifier(&key)).is_err());
    assert!(verify(&honest, &verifier(&key)).is_ok());
    for header in [
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":["Ed25519"]}"#,
        r#"{"ALG":"Ed25519"}"#,
        r#"{"alg":"ed25519"}"#,
    ] {
        assert!(header_error(header).is_some(), "{header}");
    }
}

#[test]
fn row_7515_4_1_11_01_every_crit_is_refused_and_for_the_right_reason() {
    let critical = |crit: Value, also: &str| {
        let header = format!(r#"{{"alg":"Ed25519","crit":{crit}{also}}}"#);
        match header_error(&header) {
            Some(ParseError::Critical(error)) => error,
            other => panic!("{header}: {other:?}"),
        }
    };
    for malformed in [
        json!(null),
        json!("exp"),
        json!({}),
        json!(1),
        json!([1]),
        json!(["x", null]),
        json!([["x"]]),
    ] {
        assert_eq!(critical(malformed, r#","x":1"#), CriticalError::NotAnArray);
    }
    assert_eq!(critical(json!([]), ""), CriticalError::Empty);
    assert_eq!(
        critical(json!(["x", "x"]), r#","x":1"#),
        CriticalError::Repeats
    );
    for standard in ["alg", "kid", "typ", "crit", "jwk", "x5t#S256", "enc", "zip"] {
        assert_eq!(
            critical(json!([standard]), ""),
            CriticalError::StandardName,
            "{standard}"
        );
    }
    assert_eq!(critical(json!(["x"]), ""), CriticalError::Absent);
    assert_eq!(
        critical(json!(["x"]), r#","x":1"#),
        CriticalError::NotUnderstood
    );
    assert_eq!(
        critical(json!(["b64"]), r#","b64":false"#),
        CriticalError::NotUnderstood
    );
    assert_eq!(
        critical(json!(["b64"]), r#","b64":true"#),
        CriticalError::NotUnderstood
    );
    assert_eq!(
        header_error(r#"{"alg":"Ed25519","b64":false}"#),
        Some(ParseError::UnencodedPayload)
    );
    assert_eq!(
        header_error(r#"{"alg":"Ed25519","b64":true}"#),
        Some(ParseError::UnencodedPayload)
    );
}

#[test]
fn row_7515_4_01_duplicate_members_in_header_and_claims_are_refused() {
    for header in [
        r#"{"alg":"none","alg":"Ed25519"}"#,
        r#"{"alg":"Ed25519","alg":"Ed25519"}"#,
        r#"{"alg":"Ed25519","kid":"a","\u006bid":"b"}"#,
        r#"{"alg":"Ed25519","jwk":{"kty":"EC","kty":"OKP"}}"#,
    ] {
        let error = header_error(header);
        assert!(
            matches!(
                error,
                Some(ParseError::HeaderJson(JsonError::DuplicateMember { .. }))
            ),
            "{header}: {error:?}"
        );
    }
    let key = key(SignatureAlgorithm::Ed25519);
    let token = forge(&key, r#"{"alg":"Ed25519"}"#, br#"{"aud":"a","aud":"b"}"#);
    let claims = verify(&token, &verifier(&key)).unwrap().claims::<Value>();
    assert!(matches!(claims, Err(JsonError::DuplicateMember { .. })));
}

#[test]
fn row_7515_4_01_header_and_claims_are_objects_in_utf_8() {
    let utf16: Vec<u8> = r#"{"alg":"Ed25519"}"#.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(matches!(
        header_error(utf16),
        Some(ParseError::HeaderJson(JsonError::Malformed { .. }))
    ));
    assert_eq!(
        header_error(b"{\"alg\":\"Ed25519\",\"kid\":\"\xff\"}"),
        Some(ParseError::HeaderJson(JsonError::NotUtf8))
    );
    assert_eq!(
        header_error(r#"["alg","Ed25519"]"#),
        Some(ParseError::HeaderJson(JsonError::NotAnObject))
    );
    assert!(matches!(
        header_error(r#"{"alg":"Ed25519"} x"#),
        Some(ParseError::HeaderJson(JsonError::Malformed { .. }))
    ));
    assert!(matches!(
        header_error(""),
        Some(ParseError::HeaderJson(JsonError::Malformed { .. }))
    ));

    let key = key(SignatureAlgorithm::Ed25519);
    let claims = |payload: &[u8]| {
        verify(
            &forge(&key, r#"{"alg":"Ed25519"}"#, payload),
            &verifier(&key),
        )
        .unwrap()
        .claims::<Value>()
    };
    assert_eq!(claims(b"[]"), Err(JsonError::NotAnObject));
    assert_eq!(claims(b"{\"sub\":\"\xff\"}"), Err(JsonError::NotUtf8));
    assert_eq!(claims(br#"{"sub":"a"}"#), Ok(json!({"sub":"a"})));
}

#[test]
fn header_parameters_of_the_wrong_type_are_named() {
    for name in ["alg", "kid", "typ", "cty"] {
        let mut header = json!({"alg":"Ed25519"});
        header[name] = json!(1);
        assert_eq!(
            header_error(header.to_string()),
            Some(ParseError::HeaderMember(name))
        );
    }
}

#[test]
fn row_7515_4_1_2_01_what_the_header_says_of_keys_is_not_heard() {
    let (ours, attacker) = (
        key(SignatureAlgorithm::Es256),
        key(SignatureAlgorithm::Es256),
    );
    let jwk = attacker.public_jwk();
    for (name, value) in [
        ("jwk", serde_json::to_value(jwk).unwrap()),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t#S256", json!("AAAA")),
        ("jku", json!("file:///etc/passwd")),
    ] {
        let mut header = json!({"alg":"ES256","kid":ours.kid()});
        header[name] = value;
        let forged = forge(&attacker, header.to_string(), b"{}");
        let set = JwkSet {
            keys: vec![ours.public_jwk().clone()],
        };
        let unverified = UnverifiedJws::parse(&forged).unwrap();
        let picked = set
            .select(unverified.header().kid(), SignatureAlgorithm::Es256)
            .unwrap();
        assert_eq!(picked, ours.public_jwk(), "{name}");
        let key = VerificationKey::try_from(picked).unwrap();
        assert!(
            matches!(unverified.verify(&key), Err(VerifyError::Signature(_))),
            "{name}"
        );
        // Beside an honest signature it is mere noise.
        assert!(
            verify(&forge(&ours, header.to_string(), b"{}"), &key).is_ok(),
            "{name}"
        );
    }
}

#[test]
fn row_7515_2_01_every_part_is_strict_base64url() {
    let key = key(SignatureAlgorithm::Ed25519);
    // A payload of one octet leaves four stray bits in its last character, as the signature does.
    let token = forge(&key, r#"{"alg":"Ed25519"}"#, b"x");
    let parts: Vec<&str> = token.split('.').collect();
    for (index, name) in ["header", "payload", "signature"].into_iter().enumerate() {
        for lax in [
            format!("{}=", parts[index]),
            format!("{}==", parts[index]),
            format!("{}\n", parts[index]),
            format!(" {}", parts[index]),
            format!("{}?", parts[index]),
            format!("+{}", &parts[index][1..]),
            format!("/{}", &parts[index][1..]),
        ] {
            let mut changed = parts.clone();
            changed[index] = &lax;
            let error = parse_error(&changed.join("."));
            assert!(
                matches!(error, ParseError::Base64url { part, .. } if part == name),
                "{name} {lax:?}: {error:?}"
            );
        }
    }
    for index in [1, 2] {
        let last = parts[index].chars().last().unwrap();
        let stray = char::from_u32(u32::from(last) + 1).unwrap();
        let lax = format!("{}{stray}", &parts[index][..parts[index].len() - 1]);
        let mut changed = parts.clone();
        changed[index] = &lax;
        assert!(matches!(
            parse_error(&changed.join(".")),
            ParseError::Base64url { .. }
        ));
    }
}

#[test]
fn row_8725bis_3_14_01_only_three_parts_are_a_jws() {
    let token = forge(
        &key(SignatureAlgorithm::Ed25519),
        r#"{"alg":"Ed25519"}"#,
        b"{}",
    );
    let two = token.rsplit_once('.').unwrap().0;
    for other in [
        String::new(),
        String::from("x"),
        two.to_owned(),
        format!("{token}."),
        format!("{token}.x"),
        format!("{token}.x.y"),
    ] {
        assert_eq!(parse_error(&other), ParseError::NotCompact, "{other}");
    }
    let parts: Vec<&str> = token.split('.').collect();
    let flattened =
        json!({"protected":parts[0],"payload":parts[1],"signature":parts[2]}).to_string();
    assert_eq!(parse_error(&flattened), ParseError::NotCompact);
    // With as many dots as it takes to be split in three.
    let dotted = json!({"protected":parts[0],"payload":parts[1],"signature":parts[2],"header":{"a":"."," b":"."}});
    assert!(matches!(
        parse_error(&dotted.to_string()),
        ParseError::Base64url { .. }
    ));
}

#[test]
fn sizes_and_depth_are_bounded() {
    let key = key(SignatureAlgorithm::Ed25519);
    let token = |kid: usize, payload: usize| {
        forge(
            &key,
            json!({"alg":"Ed25519","kid":"k".repeat(kid)}).to_string(),
            &vec![b' '; payload],
        )
    };
    assert!(verify(&token(1, 150_000), &verifier(&key)).is_ok());
    assert_eq!(parse_error(&token(1, 200_000)), ParseError::TooLong);
    assert_eq!(parse_error(&token(30_000, 1)), ParseError::TooLong);
    assert_eq!(
        UnverifiedJws::parse_bounded(&token(1, 1000), 1000).unwrap_err(),
        ParseError::TooLong
    );
    assert_eq!(
        parse_error(&format!("{}{}", token(1, 1), "A".repeat(7000))),
        ParseError::TooLong
    );
    let deep = format!(
        r#"{{"alg":"Ed25519","x":{}{}}}"#,
        "[".repeat(40),
        "]".repeat(40)
    );
    assert_eq!(
        header_error(deep),
        Some(ParseError::HeaderJson(JsonError::TooDeep))
    );
}

#[test]
fn what_is_shown_of_a_token_is_its_header_alone() {
    let key = key(SignatureAlgorithm::Ed25519);
    let token = forge(
        &key,
        r#"{"alg":"Ed25519","kid":"k"}"#,
        br#"{"sub":"alice"}"#,
    );
    let unverified = UnverifiedJws::parse(&token).unwrap();
    let expected =
        r#"{ header: JwsHeader { algorithm: Ed25519, kid: Some("k"), typ: None, cty: None }, .. }"#;
    assert_eq!(
        format!("{unverified:?}"),
        format!("UnverifiedJws {expected}")
    );
    let verified = unverified.verify(&verifier(&key)).unwrap();
    assert_eq!(format!("{verified:?}"), format!("VerifiedJws {expected}"));
}
