//! Errors on the wire, the same way at every endpoint.

use avouch_core::rates::{Throttled, TooOften};
use avouch_core::storage::StoreError;
use avouch_oauth::authorization::Scheme;
use avouch_oauth::challenge::Challenge;
use avouch_oauth::error::{ErrorBody, ErrorCode};
use avouch_oauth::media_type;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::keys::KeysError;
use crate::respond::respond;

/// What challenges call this server.
pub(crate) const REALM: &str = "avouch";
/// How long a caller should wait before it tries again.
pub(crate) const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// An error on the wire: plain JSON whatever was asked for (RFC 6749 section 5.2).
#[derive(Debug)]
pub(crate) struct ErrorReply {
    status: StatusCode,
    body: ErrorBody,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ErrorReply {
    /// An error with this status, code and description.
    pub(crate) fn new(
        status: StatusCode,
        code: ErrorCode,
        description: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            body: ErrorBody::new(code, description),
            headers: Vec::new(),
        }
    }

    /// 400.
    pub(crate) fn bad_request(
        code: ErrorCode,
        description: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, description)
    }

    /// 401 `invalid_client` with a challenge for the scheme that was tried
    /// (RFC 6749 section 5.2). Every reason looks the same.
    pub(crate) fn invalid_client(tried: Scheme) -> Self {
        let challenge = Challenge::new(tried, REALM).to_string();
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidClient,
            "client authentication failed: check the client_id, its secret and the \
             authentication method it is registered for",
        )
        .with_header(WWW_AUTHENTICATE, &challenge)
    }

    /// 401 `invalid_client` for a client assertion. The scheme of the challenge
    /// is that of client authentication by secret, for assertions have none.
    pub(crate) fn invalid_assertion(why: Option<String>) -> Self {
        let challenge = Challenge::new(Scheme::Basic, REALM).to_string();
        let description = why.unwrap_or_else(|| {
            "client authentication failed: check the client_id, the key of the assertion, that it \
             is registered or published at the jwks_uri, and the authentication method"
                .to_owned()
        });
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidClient,
            description,
        )
        .with_header(WWW_AUTHENTICATE, &challenge)
    }

    /// 401 `invalid_client` for a certificate. Every reason looks the same. The scheme of the
    /// challenge is that of client authentication by secret, for certificates have none.
    pub(crate) fn invalid_certificate() -> Self {
        let challenge = Challenge::new(Scheme::Basic, REALM).to_string();
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidClient,
            "client authentication failed: check the client_id, that the certificate is valid now, \
             that it is registered or bears the registered name and leads to an authority that is \
             trusted here, and the authentication method",
        )
        .with_header(WWW_AUTHENTICATE, &challenge)
    }

    /// 401 `invalid_token` for the caller's own token (RFC 6750 section 3).
    pub(crate) fn invalid_token(description: &'static str) -> Self {
        let challenge = Challenge::new(Scheme::Bearer, REALM)
            .error(ErrorCode::InvalidToken, description)
            .to_string();
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidToken,
            description,
        )
        .with_header(WWW_AUTHENTICATE, &challenge)
    }

    /// 401 for a request without the token it needs. No error code in the
    /// challenge, as RFC 6750 section 3.1 says for that case.
    pub(crate) fn token_required(description: &'static str) -> Self {
        let challenge = Challenge::new(Scheme::Bearer, REALM).to_string();
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidToken,
            description,
        )
        .with_header(WWW_AUTHENTICATE, &challenge)
    }

    /// 500 `server_error`; the cause goes to the log.
    pub(crate) fn server_error(what: &'static str, cause: &dyn std::error::Error) -> Self {
        tracing::error!(error = %cause, "{what}");
        Self::internal()
    }

    /// The same for a cause that is in the log already.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::ServerError,
            "the request could not be completed; the cause is in the server's log",
        )
    }

    /// 503 `temporarily_unavailable`: the same request will succeed shortly.
    pub(crate) fn try_again(description: &'static str) -> Self {
        let mut reply = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::TemporarilyUnavailable,
            description,
        );
        reply.headers.push((RETRY_AFTER, RETRY_AFTER_SECONDS));
        reply
    }

    /// 503: as many signatures wait to be made as may.
    pub(crate) fn too_many_signatures() -> Self {
        Self::try_again("too many answers wait to be signed; try again shortly")
    }

    /// 429 (RFC 6585 section 4): the same request will be taken later.
    pub(crate) fn too_often(refused: &TooOften) -> Self {
        let description = match refused.what {
            // The same words: which of the two it was is nobody's concern.
            Throttled::SourceFailures | Throttled::CallerFailures => {
                "too many requests from this address or for this client_id were not \
                 authenticated: wait as many seconds as Retry-After says, and check the credentials"
            }
            Throttled::Calls => {
                "this caller calls more often than it may: wait as many seconds as Retry-After \
                 says"
            }
        };
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TemporarilyUnavailable,
            description,
        )
        .with_header(RETRY_AFTER, &refused.retry_after().to_string())
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// With one more header.
    pub(crate) fn with_header(self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.with_header_value(name, value),
            Err(_) => self,
        }
    }

    /// With one more header.
    pub(crate) fn with_header_value(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<KeysError> for ErrorReply {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => error.into(),
            error => Self::server_error("the signing keys cannot be used", &error),
        }
    }
}

impl From<StoreError> for ErrorReply {
    /// A store that is away is 503: try again. Anything else it has against a
    /// request is a fault of ours.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "the store is not available");
                Self::try_again("the store is not available; try again shortly")
            }
            StoreError::Conflict(_) | StoreError::Damaged(_) => {
                Self::server_error("the store failed", &error)
            }
        }
    }
}

impl IntoResponse for ErrorReply {
    fn into_response(self) -> Response {
        let mut response = respond(self.status, media_type::JSON, self.body.to_json());
        response.headers_mut().extend(self.headers);
        response.extensions_mut().insert(self.body.code());
        response
    }
}
