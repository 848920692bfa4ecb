//! `POST /token`: the client credentials grant (RFC 6749 section 4.4) with
//! resource indicators (RFC 8707), tokens bound to a key (RFC 8705, RFC 9449),
//! and the tokens that resource servers introspect with (RFC 9701 section 4).

use std::sync::Arc;

use avouch_core::AuthenticatedCaller;
use avouch_core::event::{Event, Recorder};
use avouch_core::issuance::{
    INTROSPECTION_SCOPE, IssueError, ShownKeys, issue_for_client, issue_for_resource_server,
};
use avouch_core::keys::SignerError;
use avouch_core::records::{Client, GrantType, ResourceServer};
use avouch_core::time::Timestamp;
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::error::ErrorCode;
use avouch_oauth::media_type;
use avouch_oauth::scope::Scope;
use avouch_oauth::token::{REPEATABLE, TokenGrant, TokenRequest, TokenRequestError, TokenResponse};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};

use super::parse_form;
use crate::app::App;
use crate::dpop::{DPOP_NONCE, shown_keys};
use crate::error_reply::ErrorReply;
use crate::extract::authenticate_caller;
use crate::paths;
use crate::request::read_form;
use crate::respond::respond;

/// Issues one access token: to a client, or to a resource server for itself.
pub(crate) async fn token(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<Response, ErrorReply> {
    let read = read_form(request, app.settings.body_limit).await?;
    let form = parse_form(&read.body, REPEATABLE)?;
    let caller = authenticate_caller(&app, &read, &form).await?;
    let request = TokenRequest::parse(&form)?;

    let now = app.clock.now();
    let TokenGrant::ClientCredentials = request.grant else {
        return Err(TokenRequestError::UnsupportedGrantType.into());
    };
    if !may_use_it(&caller) {
        return Err(not_registered(&app, &caller, now).await?);
    }
    if !request.authorization_details.is_empty() {
        return Err(ErrorReply::bad_request(
            ErrorCode::InvalidAuthorizationDetails,
            "no authorization_details type is open to the client_credentials grant",
        ));
    }
    let shown = shown_keys(&app, &read, paths::TOKEN, caller.id(), now).await?;
    let issued = match (caller.client(), caller.resource_server()) {
        (Some(client), _) => to_client(&app, client, &request, shown, now).await?,
        (None, Some(server)) => to_resource_server(&app, server, &request, shown, now).await?,
        (None, None) => return Err(not_registered(&app, &caller, now).await?),
    };
    app.metrics.issued();
    let mut response = respond(StatusCode::OK, media_type::JSON, issued.to_json());
    if let Some(nonce) = app.dpop.nonce(now) {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    Ok(response)
}

fn may_use_it(caller: &AuthenticatedCaller) -> bool {
    let client = caller.client().map(|client| &client.grant_types);
    let server = caller.resource_server().map(|server| &server.grant_types);
    client
        .or(server)
        .is_some_and(|grants| grants.contains(&GrantType::ClientCredentials))
}

async fn not_registered(
    app: &App,
    caller: &AuthenticatedCaller,
    now: Timestamp,
) -> Result<ErrorReply, ErrorReply> {
    app.recorder
        .record(&Event::Refused {
            at: now,
            caller: caller.id(),
            reason: "token: grant not registered",
        })
        .await?;
    Ok(ErrorReply::bad_request(
        ErrorCode::UnauthorizedClient,
        "this caller is not registered for the client_credentials grant",
    ))
}

async fn to_client(
    app: &App,
    client: &Client,
    request: &TokenRequest,
    shown: ShownKeys,
    now: Timestamp,
) -> Result<TokenResponse, ErrorReply> {
    let keys = app.keys().await?;
    let issuance = app.issuance(&keys, now);
    let (scope, resources) = (request.scope.as_ref(), &request.resources);
    let issuing = issue_for_client(&issuance, client, scope, resources, shown);
    let issued = app.timed("issue", issuing).await?;
    let record = &issued.record;
    app.recorder
        .record(&Event::TokenIssued {
            at: now,
            client: &client.id,
            grant: &record.grant,
            token: &record.id,
            ordered_by: None,
            disclosure: issued.disclosure.as_ref(),
        })
        .await?;
    Ok(TokenResponse {
        access_token: issued.token,
        token_type: record.token_type().to_owned(),
        expires_in: Some(record.expires_at.since(now).as_secs()),
        scope: (!record.scope.is_empty()).then(|| record.scope.clone()),
        authorization_details: record.authorization_details.clone(),
    })
}

/// A token that is good for introspection alone (RFC 9701 section 4).
async fn to_resource_server(
    app: &App,
    server: &ResourceServer,
    request: &TokenRequest,
    shown: ShownKeys,
    now: Timestamp,
) -> Result<TokenResponse, ErrorReply> {
    if !request.resources.is_empty() {
        return Err(ErrorReply::bad_request(
            ErrorCode::InvalidTarget,
            "a resource server's own token is good for introspection alone: leave resource out",
        ));
    }
    let keys = app.keys().await?;
    let issuance = app.issuance(&keys, now);
    let issuing = issue_for_resource_server(&issuance, server, request.scope.as_ref(), shown);
    let issued = app.timed("issue", issuing).await?;
    let record = &issued.record;
    app.recorder
        .record(&Event::CallerTokenIssued {
            at: now,
            resource_server: &server.id,
            token: &record.id,
        })
        .await?;
    Ok(TokenResponse {
        access_token: issued.token,
        token_type: record.token_type().to_owned(),
        expires_in: Some(record.expires_at.since(now).as_secs()),
        scope: Scope::parse(INTROSPECTION_SCOPE).ok(),
        authorization_details: AuthorizationDetails::default(),
    })
}

impl From<TokenRequestError> for ErrorReply {
    fn from(error: TokenRequestError) -> Self {
        Self::bad_request(error.code(), error.to_string())
    }
}

impl From<IssueError> for ErrorReply {
    fn from(error: IssueError) -> Self {
        let code = match error {
            IssueError::Scope(_) => ErrorCode::InvalidScope,
            IssueError::NoResource
            | IssueError::NoResourceOpen
            | IssueError::Resource(_)
            | IssueError::AdminAlone(_)
            | IssueError::FormatsDiffer
            | IssueError::SeveralServers
            | IssueError::Suspended(_)
            | IssueError::Withheld(_) => ErrorCode::InvalidTarget,
            IssueError::Lifetime { .. }
            | IssueError::NotBefore
            | IssueError::TooLong
            | IssueError::NoLegalBasis
            | IssueError::NoProof
            | IssueError::NoCertificate
            | IssueError::Unbound
            | IssueError::UnknownClient(_) => ErrorCode::InvalidRequest,
            IssueError::Store(error) => return error.into(),
            IssueError::Signer(SignerError::Busy) => return Self::too_many_signatures(),
            IssueError::NoKey(_) | IssueError::Signer(_) => {
                return Self::server_error("an access token could not be signed", &error);
            }
            IssueError::Random(error) => {
                return Self::server_error("no randomness for a token", &error);
            }
        };
        Self::bad_request(code, error.to_string())
    }
}
