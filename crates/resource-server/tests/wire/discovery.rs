//! Finding the authorization server by its issuer.

use crate::fake_as::{FakeAs, claims, json_answer, metadata, new_key, sign, start, status, typed};
use avouch_resource_server::{
    Credentials, DiscoverError, EndpointError, Introspector, NetworkError, ServerError, SetupError,
    SignatureAlgorithm,
};
use hyper::Method;
use serde_json::{Value, json};

async fn discovery_error(server: &FakeAs) -> DiscoverError {
    server.builder().discover().await.unwrap_err()
}

async fn server_error(server: &FakeAs) -> ServerError {
    match discovery_error(server).await {
        DiscoverError::Server(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn row_8414_3_01_the_well_known_part_goes_between_host_and_path() {
    for (path, expected) in [
        ("", "/.well-known/oauth-authorization-server"),
        ("/", "/.well-known/oauth-authorization-server"),
        (
            "/tenant/1",
            "/.well-known/oauth-authorization-server/tenant/1",
        ),
    ] {
        let server = FakeAs::start(path).await;
        let key = new_key();
        server.publish(&[&key]);
        let introspector = server.discover().await;
        let asked = server.seen(expected);
        assert_eq!(asked.len(), 1, "{path}");
        assert_eq!(asked[0].method, Method::GET);
        assert!(!asked[0].headers.contains_key("authorization"));
        server.say(sign(&key, &claims(&server)));
        assert!(introspector.introspect("t0ken").await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn row_8414_3_3_01_metadata_of_another_issuer_is_dropped() {
    let server = FakeAs::start("").await;
    for other in [
        format!("{}/", server.issuer()),
        "https://evil.example".to_owned(),
        server.issuer().to_uppercase(),
    ] {
        server.change_metadata("issuer", json!(other));
        let error = server_error(&server).await;
        assert!(
            matches!(error, ServerError::Metadata(_)),
            "{other}: {error}"
        );
    }
    server.change_metadata("issuer", Value::Null);
    let error = server_error(&server).await;
    assert!(matches!(error, ServerError::Metadata(_)), "{error}");
    assert!(server.seen("/jwks").is_empty());
}

#[tokio::test]
async fn endpoints_must_be_there_and_safe_to_send_secrets_to() {
    let server = FakeAs::start("").await;
    for member in ["introspection_endpoint", "jwks_uri"] {
        for (url, expected) in [
            (Value::Null, EndpointError::Missing),
            (json!("/x"), EndpointError::NotUrl),
            (json!("http://as.example.com/x"), EndpointError::NotHttps),
        ] {
            server.change_metadata(member, url);
            let reason = expected;
            assert_eq!(
                server_error(&server).await,
                ServerError::Endpoint { member, reason }
            );
        }
    }
}

#[tokio::test]
async fn metadata_must_be_json_and_be_said_to_be() {
    let server = FakeAs::start("").await;
    let good = metadata(server.issuer(), server.origin()).to_string();
    server.on_metadata(move |_| typed("text/html", good.clone()));
    let error = server_error(&server).await;
    assert!(matches!(error, ServerError::ContentType { .. }), "{error}");
    server.on_metadata(|_| typed("application/json", "<html>"));
    let error = server_error(&server).await;
    assert!(matches!(error, ServerError::Metadata(_)), "{error}");
    server.on_metadata(|_| status(404, ""));
    let error = server_error(&server).await;
    assert_eq!(
        error.to_string(),
        "the authorization server did not answer: status 404 for the metadata"
    );
}

#[tokio::test]
async fn keys_must_be_a_set_of_keys() {
    let server = FakeAs::start("").await;
    server.on_jwks(|_| json_answer(&json!([])));
    let error = server_error(&server).await;
    assert!(matches!(error, ServerError::Keys(_)), "{error}");
    server.on_jwks(|_| typed("text/plain", r#"{"keys":[]}"#));
    let error = server_error(&server).await;
    assert!(matches!(error, ServerError::ContentType { .. }), "{error}");
}

#[tokio::test]
async fn wrong_settings_come_to_light_at_once() {
    let (server, _, _) = start().await;
    let setup_error = async |error: DiscoverError| match error {
        DiscoverError::Setup(error) => error,
        other => panic!("{other}"),
    };
    let error = server
        .builder()
        .algorithms([])
        .discover()
        .await
        .unwrap_err();
    assert_eq!(setup_error(error).await, SetupError::NoAlgorithms);

    let builder = server.builder().algorithms([SignatureAlgorithm::Ed25519]);
    let error = builder.discover().await.unwrap_err();
    assert_eq!(setup_error(error).await, SetupError::NoCommonAlgorithm);

    let issuer = server.issuer().parse().unwrap();
    let credentials = Credentials::client_secret_basic("s");
    let error = Introspector::builder(issuer, "", credentials)
        .discover()
        .await;
    assert_eq!(
        setup_error(error.unwrap_err()).await,
        SetupError::EmptyClientId
    );

    let methods = "introspection_endpoint_auth_methods_supported";
    server.change_metadata(methods, json!(["private_key_jwt"]));
    let error = setup_error(discovery_error(&server).await).await;
    assert!(
        matches!(error, SetupError::MethodNotSupported { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_there_is_the_networks_fault() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    match discovery_error(&FakeAs::new(issuer)).await {
        DiscoverError::Network(error @ NetworkError { .. }) => {
            let shown = error.to_string();
            assert!(
                shown.starts_with("the metadata could not be had: no connection: "),
                "{shown}"
            );
        }
        other => panic!("{other}"),
    }
}
