//! Client assertions, from the form to the judgement.

use std::sync::LazyLock;

use avouch_jose::jws::UnverifiedJws;
use avouch_jose::mac::UnverifiedMac;
use avouch_jose::{JwkSet, MacAlgorithm, MacKey, SignatureAlgorithm, strict_json};
use avouch_oauth::client_assertion::{
    CLIENT_ASSERTION_TYPE, ClientAssertion, ClientAssertionError, ClientAssertionVerifier,
    ClientKeys, VerifiedClientAssertion,
};
use avouch_oauth::proof::{MAX_JTI_LENGTH, MAX_PROOF_LENGTH};
use avouch_oauth::{AuthenticationMethod, Form, Issuer};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::assembled::{header_and_payload, is_typ, maced, signed, tampered, unsigned};
use crate::published::{PUBLIC_KEYS, SIGNING_KEY, is_signed};

const HEADER: &[u8] = br#"{"typ":"client-authentication+jwt","alg":"Ed25519"}"#;
const MAC_HEADER: &[u8] = br#"{"typ":"client-authentication+jwt","alg":"HS256"}"#;
const ISSUER: &str = "https://as.example.com";
const OLDER: &str = "https://as.example.com/token";
const CLIENT: &str = "client-1";
const NOW: u64 = 1_514_797_892;
const SECRET: &[u8] = b"a secret that both have, and nobody else";

/// Claims, with or without a header before them, which are signed in the right way and in wrong ones; or a token.
pub fn client_assertion(data: &[u8]) {
    if data.starts_with(b"{") {
        for otherwise in [HEADER, MAC_HEADER] {
            let (header, claims) = header_and_payload(data, otherwise);
            for strictness in [Strictness::Lax, Strictness::Strict] {
                made(header, claims, strictness);
            }
        }
    } else if let Ok(text) = std::str::from_utf8(data) {
        token(text);
    }
}

/// What a server may be set up to take.
#[derive(Clone, Copy, PartialEq)]
enum Strictness {
    Lax,
    Strict,
}

impl Strictness {
    fn verifier(self) -> ClientAssertionVerifier {
        let verifier = ClientAssertionVerifier::new(Issuer::parse(ISSUER).expect("an issuer"));
        match self {
            Self::Lax => verifier.older_audiences([OLDER.to_owned()]),
            Self::Strict => verifier.string_audience_only().max_lifetime(60),
        }
    }

    /// What RFC 7523 section 3 and RFC 10070 say of the claims, once more and in other words.
    fn allows(self, claims: &Map<String, Value>) -> bool {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let is_audience = |aud: &Value| aud == ISSUER || (self == Self::Lax && aud == OLDER);
        let aud = match claims.get("aud") {
            Some(Value::Array(several)) => {
                self == Self::Lax && several.len() == 1 && is_audience(&several[0])
            }
            Some(aud) => is_audience(aud),
            None => false,
        };
        let lifetime = if self == Self::Lax { 300 } else { 60 };
        let seconds = |name: &str| claims.get(name).map(Value::as_u64);
        let is_past = |name| match seconds(name) {
            None => true,
            Some(instant) => instant.is_some_and(|instant| instant <= NOW + 30),
        };
        let lives = |exp: u64| exp > NOW && exp <= NOW + lifetime + 30;
        text("iss") == Some(CLIENT)
            && text("sub") == Some(CLIENT)
            && aud
            && seconds("exp").flatten().is_some_and(lives)
            && is_past("nbf")
            && is_past("iat")
            && text("jti").is_some_and(|jti| (1..=MAX_JTI_LENGTH).contains(&jti.len()))
    }
}

fn public() -> ClientKeys<'static> {
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet {
        keys: vec![SIGNING_KEY.public_jwk().clone()],
    });
    ClientKeys::Public {
        keys: &KEYS,
        algorithms: &[SignatureAlgorithm::Ed25519],
    }
}

fn secret() -> ClientKeys<'static> {
    static KEY: LazyLock<MacKey> = LazyLock::new(|| {
        MacKey::from_shared_secret(MacAlgorithm::Hs256, SECRET).expect("a secret")
    });
    ClientKeys::Secret(&KEY)
}

/// The genuine one is taken exactly if header and claims allow, and nothing else ever.
fn made(header: &[u8], claims: &[u8], strictness: Strictness) {
    let judge = |token: &str, keys| judge(token, keys, strictness);
    let is_allowed = strict_json::object(claims).is_ok_and(|claims| strictness.allows(&claims));
    let token = signed(header, claims);
    let genuine = judge(&token, public());
    assert_eq!(
        genuine.is_some(),
        is_allowed && signature_header_fits(&token),
        "{genuine:?}"
    );
    let hmac = maced(MacAlgorithm::Hs256, SECRET, header, claims);
    let authenticated = judge(&hmac, secret());
    assert_eq!(
        authenticated.is_some(),
        is_allowed && mac_header_fits(&hmac),
        "{authenticated:?}"
    );
    for (verified, method) in [
        (genuine, AuthenticationMethod::PrivateKeyJwt),
        (authenticated, AuthenticationMethod::ClientSecretJwt),
    ] {
        if let Some(verified) = verified {
            assert_eq!(verified.method(), method);
            check_verified(&verified, claims);
        }
    }
    // What the claims do not allow is refused anyway.
    if !is_allowed {
        return;
    }
    check_form(&token);
    let public_octets = public_octets();
    for (forged, keys) in [
        (tampered(&token), public()),
        (tampered(&hmac), secret()),
        // Each for the key of the other.
        (token, secret()),
        (hmac, public()),
        // The oldest trick: a public key as a secret.
        (
            maced(MacAlgorithm::Hs256, &public_octets, header, claims),
            public(),
        ),
        (
            maced(MacAlgorithm::Hs256, &public_octets, header, claims),
            secret(),
        ),
        (unsigned(header, claims), public()),
        (unsigned(header, claims), secret()),
    ] {
        assert_eq!(judge(&forged, keys), None, "a forgery");
    }
}

fn public_octets() -> Vec<u8> {
    SIGNING_KEY.public_jwk().to_json().into_bytes()
}

fn judge(
    token: &str,
    keys: ClientKeys<'_>,
    strictness: Strictness,
) -> Option<VerifiedClientAssertion> {
    let assertion = ClientAssertion::parse(token).ok()?;
    assert!(!format!("{assertion:?}").contains(token), "it shows");
    strictness
        .verifier()
        .verify(&assertion, CLIENT, keys, NOW)
        .ok()
}

/// As part of a request it is read as it is alone.
fn check_form(token: &str) {
    let alone = ClientAssertion::parse(token);
    let read = |client_id: Option<&str>, assertion_type| {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("client_assertion_type", assertion_type);
        body.append_pair("client_assertion", token);
        body.extend_pairs(client_id.map(|id| ("client_id", id)));
        let body = body.finish();
        let form = Form::parse(body.as_bytes(), &[]).expect("a form");
        ClientAssertion::from_form(&form).map(|found| found.is_some())
    };
    let expected = alone.as_ref().map(|_| true).map_err(Clone::clone);
    assert_eq!(read(None, CLIENT_ASSERTION_TYPE), expected);
    assert_eq!(
        read(None, "urn:example"),
        Err(ClientAssertionError::WrongType)
    );
    if let Ok(assertion) = alone {
        let id = assertion.claimed_client_id();
        assert_eq!(read(Some(id), CLIENT_ASSERTION_TYPE), Ok(true));
        let other = format!("{id}x");
        assert_eq!(
            read(Some(&other), CLIENT_ASSERTION_TYPE),
            Err(ClientAssertionError::OtherClientId)
        );
    }
}

fn signature_header_fits(token: &str) -> bool {
    let Ok(jws) = UnverifiedJws::parse_bounded(token, MAX_PROOF_LENGTH) else {
        return false;
    };
    let header = jws.header();
    let own = SIGNING_KEY.public_jwk().kid();
    header.algorithm() == SignatureAlgorithm::Ed25519
        && header.typ().is_none_or(is_own_typ)
        && (header.kid().is_none() || header.kid() == own)
}

/// There is one secret, so no `kid` picks it.
fn mac_header_fits(token: &str) -> bool {
    UnverifiedMac::parse_bounded(token, MAX_PROOF_LENGTH).is_ok_and(|mac| {
        mac.header().algorithm() == MacAlgorithm::Hs256 && mac.header().typ().is_none_or(is_own_typ)
    })
}

fn is_own_typ(typ: &str) -> bool {
    is_typ(typ, "JWT") || is_typ(typ, "client-authentication+jwt")
}

/// What is believed stands in the claims, whoever reads them.
fn check_verified(verified: &VerifiedClientAssertion, claims: &[u8]) {
    let claims: Value = serde_json::from_slice(claims).expect("strict JSON is JSON");
    assert_eq!(claims["sub"], verified.client_id());
    assert_eq!(claims["jti"], verified.jti());
    assert_eq!(claims["exp"], verified.expires_at());
    assert_eq!(
        claims.get("iat").and_then(Value::as_u64),
        verified.issued_at()
    );
}

/// What nobody signed is nobody's.
fn token(token: &str) {
    let Ok(assertion) = ClientAssertion::parse(token) else {
        return;
    };
    let id = assertion.claimed_client_id();
    let verifier = Strictness::Lax.verifier();
    for keys in &*PUBLIC_KEYS {
        let keys = ClientKeys::Public {
            keys,
            algorithms: &SignatureAlgorithm::ALL,
        };
        if verifier.verify(&assertion, id, keys, NOW).is_ok() {
            assert!(is_signed(token), "a forgery");
        }
    }
    assert!(
        verifier.verify(&assertion, id, secret(), NOW).is_err(),
        "a forgery"
    );
}
