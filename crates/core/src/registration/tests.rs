use avouch_crypto::random::SystemRandom;
use serde_json::{Value, json};

use super::*;
use crate::id::InitialAccessTokenId;
use crate::opaque_token::TokenHash;
use crate::records::{AllowedResources, ResourceSharing};
use crate::secret::SecretHash;

const ALGORITHMS: [SignatureAlgorithm; 2] = [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256];

fn now() -> Timestamp {
    Timestamp::from_secs(1_000)
}

fn allowance(kinds: RegistrationKinds, resources: AllowedResources) -> InitialAccessToken {
    InitialAccessToken {
        hash: TokenHash::of("token"),
        id: InitialAccessTokenId::new("iat-1").unwrap(),
        kinds,
        resources,
        sharing: ResourceSharing::Exclusive,
        uses_left: None,
        created_at: now(),
        expires_at: None,
    }
}

fn try_with(
    request: &Value,
    allowance: &InitialAccessToken,
) -> Result<Registered, RegistrationError> {
    let metadata = ClientMetadata::parse(request.to_string().as_bytes()).unwrap();
    register(metadata, allowance, &ALGORITHMS, &SystemRandom, now())
}

fn try_register(request: &Value) -> Result<Registered, RegistrationError> {
    try_with(
        request,
        &allowance(RegistrationKinds::Both, AllowedResources::Any),
    )
}

fn refusal(request: &Value) -> String {
    try_register(request).unwrap_err().to_string()
}

fn resource_server(request: &Value) -> (ResourceServer, ClientMetadata) {
    match try_register(request).unwrap() {
        Registered {
            record: NewRecord::ResourceServer(server),
            metadata,
            ..
        } => (server, metadata),
        other => panic!("a client: {other:?}"),
    }
}

#[test]
fn resource_or_no_grant_makes_a_resource_server_anything_else_a_client() {
    let kind = |request: Value| match try_register(&request).unwrap().record {
        NewRecord::Client(_) => "client",
        NewRecord::ResourceServer(_) => "resource server",
    };
    assert_eq!(
        kind(json!({"resource": "https://a.example"})),
        "resource server"
    );
    assert_eq!(
        kind(json!({"resource": ["https://a.example"], "grant_types": []})),
        "resource server"
    );
    assert_eq!(
        kind(json!({"grant_types": ["client_credentials"]})),
        "client"
    );
    assert!(refusal(&json!({"grant_types": []})).contains("resource"));
}

#[test]
fn the_initial_access_token_says_who_may_be_registered() {
    let any = AllowedResources::Any;
    let clients = allowance(RegistrationKinds::Clients, any.clone());
    let servers = allowance(RegistrationKinds::ResourceServers, any);
    let server = json!({"resource": "https://a.example"});
    let client = json!({"grant_types": ["client_credentials"]});
    assert!(matches!(
        try_with(&server, &clients),
        Err(RegistrationError::NotAllowed(_))
    ));
    assert!(matches!(
        try_with(&client, &servers),
        Err(RegistrationError::Metadata(_))
    ));
    assert!(try_with(&server, &servers).is_ok());
    assert!(try_with(&client, &clients).is_ok());
}

#[test]
fn a_resource_beyond_the_initial_access_token_is_refused() {
    let own = ResourceIdentifier::parse("https://a.example").unwrap();
    let allowance = allowance(
        RegistrationKinds::ResourceServers,
        AllowedResources::Only(vec![own]),
    );
    assert!(try_with(&json!({"resource": "https://a.example"}), &allowance).is_ok());
    assert!(matches!(
        try_with(
            &json!({"resource": ["https://a.example", "https://b.example"]}),
            &allowance
        ),
        Err(RegistrationError::NotAllowed(_))
    ));
}

#[test]
fn row_9701_6_03_without_a_registered_algorithm_answers_are_signed_with_rs256() {
    let (server, metadata) = resource_server(&json!({"resource": "https://a.example"}));
    assert_eq!(
        server.profile.value.signing_algorithm,
        SignatureAlgorithm::Rs256
    );
    assert_eq!(
        metadata.introspection_signed_response_alg.as_deref(),
        Some("RS256")
    );
}

#[test]
fn row_9701_6_10_unknown_and_forbidden_algorithms_are_refused() {
    for name in [
        "none",
        "None",
        "RSA1_5",
        "PBES2-HS256+A128KW",
        "HS256",
        "ES384",
        "es256",
        "",
    ] {
        let request = json!({
            "resource": "https://a.example", "introspection_signed_response_alg": name,
        });
        assert!(refusal(&request).contains("RS256, ES256"), "{name}");
    }
}

#[test]
fn nobody_grants_itself_a_look_at_personal_data() {
    let (server, metadata) = resource_server(&json!({
        "resource": "https://a.example",
        "scope": "openid profile",
        "claims": ["birthdate"],
        "policy": {"claims": ["birthdate"], "subject": "public"},
    }));
    assert_eq!(server.policy.value, ReleasePolicy::default());
    assert_eq!(metadata.scope, None);
}

#[test]
fn row_7591_2_01_unknown_metadata_is_ignored_and_not_echoed() {
    let request = json!({"grant_types": ["client_credentials"], "favourite_colour": "blue"});
    let registered = try_register(&request).unwrap();
    let echoed = serde_json::to_string(&registered.metadata).unwrap();
    assert!(!echoed.contains("blue"));
}

#[test]
fn row_7591_3_2_1_04_defaults_and_replaced_values_are_returned() {
    let registered = try_register(&json!({"grant_types": ["client_credentials"]})).unwrap();
    let echoed = serde_json::to_value(&registered.metadata).unwrap();
    assert_eq!(
        echoed,
        json!({
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["client_credentials"],
            "response_types": [],
        })
    );
}

#[test]
fn only_methods_and_grants_that_work_are_taken() {
    for request in [
        json!({"resource": "https://a.example", "token_endpoint_auth_method": "none"}),
        json!({"resource": "https://a.example", "token_endpoint_auth_method": "private_key_jwt"}),
        json!({"resource": "https://a.example", "grant_types": ["client_credentials"]}),
        json!({"grant_types": ["password"]}),
        json!({"grant_types": ["client_credentials"], "response_types": ["code"]}),
        json!({"client_name": "default grant type"}),
        json!({"resource": "https://a.example", "introspection_encrypted_response_alg": "RSA1_5"}),
    ] {
        assert!(
            matches!(try_register(&request), Err(RegistrationError::Metadata(_))),
            "{request}"
        );
    }
}

#[test]
fn texts_lists_and_links_are_bounded() {
    let client = |name: &str, value: Value| {
        let mut request = json!({"grant_types": ["client_credentials"]});
        request[name] = value;
        try_register(&request)
    };
    assert!(client("client_name", json!("x".repeat(1024))).is_ok());
    assert!(client("client_name", json!("x".repeat(1025))).is_err());
    assert!(client("contacts", json!(vec!["a@b.example"; 33])).is_err());
    assert!(client("client_uri", json!("https://shop.example/about")).is_ok());
    assert!(client("client_uri", json!("javascript:alert(1)")).is_err());
}

#[test]
fn the_secret_is_kept_as_a_hash_alone() {
    let registered = try_register(&json!({"resource": "https://a.example"})).unwrap();
    let NewRecord::ResourceServer(server) = &registered.record else {
        panic!("a client")
    };
    let [stored] = server.credentials.secrets.as_slice() else {
        panic!("one secret")
    };
    assert!(
        stored
            .hash
            .matches(&SecretHash::of(registered.secret.expose()))
    );
    assert!(!format!("{registered:?}").contains(registered.secret.expose()));
}
