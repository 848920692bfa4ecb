use serde_json::{Value, json};

use crate::records::{AllowedResources, Approval, RegistrationKinds};
use crate::registration::RegistrationError;
use crate::registration::fixtures::{
    Desk, ISSUER, allowance, anything, client, only, resource_server, token,
};

fn clients_only() -> Desk {
    Desk::trusting(allowance(RegistrationKinds::Clients, AllowedResources::Any))
}

fn a_client(statement: &str) -> Value {
    json!({"grant_types": ["client_credentials"], "software_statement": statement})
}

#[test]
fn row_7591_2_3_01_the_statement_beats_the_registrant_and_is_returned_unchanged() {
    let desk = clients_only();
    let statement = desk.statement(json!({"scope": "pay", "client_name": "Certified"}));
    let mut request = a_client(&statement);
    request["scope"] = json!("pay sign admin");
    request["client_name"] = json!("Impostor");
    request["client_uri"] = json!("https://shop.example/");
    let registered = desk.register(&request, None).unwrap().registered;
    assert_eq!(client(&registered).scope.to_string(), "pay");
    let metadata = registered.metadata();
    assert_eq!(metadata.client_name.as_deref(), Some("Certified"));
    assert_eq!(
        metadata.client_uri.as_deref(),
        Some("https://shop.example/")
    );
    assert_eq!(metadata.software_statement, Some(statement));
    assert_eq!(
        registered.registration.approval,
        Approval::SoftwareStatement(ISSUER.to_owned())
    );
}

#[test]
fn a_statement_approves_what_its_issuer_may_approve_and_no_more() {
    let desk = clients_only();
    let statement = desk.statement(json!({"resource": "https://a.example", "software_id": "a"}));
    for request in [
        json!({"software_statement": statement}),
        json!({"software_statement": desk.statement(json!({"software_id": "a"})), "resource": "https://a.example"}),
    ] {
        assert!(matches!(
            desk.register(&request, None),
            Err(RegistrationError::UnapprovedStatement(_))
        ));
    }

    let desk = Desk::trusting(allowance(
        RegistrationKinds::ResourceServers,
        only(&["https://a.example"]),
    ));
    let with = |resource: &str| {
        let statement = desk.statement(json!({"software_id": "a"}));
        desk.register(
            &json!({"software_statement": statement, "resource": resource}),
            None,
        )
    };
    let registered = with("https://a.example").unwrap().registered;
    assert_eq!(resource_server(&registered).resources.len(), 1);
    assert!(matches!(
        with("https://b.example"),
        Err(RegistrationError::UnapprovedStatement(_))
    ));
}

#[test]
fn whoever_is_not_trusted_approves_nothing() {
    let desk = clients_only();
    let statement = desk.statement(json!({"iss": "https://other.example"}));
    for right in [None, Some(token(anything()))] {
        assert!(matches!(
            desk.register(&a_client(&statement), right.as_ref()),
            Err(RegistrationError::UnapprovedStatement(_))
        ));
    }
    // The right name and the wrong key.
    let forged = Desk::new().statement(json!({"software_id": "a"}));
    assert!(matches!(
        desk.register(&a_client(&forged), None),
        Err(RegistrationError::InvalidStatement(_))
    ));
}

#[test]
fn beside_an_initial_access_token_the_statement_fixes_values_and_the_token_approves() {
    let desk = clients_only();
    let statement = desk.statement(json!({"client_name": "Certified"}));
    let request = json!({"software_statement": statement, "resource": "https://a.example"});
    let registered = desk
        .register(&request, Some(&token(anything())))
        .unwrap()
        .registered;
    let server = resource_server(&registered);
    assert_eq!(server.details.name.as_deref(), Some("Certified"));
    assert!(matches!(
        registered.registration.approval,
        Approval::InitialAccessToken(_)
    ));
}

#[test]
fn where_statements_are_not_supported_they_are_ignored() {
    let registered = Desk::new()
        .register(&a_client("no statement at all"), Some(&token(anything())))
        .unwrap()
        .registered;
    assert_eq!(registered.metadata().software_statement, None);
    assert!(matches!(
        Desk::new().register(
            &json!({"grant_types": [], "software_statement": 5}),
            Some(&token(anything()))
        ),
        Err(RegistrationError::Metadata(_))
    ));
}

#[test]
fn what_a_statement_approved_is_not_to_be_had_without_it() {
    let desk = clients_only();
    let statement = desk.statement(json!({"scope": "pay", "software_id": "a", "exp": 1_500}));
    let registered = desk
        .register(&a_client(&statement), None)
        .unwrap()
        .registered;

    // It has expired by now; the registration it made has not.
    let mut request = a_client(&statement);
    request["scope"] = json!("admin");
    let same = desk.update(&registered, &request).unwrap();
    assert_eq!(same, registered);

    let without = json!({"grant_types": ["client_credentials"], "scope": "admin"});
    assert!(matches!(
        desk.update(&registered, &without),
        Err(RegistrationError::InvalidStatement(_))
    ));
    let newer = desk.statement(json!({"scope": "pay sign", "software_id": "a"}));
    let changed = desk.update(&registered, &a_client(&newer)).unwrap();
    assert_eq!(client(&changed).scope.to_string(), "pay sign");
    assert_eq!(changed.metadata().software_statement, Some(newer));

    let expired = desk.statement(json!({"scope": "pay sign", "software_id": "a", "exp": 1_600}));
    assert!(matches!(
        desk.update(&registered, &a_client(&expired)),
        Err(RegistrationError::InvalidStatement(_))
    ));
}
