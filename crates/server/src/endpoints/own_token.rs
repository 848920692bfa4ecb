//! Introspection by a client of its own token, where that is switched on
//! (requirement F617-05). Plain JSON (RFC 7662): a statement is for a resource
//! server to rely on.

use avouch_core::event::{Answer, Event, Recorder};
use avouch_core::introspection::{Sought, compose_own, find_evenly, is_good_own, judge_own};
use avouch_core::records::Client;
use avouch_oauth::accept::Accept;
use avouch_oauth::introspection::IntrospectionRequest;
use avouch_oauth::media_type;
use avouch_oauth::negotiate::{AnswerPolicy, ResponseFormat, negotiate};
use axum::response::Response;
use http::StatusCode;

use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::respond::respond;

/// Answers a client about a token that it holds.
pub(super) async fn introspect_own(
    app: &App,
    client: &Client,
    question: &IntrospectionRequest,
    accept: &Accept<'_>,
) -> Result<Response, ErrorReply> {
    if negotiate(accept, &AnswerPolicy::default())? != ResponseFormat::Json {
        return Err(ErrorReply::new(
            StatusCode::NOT_ACCEPTABLE,
            avouch_oauth::error::ErrorCode::InvalidRequest,
            "a client is told about its own token in application/json alone",
        ));
    }
    let now = app.clock.now();
    let keys = app.keys().await?;
    let is_good = |found: &_| is_good_own(client, found, now);
    let finding = find_evenly(&question.token, app.own_tokens(&keys), &app.store, &is_good);
    let sought = app.timed("find", finding).await?;
    let judged = judge_own(&sought, client, now);
    let response = compose_own(judged, &app.issuer);
    let token = match &sought {
        Sought::Found(found) if found.token.client == client.id => Some(&found.token.id),
        _ => None,
    };
    let answer = match judged {
        Ok(_) => Answer::Active,
        Err(reason) => Answer::Inactive(reason),
    };
    app.recorder
        .record(&Event::OwnTokenIntrospected {
            at: now,
            client: &client.id,
            token,
            answer,
        })
        .await?;
    Ok(respond(
        StatusCode::OK,
        media_type::JSON,
        response.to_json(),
    ))
}
