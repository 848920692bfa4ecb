//! `/admin/v1/tokens`: issuing for a subject, looking, revoking.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::event::{Event, Recorder};
use avouch_core::introspection::{InactiveReason, Sought, find, reason_against};
use avouch_core::issuance::{IssueError, SubjectOrder, issue_for_subject};
use avouch_core::records::FoundToken;
use avouch_core::storage::{Revoked, TokenStore};
use avouch_core::time::Timestamp;
use avouch_oauth::secret::{IssuedSecret, PresentedToken};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::administrator::Administrator;
use super::answer::json;
use super::api::{
    IssueToken, IssuedToken, Outcome, RevokedToken, TokenEntry, TokenReference, TokenState,
};
use super::document::Document;
use super::error::AdminError;
use super::operation::Operation;
use super::record_administered;
use super::suggestion::{no_such_client, no_such_client_untold};
use crate::app::App;

/// The most resources in one order.
const MOST_RESOURCES: usize = 32;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/admin/v1/tokens", "issueToken", issue)
            .summary("Issue an access token for a subject who has logged in and agreed elsewhere")
            .issues()
            .takes::<IssueToken>()
            .answers::<IssuedToken>(201)
            .fails(&[400, 404, 413, 415]),
        Operation::post("/admin/v1/tokens/show", "showToken", show)
            .summary("What a token is worth and what it hangs on; of claims only the names")
            .reads()
            .takes::<TokenReference>()
            .answers::<TokenState>(200)
            .fails(&[400, 413, 415]),
        Operation::post("/admin/v1/tokens/revoke", "revokeToken", revoke)
            .summary("Revoke one token; when the answer leaves, nobody sees it active")
            .takes::<TokenReference>()
            .answers::<RevokedToken>(200)
            .fails(&[400, 404, 413, 415]),
    ]
}

async fn issue(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(order): Document<IssueToken>,
) -> Result<Response, AdminError> {
    check(&order)?;
    let now = app.clock.now();
    let order = SubjectOrder {
        client: order.client,
        subject: order.subject,
        scope: order.scope,
        resources: order.resources,
        claims: order.claims,
        authorization_details: order.authorization_details,
        legal_basis: order.legal_basis,
        authentication: order.authentication,
        confirmation: order.cnf,
        not_before: order.not_before.map(instant),
        lifetime: order.lifetime.map(Duration::from_secs),
    };
    let keys = app.keys().await?;
    let issuance = app.issuance(&keys, now);
    let issued = match app
        .timed("issue", issue_for_subject(&issuance, order))
        .await
    {
        Err(IssueError::UnknownClient(id)) if by.reads() => {
            return Err(no_such_client(&app, &id).await);
        }
        Err(IssueError::UnknownClient(id)) => return Err(no_such_client_untold(&id)),
        issued => issued?,
    };
    let record = issued.record;
    app.recorder
        .record(&Event::TokenIssued {
            at: now,
            client: &record.client,
            grant: &record.grant,
            token: &record.id,
            ordered_by: Some(by.name()),
            disclosure: issued.disclosure.as_ref(),
        })
        .await?;
    app.metrics.issued();
    let answer = IssuedToken {
        access_token: issued.token,
        token_type: record.token_type().to_owned(),
        expires_in: record.expires_at.since(now).as_secs(),
        scope: record.scope,
        resources: record.audience,
        jti: record.id,
        grant: record.grant,
    };
    Ok(json(StatusCode::CREATED, &answer))
}

/// What the types alone do not say.
fn check(order: &IssueToken) -> Result<(), AdminError> {
    if order.resources.len() > MOST_RESOURCES {
        return Err(AdminError::bad_request(format!(
            "a token is good for at most {MOST_RESOURCES} resources"
        )));
    }
    // A token bound to nothing would pass for a bound one.
    let unbound = order
        .cnf
        .as_ref()
        .is_some_and(|cnf| cnf.jkt.is_none() && cnf.x5t_s256.is_none() || !cnf.further.is_empty());
    if unbound {
        return Err(AdminError::bad_request(
            "cnf takes jkt or x5t#S256, and nothing else",
        ));
    }
    Ok(())
}

fn instant(seconds: u64) -> Timestamp {
    Timestamp::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

async fn show(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(TokenReference { token }): Document<TokenReference>,
) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let (reason, token) = match sought(&app, &token).await? {
        Sought::NeverIssued => (Some(InactiveReason::NeverIssued), None),
        Sought::NotKept => (Some(InactiveReason::NotKept), None),
        Sought::Found(found) => (reason_against(&found, now), Some(entry(&found))),
    };
    if let Some(token) = &token {
        // Whose token this is, is personal data: who looked is kept.
        record_administered(&app, &by, now, "token shown", token.jti.as_str()).await?;
    }
    let state = TokenState {
        active: reason.is_none(),
        reason: reason.map(|reason| reason.name().to_owned()),
        token,
    };
    Ok(json(StatusCode::OK, &state))
}

pub(super) async fn sought(app: &App, token: &IssuedSecret) -> Result<Sought, AdminError> {
    let presented = PresentedToken::new(token.expose());
    let keys = app.keys().await?;
    Ok(app
        .timed("find", find(&presented, app.own_tokens(&keys), &app.store))
        .await?)
}

fn entry(found: &FoundToken) -> TokenEntry {
    let FoundToken { token, grant, .. } = found;
    let mut names: Vec<_> = grant
        .claims
        .iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    names.sort_unstable();
    TokenEntry {
        jti: token.id.clone(),
        grant: token.grant.clone(),
        client: token.client.clone(),
        subject: grant.subject.clone(),
        token_type: token.token_type().to_owned(),
        scope: token.scope.clone(),
        resources: token.audience.clone(),
        claims: names,
        authorization_details_types: token
            .authorization_details
            .iter()
            .map(|detail| detail.detail_type().to_owned())
            .collect(),
        legal_basis: grant.legal_basis.clone().map(String::from),
        issued_at: token.issued_at.numeric_date(),
        not_before: token.not_before.map(Timestamp::numeric_date),
        expires_at: token.expires_at.numeric_date(),
        revoked_at: token.revoked_at.map(Timestamp::numeric_date),
    }
}

async fn revoke(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(TokenReference { token }): Document<TokenReference>,
) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let Sought::Found(found) = sought(&app, &token).await? else {
        return Err(unknown());
    };
    let token = &found.token;
    let revoked = app
        .timed("revoke", app.store.revoke_token(&token.hash, now))
        .await?;
    app.recorder
        .record(&Event::Revoked {
            at: now,
            by: by.name(),
            what: "token",
            name: Some(token.id.as_str()),
            outcome: revoked,
        })
        .await?;
    let outcome = match revoked {
        Revoked::Now => Outcome::Now,
        Revoked::Already => Outcome::Already,
        // Cleaned away since it was found.
        Revoked::Unknown => return Err(unknown()),
    };
    app.metrics.revoked("token");
    Ok(json(
        StatusCode::OK,
        &RevokedToken {
            jti: token.id.clone(),
            outcome,
        },
    ))
}

fn unknown() -> AdminError {
    AdminError::not_found(
        "this server holds no such token: it is mistyped, of another server, or expired long ago",
    )
}
