//! Showing statements.

use std::fmt::Write;
use std::io;

use avouch_jose::base64url;
use avouch_resource_server::VerifiedIntrospection;
use serde_json::{Value, json};

use crate::commands::human::instant;
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
    line(printable(&format!("{:#}", decode(header)?)))?;
    line(style.faint("claims"))?;
    line(printable(&format!("{:#}", decode(claims)?)))?;
    let active = if statement.response().is_active() {
        style.good("active")
    } else {
        style.bad("not active")
    };
    let issuer = statement.issuer();
    let at = instant(statement.iat());
    line(format_args!(
        "{} {issuer} states: {active}, as of {at}",
        style.good("verified:")
    ))?;
    Ok(())
}

/// JSON for a terminal: what would steer it, or turn the direction of the text, is written out.
/// JSON itself escapes no more than the first thirty-two characters.
fn printable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let steers = character.is_control() && character != '\n';
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if steers || turns {
            // Writing to a string does not fail.
            let _ = write!(text, "\\u{:04x}", u32::from(character));
        } else {
            text.push(character);
        }
    }
    text
}

/// Prints a verified statement as one JSON object for scripts: `header`,
/// `claims` and the JWT itself.
pub(crate) fn print(jwt: &str) -> Result<(), Failure> {
    let [header, claims, _] = parts(jwt)?;
    print_json(&json!({ "header": decode(header)?, "claims": decode(claims)?, "jwt": jwt }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_claim_holds_does_not_steer_the_terminal() {
        let hostile = format!("{:#}", json!({ "name": "a\u{9b}2J\u{202e}b\u{1b}c ä" }));
        let shown = printable(&hostile);
        assert_eq!(shown, "{\n  \"name\": \"a\\u009b2J\\u202eb\\u001bc ä\"\n}");
        assert_eq!(
            decode(&base64url::encode(&shown)).unwrap(),
            decode(&base64url::encode(hostile)).unwrap()
        );
    }
}
