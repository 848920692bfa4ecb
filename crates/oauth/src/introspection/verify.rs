//! The check of a signed answer by the resource server (RS) that asked for it
//! (RFC 9701, sections 5 and 8.1).

mod error;

use super::{Audience, FurtherStatementClaims, IntrospectionResponse, StatementTyp};
use crate::issuer::Issuer;
use crate::media_type::TOKEN_INTROSPECTION_JWT_TYP;
use avouch_jose::jwe::Decrypter;
use avouch_jose::jws::{JwsHeader, UnverifiedJws, VerifiedJws};
use avouch_jose::nested::{self, NestedJws};
use avouch_jose::{JwkSet, SignatureAlgorithm, TokenKind, VerificationKey, strict_json};
pub use error::StatementError;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What an RS expects of the answers it gets. Set up once, used for every answer.
#[derive(Debug, Clone)]
pub struct StatementVerifier {
    issuer: Issuer,
    client_id: String,
    algorithms: Vec<SignatureAlgorithm>,
    freshness: Freshness,
    form: StatementForm,
    typ: Option<StatementTyp>,
    decrypter: Option<Decrypter>,
}

/// Where the members of an answer stand. A verifier takes one form and refuses the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StatementForm {
    /// In `token_introspection` (RFC 9701, section 5).
    #[default]
    Rfc9701,
    /// At the top level, beside `iss`, `aud` and `iat`: draft -08, for who cannot have better.
    Draft08,
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
    further: Further,
    response: IntrospectionResponse,
    inner: Option<Arc<NestedJws>>,
}

/// `jti`, `ath` and `nonce` as they were found.
#[derive(Debug, Clone, Default)]
struct Further {
    jti: Option<String>,
    ath: Option<String>,
    nonce: Option<String>,
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
            form: StatementForm::default(),
            typ: None,
            decrypter: None,
        }
    }

    /// Sets how old an answer may be.
    #[must_use]
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// Expects another form of answer.
    #[must_use]
    pub fn form(mut self, form: StatementForm) -> Self {
        self.form = form;
        self
    }

    /// Expects another `typ`, where the issuer was set to it for this RS.
    #[must_use]
    pub fn typ(mut self, typ: StatementTyp) -> Self {
        self.typ = Some(typ);
        self
    }

    /// Expects encrypted answers, and takes none that is only signed: whoever asked for encryption
    /// is given less by nobody but a stranger.
    #[must_use]
    pub fn encrypted(mut self, decrypter: Decrypter) -> Self {
        self.decrypter = Some(decrypter);
        self
    }

    /// Checks an answer: the body of a response of type `application/token-introspection+jwt`,
    /// or `application/jwt` where draft -08 is expected.
    ///
    /// `keys` are those the issuer publishes at its own `jwks_uri`; `now` is in seconds. Top-level
    /// claims that RFC 9701 does not speak of are ignored.
    pub fn verify(
        &self,
        jwt: &str,
        keys: &JwkSet,
        now: u64,
    ) -> Result<VerifiedIntrospection, StatementError> {
        let inner = self.decrypt(jwt)?;
        let signed = inner.as_ref().map_or(jwt, |inner| inner.as_str());
        let jws = self.check_signature(signed, keys)?;
        let mut claims = strict_json::object(jws.payload()).map_err(StatementError::Claims)?;
        self.check_issuer(&claims)?;
        let audience = self.check_audience(&mut claims)?;
        let iat = self.check_freshness(&claims, now)?;
        let (further, members) = self.take_apart(claims)?;
        Ok(VerifiedIntrospection {
            header: jws.header().clone(),
            issuer: self.issuer.clone(),
            audience,
            iat,
            further,
            response: read_response(members)?,
            inner,
        })
    }

    /// The signed JWT inside, if this RS is set up for encryption.
    fn decrypt(&self, jwt: &str) -> Result<Option<Arc<NestedJws>>, StatementError> {
        match &self.decrypter {
            None => Ok(None),
            Some(_) if TokenKind::of(jwt) == Some(TokenKind::Jws) => {
                Err(StatementError::NotEncrypted)
            }
            Some(decrypter) => Ok(Some(Arc::new(nested::decrypt(decrypter, jwt)?))),
        }
    }

    fn check_signature(&self, jwt: &str, keys: &JwkSet) -> Result<VerifiedJws, StatementError> {
        if TokenKind::of(jwt) == Some(TokenKind::Jwe) {
            return Err(StatementError::Encrypted);
        }
        let unverified = UnverifiedJws::parse(jwt)?;
        let header = unverified.header();
        let typ = self.typ.as_ref().map(StatementTyp::as_str);
        if !header.is_typ(typ.unwrap_or(TOKEN_INTROSPECTION_JWT_TYP)) {
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
        let aud = claims
            .shift_remove("aud")
            .ok_or(StatementError::WrongAudience)?;
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

    /// The claims about the statement, and the members of the answer.
    fn take_apart(
        &self,
        mut claims: Map<String, Value>,
    ) -> Result<(Further, Map<String, Value>), StatementError> {
        let inside = claims.shift_remove("token_introspection");
        match (self.form, inside) {
            (StatementForm::Rfc9701, Some(Value::Object(members))) => {
                Ok((Further::take(&mut claims)?, members))
            }
            (StatementForm::Rfc9701, _) => Err(StatementError::NoTokenIntrospection),
            (StatementForm::Draft08, None) => {
                claims.retain(|name, _| name != "iss" && name != "iat");
                Ok((Further::default(), claims))
            }
            (StatementForm::Draft08, Some(_)) => Err(StatementError::NotDraft08),
        }
    }
}

fn read_response(members: Map<String, Value>) -> Result<IntrospectionResponse, StatementError> {
    match members.get("active").and_then(Value::as_bool) {
        None => Err(StatementError::NoActive),
        Some(false) if members.len() > 1 => Err(StatementError::InactiveWithMembers),
        Some(_) => strict_json::from_object(members).map_err(StatementError::Response),
    }
}

impl Further {
    fn take(claims: &mut Map<String, Value>) -> Result<Self, StatementError> {
        let mut string = |name| match claims.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(StatementError::NotAString(name)),
        };
        Ok(Self {
            jti: string("jti")?,
            ath: string("ath")?,
            nonce: string("nonce")?,
        })
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

    /// The signed JWT that was inside, if the answer came encrypted. It is what can be shown to
    /// others: the encryption was for the way alone.
    pub fn decrypted(&self) -> Option<&str> {
        self.inner.as_ref().map(|inner| inner.as_str())
    }

    /// Claims about the statement itself, where the issuer was asked for them.
    pub fn further(&self) -> FurtherStatementClaims<'_> {
        FurtherStatementClaims {
            jti: self.further.jti.as_deref(),
            ath: self.further.ath.as_deref(),
            nonce: self.further.nonce.as_deref(),
        }
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
