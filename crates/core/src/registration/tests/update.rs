use std::sync::Arc;
use std::time::Duration;

use avouch_oauth::negotiate::AnswerForms;
use serde_json::{Value, json};

use crate::opaque_token::TokenHash;
use crate::records::{AllowedResources, RegistrationKinds, Standing, SubjectForm};
use crate::registration::fixtures::{
    Desk, allowance, anything, client, only, resource_server, token,
};
use crate::registration::{RegistrationError, hand_out_registration_token};
use crate::storage::{CallerRecord, RegisteredCaller};

fn registered(request: &Value) -> RegisteredCaller {
    let made = Desk::new().register(request, Some(&token(anything())));
    made.unwrap().registered
}

fn a_client() -> RegisteredCaller {
    registered(&json!({
        "grant_types": ["client_credentials"], "scope": "pay", "client_name": "Shop",
        "contacts": ["ops@shop.example"], "software_id": "shop-4",
    }))
}

fn a_resource_server() -> RegisteredCaller {
    registered(
        &json!({"resource": "https://a.example", "introspection_signed_response_alg": "ES256"}),
    )
}

#[test]
fn row_7592_2_2_01_the_whole_record_is_replaced() {
    let before = a_client();
    let request = json!({"grant_types": [], "client_uri": "https://shop.example/"});
    let after = Desk::new().update(&before, &request).unwrap();
    assert_eq!(
        serde_json::to_value(after.metadata()).unwrap(),
        json!({
            "token_endpoint_auth_method": "client_secret_basic", "grant_types": [],
            "response_types": [], "client_uri": "https://shop.example/",
        })
    );
    assert_eq!(client(&after).credentials, client(&before).credentials);
    assert_eq!(after.caller.id(), before.caller.id());
    assert_eq!(after.caller.registered_at(), before.caller.registered_at());
}

#[test]
fn row_7592_2_2_01_an_algorithm_left_out_is_the_default_again_in_a_new_revision() {
    let before = a_resource_server();
    let request = json!({"resource": "https://a.example"});
    let after = Desk::new().update(&before, &request).unwrap();
    let profile = &resource_server(&after).profile;
    assert_eq!(profile.number, 2);
    assert_eq!(profile.value.signing_algorithm.name(), "RS256");
    // And what is not changed is no revision.
    let again = Desk::new().update(&after, &request).unwrap();
    assert_eq!(again, after);
}

#[test]
fn what_is_the_administrators_to_say_stays() {
    let mut before = a_resource_server();
    let CallerRecord::ResourceServer(server) = &mut before.caller else {
        panic!("a client")
    };
    let server = Arc::make_mut(server);
    let mut policy = server.policy.value.clone();
    policy.subject = SubjectForm::Public;
    server.policy = server.policy.next(policy, server.registered_at);
    server.profile.value.forms = AnswerForms::JwtOnly;
    server.standing = Standing::Suspended {
        reason: "audit".to_owned(),
    };
    let request = json!({"resource": "https://b.example", "policy": {"claims": ["iban"]}});
    let after = Desk::new().update(&before, &request).unwrap();
    let (before, after) = (resource_server(&before), resource_server(&after));
    assert_eq!(after.policy, before.policy);
    assert_eq!(after.standing, before.standing);
    assert_eq!(after.profile.value.forms, AnswerForms::JwtOnly);

    let mut before = a_client();
    let CallerRecord::Client(shop) = &mut before.caller else {
        panic!("a resource server")
    };
    let shop = Arc::make_mut(shop);
    shop.access_token_lifetime = Some(Duration::from_mins(1));
    shop.resources = only(&["https://a.example"]);
    let request = json!({"grant_types": []});
    let after = Desk::new().update(&before, &request).unwrap();
    let (before, after) = (client(&before), client(&after));
    assert_eq!(after.access_token_lifetime, before.access_token_lifetime);
    assert_eq!(after.resources, before.resources);
}

#[test]
fn a_resource_beyond_the_recorded_allowance_is_refused_unless_it_is_there_already() {
    let desk = Desk::new();
    let own = token(allowance(
        RegistrationKinds::ResourceServers,
        only(&["https://a.example", "https://b.example"]),
    ));
    let request = json!({"resource": "https://a.example"});
    let mut current = desk.register(&request, Some(&own)).unwrap().registered;
    let with = |current: &RegisteredCaller, resources: Value| {
        desk.update(current, &json!({"resource": resources}))
    };
    assert!(with(&current, json!(["https://a.example", "https://b.example"])).is_ok());
    assert!(matches!(
        with(&current, json!(["https://a.example", "https://c.example"])),
        Err(RegistrationError::NotAllowed(_))
    ));
    // An administrator gave it one more: it may keep it.
    let CallerRecord::ResourceServer(server) = &mut current.caller else {
        panic!("a client")
    };
    let given = avouch_oauth::ResourceIdentifier::parse("https://c.example").unwrap();
    Arc::make_mut(server).resources.insert(given);
    assert!(with(&current, json!(["https://a.example", "https://c.example"])).is_ok());
    assert!(with(&current, json!(["https://d.example"])).is_err());
}

#[test]
fn a_client_that_an_administrator_made_takes_no_scope_and_no_grant() {
    let mut current = a_client();
    let caller = current.caller.clone();
    current.registration = hand_out_registration_token(&caller, None, TokenHash::of("fresh"));
    let with = |scope: &str, grants: Value| {
        Desk::new().update(&current, &json!({"grant_types": grants, "scope": scope}))
    };
    assert!(with("pay", json!(["client_credentials"])).is_ok());
    let less = Desk::new().update(&current, &json!({"grant_types": []}));
    let less = less.unwrap();
    for (current, request) in [
        (
            &current,
            json!({"grant_types": ["client_credentials"], "scope": "pay sign"}),
        ),
        (&current, json!({"grant_types": [], "scope": "sign"})),
        // What it gave up is gone.
        (&less, json!({"grant_types": ["client_credentials"]})),
        (&less, json!({"grant_types": [], "scope": "pay"})),
    ] {
        let refused = Desk::new().update(current, &request);
        assert!(
            matches!(refused, Err(RegistrationError::NotAllowed(_))),
            "{request}"
        );
    }
}

#[test]
fn a_kind_never_changes() {
    for (current, request) in [
        (a_client(), json!({"resource": "https://a.example"})),
        (
            a_client(),
            json!({"grant_types": [], "resource": "https://a.example"}),
        ),
        (
            a_client(),
            json!({"grant_types": [], "introspection_signed_response_alg": "RS256"}),
        ),
        (a_resource_server(), json!({"grant_types": []})),
        (
            a_resource_server(),
            json!({"grant_types": ["client_credentials"], "scope": "pay"}),
        ),
        (
            a_resource_server(),
            json!({
                "grant_types": ["client_credentials"], "resource": "https://a.example",
            }),
        ),
    ] {
        let refused = Desk::new().update(&current, &request);
        assert!(
            matches!(refused, Err(RegistrationError::Metadata(_))),
            "{request}"
        );
    }
    // No grant at all reads as an RS only where the kind is still open.
    let none = json!({"grant_types": []});
    client(&Desk::new().update(&a_client(), &none).unwrap());
}

#[test]
fn row_7592_2_2_02_the_id_is_the_right_one() {
    let current = a_client();
    for id in ["", "c-other", "../c", &format!("{}x", current.caller.id())] {
        let request = json!({"grant_types": [], "client_id": id});
        let refused = Desk::new().update(&current, &request);
        assert!(
            matches!(refused, Err(RegistrationError::Metadata(_))),
            "{id}"
        );
    }
}

#[test]
fn row_7592_2_2_03_a_secret_that_is_sent_is_the_current_one() {
    let desk = Desk::new();
    let made = desk
        .register(
            &json!({"grant_types": []}),
            Some(&token(allowance(
                RegistrationKinds::Clients,
                AllowedResources::Any,
            ))),
        )
        .unwrap();
    let secret = made.secret.as_ref().unwrap();
    let with = |secret: &str| {
        let request = json!({"grant_types": [], "client_secret": secret});
        desk.update(&made.registered, &request)
    };
    assert_eq!(with(secret.expose()).unwrap(), made.registered);
    for other in ["", "my own", &format!("{}x", secret.expose())] {
        let refused = with(other).unwrap_err().to_string();
        assert!(refused.contains("client_secret"), "{refused}");
        assert!(other.is_empty() || !refused.contains(other), "{refused}");
    }
}
