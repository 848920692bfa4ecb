//! Software statements: metadata that somebody else vouches for (RFC 7591, section 2.3).

use crate::client_metadata::{ClientMetadata, ClientMetadataError};
use crate::introspection::Audience;
use avouch_jose::jws::UnverifiedJws;
use avouch_jose::strict_json::{self, JsonError};
use avouch_jose::{
    JwkSet, KeyError, ParseError, SelectError, SignatureAlgorithm, VerificationKey, VerifyError,
};
use serde_json::{Map, Value};
use std::time::Duration;

/// How long a statement may be, in bytes.
pub const MAX_STATEMENT_LENGTH: usize = 16 * 1024;
/// How many seconds `nbf` may lie in the future, for clocks that differ.
const CLOCK_SKEW: u64 = 10;
/// The one `typ` a statement may have, if it has any: no type is registered for statements, and
/// every other is that of another kind of JWT (RFC 8725, section 3.11).
const TYP: &str = "JWT";
/// Metadata that other kinds of JWT state too: access tokens, request objects, assertions.
const STATED_ELSEWHERE: [&str; 2] = ["scope", "resource"];

/// A statement that was taken apart and not verified. It gives the issuer it claims, for picking
/// whose keys to try, and nothing else.
#[derive(Debug)]
pub struct UnverifiedStatement<'a> {
    jws: UnverifiedJws<'a>,
    issuer: String,
}

/// What is expected of a statement by one issuer.
#[derive(Debug, Clone, Copy)]
pub struct StatementExpectations<'a> {
    /// The keys of the issuer.
    pub keys: &'a JwkSet,
    /// The algorithms it may sign with.
    pub algorithms: &'a [SignatureAlgorithm],
    /// Our names: a statement with an `aud` has one of them in it.
    pub audiences: &'a [&'a str],
    /// The instant, in seconds.
    pub now: u64,
}

/// Why a statement is not believed (`invalid_software_statement`). Shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoftwareStatementError {
    /// Not a compact JWS, or one with an unacceptable header.
    #[error("the software statement is not a signed JWT: {0}")]
    Malformed(#[from] ParseError),
    /// Another kind of JWT: an access token, an introspection answer, ...
    #[error("the typ of the software statement is of another kind of JWT")]
    WrongTyp,
    /// The payload is not one strict JSON object.
    #[error("the claims of the software statement are not acceptable: {0}")]
    Claims(#[from] JsonError),
    /// `iss` is missing or no string.
    #[error("the software statement has no iss")]
    NoIssuer,
    /// Signed with an algorithm that is not allowed.
    #[error("the software statement is signed with {0}, which is not allowed here")]
    AlgorithmNotAllowed(SignatureAlgorithm),
    /// No key of the issuer can have signed it.
    #[error("no key of the issuer of the software statement can be picked: {0}")]
    NoKey(#[from] SelectError),
    /// The key is not usable.
    #[error("the key of the issuer of the software statement is not usable: {0}")]
    UnusableKey(#[from] KeyError),
    /// Changed on the way, or signed by somebody else.
    #[error("the signature of the software statement is wrong: {0}")]
    Signature(#[from] VerifyError),
    /// `aud` is there and does not name this server.
    #[error("the software statement is meant for another authorization server")]
    WrongAudience,
    /// `exp` or `nbf` is no number.
    #[error("{0} in the software statement is not a number of seconds")]
    NotATime(&'static str),
    /// `exp` has passed.
    #[error("the software statement has expired")]
    Expired,
    /// `nbf` has not come.
    #[error("the software statement is not valid yet")]
    NotYetValid,
    /// A JWT that is not about software: an ID token, an assertion, ...
    #[error(
        "the software statement says nothing of the software; it states at least one member of \
         client metadata beside scope and resource"
    )]
    NotAboutSoftware,
    /// What it says of the software cannot be read.
    #[error("the metadata in the software statement is not acceptable: {0}")]
    Metadata(ClientMetadataError),
}

impl<'a> UnverifiedStatement<'a> {
    /// Takes a statement apart.
    pub fn parse(text: &'a str) -> Result<Self, SoftwareStatementError> {
        let jws = UnverifiedJws::parse_bounded(text, MAX_STATEMENT_LENGTH)?;
        if jws.header().typ().is_some() && !jws.header().is_typ(TYP) {
            return Err(SoftwareStatementError::WrongTyp);
        }
        let issuer = jws
            .claimed_issuer()?
            .ok_or(SoftwareStatementError::NoIssuer)?;
        Ok(Self { jws, issuer })
    }

    /// Whose it claims to be.
    pub fn claimed_issuer(&self) -> &str {
        &self.issuer
    }

    /// What it says of the software, once it is shown to come from the issuer it claims: the
    /// members of [`ClientMetadata`] among its claims. A statement within it means nothing.
    ///
    /// Without a type of its own, only what it says tells a statement from other JWTs that the
    /// issuer signs with the same key (RFC 8725, section 3.12): so it has to speak of software.
    pub fn verify(
        self,
        expected: &StatementExpectations<'_>,
    ) -> Result<Map<String, Value>, SoftwareStatementError> {
        let header = self.jws.header();
        let algorithm = header.algorithm();
        if !expected.algorithms.contains(&algorithm) {
            return Err(SoftwareStatementError::AlgorithmNotAllowed(algorithm));
        }
        let jwk = expected.keys.select(header.kid(), algorithm)?;
        let key = VerificationKey::from_jwk(jwk, algorithm)?;
        let verified = self.jws.verify(&key)?;
        // The same octets that `claimed_issuer` was read from, now proven.
        let mut claims = strict_json::object(verified.payload())?;
        check_audience(&mut claims, expected.audiences)?;
        check_times(&claims, expected.now)?;
        metadata(claims)
    }
}

fn check_audience(
    claims: &mut Map<String, Value>,
    names: &[&str],
) -> Result<(), SoftwareStatementError> {
    let Some(aud) = claims.remove("aud") else {
        return Ok(());
    };
    let audience: Option<Audience> = serde_json::from_value(aud).ok();
    audience
        .filter(|audience| names.iter().any(|name| audience.contains(name)))
        .map(|_| ())
        .ok_or(SoftwareStatementError::WrongAudience)
}

fn check_times(claims: &Map<String, Value>, now: u64) -> Result<(), SoftwareStatementError> {
    if time(claims, "exp")?.is_some_and(|end| now >= end) {
        return Err(SoftwareStatementError::Expired);
    }
    if time(claims, "nbf")?.is_some_and(|begin| now.saturating_add(CLOCK_SKEW) < begin) {
        return Err(SoftwareStatementError::NotYetValid);
    }
    Ok(())
}

/// A `NumericDate`, which may have a fraction (RFC 7519, section 2); it is cut off.
fn time(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<u64>, SoftwareStatementError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_u64().or_else(|| {
        let seconds = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
        Some(seconds.as_secs())
    });
    seconds
        .map(Some)
        .ok_or(SoftwareStatementError::NotATime(name))
}

/// The claims that are metadata, in the form in which it is written.
fn metadata(claims: Map<String, Value>) -> Result<Map<String, Value>, SoftwareStatementError> {
    let mut metadata =
        ClientMetadata::from_object(claims).map_err(SoftwareStatementError::Metadata)?;
    metadata.software_statement = None;
    match serde_json::to_value(&metadata) {
        Ok(Value::Object(members)) if is_about_software(&members) => Ok(members),
        _ => Err(SoftwareStatementError::NotAboutSoftware),
    }
}

fn is_about_software(members: &Map<String, Value>) -> bool {
    let mut names = members.keys();
    names.any(|name| !STATED_ELSEWHERE.contains(&name.as_str()))
}

#[cfg(test)]
mod tests;
