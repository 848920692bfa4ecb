use super::*;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{ProtectedHeader, SigningKey, base64url, jws};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

const ISSUER: &str = "https://federation.example";
const NOW: u64 = 1_795_305_600;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| new_key(SignatureAlgorithm::Es256));

fn new_key(algorithm: SignatureAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm, &SystemRandom).unwrap()
}

fn sign_as(key: &SigningKey, typ: Option<&str>, claims: &Value) -> String {
    let mut header = ProtectedHeader::new(key.algorithm()).kid(key.kid());
    if let Some(typ) = typ {
        header = header.typ(typ);
    }
    jws::sign(key, &header.encode(), claims.to_string().as_bytes()).unwrap()
}

fn sign(claims: &Value) -> String {
    sign_as(&KEY, None, claims)
}

fn read(text: &str) -> Result<Map<String, Value>, SoftwareStatementError> {
    let keys = JwkSet::for_publication(vec![KEY.public_jwk().clone()]).unwrap();
    UnverifiedStatement::parse(text)?.verify(&StatementExpectations {
        keys: &keys,
        algorithms: &[SignatureAlgorithm::Es256],
        audiences: &["https://as.example", "https://as.example/register"],
        now: NOW,
    })
}

#[test]
fn row_7591_2_3_01_what_is_signed_by_the_issuer_is_read() {
    let text = sign(&json!({
        "iss": ISSUER, "iat": NOW, "jti": "1", "sub": "4711",
        "client_name": "Shop", "scope": "pay", "software_id": "shop-4",
        "colour": "blue", "tos_uri": null, "software_statement": "another",
    }));
    let statement = UnverifiedStatement::parse(&text).unwrap();
    assert_eq!(statement.claimed_issuer(), ISSUER);
    let expected = json!({"client_name": "Shop", "scope": "pay", "software_id": "shop-4"});
    assert_eq!(Value::Object(read(&text).unwrap()), expected);
}

#[test]
fn row_7591_2_3_01_without_a_signature_or_an_issuer_it_says_nothing() {
    let good = sign(&json!({"iss": ISSUER, "client_name": "Shop"}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let other = sign_as(
        &new_key(SignatureAlgorithm::Es256),
        None,
        &json!({"iss": ISSUER, "client_name": "Shop"}),
    );
    let none = base64url::encode(br#"{"alg":"none"}"#);
    let claims = base64url::encode(json!({"iss": ISSUER}).to_string());
    for bad in [
        String::new(),
        "statement".to_owned(),
        signed.to_owned(),
        format!("{signed}."),
        format!("{none}.{claims}."),
        other,
        sign(&json!({"client_name": "Shop"})),
        sign(&json!({"iss": 5, "client_name": "Shop"})),
        sign(&json!([])),
        "a".repeat(MAX_STATEMENT_LENGTH + 1),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
    let wider = sign(&json!({"iss": ISSUER, "scope": "all"}));
    let (_, foreign) = wider.rsplit_once('.').unwrap();
    let stitched = read(&format!("{signed}.{foreign}"));
    assert!(matches!(
        stitched,
        Err(SoftwareStatementError::Signature(_))
    ));
}

#[test]
fn another_kind_of_jwt_is_no_statement() {
    let claims = json!({"iss": ISSUER, "client_name": "Shop"});
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "token-introspection+jwt",
        "dpop+jwt",
        "logout+jwt",
        "",
    ] {
        let text = sign_as(&KEY, Some(typ), &claims);
        assert_eq!(read(&text), Err(SoftwareStatementError::WrongTyp), "{typ}");
    }
    for typ in [None, Some("JWT"), Some("jwt"), Some("application/jwt")] {
        assert!(read(&sign_as(&KEY, typ, &claims)).is_ok(), "{typ:?}");
    }
}

#[test]
fn a_jwt_that_is_not_about_software_is_no_statement() {
    for claims in [
        json!({}),
        // An access token, an ID token, an assertion, an authorization request.
        json!({"sub": "erika", "scope": "pay", "client_id": "shop"}),
        json!({"sub": "erika", "nonce": "n", "name": "Erika"}),
        json!({"sub": ISSUER, "aud": "https://as.example", "jti": "1"}),
        json!({"scope": "pay", "resource": "https://a.example", "redirect_uri": "https://b.example"}),
        json!({"scope": "pay", "client_name": null, "contacts": []}),
    ] {
        let mut claims = claims;
        claims["iss"] = json!(ISSUER);
        let refused = read(&sign(&claims));
        assert_eq!(
            refused,
            Err(SoftwareStatementError::NotAboutSoftware),
            "{claims}"
        );
    }
    let empty = json!({"iss": ISSUER, "grant_types": []});
    assert!(read(&sign(&empty)).is_ok());
}

#[test]
fn an_algorithm_that_is_not_allowed_is_refused_before_the_key_is_picked() {
    let key = new_key(SignatureAlgorithm::Es384);
    assert_eq!(
        read(&sign_as(&key, None, &json!({"iss": ISSUER}))),
        Err(SoftwareStatementError::AlgorithmNotAllowed(
            SignatureAlgorithm::Es384
        ))
    );
}

#[test]
fn times_are_honoured_where_they_are_stated() {
    let with = |name: &str, value: Value| {
        let mut claims = json!({"iss": ISSUER, "client_name": "Shop"});
        claims[name] = value;
        read(&sign(&claims))
    };
    assert!(with("exp", json!(NOW + 1)).is_ok());
    assert_eq!(
        with("exp", json!(NOW)),
        Err(SoftwareStatementError::Expired)
    );
    assert_eq!(
        with("exp", json!(0.5)),
        Err(SoftwareStatementError::Expired)
    );
    assert!(with("nbf", json!(NOW + CLOCK_SKEW)).is_ok());
    assert_eq!(
        with("nbf", json!(NOW + CLOCK_SKEW + 1)),
        Err(SoftwareStatementError::NotYetValid)
    );
    for value in [
        json!("1"),
        json!(null),
        json!([NOW + 1]),
        json!(-1),
        json!(1e300),
    ] {
        let refused = with("exp", value.clone());
        assert_eq!(
            refused,
            Err(SoftwareStatementError::NotATime("exp")),
            "{value}"
        );
    }
}

#[test]
fn an_audience_that_is_stated_holds_this_server() {
    let with = |aud: Value| {
        let claims = json!({"iss": ISSUER, "client_name": "Shop", "aud": aud});
        read(&sign(&claims))
    };
    for aud in [
        json!("https://as.example"),
        json!(["https://other.example", "https://as.example/register"]),
    ] {
        assert!(with(aud.clone()).is_ok(), "{aud}");
    }
    for aud in [
        json!("https://as.example/"),
        json!([]),
        json!(5),
        json!(null),
    ] {
        let refused = with(aud.clone());
        assert_eq!(refused, Err(SoftwareStatementError::WrongAudience), "{aud}");
    }
}

#[test]
fn metadata_of_the_wrong_type_is_refused_and_not_repeated() {
    let refused = read(&sign(&json!({"iss": ISSUER, "contacts": "erika"}))).unwrap_err();
    assert!(matches!(refused, SoftwareStatementError::Metadata(_)));
    assert!(!refused.to_string().contains("erika"), "{refused}");
}

proptest! {
    #[test]
    fn no_input_panics(text in "\\PC*", header in "\\PC{0,40}", claims in "\\PC{0,40}") {
        let _ = read(&text);
        let (header, claims) = (base64url::encode(header), base64url::encode(claims));
        let _ = read(&format!("{header}.{claims}.AAAA"));
    }

    #[test]
    fn signed_claims_never_panic(name in "exp|nbf|aud|iss|scope|resource|jwks", value in "[0-9.e-]{0,8}|\"\\PC{0,8}\"|\\[\\]|\\{\\}") {
        if let Ok(value) = serde_json::from_str::<Value>(&value) {
            let mut claims = json!({"iss": ISSUER});
            claims[name] = value;
            let _ = read(&sign(&claims));
        }
    }
}
