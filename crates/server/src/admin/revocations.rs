//! `/admin/v1/revocations`: everything under a grant, to a client or for a
//! subject, in one write.

use std::sync::Arc;

use avouch_core::event::{Event, Recorder};
use avouch_core::storage::{Revoked, TokenStore};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::administrator::Administrator;
use super::answer::json;
use super::api::{Outcome, RevokeAll, RevokedAll};
use super::document::Document;
use super::error::AdminError;
use super::operation::Operation;
use super::suggestion::no_such_client;
use crate::app::App;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/admin/v1/revocations", "revokeAll", revoke_all)
            .summary(
                "Kill every token issued until now under a grant, to a client or for a subject",
            )
            .takes::<RevokeAll>()
            .answers::<RevokedAll>(200)
            .fails(&[400, 404, 413, 415]),
    ]
}

async fn revoke_all(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(order): Document<RevokeAll>,
) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let (what, name, revoked) = match &order {
        RevokeAll::Grant(id) => (
            "grant",
            Some(id.as_str()),
            app.timed("revoke", app.store.revoke_grant(id, now)).await?,
        ),
        RevokeAll::Client(id) => (
            "client",
            Some(id.as_str()),
            app.timed("revoke", app.store.revoke_client(id, now))
                .await?,
        ),
        // Who the subject is does not enter an event.
        RevokeAll::Subject(id) => (
            "subject",
            None,
            app.timed("revoke", app.store.revoke_subject(id, now))
                .await?,
        ),
    };
    app.recorder
        .record(&Event::Revoked {
            at: now,
            by: by.name(),
            what,
            name,
            outcome: revoked,
        })
        .await?;
    let outcome = match revoked {
        Revoked::Now => Outcome::Now,
        Revoked::Already => Outcome::Already,
        Revoked::Unknown => return Err(unknown(&app, &order).await),
    };
    app.metrics.revoked(what);
    Ok(json(
        StatusCode::OK,
        &RevokedAll {
            at: now.numeric_date(),
            outcome,
        },
    ))
}

async fn unknown(app: &App, order: &RevokeAll) -> AdminError {
    match order {
        RevokeAll::Client(id) => no_such_client(app, id.as_str()).await,
        RevokeAll::Grant(id) => AdminError::not_found(format!("there is no grant {id}")),
        RevokeAll::Subject(_) => AdminError::not_found("there is no such subject"),
    }
}
