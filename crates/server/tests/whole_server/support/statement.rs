//! A signed JWT, taken apart to be looked at.

use avouch_jose::base64url;
use serde_json::{Map, Value};

/// Header and claims of a compact JWS. Nothing is verified.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Jwt {
    #[track_caller]
    pub(crate) fn read(text: &str) -> Self {
        let parts: Vec<_> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            panic!("not three parts: {text}");
        };
        assert!(!signature.is_empty());
        let part = |text: &&str| -> Value {
            serde_json::from_slice(&base64url::decode(text).unwrap()).unwrap()
        };
        Self {
            header: part(header),
            claims: part(claims),
        }
    }

    /// The object with the answer.
    #[track_caller]
    pub(crate) fn answer(&self) -> &Map<String, Value> {
        self.claims["token_introspection"].as_object().unwrap()
    }
}

/// The names at the top level of an object, sorted.
#[track_caller]
pub(crate) fn top_level(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}
