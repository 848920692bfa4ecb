//! `DPoP` proofs.

use std::sync::LazyLock;

use avouch_crypto::hash;
use avouch_jose::{base64url, strict_json};
use avouch_oauth::PresentedToken;
use avouch_oauth::dpop::{
    DpopError, DpopRequest, DpopVerifier, TargetUri, VerifiedDpopProof, single_header,
};
use avouch_oauth::media_type::DPOP_JWT_TYP;
use avouch_oauth::proof::{MAX_JTI_LENGTH, MAX_PROOF_LENGTH};
use serde_json::{Map, Value};

use crate::assembled::{header_and_payload, is_typ, maced, signed, tampered, unsigned};
use crate::published::{SIGNING_KEY, is_signed};

const METHOD: &str = "POST";
const TOKEN: &str = "avt_token";
const NOW: u64 = 1_514_797_892;

static URL: LazyLock<TargetUri> =
    LazyLock::new(|| TargetUri::parse("https://as.example.com/token").expect("a URL"));
static NONCES: LazyLock<[String; 2]> =
    LazyLock::new(|| ["nonce-2".to_owned(), "nonce-1".to_owned()]);
static HEADER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let jwk = SIGNING_KEY.public_jwk().to_json();
    format!(r#"{{"typ":"dpop+jwt","alg":"Ed25519","jwk":{jwk}}}"#).into_bytes()
});

/// Claims, with or without a header before them, which are signed in the right way and in wrong ones; or the value of
/// the header.
pub fn dpop(data: &[u8]) {
    let has_own_header = data.contains(&b'\n');
    if !data.starts_with(b"{") {
        return value(data);
    }
    let (header, claims) = header_and_payload(data, &HEADER);
    let proof = signed(header, claims);
    for (with_token, with_nonce) in [(false, false), (true, false), (false, true), (true, true)] {
        let judge = |proof: &str| verify(proof, with_token, with_nonce);
        let verified = judge(&proof);
        let is_allowed = proof.len() <= MAX_PROOF_LENGTH
            && strict_json::object(claims)
                .is_ok_and(|claims| allows(&claims, with_token, with_nonce));
        if let Ok(verified) = &verified {
            check_verified(verified, header, claims, with_token);
            assert!(is_allowed, "not what the request needs");
        }
        assert!(
            has_own_header || verified.is_ok() == is_allowed,
            "{verified:?}"
        );
        // What the claims do not allow is refused anyway.
        if !is_allowed {
            continue;
        }
        assert!(judge(&tampered(&proof)).is_err(), "a forgery");
        assert!(judge(&unsigned(header, claims)).is_err(), "a forgery");
        let public = SIGNING_KEY.public_jwk().to_json().into_bytes();
        let hmac = maced(avouch_jose::MacAlgorithm::Hs256, &public, header, claims);
        assert!(judge(&hmac).is_err(), "a forgery");
    }
}

fn verify(proof: &str, with_token: bool, with_nonce: bool) -> Result<VerifiedDpopProof, DpopError> {
    let token = PresentedToken::new(TOKEN);
    let mut request = DpopRequest::new(METHOD, &URL);
    if with_token {
        request = request.access_token(&token);
    }
    if with_nonce {
        request = request.nonces(&*NONCES);
    }
    DpopVerifier::new().verify(proof, &request, NOW)
}

/// What RFC 9449 section 4.3 says of the claims, once more and in other words.
fn allows(claims: &Map<String, Value>, with_token: bool, with_nonce: bool) -> bool {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let is_here = |htu: &str| TargetUri::parse(htu).is_ok_and(|htu| htu == *URL);
    let is_fresh = |iat: u64| (NOW - 60..=NOW + 30).contains(&iat);
    let ath = base64url::encode(hash::sha256(TOKEN.as_bytes()));
    text("jti").is_some_and(|jti| (1..=MAX_JTI_LENGTH).contains(&jti.len()))
        && text("htm") == Some(METHOD)
        && text("htu").is_some_and(is_here)
        && claims
            .get("iat")
            .and_then(Value::as_u64)
            .is_some_and(is_fresh)
        && (!with_token || text("ath") == Some(&ath))
        && (!with_nonce || text("nonce").is_some_and(|nonce| NONCES.iter().any(|own| own == nonce)))
}

fn check_verified(proof: &VerifiedDpopProof, header: &[u8], claims: &[u8], with_token: bool) {
    let json = |octets| serde_json::from_slice::<Value>(octets).expect("strict JSON is JSON");
    let (header, claims) = (json(header), json(claims));
    assert!(
        header["typ"]
            .as_str()
            .is_some_and(|typ| is_typ(typ, DPOP_JWT_TYP))
    );
    assert!(
        ["Ed25519", "EdDSA"]
            .map(Value::from)
            .contains(&header["alg"])
    );
    // Whoever holds no other key proves no other key.
    assert_eq!(
        proof.jkt().as_bytes(),
        &SIGNING_KEY.public_jwk().thumbprint()
    );
    assert_eq!(header["jwk"].get("d"), None);
    assert_eq!(claims["jti"], proof.jti());
    assert_eq!(claims["iat"], proof.issued_at());
    assert_eq!(proof.usable_until(), proof.issued_at() + 60);
    assert_eq!(proof.is_for(&PresentedToken::new(TOKEN)), with_token);
    assert!(!proof.is_for(&PresentedToken::new("avt_other")));
}

/// What nobody signed proves nothing, however old it may be.
fn value(data: &[u8]) {
    let Ok(found) = single_header([data]) else {
        assert!(data.contains(&b',') || std::str::from_utf8(data).is_err());
        return;
    };
    let proof = found.expect("one is there");
    assert_eq!(proof.as_bytes(), data.trim_ascii());
    assert_eq!(single_header([data, data]), Err(DpopError::Several));
    let request = DpopRequest::new(METHOD, &URL);
    let verified = DpopVerifier::new().verify(proof, &request, NOW);
    // Signature and type are looked at before the claims.
    let is_judged_by_its_claims = matches!(
        verified,
        Ok(_)
            | Err(DpopError::Claims(_)
                | DpopError::Claim(_)
                | DpopError::WrongMethod
                | DpopError::WrongUrl { .. }
                | DpopError::TooOld { .. }
                | DpopError::FromTheFuture { .. })
    );
    assert!(!is_judged_by_its_claims || is_signed(proof), "a forgery");
}
