//! Changing a statement the way an attacker would.

use avouch_jose::base64url;

use crate::output::Failure;
use crate::statement::{decode, parts};

/// The same statement with another birth date in it, under the old signature.
pub(super) fn another_birthdate(jwt: &str) -> Result<String, Failure> {
    let [header, claims, signature] = parts(jwt)?;
    let mut claims = decode(claims)?;
    claims["token_introspection"]["birthdate"] = "2001-01-01".into();
    let claims = base64url::encode(serde_json::to_vec(&claims)?);
    Ok(format!("{header}.{claims}.{signature}"))
}
