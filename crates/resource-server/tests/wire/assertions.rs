//! Resource servers that show who they are with an assertion.

use crate::fake_as::{
    CLIENT_ID, FakeAs, NOW, claims, jwks, new_key, new_key_for, sign, start, status,
};
use avouch_jose::{MacKey, SigningKey, jws::UnverifiedJws};
use avouch_oauth::Form;
use avouch_oauth::client_assertion::{
    ClientAssertion, ClientAssertionVerifier, ClientKeys, VerifiedClientAssertion,
};
use avouch_oauth::media_type::CLIENT_AUTHENTICATION_JWT_TYP;
use avouch_resource_server::{
    Credentials, DiscoverError, MacAlgorithm, RandomError, SecureRandom, SetupError,
    SignatureAlgorithm,
};
use serde_json::json;

const SHARED: &str = "EzGVIaDNTQGv6k2cYkfL8-xqvHk6PZ4xN5KvWvYQf0s";

/// A server whose statements are good, and the key the resource server signs with.
async fn ready() -> (FakeAs, SigningKey) {
    let (server, key, _) = start().await;
    server.say(sign(&key, &claims(&server)));
    (server, key)
}

/// The same key once more: keys do not clone.
fn again(key: &SigningKey) -> SigningKey {
    SigningKey::from_pkcs8(key.algorithm(), &key.to_pkcs8().unwrap()).unwrap()
}

/// What the server makes of the assertions it was sent.
fn read(server: &FakeAs, keys: ClientKeys<'_>) -> Vec<VerifiedClientAssertion> {
    let verifier = ClientAssertionVerifier::new(server.issuer().parse().unwrap());
    let seen = server.seen("/introspect");
    let assertions = seen.iter().map(|seen| {
        assert!(!seen.headers.contains_key("authorization"));
        let form = Form::parse(&seen.body, &[]).unwrap();
        assert_eq!(form.get("client_secret"), None);
        assert_eq!(form.get("client_id"), Some(CLIENT_ID));
        let assertion = ClientAssertion::from_form(&form).unwrap().unwrap();
        verifier.verify(&assertion, CLIENT_ID, keys, NOW).unwrap()
    });
    assertions.collect()
}

#[tokio::test]
async fn row_7523_2_2_01_a_signed_assertion_says_who_asks() {
    let (server, _) = ready().await;
    let own = new_key();
    let builder = server.builder_with(Credentials::private_key_jwt(again(&own)));
    let introspector = builder.discover().await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let public = ClientKeys::Public {
        keys: &jwks(&[&own]),
        algorithms: &[SignatureAlgorithm::Es256],
    };
    let verified = &read(&server, public)[0];
    assert_eq!(verified.client_id(), CLIENT_ID);
    assert_eq!(verified.expires_at(), NOW + 60);
}

#[tokio::test]
async fn row_10070_4_02_the_assertion_has_its_own_typ_and_the_issuer_for_its_audience() {
    let (server, _) = ready().await;
    let own = new_key();
    let builder = server.builder_with(Credentials::private_key_jwt(again(&own)));
    let introspector = builder.discover().await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let asked = &server.seen("/introspect")[0];
    let form = Form::parse(&asked.body, &[]).unwrap();
    let jws = UnverifiedJws::parse(form.get("client_assertion").unwrap()).unwrap();
    assert!(jws.header().is_typ(CLIENT_AUTHENTICATION_JWT_TYP));
    assert_eq!(jws.header().kid(), Some(own.kid()));
    let claims: serde_json::Value = serde_json::from_slice(jws.unverified_payload()).unwrap();
    assert_eq!(claims["aud"], json!(server.issuer()));
}

#[tokio::test]
async fn every_request_has_an_assertion_of_its_own_after_a_failure_too() {
    let (server, key) = ready().await;
    let own = new_key();
    let builder = server.builder_with(Credentials::private_key_jwt(again(&own)));
    let introspector = builder.discover().await.unwrap();
    server.on_introspection(|_| status(503, ""));
    introspector.introspect("t0ken").await.unwrap_err();
    server.say(sign(&key, &claims(&server)));
    introspector.introspect("t0ken").await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let public = ClientKeys::Public {
        keys: &jwks(&[&own]),
        algorithms: &[SignatureAlgorithm::Es256],
    };
    let mut ids: Vec<_> = read(&server, public)
        .iter()
        .map(|assertion| assertion.jti().to_owned())
        .collect();
    assert_eq!(ids.len(), 3);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_shared_secret_authenticates_and_stays_at_home() {
    let (server, _) = ready().await;
    let credentials = Credentials::client_secret_jwt(MacAlgorithm::Hs256, SHARED);
    let introspector = server.builder_with(credentials).discover().await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let key = MacKey::from_shared_secret(MacAlgorithm::Hs256, SHARED.as_bytes()).unwrap();
    let verified = &read(&server, ClientKeys::Secret(&key))[0];
    assert_eq!(verified.client_id(), CLIENT_ID);
    let body = String::from_utf8(server.seen("/introspect")[0].body.clone()).unwrap();
    assert!(!body.contains(SHARED));
}

#[tokio::test]
async fn clock_and_chance_are_those_given() {
    struct Sevens;
    impl SecureRandom for Sevens {
        fn fill(&self, octets: &mut [u8]) -> Result<(), RandomError> {
            octets.fill(7);
            Ok(())
        }
    }
    let (server, _) = ready().await;
    let credentials = Credentials::client_secret_jwt(MacAlgorithm::Hs256, SHARED);
    let builder = server.builder_with(credentials).random(Sevens);
    let introspector = builder.discover().await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let seen = server.seen("/introspect");
    assert_eq!(seen[0].body, seen[1].body);
}

#[tokio::test]
async fn what_the_metadata_does_not_list_comes_to_light_at_once() {
    let (server, _) = ready().await;
    let setup_error = async |credentials| match server.builder_with(credentials).discover().await {
        Err(DiscoverError::Setup(error)) => error,
        other => panic!("{other:?}"),
    };
    let ed25519 = new_key_for(SignatureAlgorithm::Ed25519);
    let error = setup_error(Credentials::private_key_jwt(ed25519)).await;
    assert_eq!(
        error.to_string(),
        "the authorization server does not take assertions secured with Ed25519 at its \
         introspection endpoint, but ES256: use a key for one of these"
    );
    let long = SHARED.repeat(2);
    let error = setup_error(Credentials::client_secret_jwt(MacAlgorithm::Hs512, long)).await;
    assert!(error.to_string().contains("but HS256"), "{error}");
    let error = setup_error(Credentials::client_secret_jwt(MacAlgorithm::Hs256, "short")).await;
    assert!(matches!(error, SetupError::Secret(_)), "{error}");

    let methods = "introspection_endpoint_auth_methods_supported";
    server.change_metadata(methods, json!(["client_secret_basic", "urn:<script>"]));
    let error = setup_error(Credentials::private_key_jwt(new_key())).await;
    assert_eq!(
        error.to_string(),
        "the authorization server does not take private_key_jwt at its introspection endpoint, \
         but client_secret_basic"
    );
    server.change_metadata(methods, json!(["magic"]));
    let error = setup_error(Credentials::private_key_jwt(new_key())).await;
    assert!(error.to_string().ends_with("but none that is known here"));
}

#[tokio::test]
async fn an_echoed_assertion_does_not_reach_the_error() {
    let (server, _) = ready().await;
    server.on_introspection(|seen| {
        let form = Form::parse(&seen.body, &[]).unwrap();
        let sent = form.get("client_assertion").unwrap();
        let body = json!({"error": "invalid_client", "error_description": sent});
        status(401, &body.to_string())
    });
    let builder = server.builder_with(Credentials::private_key_jwt(new_key()));
    let introspector = builder.discover().await.unwrap();
    let error = introspector.introspect("t0ken").await.unwrap_err();
    let shown = format!("{error} {error:?} {introspector:?}");
    assert!(!shown.contains("eyJ"), "{shown}");
    assert!(shown.contains("invalid_client"), "{shown}");
}
