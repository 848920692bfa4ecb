//! What a protected resource says of itself.

use std::sync::LazyLock;

use avouch_oauth::ResourceIdentifier;
use avouch_oauth::protected_resource::{ProtectedResourceError, ProtectedResourceMetadata};
use serde_json::Value;

static RESOURCE: LazyLock<ResourceIdentifier> =
    LazyLock::new(|| ResourceIdentifier::parse("https://rs.example.com/api").expect("a resource"));

/// A document found below a well-known path.
pub fn protected_resource(data: &[u8]) {
    match ProtectedResourceMetadata::parse(data, &RESOURCE) {
        Ok(metadata) => {
            assert_eq!(metadata.resource, *RESOURCE);
            check_said(&metadata, data);
            let again = ProtectedResourceMetadata::parse(&metadata.to_json(), &RESOURCE);
            assert_eq!(again.as_ref(), Ok(&metadata));
            let other = ResourceIdentifier::parse("https://rs.example.com/").expect("a resource");
            let other = ProtectedResourceMetadata::parse(data, &other);
            assert_eq!(other, Err(ProtectedResourceError::OtherResource));
        }
        Err(ProtectedResourceError::OtherResource) => {
            let said: Value = serde_json::from_slice(data).expect("strict JSON is JSON");
            assert_ne!(said["resource"], RESOURCE.as_str());
        }
        Err(ProtectedResourceError::Json(_)) => {}
    }
}

/// Nothing but what stands there, whoever reads it.
fn check_said(metadata: &ProtectedResourceMetadata, data: &[u8]) {
    let said: Value = serde_json::from_slice(data).expect("strict JSON is JSON");
    let written: Value = serde_json::from_slice(&metadata.to_json()).expect("JSON");
    for (name, value) in written.as_object().expect("an object") {
        let is_default = [Value::from(false), Value::from(Vec::<Value>::new())].contains(value);
        match said.get(name) {
            Some(said) => assert!(said == value || said.is_null(), "{name} was not said"),
            None => assert!(is_default, "{name} was not said"),
        }
    }
}
