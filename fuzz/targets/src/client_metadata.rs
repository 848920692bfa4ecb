//! What a client registers, and sends to change it.

use avouch_jose::strict_json;
use avouch_oauth::PresentedSecret;
use avouch_oauth::client_metadata::{ClientMetadata, ClientMetadataError, RegistrationUpdate};
use serde_json::Value;

/// The body of a registration request, or of an update.
pub fn client_metadata(data: &[u8]) {
    if let Ok(metadata) = ClientMetadata::parse(data) {
        let written = serde_json::to_vec(&metadata).expect("metadata are JSON");
        // What the answer to a registration shows can be registered, and is the same.
        assert_eq!(ClientMetadata::parse(&written).as_ref(), Ok(&metadata));
    }
    update(data);
}

/// The id and the secret are taken out, all else stays, and what the server sets is not among it.
fn update(data: &[u8]) {
    const SET_BY_SERVER: [&str; 4] = [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ];

    let update = match RegistrationUpdate::parse(data) {
        Ok(update) => update,
        Err(error) => return check_refusal(&error, data),
    };
    let mut members = strict_json::object(data).expect("strict JSON");
    assert_eq!(
        members.remove("client_id"),
        Some(update.client_id.clone().into())
    );
    let secret = update.client_secret.as_ref().map(PresentedSecret::expose);
    assert_eq!(members.remove("client_secret"), secret.map(Value::from));
    assert!(
        SET_BY_SERVER
            .iter()
            .all(|name| !members.contains_key(*name))
    );
    assert_eq!(members, update.metadata);
    // Whoever registers ignores both, so an update is read as a registration is.
    assert_eq!(
        ClientMetadata::from_object(members),
        ClientMetadata::parse(data)
    );
    if let Some(secret) =
        secret.filter(|secret| secret.len() > 8 && !update.client_id.contains(secret))
    {
        let rest = Value::Object(update.metadata.clone()).to_string();
        let hidden = format!("{:?}", update.client_secret);
        assert!(
            rest.contains(secret) || !hidden.contains(secret),
            "a secret shows"
        );
    }
}

fn check_refusal(error: &ClientMetadataError, data: &[u8]) {
    let Ok(members) = strict_json::object(data) else {
        assert!(matches!(error, ClientMetadataError::Malformed(_)));
        return;
    };
    let is_text = |name: &str| members.get(name).is_some_and(Value::is_string);
    match error {
        ClientMetadataError::SetByServer(name) => assert!(members.contains_key(*name)),
        ClientMetadataError::NoClientId => assert!(!is_text("client_id")),
        ClientMetadataError::Secret => {
            assert!(members.contains_key("client_secret") && !is_text("client_secret"));
        }
        other => panic!("refused without a cause: {other}"),
    }
}
