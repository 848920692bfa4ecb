//! From what is said to the bytes that say it (RFC 9701 section 5).

use avouch_crypto::hash;
use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_jose::{SignatureAlgorithm, base64url, jws};
use avouch_oauth::introspection::{FurtherStatementClaims, IntrospectionResponse, StatementClaims};
use avouch_oauth::issuer::Issuer;
use avouch_oauth::media_type;
use avouch_oauth::negotiate::ResponseFormat;
use avouch_oauth::secret::PresentedToken;
use thiserror::Error;

use crate::id::StatementId;
use crate::keys::{KeyRing, Signer, SignerError};
use crate::records::{KeyPurpose, ResourceServer, StatementMembers};
use crate::time::Timestamp;

/// The body of an answer, ready to send.
#[derive(Clone, PartialEq, Eq)]
pub struct SecuredAnswer {
    /// The body: JSON, or the compact JWT and nothing else.
    pub body: Vec<u8>,
    /// Its media type, without parameters.
    pub content_type: &'static str,
    /// What signed it; `None` for plain JSON.
    pub signed_with: Option<SignatureAlgorithm>,
    /// The `jti` of the statement, where it has one.
    pub statement: Option<StatementId>,
}

/// Why an answer could not be secured. Always a 5xx: never plain JSON instead,
/// never `active: false`.
#[derive(Debug, Error)]
pub enum SecureError {
    /// No active key for what the RS is registered for.
    #[error("there is no active {0} key to sign statements with")]
    NoKey(SignatureAlgorithm),
    /// The key is there but does not answer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// No random octets to name the statement with.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// What an AS secures its answers with.
pub struct Means<'a, S> {
    /// In whose name it speaks.
    pub issuer: &'a Issuer,
    /// Which key is for what.
    pub keys: &'a KeyRing,
    /// The keys themselves, wherever they are.
    pub signer: &'a S,
    /// Where the names of statements come from.
    pub random: &'a dyn SecureRandom,
}

/// What of the question the statement repeats, for callers that asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Echo<'a> {
    /// The token asked about.
    pub token: &'a PresentedToken,
    /// The `nonce` of the request.
    pub nonce: Option<&'a str>,
}

/// Renders the response in the negotiated format.
pub async fn secure(
    response: &IntrospectionResponse,
    format: ResponseFormat,
    resource_server: &ResourceServer,
    echo: Echo<'_>,
    now: Timestamp,
    means: &Means<'_, impl Signer>,
) -> Result<SecuredAnswer, SecureError> {
    let profile = &resource_server.profile.value;
    if format == ResponseFormat::Json {
        return Ok(SecuredAnswer {
            body: response.to_json(),
            content_type: media_type::JSON,
            signed_with: None,
            statement: None,
        });
    }
    let algorithm = profile.signing_algorithm;
    let key = means
        .keys
        .active(KeyPurpose::Statements, algorithm, now)
        .ok_or(SecureError::NoKey(algorithm))?;

    let further = Further::of(profile.members, echo, means.random)?;
    let claims = StatementClaims {
        iss: means.issuer.as_str(),
        aud: resource_server.id.as_str(),
        iat: now.numeric_date(),
        further: further.claims(),
        token_introspection: response,
    };
    let claims = match format {
        ResponseFormat::LegacyJwt => claims.to_legacy_json(),
        ResponseFormat::Jwt | ResponseFormat::Json => claims.to_json(),
    };
    let signing_input = match &profile.typ {
        None => jws::signing_input(key.statement_header(), &claims),
        Some(typ) => jws::signing_input(&key.header(typ.as_str()), &claims),
    };
    let signature = means
        .signer
        .sign(key.kid(), signing_input.as_bytes())
        .await?;
    Ok(SecuredAnswer {
        body: jws::append_signature(signing_input, &signature).into_bytes(),
        content_type: format.media_type(),
        signed_with: Some(algorithm),
        statement: further.jti,
    })
}

/// The claims about the statement itself that this RS asked for.
struct Further<'a> {
    jti: Option<StatementId>,
    ath: Option<String>,
    nonce: Option<&'a str>,
}

impl<'a> Further<'a> {
    fn of(
        wanted: StatementMembers,
        echo: Echo<'a>,
        random: &dyn SecureRandom,
    ) -> Result<Self, RandomError> {
        Ok(Self {
            jti: wanted
                .jti
                .then(|| StatementId::generate(random))
                .transpose()?,
            ath: wanted
                .ath
                .then(|| base64url::encode(hash::sha256(echo.token.expose().as_bytes()))),
            nonce: echo.nonce.filter(|_| wanted.nonce),
        })
    }

    fn claims(&self) -> FurtherStatementClaims<'_> {
        FurtherStatementClaims {
            jti: self.jti.as_ref().map(StatementId::as_str),
            ath: self.ath.as_deref(),
            nonce: self.nonce,
        }
    }
}
