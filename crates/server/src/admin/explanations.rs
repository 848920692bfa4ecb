//! `/admin/v1/explain`: why a resource server is told what it is told.

use std::sync::Arc;

use avouch_core::introspection::{Judgement, Sought, compose, explain, judge};
use avouch_core::records::{JwtProfile, Recipient, ResourceServer, Standing};
use avouch_core::storage::{CallerRecord, CallerStore};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::administrator::Administrator;
use super::answer::json;
use super::api::{Explain, Explanation};
use super::document::Document;
use super::error::AdminError;
use super::operation::Operation;
use super::record_administered;
use super::suggestion::no_such_resource_server;
use super::tokens::sought;
use crate::app::App;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/admin/v1/explain", "explain", explain_answer)
            .summary("What a resource server would be told of a token now, and why")
            .reads()
            .takes::<Explain>()
            .answers::<Explanation>(200)
            .fails(&[400, 404, 413, 415]),
    ]
}

/// The steps of an introspection from `find` to `compose`, and why each thing is released or not.
async fn explain_answer(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(question): Document<Explain>,
) -> Result<Response, AdminError> {
    let id = question.resource_server.as_str();
    let Some(CallerRecord::ResourceServer(server)) = app.store.find_caller(id).await? else {
        return Err(no_such_resource_server(&app, id).await);
    };
    let now = app.clock.now();
    let sought = sought(&app, &question.token).await?;
    let judgement = judge(&sought, &server, now);
    let response = compose(&judgement, &server, &app.issuer, &app.pairwise);
    let (reason, members) = match &judgement {
        Judgement::Active(found) => (None, explain(found, &server, &response)),
        Judgement::Inactive(reason) => (Some(reason.name().to_owned()), Vec::new()),
    };
    let jti = match &sought {
        Sought::Found(found) => Some(found.token.id.clone()),
        Sought::NeverIssued | Sought::NotKept => None,
    };
    if let Some(jti) = &jti {
        // Whose token this is, is personal data: who looked is kept.
        record_administered(&app, &by, now, "answer explained", jti.as_str()).await?;
    }
    let explanation = Explanation {
        active: reason.is_none(),
        reason,
        jti,
        ..in_force(&server)
    };
    Ok(json(
        StatusCode::OK,
        &Explanation {
            members,
            ..explanation
        },
    ))
}

/// What holds for this resource server, whatever the token.
fn in_force(server: &ResourceServer) -> Explanation {
    Explanation {
        active: false,
        reason: None,
        jti: None,
        suspended: matches!(server.standing, Standing::Suspended { .. }),
        profile_revision: server.profile.number,
        profile_since: server.profile.since.numeric_date(),
        policy_revision: server.policy.number,
        policy_since: server.policy.since.numeric_date(),
        secured_with: algorithms(&server.profile.value),
        encryption_jwks_uri: encryption_jwks_uri(&server.profile.value),
        members: Vec::new(),
    }
}

fn encryption_jwks_uri(profile: &JwtProfile) -> Option<String> {
    match profile.encryption.as_ref()?.recipient() {
        Recipient::Uri(uri) => Some(uri.as_str().to_owned()),
        Recipient::Keys { .. } => None,
    }
}

fn algorithms(profile: &JwtProfile) -> Vec<String> {
    let mut names = vec![profile.signing_algorithm.name().to_owned()];
    if let Some(encryption) = &profile.encryption {
        names.push(encryption.algorithm().name().to_owned());
        names.push(encryption.encryption().name().to_owned());
    }
    names
}
