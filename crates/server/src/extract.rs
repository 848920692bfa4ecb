//! Extracting the credentials a request presents: exactly one kind, judged by
//! [`avouch_core::authenticate`] alone.

use std::sync::Arc;

use avouch_core::certificate::PresentedCertificate;
use avouch_core::event::{Event, Recorder};
use avouch_core::opaque_token::{TokenHash, TokenKind};
use avouch_core::rates::Source;
use avouch_core::time::Timestamp;
use avouch_core::{
    AuthenticatedCaller, AuthenticationError, PresentedCredentials, SecretMethod, authenticate,
};
use avouch_oauth::authorization::{Authorization, Scheme};
use avouch_oauth::client_assertion::{ClientAssertion, ClientAssertionError};
use avouch_oauth::error::ErrorCode;
use avouch_oauth::form::Form;
use avouch_oauth::secret::{PresentedSecret, PresentedToken};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::app::App;
use crate::caller_token;
use crate::error_reply::ErrorReply;
use crate::request::ReadRequest;

/// Why no credentials could be extracted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExtractError {
    /// A certificate without `client_id` (RFC 8705 section 2): it does not say for whom it is meant.
    NoClientId,
    /// None were presented; a bare `client_id` proves nothing (requirement 9701-4-04).
    Missing,
    /// More than one kind (RFC 6749 section 2.3).
    Several,
    /// They cannot be read.
    Malformed(Scheme),
    /// `client_id` in the body names another caller than the header.
    Contradiction,
    /// A kind that is not accepted at this endpoint.
    Unsupported(Scheme),
    /// An assertion that cannot be read.
    Assertion(ClientAssertionError),
}

impl From<ClientAssertionError> for ExtractError {
    fn from(error: ClientAssertionError) -> Self {
        Self::Assertion(error)
    }
}

/// What is found in a request's header and form, and on its connection.
///
/// A certificate is a credential only where no other is presented: whoever authenticates in
/// another way may show one to have its tokens bound to it (RFC 8705 section 3).
pub(crate) fn extract(
    authorization: Option<Authorization>,
    form: &Form<'_>,
    certificate: Option<&Arc<PresentedCertificate>>,
) -> Result<PresentedCredentials, ExtractError> {
    let secret = form.get("client_secret");
    let has_assertion =
        form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some();
    let kinds = [authorization.is_some(), secret.is_some(), has_assertion];
    if kinds.into_iter().filter(|presented| *presented).count() > 1 {
        return Err(ExtractError::Several);
    }
    if let Some(assertion) = ClientAssertion::from_form(form)? {
        return Ok(PresentedCredentials::ClientAssertion(assertion));
    }
    let id = form.get("client_id");
    match (authorization, secret) {
        (Some(Authorization::Basic(basic)), _) => {
            if id.is_some_and(|id| id != basic.client_id) {
                return Err(ExtractError::Contradiction);
            }
            Ok(PresentedCredentials::ClientSecret {
                method: SecretMethod::Basic,
                id: basic.client_id,
                secret: basic.client_secret,
            })
        }
        (Some(other), _) => Err(ExtractError::Unsupported(
            other.scheme().unwrap_or(Scheme::Basic),
        )),
        (None, Some(secret)) => Ok(PresentedCredentials::ClientSecret {
            method: SecretMethod::Post,
            // A secret without an id is a failed attempt, as an unknown id is.
            id: id.unwrap_or_default().to_owned(),
            secret: PresentedSecret::new(secret),
        }),
        (None, None) => {
            let certificate = certificate.ok_or(ExtractError::Missing)?;
            let id = id.ok_or(ExtractError::NoClientId)?;
            Ok(PresentedCredentials::Certificate {
                id: id.to_owned(),
                certificate: Arc::clone(certificate),
            })
        }
    }
}

/// The `Authorization` header, if there is exactly one.
pub(crate) fn authorization_header(
    headers: &HeaderMap,
) -> Result<Option<Authorization>, ExtractError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ExtractError::Several);
    }
    Authorization::parse(value.as_bytes())
        .map(Some)
        .map_err(|error| ExtractError::Malformed(error.scheme().unwrap_or(Scheme::Basic)))
}

/// A bearer token that this server made for one purpose: it may still be
/// unknown, or good no longer.
pub(crate) struct OwnToken {
    /// The token as it was presented.
    pub(crate) presented: PresentedToken,
    /// What it is found by.
    pub(crate) hash: TokenHash,
}

/// The `Authorization` header holds no token of ours for this purpose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotRecognised;

/// The token of this kind in the `Authorization` header, if there is such a
/// header. It is taken from nowhere else.
pub(crate) fn own_token(
    app: &App,
    headers: &HeaderMap,
    kind: TokenKind,
) -> Result<Option<OwnToken>, NotRecognised> {
    match authorization_header(headers) {
        Ok(None) => Ok(None),
        Ok(Some(Authorization::Bearer(presented))) => {
            let hash = app.mint.recognise(kind, presented.expose());
            let hash = hash.ok_or(NotRecognised)?;
            Ok(Some(OwnToken { presented, hash }))
        }
        Ok(Some(_)) | Err(_) => Err(NotRecognised),
    }
}

/// Extracts and authenticates, with the answers that all endpoints share, for
/// those who come often enough too ([`avouch_core::rates`]).
pub(crate) async fn authenticate_caller(
    app: &App,
    read: &ReadRequest,
    form: &Form<'_>,
) -> Result<AuthenticatedCaller, ErrorReply> {
    let authorization = authorization_header(&read.headers);
    authenticate_by(app, read, form, authorization).await
}

/// The same where the `Authorization` header is read already.
pub(crate) async fn authenticate_by(
    app: &App,
    read: &ReadRequest,
    form: &Form<'_>,
    authorization: Result<Option<Authorization>, ExtractError>,
) -> Result<AuthenticatedCaller, ErrorReply> {
    let now = app.clock.now();
    let source = read.source;
    // Where certificates prove nothing, one on the connection is no attempt to prove something.
    let certificate = read
        .certificate
        .as_ref()
        .filter(|_| app.settings.certificates_prove());
    let presented = authorization
        .and_then(|authorization| extract(authorization, form, certificate))
        .map_err(|error| app.unread(source, error.into(), now))?;
    settle(app, source, &presented, now).await
}

/// Judges what was presented.
pub(crate) async fn settle(
    app: &App,
    source: Option<Source>,
    presented: &PresentedCredentials,
    now: Timestamp,
) -> Result<AuthenticatedCaller, ErrorReply> {
    if let Some(id) = presented.claimed_id() {
        app.admit(source, id, now)?;
    }
    let authorities = app.certificates.client_authorities();
    let means = app.authentication(authorities.as_deref());
    match authenticate(presented, &means, now).await {
        Ok(caller) => {
            app.count_call(source, &caller, now)?;
            Ok(caller)
        }
        Err(AuthenticationError::Store(error)) => Err(error.into()),
        Err(AuthenticationError::Failed(reason)) => {
            app.metrics.authentication_failed(reason.name());
            app.count_failure(source, presented.claimed_id(), now)?;
            let reply = match presented {
                PresentedCredentials::ClientSecret { .. } => {
                    ErrorReply::invalid_client(Scheme::Basic)
                }
                PresentedCredentials::ClientAssertion(_) => {
                    ErrorReply::invalid_assertion(reason.shown())
                }
                PresentedCredentials::Certificate { .. } => ErrorReply::invalid_certificate(),
                PresentedCredentials::AccessToken(token) => {
                    caller_token::refused(app, token, &reason)
                }
            };
            let event = Event::AuthenticationFailed {
                at: now,
                caller: presented.registered_id(&reason),
                reason,
            };
            app.recorder
                .record(&event)
                .await
                .map_err(|error| ErrorReply::server_error("recording failed", &error))?;
            Err(reply)
        }
    }
}

impl From<ExtractError> for ErrorReply {
    fn from(error: ExtractError) -> Self {
        match error {
            // 400 and not 401: nothing was tried (reading L-01).
            ExtractError::Missing => Self::bad_request(
                ErrorCode::InvalidClient,
                "no client authentication included: send the client_id and its secret with \
                 the Basic scheme or in the body, or a client_assertion, as registered",
            ),
            ExtractError::NoClientId => Self::bad_request(
                ErrorCode::InvalidClient,
                "no client authentication included: send the client_id beside the certificate, or \
                 another way of client authentication, as registered",
            ),
            ExtractError::Several => Self::bad_request(
                ErrorCode::InvalidRequest,
                "more than one way of client authentication: use the registered one alone",
            ),
            ExtractError::Contradiction => Self::bad_request(
                ErrorCode::InvalidRequest,
                "client_id in the body is not the one in the Authorization header",
            ),
            ExtractError::Assertion(error) if error.code() == ErrorCode::InvalidRequest => {
                Self::bad_request(ErrorCode::InvalidRequest, error.to_string())
            }
            ExtractError::Assertion(error) => Self::invalid_assertion(Some(error.to_string())),
            ExtractError::Malformed(Scheme::Basic) | ExtractError::Unsupported(Scheme::Basic) => {
                Self::invalid_client(Scheme::Basic)
            }
            ExtractError::Malformed(_) | ExtractError::Unsupported(_) => Self::invalid_token(
                "the caller's access token is not accepted here: use client authentication",
            ),
        }
    }
}
