//! `/admin/v1/revocations`: everything under a grant, to a client or for a
//! subject, in one write; and everything there is.

use std::sync::Arc;

use avouch_core::event::{Event, Recorder};
use avouch_core::storage::{self, Revoked, TokenStore};
use avouch_core::time::Timestamp;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::administrator::Administrator;
use super::answer::json;
use super::api::{
    IssuedBefore, Outcome, RevokeAll, RevokeEverything, RevokedAll, RevokedEverything,
};
use super::document::Document;
use super::error::AdminError;
use super::instant::rfc3339;
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
        Operation::post(
            "/admin/v1/revocations/everything",
            "revokeEverything",
            revoke_everything,
        )
        .summary("Kill everything issued until now, or until an instant, whosever it is")
        .takes::<RevokeEverything>()
        .answers::<RevokedEverything>(200)
        .fails(&[400, 413, 415]),
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

async fn revoke_everything(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(RevokeEverything { issued_before }): Document<RevokeEverything>,
) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let (issued, until) = match issued_before {
        IssuedBefore::Now(_) => (storage::IssuedBefore::Now, "now".to_owned()),
        IssuedBefore::Instant(second) => {
            let until = end_of(second, now)?;
            (storage::IssuedBefore::Instant(until), second.to_string())
        }
    };
    let ended = app
        .timed("revoke", app.store.revoke_everything(issued, now))
        .await?;
    app.recorder
        .record(&Event::Revoked {
            at: now,
            by: by.name(),
            what: "everything",
            name: Some(&until),
            outcome: Revoked::Now,
        })
        .await?;
    app.metrics.revoked("everything");
    Ok(json(
        StatusCode::OK,
        &RevokedEverything {
            at: now.numeric_date(),
            caller_tokens: ended.caller_tokens,
            initial_access_tokens: ended.initial_access_tokens,
        },
    ))
}

/// The last instant of a second, as far as it is over: `iat` says no more than the second.
fn end_of(second: u64, now: Timestamp) -> Result<Timestamp, AdminError> {
    if second > now.numeric_date() {
        return Err(AdminError::bad_request(format!(
            "issued_before is an instant to come, tokens would be dead when they are issued: here \
             it is {}, {} s after 1970",
            rfc3339(now),
            now.numeric_date()
        )));
    }
    let next = Timestamp::from_numeric_date(second.saturating_add(1));
    let last = Timestamp::from_micros(next.as_micros().saturating_sub(1));
    Ok(last.min(now))
}

async fn unknown(app: &App, order: &RevokeAll) -> AdminError {
    match order {
        RevokeAll::Client(id) => no_such_client(app, id.as_str()).await,
        RevokeAll::Grant(id) => AdminError::not_found(format!("there is no grant {id}")),
        RevokeAll::Subject(_) => AdminError::not_found("there is no such subject"),
    }
}
