//! Strict JSON, and authorization details, which are an array of it.

use avouch_jose::strict_json::{self, JsonError, MAX_DEPTH};
use avouch_oauth::AuthorizationDetails;
use avouch_oauth::authorization_details::{MAX_DETAILS, MAX_DETAILS_LENGTH};
use serde_json::Value;

/// One object, or authorization details.
pub fn json(data: &[u8]) {
    object(data);
    if let Ok(text) = std::str::from_utf8(data) {
        authorization_details(text);
    }
}

/// Whatever is taken has one meaning: lax readers find no other.
fn object(data: &[u8]) {
    let lax = serde_json::from_slice::<Value>(data).ok();
    match strict_json::object(data) {
        Ok(members) => {
            let members = Value::Object(members);
            assert_eq!(lax.as_ref(), Some(&members), "another reading");
            assert!(depth(&members) <= MAX_DEPTH);
            let written = serde_json::to_vec(&members).expect("JSON");
            let again = strict_json::object(&written).map(Value::Object);
            assert_eq!(again, Ok(members));
        }
        Err(JsonError::NotAnObject) => assert!(lax.is_none_or(|value| !value.is_object())),
        Err(JsonError::NotUtf8) => assert!(std::str::from_utf8(data).is_err()),
        Err(_) => {}
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn authorization_details(text: &str) {
    let Ok(details) = AuthorizationDetails::parse(text) else {
        return;
    };
    assert!(details.len() <= MAX_DETAILS);
    assert!(
        details
            .iter()
            .all(|detail| !detail.detail_type().is_empty())
    );
    assert_eq!(details.of_types(|_| true), details);
    assert!(details.of_types(|_| false).is_empty());
    let written = serde_json::to_string(&details).expect("details are JSON");
    assert_eq!(
        AuthorizationDetails::from_kept(&written).as_ref(),
        Some(&details)
    );
    // Numbers may be written longer than they came.
    if written.len() <= MAX_DETAILS_LENGTH {
        assert_eq!(AuthorizationDetails::parse(&written).as_ref(), Ok(&details));
    }
}
