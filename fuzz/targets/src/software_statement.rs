//! Software statements.

use std::sync::LazyLock;

use avouch_jose::jws::UnverifiedJws;
use avouch_jose::{JwkSet, SignatureAlgorithm, strict_json};
use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::software_statement::{
    MAX_STATEMENT_LENGTH, SoftwareStatementError, StatementExpectations, UnverifiedStatement,
};
use serde_json::{Map, Value};

use crate::assembled::{header_and_payload, is_typ, maced, signed, tampered, unsigned};
use crate::published::{PUBLIC_KEYS, SIGNING_KEY, is_signed};

const HEADER: &[u8] = br#"{"alg":"Ed25519"}"#;
const NAMES: [&str; 2] = ["https://as.example.com", "https://as.example.com/register"];
const NOW: u64 = 1_514_797_892;

/// Claims, with or without a header before them, which are signed in the right way and in wrong ones; or a statement.
pub fn software_statement(data: &[u8]) {
    if data.starts_with(b"{") {
        let (header, claims) = header_and_payload(data, HEADER);
        made(header, claims);
    } else if let Ok(text) = std::str::from_utf8(data) {
        stranger(text);
    }
}

fn verify(text: &str, keys: &JwkSet) -> Result<Map<String, Value>, SoftwareStatementError> {
    let expected = StatementExpectations {
        keys,
        algorithms: &SignatureAlgorithm::ALL,
        audiences: &NAMES,
        now: NOW,
    };
    UnverifiedStatement::parse(text)?.verify(&expected)
}

/// The genuine one is taken exactly if its claims allow, for what it says of software, and nothing else ever.
fn made(header: &[u8], claims: &[u8]) {
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet {
        keys: vec![SIGNING_KEY.public_jwk().clone()],
    });
    let text = signed(header, claims);
    let verified = verify(&text, &KEYS);
    let said = strict_json::object(claims).ok().and_then(says);
    let expected = said.clone().filter(|_| header_fits(&text));
    assert_eq!(verified.as_ref().ok(), expected.as_ref(), "{verified:?}");
    if let Ok(metadata) = verified {
        check_rewritten(metadata, &KEYS);
    }
    // What the claims do not allow is refused anyway.
    if said.is_none() {
        return;
    }
    let public = SIGNING_KEY.public_jwk().to_json().into_bytes();
    for forged in [
        tampered(&text),
        unsigned(header, claims),
        maced(avouch_jose::MacAlgorithm::Hs256, &public, header, claims),
    ] {
        assert!(verify(&forged, &KEYS).is_err(), "a forgery");
    }
}

fn header_fits(text: &str) -> bool {
    UnverifiedJws::parse_bounded(text, MAX_STATEMENT_LENGTH).is_ok_and(|jws| {
        let header = jws.header();
        header.algorithm() == SignatureAlgorithm::Ed25519
            && header.typ().is_none_or(|typ| is_typ(typ, "JWT"))
            && header.kid().is_none_or(|kid| kid == SIGNING_KEY.kid())
    })
}

/// What the claims say of software, if they are for us and of now.
fn says(mut claims: Map<String, Value>) -> Option<Map<String, Value>> {
    claims.get("iss")?.as_str()?;
    let is_us = |name: &Value| NAMES.iter().any(|own| name == own);
    match claims.remove("aud") {
        None => {}
        Some(Value::Array(names))
            if names.iter().all(Value::is_string) && names.iter().any(is_us) => {}
        Some(one) if is_us(&one) => {}
        Some(_) => return None,
    }
    // Below 2^64, the last number of seconds that there is.
    let is_time = |time: &f64| (0.0..18_446_744_073_709_551_616.0).contains(time);
    let seconds = |name: &str| match claims.get(name) {
        None => Some(None),
        Some(time) => time.as_f64().filter(is_time).map(|time| Some(time.floor())),
    };
    #[expect(clippy::cast_precision_loss, reason = "of this year, and exact")]
    let now = NOW as f64;
    if seconds("exp")?.is_some_and(|end| end <= now)
        || seconds("nbf")?.is_some_and(|begin| begin > now + 10.0)
    {
        return None;
    }
    claims.remove("software_statement");
    let metadata = ClientMetadata::from_object(claims).ok()?;
    let Ok(Value::Object(members)) = serde_json::to_value(&metadata) else {
        panic!("metadata are an object");
    };
    let is_of_software = |name: &String| name != "scope" && name != "resource";
    members.keys().any(is_of_software).then_some(members)
}

/// What it says can be said again.
fn check_rewritten(metadata: Map<String, Value>, keys: &JwkSet) {
    let mut claims = metadata.clone();
    claims.insert("iss".to_owned(), "https://federation.example".into());
    let written = serde_json::to_vec(&claims).expect("JSON");
    let text = signed(HEADER, &written);
    if text.len() <= MAX_STATEMENT_LENGTH {
        assert_eq!(verify(&text, keys), Ok(metadata));
    }
}

/// What nobody signed says nothing.
fn stranger(text: &str) {
    if let Ok(unverified) = UnverifiedStatement::parse(text) {
        assert!(!format!("{unverified:?}").contains(text));
        for keys in &*PUBLIC_KEYS {
            if verify(text, keys).is_ok() {
                assert!(is_signed(text), "a forgery");
            }
        }
    }
}
