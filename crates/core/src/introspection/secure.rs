//! From what is said to the bytes that say it (RFC 9701 section 5).

use avouch_jose::{SignatureAlgorithm, jws};
use avouch_oauth::introspection::{IntrospectionResponse, StatementClaims};
use avouch_oauth::issuer::Issuer;
use avouch_oauth::media_type;
use avouch_oauth::negotiate::ResponseFormat;
use thiserror::Error;

use crate::keys::{KeyRing, Signer, SignerError};
use crate::records::{KeyPurpose, ResourceServer};
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
}

/// Renders the response in the negotiated format.
pub async fn secure(
    response: &IntrospectionResponse,
    format: ResponseFormat,
    resource_server: &ResourceServer,
    issuer: &Issuer,
    now: Timestamp,
    keys: &KeyRing,
    signer: &impl Signer,
) -> Result<SecuredAnswer, SecureError> {
    match format {
        ResponseFormat::Json => Ok(SecuredAnswer {
            body: response.to_json(),
            content_type: media_type::JSON,
            signed_with: None,
        }),
        ResponseFormat::Jwt | ResponseFormat::LegacyJwt => {
            let algorithm = resource_server.profile.value.signing_algorithm;
            let key = keys
                .active(KeyPurpose::Statements, algorithm, now)
                .ok_or(SecureError::NoKey(algorithm))?;
            let claims = StatementClaims {
                iss: issuer.as_str(),
                aud: resource_server.id.as_str(),
                iat: now.numeric_date(),
                token_introspection: response,
            };
            let claims = match format {
                ResponseFormat::LegacyJwt => claims.to_legacy_json(),
                _ => claims.to_json(),
            };
            let signing_input = jws::signing_input(key.header(), &claims);
            let signature = signer.sign(key.kid(), signing_input.as_bytes()).await?;
            Ok(SecuredAnswer {
                body: jws::append_signature(signing_input, &signature).into_bytes(),
                content_type: format.media_type(),
                signed_with: Some(algorithm),
            })
        }
    }
}
