//! What holds for every sequence of updates.

use std::mem::discriminant;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::records::RegistrationKinds;
use crate::registration::fixtures::{Desk, allowance, only, token};
use crate::storage::{CallerRecord, RegisteredCaller};

const RESOURCES: [&str; 4] = [
    "https://a.example",
    "https://b.example",
    "https://c.example",
    "urn:example:d",
];
/// The first two.
const ALLOWED: usize = 2;

/// A value for this member, nearly always of the right type.
fn member(name: &'static str) -> BoxedStrategy<Value> {
    let text = "[a-zü ]{0,8}".prop_map(Value::from);
    match name {
        "resource" => prop_oneof![
            prop::sample::subsequence(&RESOURCES[..], 0..=4).prop_map(|some| json!(some)),
            prop::sample::select(&RESOURCES[..]).prop_map(Value::from),
        ]
        .boxed(),
        "grant_types" => prop_oneof![
            3 => Just(json!([])),
            3 => Just(json!(["client_credentials"])),
            1 => Just(json!(["authorization_code"])),
        ]
        .boxed(),
        "token_endpoint_auth_method" => prop_oneof![
            Just(json!("client_secret_basic")),
            Just(json!("client_secret_post")),
            Just(json!("none")),
        ]
        .boxed(),
        "introspection_signed_response_alg" => prop_oneof![
            Just(json!("RS256")),
            Just(json!("ES256")),
            Just(json!("HS256"))
        ]
        .boxed(),
        "client_uri" => prop_oneof![Just(json!("https://a.example/")), Just(json!("x"))].boxed(),
        "contacts" => prop::collection::vec("[a-z@]{1,5}", 0..4)
            .prop_map(|some| json!(some))
            .boxed(),
        "scope" => "[a-z]{1,3}( [a-z]{1,3}){0,2}".prop_map(Value::from).boxed(),
        "software_statement" => Just(json!("a.b.c")).boxed(),
        _ => prop_oneof![4 => text, 1 => Just(Value::Null), 1 => Just(json!(5))].boxed(),
    }
}

fn request() -> impl Strategy<Value = Value> {
    const MEMBERS: [&str; 12] = [
        "resource",
        "grant_types",
        "token_endpoint_auth_method",
        "introspection_signed_response_alg",
        "client_uri",
        "contacts",
        "scope",
        "client_name",
        "software_id",
        "software_version",
        "software_statement",
        "colour",
    ];
    prop::sample::subsequence(&MEMBERS[..], 0..=7)
        .prop_flat_map(|names| {
            names
                .into_iter()
                .map(|name| member(name).prop_map(move |value| (name.to_owned(), value)))
                .collect::<Vec<_>>()
        })
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn registered(kinds: RegistrationKinds, request: &Value) -> RegisteredCaller {
    let token = token(allowance(kinds, only(&RESOURCES[..ALLOWED])));
    let made = Desk::new().register(request, Some(&token));
    made.unwrap().registered
}

fn either() -> impl Strategy<Value = RegisteredCaller> {
    any::<bool>().prop_map(|is_client| {
        if is_client {
            registered(RegistrationKinds::Clients, &json!({"grant_types": []}))
        } else {
            registered(
                RegistrationKinds::ResourceServers,
                &json!({"resource": RESOURCES[0]}),
            )
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_updates_changes_the_kind_or_exceeds_the_allowance(
        first in either(),
        requests in prop::collection::vec(request(), 1..20),
    ) {
        let desk = Desk::new();
        let mut current = first.clone();
        for request in &requests {
            if let Ok(next) = desk.update(&current, request) {
                current = next;
            }
            prop_assert_eq!(discriminant(&current.caller), discriminant(&first.caller));
            prop_assert_eq!(current.caller.id(), first.caller.id());
            prop_assert_eq!(&current.registration.allowance, &first.registration.allowance);
            prop_assert_eq!(&current.registration.approval, &first.registration.approval);
            prop_assert_eq!(
                &current.caller.credentials().secrets,
                &first.caller.credentials().secrets
            );
            match (&current.caller, &first.caller) {
                (CallerRecord::ResourceServer(server), CallerRecord::ResourceServer(first)) => {
                    prop_assert!(!server.resources.is_empty());
                    prop_assert!(server.resources.iter().all(|resource|
                        RESOURCES[..ALLOWED].contains(&resource.as_str())));
                    prop_assert_eq!(&server.policy, &first.policy);
                    prop_assert_eq!(&server.standing, &first.standing);
                }
                (CallerRecord::Client(client), CallerRecord::Client(first)) => {
                    prop_assert_eq!(&client.resources, &first.resources);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn an_update_with_what_is_registered_changes_nothing(
        first in either(),
        requests in prop::collection::vec(request(), 0..6),
    ) {
        let desk = Desk::new();
        let mut current = first;
        for request in &requests {
            if let Ok(next) = desk.update(&current, request) {
                current = next;
            }
        }
        let shown = serde_json::to_value(current.metadata()).unwrap();
        prop_assert_eq!(desk.update(&current, &shown).unwrap(), current);
    }
}
