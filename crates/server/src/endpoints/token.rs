//! `POST /token`: the client credentials grant (RFC 6749 section 4.4) with
//! resource indicators (RFC 8707).

use std::sync::Arc;

use avouch_core::event::{Event, Recorder};
use avouch_core::issuance::{IssueError, issue_for_client};
use avouch_core::records::GrantType;
use avouch_oauth::error::ErrorCode;
use avouch_oauth::media_type;
use avouch_oauth::token::{REPEATABLE, TokenGrant, TokenRequest, TokenRequestError, TokenResponse};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};

use super::parse_form;
use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::extract::authenticate_caller;
use crate::request::read_form;
use crate::respond::respond;

/// Issues one access token.
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
    let client = caller
        .client()
        .filter(|client| client.grant_types.contains(&GrantType::ClientCredentials));
    let Some(client) = client else {
        let reason = "token: grant not registered";
        app.recorder
            .record(&Event::Refused {
                at: now,
                caller: caller.id(),
                reason,
            })
            .await?;
        return Err(ErrorReply::bad_request(
            ErrorCode::UnauthorizedClient,
            "this caller is not registered for the client_credentials grant",
        ));
    };
    if !request.authorization_details.is_empty() {
        return Err(ErrorReply::bad_request(
            ErrorCode::InvalidAuthorizationDetails,
            "no authorization_details type is open to the client_credentials grant",
        ));
    }

    let keys = app.keys.load();
    let issuance = app.issuance(&keys, now);
    let issuing = issue_for_client(
        &issuance,
        client,
        request.scope.as_ref(),
        &request.resources,
    );
    let issued = app.timed("issue", issuing).await?;
    let (grant, id) = (&issued.record.grant, &issued.record.id);
    app.recorder
        .record(&Event::TokenIssued {
            at: now,
            client: &client.id,
            grant,
            token: id,
            disclosure: issued.disclosure.as_ref(),
        })
        .await?;
    app.metrics.issued();

    let response = TokenResponse {
        access_token: issued.token,
        token_type: issued.record.token_type().to_owned(),
        expires_in: Some(issued.record.expires_at.since(now).as_secs()),
        scope: (!issued.record.scope.is_empty()).then(|| issued.record.scope.clone()),
        authorization_details: issued.record.authorization_details.clone(),
    };
    Ok(respond(
        StatusCode::OK,
        media_type::JSON,
        response.to_json(),
    ))
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
            | IssueError::FormatsDiffer
            | IssueError::SeveralServers
            | IssueError::Suspended(_)
            | IssueError::Withheld(_) => ErrorCode::InvalidTarget,
            IssueError::Lifetime { .. }
            | IssueError::NotBefore
            | IssueError::TooLong
            | IssueError::NoLegalBasis
            | IssueError::UnknownClient(_) => ErrorCode::InvalidRequest,
            IssueError::Store(error) => return error.into(),
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
