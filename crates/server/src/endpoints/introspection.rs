//! `POST /introspect`: what is this token worth to me? (RFC 7662, RFC 9701)
//!
//! The handler is the walk of one introspection. Each step is a function in a
//! file of its own name; together they read like RFC 9701.

use std::sync::Arc;
use std::time::Instant;

use avouch_core::event::{Event, RecordError, Recorder};
use avouch_core::introspection::{
    AuthorizationError, Echo, Judgement, Means, SecureError, authorize, compose, find_evenly,
    is_good_at, judge, record, secure,
};
use avouch_core::keys::SignerError;
use avouch_oauth::accept::Accept;
use avouch_oauth::error::ErrorCode;
use avouch_oauth::introspection::{IntrospectionRequest, RequestError};
use avouch_oauth::negotiate::{NegotiationError, ResponseFormat, negotiate};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::ACCEPT;
use http::{Request, StatusCode};

use super::own_token::introspect_own;
use super::parse_form;
use crate::app::App;
use crate::caller_token::authenticate_at_introspection;
use crate::error_reply::ErrorReply;
use crate::request::read_form;
use crate::respond::respond;

/// Answers one introspection.
pub(crate) async fn introspect(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<Response, ErrorReply> {
    let started = Instant::now();

    // parse
    let read = read_form(request, app.settings.body_limit).await?;
    let form = parse_form(&read.body, &[])?;
    let question = IntrospectionRequest::parse(&form)?;

    // extract, authenticate
    let caller = authenticate_at_introspection(&app, &read, &form).await?;

    let accept = Accept::parse(
        read.headers
            .get_all(ACCEPT)
            .iter()
            .map(http::HeaderValue::as_bytes),
    );

    // authorize
    if let Some(client) = caller.client()
        && app.settings.clients_own_tokens
    {
        return introspect_own(&app, client, &question, &accept).await;
    }
    let resource_server = match authorize(&caller) {
        Ok(resource_server) => resource_server,
        Err(error) => return Err(refuse(&app, caller.id(), error).await),
    };

    // negotiate
    let profile = &resource_server.profile.value;
    let format = negotiate(&accept, &profile.answer_policy(app.settings.answers))?;
    let echo = Echo {
        token: &question.token,
        nonce: if profile.members.nonce {
            question.nonce()?
        } else {
            None
        },
    };

    // now: every revocation acknowledged before this instant is seen by what follows
    let now = app.clock.now();

    // find
    let keys = app.keys().await?;
    let is_good = |found: &_| is_good_at(&resource_server, found, now);
    let finding = find_evenly(&question.token, app.own_tokens(&keys), &app.store, &is_good);
    let sought = app.timed("find", finding).await?;

    // judge
    let judgement = judge(&sought, &resource_server, now);

    // compose
    let response = compose(&judgement, &resource_server, &app.issuer, &app.pairwise);

    // secure
    let securing = Instant::now();
    let means = Means {
        issuer: &app.issuer,
        keys: &keys.ring,
        signer: &keys.signer,
        recipient_keys: &app.published_keys,
        statements: &app.said,
        random: &*app.random,
    };
    let answer = secure(&response, format, &resource_server, echo, now, &means)
        .await
        .map_err(|error| not_secured(&app, resource_server.id.as_str(), &error))?;
    let statements = app.metrics.statements();
    statements.secured(&answer, securing.elapsed());

    // record
    record(
        &app.recorder,
        &resource_server,
        &sought,
        &judgement,
        format,
        &answer,
        now,
    )
    .await?;

    // respond
    let outcome = match judgement {
        Judgement::Active(_) => "active",
        Judgement::Inactive(reason) => reason.name(),
    };
    app.metrics
        .answered(resource_server.id.as_str(), outcome, format_name(format));
    app.metrics
        .introspection_seconds(started.elapsed().as_secs_f64());
    Ok(respond(StatusCode::OK, answer.content_type, answer.body))
}

const fn format_name(format: ResponseFormat) -> &'static str {
    match format {
        ResponseFormat::Json => "json",
        ResponseFormat::Jwt => "jwt",
        ResponseFormat::LegacyJwt => "legacy_jwt",
    }
}

/// Says to an operator what is wrong, and nothing about the token (reading L-06).
async fn refuse(app: &App, caller: &str, error: AuthorizationError) -> ErrorReply {
    let (reason, description) = match error {
        AuthorizationError::NotAResourceServer => (
            "introspect: not a resource server",
            "this caller is registered as a client; only resource servers may introspect",
        ),
        AuthorizationError::Suspended => (
            "introspect: suspended",
            "this resource server is suspended; ask the operator of the authorization server",
        ),
    };
    let event = Event::Refused {
        at: app.clock.now(),
        caller,
        reason,
    };
    match app.recorder.record(&event).await {
        Ok(()) => ErrorReply::bad_request(ErrorCode::UnauthorizedClient, description),
        Err(error) => error.into(),
    }
}

/// A 5xx, whatever was asked for. A key that is still being made is worth waiting for, and so is
/// room for one more signature.
fn not_secured(app: &App, resource_server: &str, error: &SecureError) -> ErrorReply {
    app.metrics.statements().not_secured(error);
    match error {
        SecureError::NoKey(algorithm) if app.settings.algorithms.contains(algorithm) => {
            ErrorReply::try_again("the key that signs for this caller is being made")
        }
        SecureError::Signer(SignerError::Busy) => ErrorReply::too_many_signatures(),
        error => {
            tracing::error!(resource_server, %error, "an introspection answer could not be secured");
            match error {
                // Its own document, which its own people can mend.
                SecureError::Recipient(error) => ErrorReply::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    ErrorCode::ServerError,
                    error.shown(),
                ),
                _ => ErrorReply::internal(),
            }
        }
    }
}

impl From<RequestError> for ErrorReply {
    fn from(error: RequestError) -> Self {
        Self::bad_request(error.code(), error.to_string())
    }
}

impl From<NegotiationError> for ErrorReply {
    fn from(error: NegotiationError) -> Self {
        let status = match error {
            NegotiationError::NotAcceptable(_) | NegotiationError::JwtRequired => {
                StatusCode::NOT_ACCEPTABLE
            }
            // Not a matter of taste: here nothing less will do (requirement D01-02).
            NegotiationError::EncryptedRequired | NegotiationError::NotSetUpForEncryption => {
                StatusCode::BAD_REQUEST
            }
        };
        Self::new(status, ErrorCode::InvalidRequest, error.to_string())
    }
}

impl From<RecordError> for ErrorReply {
    fn from(error: RecordError) -> Self {
        Self::server_error("an event could not be recorded", &error)
    }
}
