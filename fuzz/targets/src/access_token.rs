//! JWT access tokens, as the resource server reads them.

use std::sync::LazyLock;

use avouch_jose::{JwkSet, ProtectedHeader, jws};
use avouch_oauth::access_token::{AccessTokenClaims, AccessTokenVerifier, VerifiedAccessToken};
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::media_type::ACCESS_TOKEN_JWT_TYP;
use avouch_oauth::{Issuer, ResourceIdentifier};
use serde_json::{Map, Value};

use crate::published::SIGNING_KEY;

const ISSUER: &str = "https://as.example.com/";
const RESOURCE: &str = "https://rs.example.com/api";
const NOW: u64 = 1_514_797_892;

/// The claims of a token, rightly signed.
pub fn access_token(data: &[u8]) {
    if let Some(token) = verify(data) {
        check_claims(&token, data);
        check_rewritten(&token);
    }
}

fn verify(claims: &[u8]) -> Option<VerifiedAccessToken> {
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet {
        keys: vec![SIGNING_KEY.public_jwk().clone()],
    });
    static VERIFIER: LazyLock<AccessTokenVerifier> = LazyLock::new(|| {
        let issuer = Issuer::parse(ISSUER).expect("an issuer");
        let resource = ResourceIdentifier::parse(RESOURCE).expect("a resource");
        AccessTokenVerifier::new(issuer, resource).leeway(0)
    });

    let header = ProtectedHeader::new(SIGNING_KEY.algorithm()).typ(ACCESS_TOKEN_JWT_TYP);
    let token = jws::sign(&SIGNING_KEY, &header.encode(), claims).expect("a signature");
    VERIFIER.verify(&token, &KEYS, NOW).ok()
}

/// What is believed stands in the claims, whoever reads them.
fn check_claims(token: &VerifiedAccessToken, claims: &[u8]) {
    let claims: Value = serde_json::from_slice(claims).expect("strict JSON is JSON");
    assert_eq!(claims["iss"], ISSUER);
    assert!(token.audience().contains(RESOURCE));
    assert_eq!(claims["sub"], token.subject());
    assert_eq!(claims["client_id"], token.client_id());
    assert_eq!(claims["jti"], token.jti());
    assert_eq!(claims["exp"], token.expires_at());
    assert!(token.expires_at() > NOW && token.issued_at() <= NOW);
    assert!(token.not_before().is_none_or(|instant| instant <= NOW));
    for (name, value) in token.claims() {
        assert_eq!(&claims[name], value);
    }
}

/// The same written anew is believed again, and says the same.
fn check_rewritten(token: &VerifiedAccessToken) {
    let further = further_claims(token);
    // Some names are none that we would write here: `username`, say.
    let Ok(further) = FurtherClaims::new(further) else {
        return;
    };
    let claims = AccessTokenClaims {
        iss: ISSUER.to_owned(),
        sub: token.subject().to_owned(),
        aud: token.audience().clone(),
        client_id: token.client_id().to_owned(),
        exp: token.expires_at(),
        nbf: token.not_before(),
        iat: token.issued_at(),
        jti: token.jti().to_owned(),
        scope: token.scope().clone(),
        auth_time: token.auth_time(),
        acr: token.acr().map(str::to_owned),
        cnf: token.confirmation().cloned(),
        authorization_details: token.authorization_details().clone(),
        claims: further,
    };
    let again = verify(&claims.to_json()).expect("what was believed is believed again");
    assert_eq!(again.scope(), token.scope());
    assert_eq!(again.confirmation(), token.confirmation());
    assert_eq!(again.authorization_details(), token.authorization_details());
    // Maps are equal in whatever order.
    assert_eq!(further_claims(&again), further_claims(token));
}

fn further_claims(token: &VerifiedAccessToken) -> Map<String, Value> {
    let claims = token.claims();
    claims
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}
