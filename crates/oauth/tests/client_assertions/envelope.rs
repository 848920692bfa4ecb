//! What an assertion comes in: the form, the size, the header, strict JSON.

use crate::{
    CLIENT, ES256, ISSUER, KEY, KEYS, NOW, check, check_with, claims, forge, header, issuer,
    public, refused, signed, verifier, with, without,
};
use avouch_crypto::random::{RandomError, SecureRandom, SystemRandom};
use avouch_jose::{ParseError, SignatureAlgorithm, base64url};
use avouch_oauth::Form;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_assertion::ClientAssertionError as E;
use avouch_oauth::client_assertion::{
    AssertionAlgorithm, CLIENT_ASSERTION_TYPE, ClientAssertion, NewClientAssertion,
};
use avouch_oauth::error::ErrorCode;
use avouch_oauth::proof::{MAX_PROOF_LENGTH, MakeProofError};
use serde_json::{Value, json};

#[test]
fn what_is_right_is_read() {
    let jwt = signed(&with("nbf", json!(NOW)));
    let assertion = ClientAssertion::parse(&jwt).unwrap();
    assert_eq!(assertion.claimed_client_id(), CLIENT);
    assert_eq!(assertion.kid(), Some(KEY.kid()));
    assert_eq!(
        assertion.algorithm(),
        AssertionAlgorithm::Signature(SignatureAlgorithm::Es256)
    );
    assert!(!format!("{assertion:?}").contains(&jwt));
    let verified = check(&jwt).unwrap();
    assert_eq!(verified.client_id(), CLIENT);
    assert_eq!(verified.method(), AuthenticationMethod::PrivateKeyJwt);
    assert_eq!(verified.kid(), Some(KEY.kid()));
    assert_eq!(verified.jti(), "j-1");
    assert_eq!(verified.expires_at(), NOW + 60);
    assert_eq!(verified.issued_at(), Some(NOW));
    assert_eq!(check(&signed(&without("iat"))).unwrap().issued_at(), None);
}

#[test]
fn row_10070_4_02_its_own_typ_is_accepted() {
    for typ in [
        "client-authentication+jwt",
        "Client-Authentication+JWT",
        "application/client-authentication+jwt",
    ] {
        let jwt = forge(&KEY, &header(Some(typ)), &claims().to_string());
        assert!(check(&jwt).is_ok(), "{typ}");
    }
}

#[test]
fn row_10070_4_03_a_missing_typ_is_tolerated_and_that_of_another_kind_is_not() {
    let claims = claims().to_string();
    for fine in [None, Some("JWT"), Some("jwt"), Some("application/jwt")] {
        assert!(
            check(&forge(&KEY, &header(fine), &claims)).is_ok(),
            "{fine:?}"
        );
    }
    for other in [
        "at+jwt",
        "application/at+jwt",
        "dpop+jwt",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
        "id_token+jwt",
        "logout+jwt",
        "secevent+jwt",
        "JWS",
        "jwt ",
        "",
    ] {
        assert_eq!(
            check(&forge(&KEY, &header(Some(other)), &claims)).unwrap_err(),
            E::WrongTyp,
            "{other}"
        );
    }
}

#[test]
fn row_8725_3_11_01_an_assertion_is_no_access_token_and_no_statement() {
    use avouch_oauth::ResourceIdentifier;
    use avouch_oauth::access_token::{AccessTokenError, AccessTokenVerifier};
    use avouch_oauth::introspection::{StatementError, StatementVerifier};
    let sent = NewClientAssertion::new(CLIENT, &issuer())
        .sign(&KEY, NOW, &SystemRandom)
        .unwrap();
    let resource = ResourceIdentifier::parse(ISSUER).unwrap();
    let tokens = AccessTokenVerifier::new(issuer(), resource);
    assert_eq!(
        tokens.verify(sent.expose(), &KEYS, NOW).unwrap_err(),
        AccessTokenError::WrongTyp
    );
    let statements = StatementVerifier::new(issuer(), ISSUER, ES256);
    assert_eq!(
        statements.verify(sent.expose(), &KEYS, NOW).unwrap_err(),
        StatementError::WrongTyp
    );
}

#[test]
fn row_7515_4_1_11_01_crit_is_refused() {
    for (crit, extension) in [
        ("[\"x\"]", ",\"x\":1"),
        ("[\"exp\"]", ""),
        ("[]", ""),
        ("1", ""),
    ] {
        let header = format!(r#"{{"alg":"ES256","crit":{crit}{extension}}}"#);
        let error = check(&forge(&KEY, &header, &claims().to_string())).unwrap_err();
        assert!(
            matches!(error, E::Malformed(ParseError::Critical(_))),
            "{error}"
        );
    }
}

#[test]
fn row_7515_4_01_no_member_is_taken_twice() {
    let twice = claims().to_string().replacen('{', r#"{"sub":"admin","#, 1);
    let error = check(&forge(&KEY, &header(None), &twice)).unwrap_err();
    assert!(matches!(error, E::Claims(_)), "{error}");
    let twice = r#"{"alg":"none","alg":"ES256"}"#;
    let error = check(&forge(&KEY, twice, &claims().to_string())).unwrap_err();
    assert!(
        matches!(error, E::Malformed(ParseError::HeaderJson(_))),
        "{error}"
    );
    for bad in ["", "[]", "null", "{} {}", "\u{feff}{}"] {
        let error = check(&forge(&KEY, &header(None), bad)).unwrap_err();
        assert!(matches!(error, E::Claims(_)), "{bad}: {error}");
    }
}

#[test]
fn size_is_bounded_before_anything_is_read() {
    let large = with("x", json!("y".repeat(1_000_000)));
    let too_long = E::Malformed(ParseError::TooLong);
    assert_eq!(refused(&large), too_long);
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(
        check(&forge(&KEY, &header(None), &deep)).unwrap_err(),
        too_long
    );
    let large_header = json!({"alg": "ES256", "x": "y".repeat(1_000_000)}).to_string();
    let jwt = forge(&KEY, &large_header, "{}");
    assert_eq!(check(&jwt).unwrap_err(), too_long);
    assert_eq!(check(&"a.".repeat(1_000_000)).unwrap_err(), too_long);
    let long = signed(&with("x", json!("y".repeat(MAX_PROOF_LENGTH / 2))));
    assert!(long.len() < MAX_PROOF_LENGTH && check(&long).is_ok());
}

#[test]
fn row_8725bis_3_14_01_compact_signed_and_not_encrypted() {
    assert_eq!(check("a.b.c.d.e").unwrap_err(), E::Encrypted);
    let jwt = signed(&claims());
    let parts: Vec<&str> = jwt.split('.').collect();
    let json = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    for bad in [
        json.to_string(),
        parts[..2].join("."),
        format!("{jwt}."),
        format!(" {jwt}"),
    ] {
        let error = check(&bad).unwrap_err();
        assert!(matches!(error, E::Malformed(_)), "{error}");
    }
}

fn form(pairs: &[(&str, &str)]) -> Result<Option<ClientAssertion>, E> {
    let body = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    ClientAssertion::from_form(&Form::parse(body.as_bytes(), &[]).unwrap())
}

#[test]
fn row_7523_2_2_01_the_type_is_the_one_there_is_and_client_id_agrees() {
    let jwt = signed(&claims());
    let typ = ("client_assertion_type", CLIENT_ASSERTION_TYPE);
    let assertion = ("client_assertion", jwt.as_str());
    assert!(form(&[("client_id", CLIENT)]).unwrap().is_none());
    let found = form(&[typ, assertion]).unwrap().unwrap();
    assert_eq!(found.claimed_client_id(), CLIENT);
    assert!(form(&[typ, assertion, ("client_id", CLIENT)]).is_ok());
    let other = form(&[typ, assertion, ("client_id", "bank")]).unwrap_err();
    assert_eq!(other, E::OtherClientId);
    assert_eq!(form(&[typ]).unwrap_err(), E::NoAssertion);
    assert_eq!(form(&[assertion]).unwrap_err(), E::WrongType);
    for wrong in [
        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        "urn:ietf:params:oauth:client-assertion-type:JWT-bearer",
        "jwt-bearer",
    ] {
        let wrong = ("client_assertion_type", wrong);
        assert_eq!(form(&[wrong, assertion]).unwrap_err(), E::WrongType);
        assert_eq!(form(&[wrong]).unwrap_err(), E::WrongType);
    }
    for error in [E::OtherClientId, E::NoAssertion, E::WrongType] {
        assert_eq!(error.code(), ErrorCode::InvalidRequest);
    }
    assert_eq!(E::WrongTyp.code(), ErrorCode::InvalidClient);
    assert_eq!(
        form(&[typ, ("client_assertion", "x")]).unwrap_err().code(),
        ErrorCode::InvalidClient
    );
}

#[test]
fn what_is_made_is_what_rfc_10070_wants() {
    let sent = NewClientAssertion::new(CLIENT, &issuer())
        .sign(&KEY, NOW, &SystemRandom)
        .unwrap();
    let parts: Vec<_> = sent
        .expose()
        .split('.')
        .take(2)
        .map(|part| base64url::decode(part).unwrap())
        .collect();
    let made: Value = serde_json::from_slice(&parts[0]).unwrap();
    assert_eq!(
        made,
        json!({"typ": "client-authentication+jwt", "alg": "ES256", "kid": KEY.kid()})
    );
    let mut made: Value = serde_json::from_slice(&parts[1]).unwrap();
    let jti = made.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 22);
    assert_eq!(
        made,
        json!({"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW + 60, "iat": NOW})
    );
    let strict = verifier().string_audience_only();
    let first = check_with(&strict, sent.expose(), public(), NOW).unwrap();
    assert_eq!(first.jti(), jti);
    let again = NewClientAssertion::new(CLIENT, &issuer())
        .lifetime(5)
        .sign(&KEY, NOW, &SystemRandom)
        .unwrap();
    let again = check_with(&strict, again.expose(), public(), NOW).unwrap();
    assert_ne!(again.jti(), first.jti());
    assert_eq!(again.expires_at(), NOW + 5);
    assert!(!format!("{sent:?}").contains(sent.expose()));
}

#[test]
fn without_chance_nothing_is_made() {
    struct Broken;
    impl SecureRandom for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }
    let error = NewClientAssertion::new(CLIENT, &issuer()).sign(&KEY, NOW, &Broken);
    assert_eq!(error.unwrap_err(), MakeProofError::Random(RandomError));
}

#[test]
fn errors_show_nothing_of_the_request() {
    let marked = with("aud", json!("m4rk-aud"));
    let mut errors = vec![refused(&marked)];
    errors.push(refused(&with("sub", json!("m4rk-sub"))));
    errors.push(refused(&with("exp", json!("m4rk-exp"))));
    errors.push(check("m4rk").unwrap_err());
    errors.push(check(&forge(&KEY, &header(Some("m4rk-typ")), "{}")).unwrap_err());
    errors.push(check(&forge(&KEY, r#"{"alg":"m4rk-alg"}"#, "{}")).unwrap_err());
    errors.push(check(&forge(&KEY, &header(None), r#"{"m4rk":m4rk}"#)).unwrap_err());
    for error in errors {
        assert!(!format!("{error} {error:?}").contains("m4rk"), "{error:?}");
    }
}
