//! The check of a signed answer by the resource server (RS) that asked for it
//! (RFC 9701, sections 5 and 8.1).

use super::{Audience, IntrospectionResponse};
use crate::issuer::Issuer;
use crate::media_type::TOKEN_INTROSPECTION_JWT_TYP;
use avouch_jose::jws::{JwsHeader, UnverifiedJws, VerifiedJws};
use avouch_jose::strict_json::{self, JsonError};
use avouch_jose::{
    JwkSet, KeyError, ParseError, SelectError, SignatureAlgorithm, VerificationKey, VerifyError,
};
use serde_json::{Map, Value};

/// What an RS expects of the answers it gets. Set up once, used for every answer.
#[derive(Debug, Clone)]
pub struct StatementVerifier {
    issuer: Issuer,
    client_id: String,
    algorithms: Vec<SignatureAlgorithm>,
    freshness: Freshness,
}

/// How old an answer may be. It has no `exp`; its age is told by `iat` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// For an answer just received.
    OnReceipt {
        /// How many seconds `iat` may lie in the past.
        past: u64,
        /// How many seconds `iat` may lie in the future, for clocks that differ.
        future: u64,
    },
    /// For a saved answer. It says what was true at `iat`, and nothing about now.
    AnyAge,
}

/// An answer that passed every check. [`StatementVerifier::verify`] alone makes one.
#[derive(Debug, Clone)]
pub struct VerifiedIntrospection {
    header: JwsHeader,
    issuer: Issuer,
    audience: Audience,
    iat: u64,
    response: IntrospectionResponse,
}

/// Why an answer must not be believed, in the order of the checks. Shows no claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Five parts: encrypted. Decrypt it first; what is inside must be signed.
    #[error("the answer is encrypted: it must be decrypted before its signature can be checked")]
    Encrypted,
    /// Not a compact JWS, or one with an unacceptable header.
    #[error("the answer is not a signed JWT: {0}")]
    Malformed(#[from] ParseError),
    /// `typ` is missing or of another kind of JWT, perhaps an access token.
    #[error("the typ of the JWT is not {TOKEN_INTROSPECTION_JWT_TYP}")]
    WrongTyp,
    /// Signed with an algorithm that this RS did not settle on.
    #[error("the JWT is signed with {0}, which is not allowed here")]
    AlgorithmNotAllowed(SignatureAlgorithm),
    /// No key of the AS can have signed it. After a rotation, fetching the keys anew may help.
    #[error("no key of the authorization server can be picked: {0}")]
    NoKey(#[from] SelectError),
    /// The key the AS publishes is not usable.
    #[error("the key of the authorization server is not usable: {0}")]
    UnusableKey(#[from] KeyError),
    /// Changed on the way, or signed by somebody else.
    #[error("the signature is wrong: {0}")]
    Signature(#[from] VerifyError),
    /// The payload is not one strict JSON object.
    #[error("the claims are not acceptable: {0}")]
    Claims(JsonError),
    /// `iss` is missing or of another issuer, compared to the last slash.
    #[error("iss is not the expected issuer")]
    WrongIssuer,
    /// `aud` is missing or does not hold this RS: an answer meant for another.
    #[error("aud does not name this resource server")]
    WrongAudience,
    /// `iat` is missing or not a whole number of seconds.
    #[error("iat is missing or not a whole number of seconds")]
    NoIssuedAt,
    /// Made too long ago: perhaps replayed.
    #[error("the answer was made {age} seconds ago, too long for one just received")]
    TooOld {
        /// In seconds.
        age: u64,
    },
    /// Made in the future: a clock is wrong.
    #[error("the answer was made {ahead} seconds in the future: one of the clocks is wrong")]
    FromTheFuture {
        /// In seconds.
        ahead: u64,
    },
    /// `token_introspection` is missing or not an object; a draft -08 answer looks like this.
    #[error("token_introspection is missing or not an object")]
    NoTokenIntrospection,
    /// `active` is missing or not a boolean.
    #[error("active is missing or not a boolean")]
    NoActive,
    /// An inactive token with further members.
    #[error("an inactive token must have no member but active")]
    InactiveWithMembers,
    /// A member of `token_introspection` has the wrong type.
    #[error("token_introspection is not acceptable: {0}")]
    Response(JsonError),
}

impl Default for Freshness {
    fn default() -> Self {
        Self::OnReceipt {
            past: 60,
            future: 10,
        }
    }
}

impl StatementVerifier {
    /// Expects answers of `issuer` for `client_id`, signed with one of `algorithms`, just made.
    pub fn new(
        issuer: Issuer,
        client_id: impl Into<String>,
        algorithms: impl Into<Vec<SignatureAlgorithm>>,
    ) -> Self {
        Self {
            issuer,
            client_id: client_id.into(),
            algorithms: algorithms.into(),
            freshness: Freshness::default(),
        }
    }

    /// Sets how old an answer may be.
    #[must_use]
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// Checks an answer: the body of a response of type `application/token-introspection+jwt`.
    ///
    /// `keys` are those the issuer publishes at its own `jwks_uri`; `now` is in seconds. Top-level
    /// claims beyond `iss`, `aud`, `iat` and `token_introspection` are ignored.
    pub fn verify(
        &self,
        jwt: &str,
        keys: &JwkSet,
        now: u64,
    ) -> Result<VerifiedIntrospection, StatementError> {
        let jws = self.check_signature(jwt, keys)?;
        let mut claims = strict_json::object(jws.payload()).map_err(StatementError::Claims)?;
        self.check_issuer(&claims)?;
        let audience = self.check_audience(&mut claims)?;
        let iat = self.check_freshness(&claims, now)?;
        Ok(VerifiedIntrospection {
            header: jws.header().clone(),
            issuer: self.issuer.clone(),
            audience,
            iat,
            response: read_response(&mut claims)?,
        })
    }

    fn check_signature(&self, jwt: &str, keys: &JwkSet) -> Result<VerifiedJws, StatementError> {
        if jwt.bytes().filter(|&byte| byte == b'.').count() == 4 {
            return Err(StatementError::Encrypted);
        }
        let unverified = UnverifiedJws::parse(jwt)?;
        let header = unverified.header();
        if !header.is_typ(TOKEN_INTROSPECTION_JWT_TYP) {
            return Err(StatementError::WrongTyp);
        }
        let algorithm = header.algorithm();
        if !self.algorithms.contains(&algorithm) {
            return Err(StatementError::AlgorithmNotAllowed(algorithm));
        }
        let jwk = keys.select(header.kid(), algorithm)?;
        let key = VerificationKey::from_jwk(jwk, algorithm)?;
        Ok(unverified.verify(&key)?)
    }

    fn check_issuer(&self, claims: &Map<String, Value>) -> Result<(), StatementError> {
        match claims.get("iss").and_then(Value::as_str) {
            Some(iss) if iss == self.issuer.as_str() => Ok(()),
            _ => Err(StatementError::WrongIssuer),
        }
    }

    fn check_audience(&self, claims: &mut Map<String, Value>) -> Result<Audience, StatementError> {
        let aud = claims.remove("aud").ok_or(StatementError::WrongAudience)?;
        serde_json::from_value(aud)
            .ok()
            .filter(|audience: &Audience| audience.contains(&self.client_id))
            .ok_or(StatementError::WrongAudience)
    }

    fn check_freshness(
        &self,
        claims: &Map<String, Value>,
        now: u64,
    ) -> Result<u64, StatementError> {
        let iat = claims.get("iat").and_then(Value::as_u64);
        let iat = iat.ok_or(StatementError::NoIssuedAt)?;
        let (age, ahead) = (now.saturating_sub(iat), iat.saturating_sub(now));
        match self.freshness {
            Freshness::OnReceipt { past, .. } if age > past => Err(StatementError::TooOld { age }),
            Freshness::OnReceipt { future, .. } if ahead > future => {
                Err(StatementError::FromTheFuture { ahead })
            }
            Freshness::OnReceipt { .. } | Freshness::AnyAge => Ok(iat),
        }
    }
}

fn read_response(claims: &mut Map<String, Value>) -> Result<IntrospectionResponse, StatementError> {
    let Some(Value::Object(members)) = claims.remove("token_introspection") else {
        return Err(StatementError::NoTokenIntrospection);
    };
    match members.get("active").and_then(Value::as_bool) {
        None => Err(StatementError::NoActive),
        Some(false) if members.len() > 1 => Err(StatementError::InactiveWithMembers),
        Some(_) => strict_json::from_object(members).map_err(StatementError::Response),
    }
}

impl VerifiedIntrospection {
    /// The header: algorithm, `kid`, `typ`.
    pub fn header(&self) -> &JwsHeader {
        &self.header
    }

    /// Who states it.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// To whom it is stated; this RS is among them.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The instant of which it is true, in seconds.
    pub fn iat(&self) -> u64 {
        self.iat
    }

    /// What is stated.
    pub fn response(&self) -> &IntrospectionResponse {
        &self.response
    }

    /// What is stated, for keeps.
    pub fn into_response(self) -> IntrospectionResponse {
        self.response
    }
}
