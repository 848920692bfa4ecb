//! One question to the authorization server, and its answer as raw bytes of the right type.

use crate::error::{ExchangeError, NetworkError, ServerError};
use crate::http::{Http, HttpError};
use crate::refusal::Refusal;
use avouch_jose::jwk::MAX_SET_LEN;
use avouch_jose::jws::MAX_TOKEN_LEN;
use avouch_oauth::media_type::{JSON, content_type_is};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use std::fmt;
use std::time::Duration;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exchange {
    /// The metadata document (RFC 8414).
    Metadata,
    /// The keys at `jwks_uri`.
    Keys,
    /// An access token of the caller's own.
    OwnToken,
    /// The metadata of a protected resource (RFC 9728).
    ResourceMetadata,
    /// What a protected resource is asked for.
    Resource,
    /// The answer about a token.
    Introspection,
}

impl Exchange {
    /// How long an answer may be, in bytes.
    pub(crate) fn max_body(self) -> usize {
        match self {
            Self::Metadata | Self::ResourceMetadata => 128 * 1024,
            Self::Keys => MAX_SET_LEN,
            Self::OwnToken => 64 * 1024,
            Self::Introspection => MAX_TOKEN_LEN,
            Self::Resource => 16 << 20,
        }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadata => "the metadata",
            Self::Keys => "the key set",
            Self::OwnToken => "the access token to ask with",
            Self::ResourceMetadata => "the metadata of the protected resource",
            Self::Resource => "the answer of the protected resource",
            Self::Introspection => "the introspection answer",
        })
    }
}

/// A request without a body. `accept` is a list of media types.
pub(crate) fn get(uri: &Uri, accept: &'static str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    request.uri_mut().clone_from(uri);
    let accept = HeaderValue::from_static(accept);
    request.headers_mut().insert(header::ACCEPT, accept);
    request
}

/// A form-encoded request.
pub(crate) fn post_form(uri: &Uri, accept: &'static str, body: Bytes) -> Request<Bytes> {
    let mut request = get(uri, accept);
    *request.method_mut() = Method::POST;
    let form = HeaderValue::from_static(avouch_oauth::media_type::FORM);
    request.headers_mut().insert(header::CONTENT_TYPE, form);
    *request.body_mut() = body;
    request
}

/// Sends a request and waits for the whole answer, for at most `timeout`.
pub(crate) async fn exchange<H: Http>(
    http: &H,
    exchange: Exchange,
    request: Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, ExchangeError> {
    let limit = exchange.max_body();
    let too_long = ServerError::TooLong { exchange, limit };
    let answer = tokio::time::timeout(timeout, http.send(request, limit)).await;
    match answer.unwrap_or(Err(HttpError::Timeout)) {
        // An implementation that forgot the limit is reminded of it.
        Ok(answer) if answer.body().len() > limit => Err(too_long.into()),
        Ok(answer) => Ok(answer),
        Err(HttpError::BodyTooLong { .. }) => Err(too_long.into()),
        Err(source) => Err(NetworkError { exchange, source }.into()),
    }
}

/// The body, if the answer is 200 OK and of one of the media types; `hidden` must not be shown.
pub(crate) fn body_of(
    exchange: Exchange,
    answer: Response<Bytes>,
    media_types: &[&str],
    hidden: &[&str],
) -> Result<Bytes, ServerError> {
    let status = answer.status();
    if status.is_redirection() {
        let status = status.as_u16();
        return Err(ServerError::Redirect { exchange, status });
    }
    if status != StatusCode::OK {
        return Err(ServerError::Unable(Refusal::read(
            exchange, &answer, hidden,
        )));
    }
    if media_types.iter().any(|expected| is_of(&answer, expected)) {
        return Ok(answer.into_body());
    }
    Err(
        if !media_types.contains(&JSON)
            && exchange == Exchange::Introspection
            && is_of(&answer, JSON)
        {
            ServerError::JsonInsteadOfJwt
        } else {
            ServerError::ContentType { exchange }
        },
    )
}

/// Whether there is exactly one `Content-Type`, and it names this media type.
fn is_of(answer: &Response<Bytes>, expected: &str) -> bool {
    let mut types = answer.headers().get_all(header::CONTENT_TYPE).iter();
    let first = types.next();
    types.next().is_none() && first.is_some_and(|found| content_type_is(found.as_bytes(), expected))
}
