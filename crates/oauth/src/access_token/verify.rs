//! The check of a JWT access token by the resource server (RS) it is shown to (RFC 9068,
//! section 4).

use crate::introspection::Audience;
use crate::issuer::Issuer;
use crate::media_type::ACCESS_TOKEN_JWT_TYP;
use crate::resource::ResourceIdentifier;
use crate::{AuthorizationDetails, Confirmation, Scope};
use avouch_jose::jws::{JwsHeader, UnverifiedJws, VerifiedJws};
use avouch_jose::strict_json::{self, JsonError};
use avouch_jose::{
    JwkSet, KeyError, ParseError, SelectError, SignatureAlgorithm, VerificationKey, VerifyError,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// How many seconds the clocks may differ, unless told.
const LEEWAY: u64 = 10;

/// What an RS expects of the access tokens it is shown. Set up once, used for every token.
#[derive(Debug, Clone)]
pub struct AccessTokenVerifier {
    issuer: Issuer,
    resources: Vec<ResourceIdentifier>,
    algorithms: Vec<SignatureAlgorithm>,
    leeway: u64,
}

/// An access token that passed every check. [`AccessTokenVerifier::verify`] alone makes one.
///
/// It says what was true when it was issued. A token that was revoked since still passes until it
/// expires: who has to know asks by introspection.
///
/// **A token with a [`confirmation`](Self::confirmation) is bound to a key**, and good only
/// together with a proof of that key (RFC 8705, RFC 9449). Checking the proof is left to the
/// caller; taking such a token without one takes it from a thief too.
#[derive(Clone)]
pub struct VerifiedAccessToken {
    header: JwsHeader,
    issuer: Issuer,
    subject: String,
    audience: Audience,
    client_id: String,
    expires_at: u64,
    not_before: Option<u64>,
    issued_at: u64,
    jti: String,
    scope: Scope,
    auth_time: Option<u64>,
    acr: Option<String>,
    confirmation: Option<Confirmation>,
    authorization_details: AuthorizationDetails,
    further: Map<String, Value>,
}

/// Why an access token must not be believed, in the order of the checks. Shows no claim. All of
/// them are a 401 `invalid_token` (RFC 6750, section 3.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// Five parts: encrypted, which this check does not take.
    #[error("the access token is encrypted, which is not taken here")]
    Encrypted,
    /// Not a compact JWS, or one with an unacceptable header; an opaque token is told as this.
    #[error("the access token is not a signed JWT: {0}")]
    Malformed(#[from] ParseError),
    /// `typ` is missing or of another kind of JWT, perhaps an introspection answer.
    #[error("the typ of the JWT is not {ACCESS_TOKEN_JWT_TYP}")]
    WrongTyp,
    /// Signed with an algorithm that this RS did not settle on.
    #[error("the JWT is signed with {0}, which is not allowed here")]
    AlgorithmNotAllowed(SignatureAlgorithm),
    /// No key of the authorization server can have signed it. After a rotation, fetching the keys
    /// anew may help.
    #[error("no key of the authorization server can be picked: {0}")]
    NoKey(#[from] SelectError),
    /// The key the authorization server publishes is not usable.
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
    /// `aud` is missing or names no resource of this RS: a token meant for another.
    #[error("aud names no resource of this resource server")]
    WrongAudience,
    /// The end of its life is past.
    #[error("the access token expired {ago} seconds ago")]
    Expired {
        /// In seconds.
        ago: u64,
    },
    /// `nbf` is still to come.
    #[error("the access token is good only in {ahead} seconds")]
    NotYetValid {
        /// In seconds.
        ahead: u64,
    },
    /// Issued in the future: a clock is wrong.
    #[error("the access token is issued {ahead} seconds in the future: a clock is wrong")]
    FromTheFuture {
        /// In seconds.
        ahead: u64,
    },
    /// A claim that RFC 9068 requires is missing, or a claim has the wrong type.
    #[error("the claim {0} is missing or not of its type")]
    Claim(&'static str),
    /// It holds an introspection answer: that says what a token is worth and is none.
    #[error("the JWT is an introspection answer, not an access token")]
    IntrospectionAnswer,
}

impl AccessTokenVerifier {
    /// Tokens of `issuer` for this resource, signed with any algorithm that has a public key.
    pub fn new(issuer: Issuer, resource: ResourceIdentifier) -> Self {
        Self {
            issuer,
            resources: vec![resource],
            algorithms: SignatureAlgorithm::ALL.to_vec(),
            leeway: LEEWAY,
        }
    }

    /// Takes tokens for this resource too.
    #[must_use]
    pub fn resource(mut self, resource: ResourceIdentifier) -> Self {
        self.resources.push(resource);
        self
    }

    /// Allows these algorithms and no others.
    #[must_use]
    pub fn algorithms(mut self, allowed: impl Into<Vec<SignatureAlgorithm>>) -> Self {
        self.algorithms = allowed.into();
        self
    }

    /// Sets how many seconds the clocks may differ; 10 unless told. It lengthens the life of
    /// every token by as much.
    #[must_use]
    pub fn leeway(mut self, seconds: u64) -> Self {
        self.leeway = seconds;
        self
    }

    /// Whose tokens are taken.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The algorithms that are allowed.
    pub fn allowed_algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    /// Checks an access token: what stands after `Bearer` or `DPoP` in the request.
    ///
    /// `keys` are those the issuer publishes at its own `jwks_uri`; `now` is in seconds.
    pub fn verify(
        &self,
        jwt: &str,
        keys: &JwkSet,
        now: u64,
    ) -> Result<VerifiedAccessToken, AccessTokenError> {
        let jws = self.check_signature(jwt, keys)?;
        let claims = strict_json::object(jws.payload()).map_err(AccessTokenError::Claims)?;
        let mut claims = Claims(claims);
        self.check_issuer(&mut claims)?;
        let audience = self.check_audience(&mut claims)?;
        let expires_at: u64 = claims.required("exp")?;
        let not_before: Option<u64> = claims.optional("nbf")?;
        let issued_at: u64 = claims.required("iat")?;
        self.check_times(expires_at, not_before, issued_at, now)?;
        if claims.0.contains_key("token_introspection") {
            return Err(AccessTokenError::IntrospectionAnswer);
        }
        Ok(VerifiedAccessToken {
            header: jws.header().clone(),
            issuer: self.issuer.clone(),
            subject: claims.required("sub")?,
            audience,
            client_id: claims.required("client_id")?,
            expires_at,
            not_before,
            issued_at,
            jti: claims.required("jti")?,
            scope: claims.optional("scope")?.unwrap_or_default(),
            auth_time: claims.optional("auth_time")?,
            acr: claims.optional("acr")?,
            confirmation: claims.optional("cnf")?,
            authorization_details: claims
                .optional("authorization_details")?
                .unwrap_or_default(),
            further: claims.0,
        })
    }

    fn check_signature(&self, jwt: &str, keys: &JwkSet) -> Result<VerifiedJws, AccessTokenError> {
        if jwt.bytes().filter(|&byte| byte == b'.').count() == 4 {
            return Err(AccessTokenError::Encrypted);
        }
        let unverified = UnverifiedJws::parse(jwt)?;
        let header = unverified.header();
        if !header.is_typ(ACCESS_TOKEN_JWT_TYP) {
            return Err(AccessTokenError::WrongTyp);
        }
        let algorithm = header.algorithm();
        if !self.algorithms.contains(&algorithm) {
            return Err(AccessTokenError::AlgorithmNotAllowed(algorithm));
        }
        let jwk = keys.select(header.kid(), algorithm)?;
        let key = VerificationKey::from_jwk(jwk, algorithm)?;
        Ok(unverified.verify(&key)?)
    }

    fn check_issuer(&self, claims: &mut Claims) -> Result<(), AccessTokenError> {
        match claims.0.shift_remove("iss") {
            Some(Value::String(iss)) if iss == self.issuer.as_str() => Ok(()),
            _ => Err(AccessTokenError::WrongIssuer),
        }
    }

    fn check_audience(&self, claims: &mut Claims) -> Result<Audience, AccessTokenError> {
        let names_us = |audience: &Audience| {
            self.resources
                .iter()
                .any(|resource| audience.contains(resource.as_str()))
        };
        claims
            .optional("aud")
            .ok()
            .flatten()
            .filter(names_us)
            .ok_or(AccessTokenError::WrongAudience)
    }

    fn check_times(
        &self,
        expires_at: u64,
        not_before: Option<u64>,
        issued_at: u64,
        now: u64,
    ) -> Result<(), AccessTokenError> {
        if now >= expires_at.saturating_add(self.leeway) {
            return Err(AccessTokenError::Expired {
                ago: now - expires_at,
            });
        }
        let ahead = |instant: u64| Some(instant.saturating_sub(now)).filter(|&s| s > self.leeway);
        if let Some(ahead) = not_before.and_then(ahead) {
            return Err(AccessTokenError::NotYetValid { ahead });
        }
        match ahead(issued_at) {
            Some(ahead) => Err(AccessTokenError::FromTheFuture { ahead }),
            None => Ok(()),
        }
    }
}

/// Claims that were not looked at yet; each is taken out as it is read, and what is left keeps its
/// order.
struct Claims(Map<String, Value>);

impl Claims {
    fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, AccessTokenError> {
        self.optional(name)?.ok_or(AccessTokenError::Claim(name))
    }

    fn optional<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, AccessTokenError> {
        match self.0.shift_remove(name) {
            None => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|_| AccessTokenError::Claim(name)),
        }
    }
}

impl VerifiedAccessToken {
    /// The header: algorithm, `kid`, `typ`.
    pub fn header(&self) -> &JwsHeader {
        &self.header
    }

    /// Who issued it.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// `sub`: the resource owner in the form made for this RS, or the client acting for itself.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The resources it is for; one of this RS is among them.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The client it was issued to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// `exp`, in seconds.
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// `nbf`, in seconds.
    pub fn not_before(&self) -> Option<u64> {
        self.not_before
    }

    /// `iat`, in seconds.
    pub fn issued_at(&self) -> u64 {
        self.issued_at
    }

    /// `jti`: names the token without being it, for logs.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// What it allows; empty if it says nothing.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// When the login behind it happened, in seconds.
    pub fn auth_time(&self) -> Option<u64> {
        self.auth_time
    }

    /// The authentication context of that login.
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// The key it is bound to. If there is one, the request must prove possession of it.
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    /// What exactly was allowed (RFC 9396).
    pub fn authorization_details(&self) -> &AuthorizationDetails {
        &self.authorization_details
    }

    /// A claim beyond these.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.further.get(name)
    }

    /// Every claim beyond these, in the order written.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.further
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }
}

/// Shows no claim about the subject.
impl fmt::Debug for VerifiedAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedAccessToken")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("client_id", &self.client_id)
            .field("jti", &self.jti)
            .finish_non_exhaustive()
    }
}
