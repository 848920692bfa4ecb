//! `crit` (RFC 7515 section 4.1.11, RFC 7516 section 4.1.13).

use serde_json::{Map, Value};

/// What is wrong with `crit`. This library understands no extension, so something always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CriticalError {
    /// Not an array of strings.
    #[error("`crit` is not an array of strings")]
    NotAnArray,
    /// An empty array.
    #[error("`crit` is empty")]
    Empty,
    /// A name occurs twice.
    #[error("`crit` repeats a name")]
    Repeats,
    /// A name that the standard defines, and that is therefore no extension.
    #[error("`crit` names a standard header parameter")]
    StandardName,
    /// A name that the header does not have.
    #[error("`crit` names a header parameter that is not there")]
    Absent,
    /// An extension, properly announced, that must be understood and is not.
    #[error("`crit` names an extension that is not understood")]
    NotUnderstood,
}

/// Header parameters of RFC 7515 section 4.1, RFC 7516 section 4.1 and RFC 7518 sections 4.6 to 4.8.
const STANDARD_NAMES: [&str; 20] = [
    "alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "enc",
    "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c",
];

pub(crate) fn check(members: &Map<String, Value>) -> Result<(), CriticalError> {
    let Some(value) = members.get("crit") else {
        return Ok(());
    };
    let values = value.as_array().ok_or(CriticalError::NotAnArray)?;
    let names: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
    let names = names.ok_or(CriticalError::NotAnArray)?;
    if names.is_empty() {
        return Err(CriticalError::Empty);
    }
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != names.len() {
        return Err(CriticalError::Repeats);
    }
    if names.iter().any(|name| STANDARD_NAMES.contains(name)) {
        return Err(CriticalError::StandardName);
    }
    if names.iter().any(|name| !members.contains_key(*name)) {
        return Err(CriticalError::Absent);
    }
    Err(CriticalError::NotUnderstood)
}
