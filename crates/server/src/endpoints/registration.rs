//! `POST /register`: dynamic registration (RFC 7591) of clients and resource
//! servers, with an initial access token.

use std::sync::Arc;

use avouch_core::event::{Event, Recorder};
use avouch_core::opaque_token::TokenKind;
use avouch_core::records::{
    InitialAccessToken, KeyPurpose, Recipient, ResourceSharing, StatementEncryption,
};
use avouch_core::registration::{NewRecord, Registered, RegistrationError, register};
use avouch_core::storage::{CallerStore, InitialAccessTokenStore, StoreError, Taken};
use avouch_core::time::Timestamp;
use avouch_oauth::authorization::Authorization;
use avouch_oauth::client_metadata::{
    ClientMetadata, ClientMetadataError, IssuedClientSecret, RegistrationResponse,
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
use crate::extract::authorization_header;
use crate::request::{ReadRequest, read_json};
use crate::respond::respond;

/// Registers one client or resource server.
pub(crate) async fn registration(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<Response, ErrorReply> {
    let now = app.clock.now();
    let allowance = initial_access_token(&app, request.headers(), now).await?;
    let ReadRequest { body, .. } = read_json(request, app.settings.body_limit).await?;
    let metadata = ClientMetadata::parse(&body)?;

    let algorithms = app.keys.load().ring.algorithms(KeyPurpose::Statements, now);
    let Registered {
        record,
        secret,
        metadata,
    } = register(metadata, &allowance, &algorithms, &*app.random, now)?;
    check_published_keys(&app, &record)?;
    refuse_taken_resources(&app, &record, allowance.sharing).await?;
    if !app
        .store
        .use_initial_access_token(&allowance.hash, now)
        .await?
    {
        return Err(no_longer_good());
    }
    let what = match &record {
        NewRecord::Client(client) => {
            app.store.insert_client(client).await?;
            "client registered"
        }
        NewRecord::ResourceServer(resource_server) => {
            app.store
                .insert_resource_server(resource_server, allowance.sharing)
                .await
                .map_err(resource_taken)?;
            "resource server registered"
        }
    };
    let by = allowance.id.as_str();
    app.recorder
        .record(&Event::Administered {
            at: now,
            by,
            what,
            name: record.id(),
        })
        .await?;

    let response = RegistrationResponse {
        client_id: record.id().to_owned(),
        client_id_issued_at: Some(now.numeric_date()),
        secret: Some(IssuedClientSecret {
            client_secret: IssuedSecret::new(secret.expose()),
            client_secret_expires_at: 0,
        }),
        metadata,
    };
    Ok(respond(
        StatusCode::CREATED,
        media_type::JSON,
        response.to_json(),
    ))
}

/// The right to register, from the `Authorization` header alone.
async fn initial_access_token(
    app: &App,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<InitialAccessToken, ErrorReply> {
    let presented = match authorization_header(headers) {
        Ok(Some(Authorization::Bearer(token))) => token,
        Ok(None) => {
            return Err(ErrorReply::token_required(
                "registration needs an initial access token: send it as Authorization: Bearer",
            ));
        }
        Ok(Some(_)) | Err(_) => return Err(no_longer_good()),
    };
    let hash = app
        .mint
        .recognise(TokenKind::InitialAccess, presented.expose());
    let Some(hash) = hash else {
        return Err(no_longer_good());
    };
    let found = app.store.find_initial_access_token(&hash, now).await?;
    found.ok_or_else(no_longer_good)
}

fn no_longer_good() -> ErrorReply {
    ErrorReply::invalid_token(
        "the initial access token is unknown, expired, withdrawn or used up: ask the operator \
         for another",
    )
}

/// What the form of a `jwks_uri` tells about whether it may be fetched.
fn check_published_keys(app: &App, record: &NewRecord) -> Result<(), ErrorReply> {
    let NewRecord::ResourceServer(resource_server) = record else {
        return Ok(());
    };
    let encryption = resource_server.profile.value.encryption.as_ref();
    match encryption.map(StatementEncryption::recipient) {
        Some(Recipient::Uri(uri)) => app.published_keys.check(uri).map(drop).map_err(|error| {
            let text = format!("jwks_uri {error}");
            ErrorReply::bad_request(ErrorCode::InvalidClientMetadata, text)
        }),
        Some(Recipient::Keys { .. }) | None => Ok(()),
    }
}

/// Asked before a use of the token is taken, so that a refusal does not cost
/// one. The insertion decides; only who loses a race for a resource pays.
async fn refuse_taken_resources(
    app: &App,
    record: &NewRecord,
    sharing: ResourceSharing,
) -> Result<(), ErrorReply> {
    if let (NewRecord::ResourceServer(wanted), ResourceSharing::Exclusive) = (record, sharing) {
        for resource in &wanted.resources {
            if app.store.is_served(resource).await? {
                return Err(taken());
            }
        }
    }
    Ok(())
}

fn resource_taken(error: StoreError) -> ErrorReply {
    match error {
        StoreError::Conflict(Taken::Resource(_)) => taken(),
        error => error.into(),
    }
}

fn taken() -> ErrorReply {
    ErrorReply::bad_request(
        ErrorCode::InvalidClientMetadata,
        "a resource belongs to another resource server already",
    )
}

impl From<ClientMetadataError> for ErrorReply {
    fn from(error: ClientMetadataError) -> Self {
        Self::bad_request(ErrorCode::InvalidClientMetadata, error.to_string())
    }
}

impl From<RegistrationError> for ErrorReply {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::Metadata(text) | RegistrationError::NotAllowed(text) => {
                Self::bad_request(ErrorCode::InvalidClientMetadata, text)
            }
            RegistrationError::Random(error) => {
                Self::server_error("no randomness for a registration", &error)
            }
        }
    }
}
