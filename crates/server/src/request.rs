//! Reading request bodies: the right type, within bounds, in time, in full.

use std::sync::Arc;

use avouch_core::certificate::PresentedCertificate;
use avouch_core::rates::Source;
use avouch_oauth::confirmation::Sha256Thumbprint;
use avouch_oauth::error::ErrorCode;
use avouch_oauth::media_type;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::body::Overdue;
use crate::error_reply::ErrorReply;
use crate::source::ComesFrom;

/// A request whose body has been read.
pub(crate) struct ReadRequest {
    /// The request's headers.
    pub(crate) headers: HeaderMap,
    /// The whole body.
    pub(crate) body: Bytes,
    /// Where it comes from, if that is known.
    pub(crate) source: Option<Source>,
    /// The certificate it comes with, if there is one. Its key is the caller's; nobody has vouched
    /// for anything else.
    pub(crate) certificate: Option<Arc<PresentedCertificate>>,
}

impl ReadRequest {
    /// The thumbprint of the certificate it comes with: its sender holds the key.
    pub(crate) fn thumbprint(&self) -> Option<Sha256Thumbprint> {
        let certificate = self.certificate.as_ref()?;
        Some(certificate.thumbprint())
    }
}

/// Reads a form (RFC 6749 appendix B).
pub(crate) async fn read_form(
    request: Request<Body>,
    limit: usize,
) -> Result<ReadRequest, ErrorReply> {
    refuse_secrets_in_query(&request)?;
    read(request, media_type::FORM, limit).await
}

/// Reads a JSON document.
pub(crate) async fn read_json(
    request: Request<Body>,
    limit: usize,
) -> Result<ReadRequest, ErrorReply> {
    refuse_secrets_in_query(&request)?;
    read(request, media_type::JSON, limit).await
}

/// Sees to it that nothing is sent where nothing is taken.
pub(crate) async fn read_nothing(request: Request<Body>) -> Result<(), ErrorReply> {
    match Limited::new(request.into_body(), 0).collect().await {
        Ok(_) => Ok(()),
        Err(error) if Overdue::is_behind(&*error) => Err(too_late()),
        Err(_) => Err(ErrorReply::bad_request(
            ErrorCode::InvalidRequest,
            "nothing is taken here: send no body",
        )),
    }
}

async fn read(
    request: Request<Body>,
    content_type: &'static str,
    limit: usize,
) -> Result<ReadRequest, ErrorReply> {
    let (parts, body) = request.into_parts();
    let source = ComesFrom::of(&parts.extensions);
    let certificate = parts.extensions.get::<Arc<PresentedCertificate>>().cloned();
    let headers = parts.headers;
    let has_type = headers
        .get(CONTENT_TYPE)
        .is_some_and(|sent| media_type::content_type_is(sent.as_bytes(), content_type));
    if !has_type {
        return Err(ErrorReply::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::InvalidRequest,
            format!("send the body as {content_type}"),
        ));
    }
    // What says at once that it is too long is not read at all.
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(ReadRequest {
            headers,
            body: body.to_bytes(),
            source,
            certificate,
        }),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(error) if Overdue::is_behind(&*error) => Err(too_late()),
        Err(_) => Err(ErrorReply::bad_request(
            ErrorCode::InvalidRequest,
            "the body ended before it was complete",
        )),
    }
}

fn too_large(limit: usize) -> ErrorReply {
    ErrorReply::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::InvalidRequest,
        format!("the body is longer than {limit} bytes"),
    )
}

/// The rest of the body is not waited for, so nothing else can be asked on its connection
/// (RFC 9110 section 15.5.9).
fn too_late() -> ErrorReply {
    ErrorReply::new(
        StatusCode::REQUEST_TIMEOUT,
        ErrorCode::InvalidRequest,
        "the body did not arrive in time: send all that Content-Length announces, or the last \
         chunk, without delay",
    )
    .with_header_value(CONNECTION, HeaderValue::from_static("close"))
}

/// Queries end up in logs on the way: whatever is secret there is lost already
/// (RFC 6749 section 2.3.1; RFC 6750 section 5.3).
fn refuse_secrets_in_query(request: &Request<Body>) -> Result<(), ErrorReply> {
    const SECRET: [&str; 4] = ["client_secret", "client_assertion", "token", "access_token"];
    // Decoded, for a name spelt with percent signs leaks just as much.
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    if pairs.any(|(name, _)| SECRET.contains(&&*name)) {
        return Err(ErrorReply::bad_request(
            ErrorCode::InvalidRequest,
            "secrets and tokens are not taken from the query: send them in the body or the \
             Authorization header, and replace the ones just sent",
        ));
    }
    Ok(())
}
