//! The proof itself: header, key, signature, time.

use crate::{
    KEY, NOW, TARGET, check, claims, forge, header, jwk, new_key, post, refused_claims,
    refused_header, signed, target, vectors, with, without,
};
use avouch_crypto::random::SystemRandom;
use avouch_jose::jws::self_signed::SelfSignedError;
use avouch_jose::{JwkError, KeyError, MacAlgorithm, MacKey, ParseError, SignatureAlgorithm, mac};
use avouch_oauth::PresentedToken;
use avouch_oauth::dpop::DpopError as E;
use avouch_oauth::dpop::{DpopRequest, DpopVerifier, NewDpopProof, single_header};
use avouch_oauth::error::ErrorCode;
use avouch_oauth::proof::ClaimError;
use serde_json::json;

#[test]
fn row_9449_4_3_01_the_proofs_of_the_rfc_are_good_for_their_requests() {
    let cases = vectors();
    let token = cases.iter().find(|case| case["id"] == "ath").unwrap();
    let token = PresentedToken::new(token["access_token"].as_str().unwrap());
    let mut seen = 0;
    for case in cases.iter().filter(|case| case["kind"] == "dpop-proof") {
        let claims = &case["claims"];
        let url = target(claims["htu"].as_str().unwrap());
        let iat = claims["iat"].as_u64().unwrap();
        let mut request = DpopRequest::new(claims["htm"].as_str().unwrap(), &url);
        if claims.get("ath").is_some() {
            request = request.access_token(&token);
        }
        let verify = |request: &DpopRequest<'_>, now| {
            DpopVerifier::new().verify(case["compact"].as_str().unwrap(), request, now)
        };
        let proof = verify(&request, iat).unwrap();
        assert_eq!(proof.jkt().to_string(), case["jkt"]);
        assert_eq!(proof.jti(), claims["jti"]);
        assert_eq!((proof.issued_at(), proof.usable_until()), (iat, iat + 60));
        assert_eq!(proof.is_for(&token), claims.get("ath").is_some());
        assert_eq!(
            verify(&request, NOW).unwrap_err(),
            E::TooOld { age: NOW - iat }
        );
        let elsewhere = target("https://elsewhere.example/token");
        assert!(verify(&DpopRequest::new("POST", &elsewhere), iat).is_err());
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn row_9449_4_3_01_one_header_with_one_proof() {
    let proof = signed(&header(), &claims());
    let bytes = proof.as_bytes();
    assert_eq!(single_header([]).unwrap(), None);
    assert_eq!(single_header([bytes]).unwrap(), Some(proof.as_str()));
    assert_eq!(single_header([bytes, bytes]).unwrap_err(), E::Several);
    let joined = format!("{proof}, {proof}");
    assert_eq!(single_header([joined.as_bytes()]).unwrap_err(), E::Several);
    let not_text = single_header([&[0xff_u8, 0xfe][..]]).unwrap_err();
    assert_eq!(not_text.code(), ErrorCode::InvalidDpopProof);
    let empty = single_header([&b""[..]]).unwrap().unwrap();
    assert!(check(empty).is_err());
}

#[test]
fn row_9449_4_3_01_typ_is_that_of_proofs() {
    for fine in ["dpop+jwt", "DPoP+JWT", "application/dpop+jwt"] {
        assert!(check(&signed(&with(header(), "typ", json!(fine)), &claims())).is_ok());
    }
    for other in [
        "JWT",
        "at+jwt",
        "client-authentication+jwt",
        "token-introspection+jwt",
        "",
    ] {
        assert_eq!(
            refused_header(&with(header(), "typ", json!(other))),
            E::WrongTyp
        );
    }
    assert_eq!(refused_header(&without(header(), "typ")), E::WrongTyp);
}

#[test]
fn row_9449_4_3_01_only_asymmetric_algorithms_that_are_allowed() {
    let unsupported = E::Malformed(SelfSignedError::Malformed(ParseError::UnsupportedAlgorithm));
    for alg in ["none", "None", "HS256", "HS384", "HS512", ""] {
        assert_eq!(
            refused_header(&with(header(), "alg", json!(alg))),
            unsupported
        );
    }
    let secret = MacKey::from_shared_secret(MacAlgorithm::Hs256, &[7; 32]).unwrap();
    let keyed = mac::sign(&secret, "dpop+jwt", claims().to_string().as_bytes());
    assert_eq!(check(&keyed).unwrap_err(), unsupported);
    let proof = signed(&header(), &claims());
    let only = |algorithm| {
        DpopVerifier::new()
            .algorithms([algorithm])
            .verify(&proof, &post(), NOW)
    };
    assert!(only(SignatureAlgorithm::Es256).is_ok());
    assert_eq!(
        only(SignatureAlgorithm::Ps256).unwrap_err(),
        E::AlgorithmNotAllowed(SignatureAlgorithm::Es256)
    );
    for algorithm in [SignatureAlgorithm::Ps256, SignatureAlgorithm::Ed25519] {
        let key = new_key(algorithm);
        let sent = NewDpopProof::new("POST", &TARGET).sign(&key, NOW, &SystemRandom);
        assert!(check(sent.unwrap().expose()).is_ok(), "{algorithm}");
    }
}

#[test]
fn row_9449_4_3_01_the_jwk_is_public_and_fits() {
    let key = |error| E::Malformed(SelfSignedError::Key(error));
    for member in ["d", "p", "q", "dp", "dq", "qi", "k", "priv"] {
        let private = with(jwk(&KEY), member, json!("AAAA"));
        assert_eq!(
            refused_header(&with(header(), "jwk", private)),
            key(KeyError::Jwk(JwkError::PrivateMember(member)))
        );
    }
    let oct = json!({"kty": "oct", "k": "AAAA"});
    assert_eq!(
        refused_header(&with(header(), "jwk", oct)),
        key(KeyError::Jwk(JwkError::Symmetric))
    );
    let other_kind = without(jwk(&new_key(SignatureAlgorithm::Ed25519)), "alg");
    assert_eq!(
        refused_header(&with(header(), "jwk", other_kind)),
        key(KeyError::WrongKeyType(SignatureAlgorithm::Es256))
    );
    let no_key = E::Malformed(SelfSignedError::NoKey);
    assert_eq!(refused_header(&without(header(), "jwk")), no_key);
    let by_name = with(without(header(), "jwk"), "kid", json!(KEY.kid()));
    assert_eq!(refused_header(&by_name), no_key);
    let by_url = with(
        without(header(), "jwk"),
        "jku",
        json!("https://evil.example/jwks"),
    );
    assert_eq!(refused_header(&by_url), no_key);
}

#[test]
fn row_9449_4_3_01_the_signature_is_by_the_key_it_brings() {
    let thief = new_key(SignatureAlgorithm::Es256);
    let stolen = forge(&thief, &header().to_string(), &claims().to_string());
    let error = check(&stolen).unwrap_err();
    assert!(
        matches!(error, E::Malformed(SelfSignedError::Signature(_))),
        "{error}"
    );
    let proof = signed(&header(), &claims());
    let (input, _) = proof.rsplit_once('.').unwrap();
    assert!(check(&format!("{input}.")).is_err());
    for bad in ["", "x", "a.b.c", "a.b.c.d.e", input] {
        assert!(matches!(check(bad).unwrap_err(), E::Malformed(_)), "{bad}");
    }
}

#[test]
fn row_9449_4_3_01_iat_is_fresh() {
    let proof = signed(&header(), &claims());
    let at = |now| DpopVerifier::new().verify(&proof, &post(), now);
    assert!(at(NOW + 60).is_ok() && at(NOW - 10).is_ok() && at(NOW - 30).is_ok());
    assert_eq!(at(NOW + 61).unwrap_err(), E::TooOld { age: 61 });
    assert_eq!(at(NOW - 31).unwrap_err(), E::FromTheFuture { ahead: 31 });
    let patient = DpopVerifier::new().max_age(300);
    let verified = patient.verify(&proof, &post(), NOW + 300).unwrap();
    assert_eq!(verified.usable_until(), NOW + 300);
    for bad in [json!("1"), json!(-1), json!(1.5), json!(1e300), json!(null)] {
        assert_eq!(
            refused_claims(&with(claims(), "iat", bad)),
            E::Claim(ClaimError::NotSeconds("iat"))
        );
    }
    assert!(matches!(
        refused_claims(&with(claims(), "iat", json!(u64::MAX))),
        E::FromTheFuture { .. }
    ));
    assert_eq!(
        refused_claims(&without(claims(), "iat")),
        E::Claim(ClaimError::Missing("iat"))
    );
}

#[test]
fn row_9449_4_3_01_jti_is_there_and_of_bounded_length() {
    assert_eq!(
        refused_claims(&without(claims(), "jti")),
        E::Claim(ClaimError::Missing("jti"))
    );
    for bad in [String::new(), "j".repeat(257)] {
        assert_eq!(
            refused_claims(&with(claims(), "jti", json!(bad))),
            E::Claim(ClaimError::Jti)
        );
    }
    assert!(
        check(&signed(
            &header(),
            &with(claims(), "jti", json!("j".repeat(256)))
        ))
        .is_ok()
    );
}

#[test]
fn strict_json_and_a_bounded_size() {
    let twice = claims().to_string().replacen('{', r#"{"htm":"GET","#, 1);
    let error = check(&forge(&KEY, &header().to_string(), &twice)).unwrap_err();
    assert!(matches!(error, E::Claims(_)), "{error}");
    let twice = header().to_string().replacen('{', r#"{"alg":"ES256","#, 1);
    assert!(check(&forge(&KEY, &twice, &claims().to_string())).is_err());
    let crit = with(header(), "crit", json!(["jwk"]));
    assert!(matches!(refused_header(&crit), E::Malformed(_)));
    let too_long = E::Malformed(SelfSignedError::Malformed(ParseError::TooLong));
    let large = with(claims(), "x", json!("y".repeat(1_000_000)));
    assert_eq!(refused_claims(&large), too_long);
    let large = with(header(), "x", json!("y".repeat(1_000_000)));
    assert_eq!(refused_header(&large), too_long);
}

#[test]
fn errors_show_nothing_of_the_request() {
    let mut errors = vec![check("m4rk").unwrap_err()];
    for name in ["htm", "htu", "iat"] {
        errors.push(refused_claims(&with(claims(), name, json!("m4rk"))));
    }
    for name in ["typ", "alg", "jwk"] {
        errors.push(refused_header(&with(header(), name, json!("m4rk"))));
    }
    let leaked = with(jwk(&KEY), "d", json!("m4rk"));
    errors.push(refused_header(&with(header(), "jwk", leaked)));
    for error in errors {
        assert!(!format!("{error} {error:?}").contains("m4rk"), "{error:?}");
    }
}
