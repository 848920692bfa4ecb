//! `/admin/v1/initial-access-tokens`: the right to register (RFC 7591
//! section 1.2).

use std::sync::Arc;
use std::time::Duration;

use avouch_core::apply::{AccessDescription, AnyResource};
use avouch_core::id::InitialAccessTokenId;
use avouch_core::opaque_token::TokenKind;
use avouch_core::records::{Allowance, AllowedResources, InitialAccessToken};
use avouch_core::storage::InitialAccessTokenStore;
use avouch_core::time::Timestamp;
use avouch_oauth::secret::IssuedSecret;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::administrator::Administrator;
use super::answer::{json, no_content};
use super::api::{
    CreateInitialAccessToken, CreatedInitialAccessToken, InitialAccessTokenEntry,
    InitialAccessTokenList, Uses,
};
use super::chosen;
use super::document::Document;
use super::error::AdminError;
use super::named::Named;
use super::operation::Operation;
use super::record_administered;
use crate::app::App;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "/admin/v1/initial-access-tokens",
            "listInitialAccessTokens",
            list,
        )
        .summary("Every initial access token that was not removed")
        .answers::<InitialAccessTokenList>(200),
        Operation::post(
            "/admin/v1/initial-access-tokens",
            "createInitialAccessToken",
            create,
        )
        .summary("Make an initial access token: the right to register")
        .takes::<CreateInitialAccessToken>()
        .answers::<CreatedInitialAccessToken>(201)
        .fails(&[400, 413, 415]),
        Operation::delete(
            "/admin/v1/initial-access-tokens/{id}",
            "removeInitialAccessToken",
            remove,
        )
        .summary("Withdraw an initial access token; what it registered stays")
        .answers_nothing()
        .fails(&[404]),
    ]
}

async fn list(State(app): State<Arc<App>>) -> Result<Response, AdminError> {
    let tokens = app.store.list_initial_access_tokens().await?;
    let initial_access_tokens = tokens.into_iter().map(entry).collect();
    Ok(json(
        StatusCode::OK,
        &InitialAccessTokenList {
            initial_access_tokens,
        },
    ))
}

async fn create(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(order): Document<CreateInitialAccessToken>,
) -> Result<Response, AdminError> {
    if order.expires_in == Some(0) {
        return Err(AdminError::bad_request("expires_in is at least 1 second"));
    }
    if chosen::names_admin(&app, &order.resources) {
        return Err(AdminError::bad_request(
            "resources names the admin API: nobody registers himself as an administrator; leave it \
             out",
        ));
    }
    let now = app.clock.now();
    let token = app.mint.mint(TokenKind::InitialAccess, &*app.random)?;
    let record = InitialAccessToken {
        hash: token.hash(),
        id: InitialAccessTokenId::generate(&*app.random)?,
        allowance: Allowance {
            kinds: order.kinds,
            resources: match order.resources {
                AccessDescription::Any(_) => AllowedResources::Any,
                AccessDescription::Only(resources) => AllowedResources::Only(resources),
            },
            sharing: order.sharing,
        },
        uses_left: match order.uses {
            Uses::Times(times) => Some(times.get()),
            Uses::Unlimited(_) => None,
        },
        created_at: now,
        expires_at: order
            .expires_in
            .map(|span| now.after(Duration::from_secs(span))),
    };
    app.store.insert_initial_access_token(&record).await?;
    record_administered(
        &app,
        &by,
        now,
        "initial access token created",
        record.id.as_str(),
    )
    .await?;
    let answer = CreatedInitialAccessToken {
        initial_access_token: IssuedSecret::new(token.expose()),
        expires_at: record.expires_at.map(Timestamp::numeric_date),
        id: record.id,
    };
    Ok(json(StatusCode::CREATED, &answer))
}

async fn remove(
    State(app): State<Arc<App>>,
    by: Administrator,
    Named(id): Named,
) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let Ok(id) = InitialAccessTokenId::new(&id) else {
        return Err(unknown());
    };
    if !app.store.remove_initial_access_token(&id).await? {
        return Err(unknown());
    }
    record_administered(&app, &by, now, "initial access token removed", id.as_str()).await?;
    Ok(no_content())
}

fn unknown() -> AdminError {
    AdminError::not_found("there is no such initial access token; the list names them by id")
}

fn entry(token: InitialAccessToken) -> InitialAccessTokenEntry {
    InitialAccessTokenEntry {
        id: token.id,
        kinds: token.allowance.kinds,
        resources: match token.allowance.resources {
            AllowedResources::Any => AccessDescription::Any(AnyResource::Any),
            AllowedResources::Only(resources) => AccessDescription::Only(resources),
        },
        sharing: token.allowance.sharing,
        uses_left: token.uses_left,
        created_at: token.created_at.numeric_date(),
        expires_at: token.expires_at.map(Timestamp::numeric_date),
    }
}
