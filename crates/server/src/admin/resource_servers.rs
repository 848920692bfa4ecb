//! `/admin/v1/resource-servers`.

use std::sync::Arc;

use avouch_core::apply::{Description, ResourceServerDescription};
use avouch_core::id::ResourceServerId;
use avouch_core::records::{ResourceServer, Revision};
use avouch_core::storage::{CallerRecord, CallerStore, Changed, StoreError};
use avouch_core::time::Timestamp;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};

use super::administrator::Administrator;
use super::allowed;
use super::answer::{json, no_content};
use super::api::{
    Added, Applied, FreshRegistrationToken, FreshSecret, History, NewSecret,
    ResourceServerDescriptionSchema, ResourceServerEntry, ResourceServerList, RevisionEntry,
};
use super::apply;
use super::document::Document;
use super::error::AdminError;
use super::named::Named;
use super::operation::Operation;
use super::page::Wanted;
use super::record_administered;
use super::registrations;
use super::secrets;
use super::suggestion::no_such_resource_server;
use super::weakening::Weakening;
use crate::app::App;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/admin/v1/resource-servers", "listResourceServers", list)
            .summary("The resource servers, in the order of their ids")
            .answers::<ResourceServerList>(200)
            .fails(&[400])
            .pages(),
        Operation::post("/admin/v1/resource-servers", "addResourceServer", add)
            .summary("Add a resource server with a fresh secret, if its method works with one")
            .takes::<ResourceServerDescriptionSchema>()
            .answers::<Added>(201)
            .fails(&[400, 409, 413, 415]),
        Operation::get("/admin/v1/resource-servers/{id}", "getResourceServer", show)
            .summary("One resource server")
            .answers::<ResourceServerEntry>(200)
            .fails(&[404]),
        Operation::put(
            "/admin/v1/resource-servers/{id}",
            "changeResourceServer",
            change,
        )
        .summary("Make a resource server as described; its secrets stay")
        .takes::<ResourceServerDescriptionSchema>()
        .answers::<Applied>(200)
        .may_weaken()
        .fails(&[400, 404, 409, 413, 415]),
        Operation::delete(
            "/admin/v1/resource-servers/{id}",
            "removeResourceServer",
            remove,
        )
        .summary("Remove a resource server; its history stays, its id is never given again")
        .answers_nothing()
        .fails(&[404, 409]),
        Operation::post(
            "/admin/v1/resource-servers/{id}/secret",
            "renewResourceServerSecret",
            renew_secret,
        )
        .summary("Give it a new secret; the older ones end, or work on for an overlap")
        .takes::<NewSecret>()
        .answers::<FreshSecret>(201)
        .fails(&[400, 404, 409, 413, 415]),
        Operation::post(
            "/admin/v1/resource-servers/{id}/registration-access-token",
            "handOutResourceServerRegistrationToken",
            hand_out_registration_token,
        )
        .summary("Let it manage its registration by a fresh token; the earlier ones end")
        .answers::<FreshRegistrationToken>(201)
        .fails(&[400, 404, 409]),
        Operation::get(
            "/admin/v1/resource-servers/{id}/history",
            "getResourceServerHistory",
            history,
        )
        .summary(
            "How its answers were secured and what it could learn, at every instant; also \
                  once it was removed",
        )
        .answers::<History>(200)
        .fails(&[404]),
    ]
}

async fn list(State(app): State<Arc<App>>, wanted: Wanted) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let mut servers = app.store.list_resource_servers(wanted.page()).await?;
    let next = wanted.cut(&mut servers, |server| server.id.to_string());
    let mut resource_servers = Vec::with_capacity(servers.len());
    for server in &servers {
        resource_servers.push(entry(&app, server, now).await?);
    }
    Ok(json(
        StatusCode::OK,
        &ResourceServerList {
            resource_servers,
            next,
        },
    ))
}

async fn add(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(description): Document<ResourceServerDescription>,
) -> Result<Response, AdminError> {
    description
        .check()
        .map_err(|error| AdminError::bad_request(error.to_string()))?;
    allowed::check_resource_server(&app, &description)?;
    let _changing = app.caller_changes.lock().await;
    let added = apply::add_resource_server(&app, &by, &description, app.clock.now()).await?;
    Ok(json(StatusCode::CREATED, &added))
}

async fn show(State(app): State<Arc<App>>, Named(id): Named) -> Result<Response, AdminError> {
    let server = find(&app, &id).await?;
    let entry = entry(&app, &server, app.clock.now()).await?;
    Ok(json(StatusCode::OK, &entry))
}

async fn change(
    State(app): State<Arc<App>>,
    by: Administrator,
    Named(id): Named,
    weakening: Weakening,
    Document(description): Document<ResourceServerDescription>,
) -> Result<Response, AdminError> {
    if description.id.as_str() != id {
        return Err(AdminError::bad_request(
            "the id in the description is not the one in the path: an id never changes",
        ));
    }
    let _changing = app.caller_changes.lock().await;
    find(&app, &id).await?;
    let description = Description {
        resource_servers: vec![description],
        ..Description::default()
    };
    let applied = apply::carry_out(&app, &by, &description, weakening).await?;
    Ok(json(StatusCode::OK, &applied))
}

async fn remove(
    State(app): State<Arc<App>>,
    by: Administrator,
    Named(id): Named,
) -> Result<Response, AdminError> {
    let _changing = app.caller_changes.lock().await;
    let now = app.clock.now();
    let from = CallerRecord::ResourceServer(find(&app, &id).await?);
    match app.store.remove_caller(&from, now).await? {
        Changed::Done => {}
        Changed::Meanwhile => return Err(AdminError::meanwhile(&id)),
        Changed::Gone => return Err(no_such_resource_server(&app, &id).await),
    }
    record_administered(&app, &by, now, "resource server removed", &id).await?;
    Ok(no_content())
}

async fn renew_secret(
    State(app): State<Arc<App>>,
    by: Administrator,
    Named(id): Named,
    Document(request): Document<NewSecret>,
) -> Result<Response, AdminError> {
    let _changing = app.caller_changes.lock().await;
    let now = app.clock.now();
    let from = CallerRecord::ResourceServer(find(&app, &id).await?);
    let (outcome, fresh) = secrets::renew(&app, &from, request, now).await?;
    match outcome {
        Changed::Done => {}
        Changed::Meanwhile => return Err(AdminError::meanwhile(&id)),
        Changed::Gone => return Err(no_such_resource_server(&app, &id).await),
    }
    record_administered(&app, &by, now, "resource server secret renewed", &id).await?;
    Ok(json(StatusCode::CREATED, &fresh))
}

async fn hand_out_registration_token(
    State(app): State<Arc<App>>,
    by: Administrator,
    Named(id): Named,
    request: Request<Body>,
) -> Result<Response, AdminError> {
    registrations::check(&app, request).await?;
    let _changing = app.caller_changes.lock().await;
    let server = CallerRecord::ResourceServer(find(&app, &id).await?);
    match registrations::hand_out(&app, &by, &server, app.clock.now()).await? {
        Some(answer) => Ok(answer),
        None => Err(no_such_resource_server(&app, &id).await),
    }
}

async fn history(State(app): State<Arc<App>>, Named(id): Named) -> Result<Response, AdminError> {
    let Ok(server) = ResourceServerId::new(&id) else {
        return Err(no_such_resource_server(&app, &id).await);
    };
    let history = app.store.resource_server_history(&server).await?;
    // There is a first revision of every one that ever was.
    if history.profiles.is_empty() {
        return Err(no_such_resource_server(&app, &id).await);
    }
    let answer = History {
        id: server,
        profiles: history.profiles.into_iter().map(revision).collect(),
        policies: history.policies.into_iter().map(revision).collect(),
        access_tokens: history.access_tokens.into_iter().map(revision).collect(),
    };
    Ok(json(StatusCode::OK, &answer))
}

fn revision<T>(revision: Revision<T>) -> RevisionEntry<T> {
    let Revision {
        number,
        since,
        value,
    } = revision;
    RevisionEntry {
        number,
        since: since.numeric_date(),
        value,
    }
}

async fn find(app: &App, id: &str) -> Result<Arc<ResourceServer>, AdminError> {
    match app.store.current_caller(id).await? {
        Some(CallerRecord::ResourceServer(server)) => Ok(server),
        _ => Err(no_such_resource_server(app, id).await),
    }
}

async fn entry(
    app: &App,
    server: &ResourceServer,
    now: Timestamp,
) -> Result<ResourceServerEntry, StoreError> {
    Ok(ResourceServerEntry {
        description: ResourceServerDescription::of(server, false),
        profile_revision: server.profile.number,
        policy_revision: server.policy.number,
        access_tokens_revision: server.access_tokens.number,
        secrets: secrets::entries(&server.credentials.secrets, now),
        registered_at: server.registered_at.numeric_date(),
        registration: registrations::entry(app, server.id.as_str()).await?,
    })
}
