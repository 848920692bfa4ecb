//! `POST /register`: dynamic registration (RFC 7591) of clients and resource
//! servers, with an initial access token or an approved software statement.

use std::sync::Arc;

use avouch_core::event::{Event, Recorder};
use avouch_core::opaque_token::TokenKind;
use avouch_core::records::{InitialAccessToken, KeyPurpose};
use avouch_core::registration::{Registered, RegistrationContext, RegistrationError, register};
use avouch_core::secret::PlainSecret;
use avouch_core::storage::{
    CallerRecord, InitialAccessTokenStore, RegisteredCaller, RegistrationStore, StoreError, Taken,
};
use avouch_core::time::Timestamp;
use avouch_jose::{SignatureAlgorithm, strict_json};
use avouch_oauth::client_metadata::{
    ClientMetadataError, IssuedClientSecret, RegistrationManagement, RegistrationResponse,
};
use avouch_oauth::error::ErrorCode;
use avouch_oauth::media_type;
use avouch_oauth::secret::IssuedSecret;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};

use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::extract::own_token;
use crate::paths;
use crate::request::{ReadRequest, read_json};
use crate::respond::respond;

/// Registers one client or resource server.
pub(crate) async fn registration(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<Response, ErrorReply> {
    let now = app.clock.now();
    let token = initial_access_token(&app, request.headers(), now).await?;
    if token.is_none() && !app.statements.are_supported() {
        return Err(RegistrationError::NoApproval.into());
    }
    let ReadRequest { body, .. } = read_json(request, app.settings.body_limit).await?;
    let members = strict_json::object(&body).map_err(ClientMetadataError::from)?;

    let algorithms = signing_algorithms(&app, now).await?;
    let Registered {
        registered,
        secret,
        token: registration_token,
    } = register(members, token.as_ref(), &context(&app, &algorithms, now))?;
    let used = token.as_ref().map(|token| &token.hash);
    if !app
        .store
        .register(&registered, used, now)
        .await
        .map_err(not_kept)?
    {
        return Err(no_longer_good());
    }
    let what = match &registered.caller {
        CallerRecord::Client(_) => "client registered",
        CallerRecord::ResourceServer(_) => "resource server registered",
    };
    app.recorder
        .record(&Event::Administered {
            at: now,
            by: registered.registration.approval.name(),
            what,
            name: registered.caller.id(),
        })
        .await?;

    let token = IssuedSecret::new(registration_token.expose());
    Ok(describe(
        &app,
        StatusCode::CREATED,
        &registered,
        secret.as_ref().map(issued),
        token,
    ))
}

/// The right to register, from the `Authorization` header alone.
async fn initial_access_token(
    app: &App,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<InitialAccessToken>, ErrorReply> {
    let presented = own_token(app, headers, TokenKind::InitialAccess);
    let Some(presented) = presented.map_err(|_| no_longer_good())? else {
        return Ok(None);
    };
    let found = app
        .store
        .find_initial_access_token(&presented.hash, now)
        .await?;
    found.map(Some).ok_or_else(no_longer_good)
}

fn no_longer_good() -> ErrorReply {
    ErrorReply::invalid_token(
        "the initial access token is unknown, expired, withdrawn or used up: ask the operator \
         for another",
    )
}

/// The algorithms a resource server may choose from at this instant.
pub(super) async fn signing_algorithms(
    app: &App,
    now: Timestamp,
) -> Result<Vec<SignatureAlgorithm>, ErrorReply> {
    let keys = app.keys().await?;
    Ok(keys.ring.algorithms(KeyPurpose::Statements, now))
}

/// What reading a registration works with, at this instant.
pub(super) fn context<'a>(
    app: &'a App,
    signing_algorithms: &'a [SignatureAlgorithm],
    now: Timestamp,
) -> RegistrationContext<'a> {
    RegistrationContext {
        statements: &app.statements,
        signing_algorithms,
        methods: &app.settings.methods,
        secrets: &app.client_secrets,
        jwks_uris: &app.published_keys,
        encrypted_only: app.settings.answers.encrypted_only,
        reserved: app.admin_resource(),
        mint: &app.mint,
        random: &*app.random,
        now,
    }
}

/// A secret on its way to its owner, without an end.
pub(super) fn issued(secret: &PlainSecret) -> IssuedClientSecret {
    IssuedClientSecret {
        client_secret: IssuedSecret::new(secret.expose()),
        client_secret_expires_at: 0,
    }
}

/// All that is registered (RFC 7591 section 3.2.1), and how it is managed
/// (RFC 7592 section 3).
pub(super) fn describe(
    app: &App,
    status: StatusCode,
    registered: &RegisteredCaller,
    secret: Option<IssuedClientSecret>,
    registration_access_token: IssuedSecret,
) -> Response {
    let id = registered.caller.id();
    let response = RegistrationResponse {
        client_id: id.to_owned(),
        client_id_issued_at: Some(registered.caller.registered_at().numeric_date()),
        secret,
        management: Some(RegistrationManagement {
            registration_client_uri: registration_client_uri(app, id),
            registration_access_token,
        }),
        metadata: registered.metadata(),
    };
    respond(status, media_type::JSON, response.to_json())
}

/// Where a registration is managed. Ids hold nothing that a path would take for
/// its own.
pub(crate) fn registration_client_uri(app: &App, id: &str) -> String {
    app.issuer
        .endpoint(&format!("{}/{id}", paths::REGISTRATION))
}

/// Why the store did not keep a registration or a change of one.
pub(super) fn not_kept(error: StoreError) -> ErrorReply {
    match error {
        StoreError::Conflict(Taken::Resource(_)) => ErrorReply::bad_request(
            ErrorCode::InvalidClientMetadata,
            "a resource belongs to another resource server already",
        ),
        error => error.into(),
    }
}

impl From<ClientMetadataError> for ErrorReply {
    fn from(error: ClientMetadataError) -> Self {
        Self::bad_request(ErrorCode::InvalidClientMetadata, error.to_string())
    }
}

impl From<RegistrationError> for ErrorReply {
    fn from(error: RegistrationError) -> Self {
        let code = match &error {
            RegistrationError::NoApproval => {
                return Self::token_required(
                    "registration needs an initial access token, sent as Authorization: Bearer, \
                     or a software statement of an issuer that is trusted here",
                );
            }
            RegistrationError::Random(error) => {
                return Self::server_error("no randomness for a registration", error);
            }
            RegistrationError::Secret(error) => {
                return Self::server_error("no secret could be made for a registration", error);
            }
            RegistrationError::Metadata(_) | RegistrationError::NotAllowed(_) => {
                ErrorCode::InvalidClientMetadata
            }
            RegistrationError::RedirectUri(_) => ErrorCode::InvalidRedirectUri,
            RegistrationError::InvalidStatement(_) => ErrorCode::InvalidSoftwareStatement,
            RegistrationError::UnapprovedStatement(_) => ErrorCode::UnapprovedSoftwareStatement,
        };
        Self::bad_request(code, error.to_string())
    }
}
