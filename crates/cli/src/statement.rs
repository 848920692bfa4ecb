//! Showing statements.

use std::io;

use avouch_jose::base64url;
use avouch_resource_server::VerifiedIntrospection;
use serde_json::{Value, json};

use crate::output::{Failure, Style, json as print_json, line};

/// Header, claims and signature of a compact JWS, still encoded.
pub(crate) fn parts(jwt: &str) -> Result<[&str; 3], Failure> {
    let parts: Vec<_> = jwt.split('.').collect();
    parts
        .try_into()
        .map_err(|_| Failure::new("the statement is no compact JWS"))
}

/// What an encoded part says.
pub(crate) fn decode(part: &str) -> Result<Value, Failure> {
    Ok(serde_json::from_slice(&base64url::decode(part)?)?)
}

/// Shows a verified statement to a person.
pub(crate) fn show(statement: &VerifiedIntrospection, jwt: &str) -> Result<(), Failure> {
    let style = Style::of(&io::stdout());
    let [header, claims, _] = parts(jwt)?;
    line(style.faint("header"))?;
    line(format_args!("{:#}", decode(header)?))?;
    line(style.faint("claims"))?;
    line(format_args!("{:#}", decode(claims)?))?;
    let active = if statement.response().is_active() {
        style.good("active")
    } else {
        style.bad("not active")
    };
    let issuer = statement.issuer();
    let at = jiff::Timestamp::from_second(i64::try_from(statement.iat())?)?;
    line(format_args!(
        "{} {issuer} states: {active}, as of {at}",
        style.good("verified:")
    ))?;
    Ok(())
}

/// Prints a verified statement as one JSON object for scripts: `header`,
/// `claims` and the JWT itself.
pub(crate) fn print(jwt: &str) -> Result<(), Failure> {
    let [header, claims, _] = parts(jwt)?;
    print_json(&json!({ "header": decode(header)?, "claims": decode(claims)?, "jwt": jwt }))
}
