//! Resource servers that show a certificate (RFC 8705, section 2): where they ask, and with what.
//! That the connection shows it, the commands of docs/mutual-tls.md see at the real server.

use crate::fake_as::{CLIENT_ID, FakeAs, claims, json_answer, metadata, sign, start, statement};
use avouch_oauth::Form;
use avouch_resource_server::{ClientCertificate, Credentials, DiscoverError, SetupError};
use serde_json::json;

fn certificate() -> ClientCertificate {
    let made = rcgen::generate_simple_self_signed(["pay.example".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    ClientCertificate::from_pem(pem.as_bytes(), key.as_bytes()).unwrap()
}

const METHODS: [&str; 4] = [
    "client_secret_basic",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "Bearer",
];

/// A server that answers well and takes these methods, certificates below this path.
async fn ready(methods: &[&str], certificates_at: Option<&str>) -> FakeAs {
    let (server, key, _) = start().await;
    let mut document = metadata(server.issuer(), server.origin());
    document["introspection_endpoint_auth_methods_supported"] = json!(methods);
    document["token_endpoint_auth_methods_supported"] = json!(methods);
    if let Some(path) = certificates_at {
        let at = format!("{}{path}", server.origin());
        document["mtls_endpoint_aliases"] = json!({
            "introspection_endpoint": format!("{at}/introspect"),
            "token_endpoint": format!("{at}/token"),
        });
    }
    server.on_metadata(move |_| json_answer(&document));
    let said = sign(&key, &claims(&server));
    server.say(said.clone());
    server.on_other(move |seen| match seen.path.as_str() {
        "/mtls/token" => json_answer(&json!({"access_token": "own", "token_type": "Bearer"})),
        _ => statement(said.clone()),
    });
    server
}

#[tokio::test]
async fn row_8705_2_03_the_question_goes_where_certificates_are_asked_for_and_names_the_asker() {
    let server = ready(&METHODS, Some("/mtls")).await;
    for credentials in [
        Credentials::tls_client_auth(certificate()),
        Credentials::self_signed_tls_client_auth(certificate()),
    ] {
        let introspector = server.builder_with(credentials).discover().await.unwrap();
        introspector.introspect("token").await.unwrap();
    }
    let asked = server.seen("/mtls/introspect");
    assert_eq!(asked.len(), 2);
    for seen in asked {
        let form = Form::parse(&seen.body, &[]).unwrap();
        assert_eq!(form.get("client_id"), Some(CLIENT_ID));
        assert_eq!(form.get("client_secret"), None);
        assert!(!seen.headers.contains_key("authorization"));
    }
    assert!(server.seen("/introspect").is_empty());
}

#[tokio::test]
async fn without_aliases_it_goes_where_everybody_asks() {
    let server = ready(&METHODS, None).await;
    let credentials = Credentials::tls_client_auth(certificate());
    let introspector = server.builder_with(credentials).discover().await.unwrap();
    introspector.introspect("token").await.unwrap();
    assert_eq!(server.seen("/introspect").len(), 1);
}

#[tokio::test]
async fn a_secret_does_not_go_where_certificates_are_asked_for() {
    let server = ready(&METHODS, Some("/mtls")).await;
    let introspector = server.builder().discover().await.unwrap();
    introspector.introspect("token").await.unwrap();
    assert!(server.seen("/mtls/introspect").is_empty());
}

#[tokio::test]
async fn a_token_of_its_own_is_fetched_and_shown_there_too() {
    let server = ready(&METHODS, Some("/mtls")).await;
    let credentials = Credentials::access_token(Credentials::tls_client_auth(certificate()));
    let introspector = server.builder_with(credentials).discover().await.unwrap();
    introspector.introspect("token").await.unwrap();
    let fetched = server.seen("/mtls/token");
    let form = Form::parse(&fetched[0].body, &[]).unwrap();
    assert_eq!(form.get("client_id"), Some(CLIENT_ID));
    let asked = server.seen("/mtls/introspect");
    assert_eq!(asked[0].headers["authorization"], "Bearer own");
}

#[tokio::test]
async fn a_server_that_takes_no_certificates_is_told_at_once() {
    let server = ready(&METHODS[..2], None).await;
    let credentials = Credentials::self_signed_tls_client_auth(certificate());
    let error = server
        .builder_with(credentials)
        .discover()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            DiscoverError::Setup(SetupError::MethodNotSupported { .. })
        ),
        "{error}"
    );
}
