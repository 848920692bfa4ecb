use avouch_jose::SignatureAlgorithm;
use avouch_oauth::client_metadata::ClientMetadata;
use serde_json::{Value, json};

use crate::records::{AllowedResources, RegistrationKinds, ReleasePolicy, ResourceServer};
use crate::registration::fixtures::{
    Desk, allowance, anything, only, resource_server as as_resource_server, token,
};
use crate::registration::{Registered, RegistrationError};
use crate::secret::SecretHash;
use crate::storage::CallerRecord;

fn try_register(request: &Value) -> Result<Registered, RegistrationError> {
    Desk::new().register(request, Some(&token(anything())))
}

fn refusal(request: &Value) -> String {
    try_register(request).unwrap_err().to_string()
}

fn resource_server(request: &Value) -> (ResourceServer, ClientMetadata) {
    let registered = try_register(request).unwrap().registered;
    let server = as_resource_server(&registered).clone();
    (server, registered.metadata())
}

#[test]
fn resource_or_no_grant_makes_a_resource_server_anything_else_a_client() {
    let kind = |request: Value| match try_register(&request).unwrap().registered.caller {
        CallerRecord::Client(_) => "client",
        CallerRecord::ResourceServer(_) => "resource server",
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
fn a_resource_server_says_what_its_keys_are_for_and_a_client_need_not() {
    let keys = json!({"keys": []});
    for (name, value) in [
        ("jwks", keys.clone()),
        ("jwks_uri", json!("https://rs.example/jwks")),
    ] {
        let mut request = json!({"resource": "https://a.example"});
        request[name] = value.clone();
        let refused = try_register(&request).unwrap_err();
        assert!(matches!(refused, RegistrationError::Metadata(_)));
        let told = refused.to_string();
        for member in [
            name,
            "introspection_encrypted_response_alg",
            "token_endpoint_auth_method private_key_jwt",
        ] {
            assert!(told.contains(member), "{told}");
        }
        let mut client = json!({"grant_types": ["client_credentials"]});
        client[name] = value;
        assert!(try_register(&client).is_ok());
    }
    let (server, _) = resource_server(&json!({
        "resource": "https://a.example", "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://rs.example/jwks",
    }));
    assert!(server.credentials.authentication.keys().is_some());
}

#[test]
fn the_initial_access_token_says_who_may_be_registered() {
    let clients = token(allowance(RegistrationKinds::Clients, AllowedResources::Any));
    let servers = token(allowance(
        RegistrationKinds::ResourceServers,
        AllowedResources::Any,
    ));
    let server = json!({"resource": "https://a.example"});
    let client = json!({"grant_types": ["client_credentials"]});
    let desk = Desk::new();
    assert!(matches!(
        desk.register(&server, Some(&clients)),
        Err(RegistrationError::NotAllowed(_))
    ));
    assert!(matches!(
        desk.register(&client, Some(&servers)),
        Err(RegistrationError::Metadata(_))
    ));
    assert!(desk.register(&server, Some(&servers)).is_ok());
    assert!(desk.register(&client, Some(&clients)).is_ok());
}

#[test]
fn a_resource_beyond_the_initial_access_token_is_refused() {
    let token = token(allowance(
        RegistrationKinds::ResourceServers,
        only(&["https://a.example"]),
    ));
    let desk = Desk::new();
    let own = json!({"resource": "https://a.example"});
    assert!(desk.register(&own, Some(&token)).is_ok());
    let more = json!({"resource": ["https://a.example", "https://b.example"]});
    assert!(matches!(
        desk.register(&more, Some(&token)),
        Err(RegistrationError::NotAllowed(_))
    ));
}

#[test]
fn without_an_approval_nothing_is_read() {
    for request in [
        json!({"grant_types": ["client_credentials"]}),
        json!({"grant_types": 5}),
        // Nobody is trusted here.
        json!({"software_statement": "a.b.c"}),
    ] {
        assert!(matches!(
            Desk::new().register(&request, None),
            Err(RegistrationError::NoApproval)
        ));
    }
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
    let registered = try_register(&request).unwrap().registered;
    let echoed = serde_json::to_string(&registered.metadata()).unwrap();
    assert!(!echoed.contains("blue"));
}

#[test]
fn row_7591_3_2_1_04_defaults_and_replaced_values_are_returned() {
    let request = json!({"grant_types": ["client_credentials"]});
    let registered = try_register(&request).unwrap().registered;
    let echoed = serde_json::to_value(registered.metadata()).unwrap();
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
        json!({"resource": "https://a.example", "grant_types": ["authorization_code"]}),
        json!({"resource": "https://a.example", "response_types": ["code"]}),
        json!({"resource": "https://a.example", "dpop_bound_access_tokens": true}),
        json!({
            "resource": "https://a.example", "tls_client_certificate_bound_access_tokens": true
        }),
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
    for name in ["client_name", "software_id", "software_version"] {
        assert!(client(name, json!("x".repeat(1024))).is_ok());
        assert!(client(name, json!("x".repeat(1025))).is_err());
    }
    assert!(client("contacts", json!(vec!["a@b.example"; 33])).is_err());
    assert!(client("client_uri", json!("https://shop.example/about")).is_ok());
    assert!(client("client_uri", json!("javascript:alert(1)")).is_err());
    let resources: Vec<_> = (0..33).map(|n| format!("https://{n}.example")).collect();
    assert!(try_register(&json!({"resource": resources[..32]})).is_ok());
    assert!(try_register(&json!({"resource": resources})).is_err());
}

#[test]
fn secret_and_registration_token_are_kept_as_hashes_alone() {
    let made = try_register(&json!({"resource": "https://a.example"})).unwrap();
    let [stored] = made.registered.caller.credentials().secrets.as_slice() else {
        panic!("one secret")
    };
    let secret = made.secret.as_ref().unwrap();
    assert!(
        stored
            .hash()
            .unwrap()
            .matches(&SecretHash::of(secret.expose()))
    );
    let tokens = &made.registered.registration.tokens;
    assert_eq!(tokens.hashes(), [made.token.hash()]);
    let shown = format!("{made:?}");
    assert!(!shown.contains(secret.expose()) && !shown.contains(made.token.expose()));
}
