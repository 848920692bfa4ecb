//! `/admin/v1/clients`.

use std::sync::Arc;

use avouch_core::apply::{ClientDescription, Description};
use avouch_core::records::Client;
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
    Added, Applied, ClientDescriptionSchema, ClientEntry, ClientList, FreshRegistrationToken,
    FreshSecret, NewSecret,
};
use super::apply;
use super::chosen;
use super::document::Document;
use super::error::AdminError;
use super::named::Named;
use super::operation::Operation;
use super::page::Wanted;
use super::record_administered;
use super::registrations;
use super::secrets;
use super::suggestion::no_such_client;
use super::weakening::Weakening;
use crate::app::App;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/admin/v1/clients", "listClients", list)
            .summary("The clients, in the order of their ids")
            .answers::<ClientList>(200)
            .fails(&[400])
            .pages(),
        Operation::post("/admin/v1/clients", "addClient", add)
            .summary("Add a client with a fresh secret, if its method works with one")
            .takes::<ClientDescriptionSchema>()
            .answers::<Added>(201)
            .fails(&[400, 409, 413, 415]),
        Operation::get("/admin/v1/clients/{id}", "getClient", show)
            .summary("One client")
            .answers::<ClientEntry>(200)
            .fails(&[404]),
        Operation::put("/admin/v1/clients/{id}", "changeClient", change)
            .summary("Make a client as described; its secrets stay")
            .takes::<ClientDescriptionSchema>()
            .answers::<Applied>(200)
            .fails(&[400, 404, 409, 413, 415]),
        Operation::delete("/admin/v1/clients/{id}", "removeClient", remove)
            .summary("Remove a client; its tokens die with it, its id is never given again")
            .answers_nothing()
            .fails(&[404, 409]),
        Operation::post(
            "/admin/v1/clients/{id}/secret",
            "renewClientSecret",
            renew_secret,
        )
        .summary("Give a client a new secret; the older ones end, or work on for an overlap")
        .takes::<NewSecret>()
        .answers::<FreshSecret>(201)
        .fails(&[400, 404, 409, 413, 415]),
        Operation::post(
            "/admin/v1/clients/{id}/registration-access-token",
            "handOutClientRegistrationToken",
            hand_out_registration_token,
        )
        .summary("Let a client manage its registration by a fresh token; the earlier ones end")
        .answers::<FreshRegistrationToken>(201)
        .fails(&[400, 404, 409]),
    ]
}

async fn list(State(app): State<Arc<App>>, wanted: Wanted) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let mut clients = app.store.list_clients(wanted.page()).await?;
    let next = wanted.cut(&mut clients, |client| client.id.to_string());
    let mut entries = Vec::with_capacity(clients.len());
    for client in &clients {
        entries.push(entry(&app, client, now).await?);
    }
    let clients = entries;
    Ok(json(StatusCode::OK, &ClientList { clients, next }))
}

async fn add(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(description): Document<ClientDescription>,
) -> Result<Response, AdminError> {
    description
        .check()
        .map_err(|error| AdminError::bad_request(error.to_string()))?;
    allowed::check_client(&app, &description)?;
    chosen::check_new(&app, &by, &description)?;
    let _changing = app.caller_changes.lock().await;
    let added = apply::add_client(&app, &by, &description, app.clock.now()).await?;
    Ok(json(StatusCode::CREATED, &added))
}

async fn show(State(app): State<Arc<App>>, Named(id): Named) -> Result<Response, AdminError> {
    let client = find(&app, &id).await?;
    let entry = entry(&app, &client, app.clock.now()).await?;
    Ok(json(StatusCode::OK, &entry))
}

async fn change(
    State(app): State<Arc<App>>,
    by: Administrator,
    Named(id): Named,
    Document(description): Document<ClientDescription>,
) -> Result<Response, AdminError> {
    if description.id.as_str() != id {
        return Err(AdminError::bad_request(
            "the id in the description is not the one in the path: an id never changes",
        ));
    }
    let _changing = app.caller_changes.lock().await;
    find(&app, &id).await?;
    let description = Description {
        clients: vec![description],
        ..Description::default()
    };
    let applied = apply::carry_out(&app, &by, &description, Weakening::Refused).await?;
    Ok(json(StatusCode::OK, &applied))
}

async fn remove(
    State(app): State<Arc<App>>,
    by: Administrator,
    Named(id): Named,
) -> Result<Response, AdminError> {
    let _changing = app.caller_changes.lock().await;
    let now = app.clock.now();
    let client = find(&app, &id).await?;
    chosen::check_touched(&app, &by, &client)?;
    let from = CallerRecord::Client(client);
    match app.store.remove_caller(&from, now).await? {
        Changed::Done => {}
        Changed::Meanwhile => return Err(AdminError::meanwhile(&id)),
        Changed::Gone => return Err(no_such_client(&app, &id).await),
    }
    record_administered(&app, &by, now, "client removed", &id).await?;
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
    let client = find(&app, &id).await?;
    chosen::check_touched(&app, &by, &client)?;
    let from = CallerRecord::Client(client);
    let (outcome, fresh) = secrets::renew(&app, &from, request, now).await?;
    match outcome {
        Changed::Done => {}
        Changed::Meanwhile => return Err(AdminError::meanwhile(&id)),
        Changed::Gone => return Err(no_such_client(&app, &id).await),
    }
    record_administered(&app, &by, now, "client secret renewed", &id).await?;
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
    let client = find(&app, &id).await?;
    chosen::check_touched(&app, &by, &client)?;
    let client = CallerRecord::Client(client);
    match registrations::hand_out(&app, &by, &client, app.clock.now()).await? {
        Some(answer) => Ok(answer),
        None => Err(no_such_client(&app, &id).await),
    }
}

async fn find(app: &App, id: &str) -> Result<Arc<Client>, AdminError> {
    match app.store.current_caller(id).await? {
        Some(CallerRecord::Client(client)) => Ok(client),
        _ => Err(no_such_client(app, id).await),
    }
}

async fn entry(app: &App, client: &Client, now: Timestamp) -> Result<ClientEntry, StoreError> {
    Ok(ClientEntry {
        description: ClientDescription::of(client),
        secrets: secrets::entries(&client.credentials.secrets, now),
        registered_at: client.registered_at.numeric_date(),
        registration: registrations::entry(app, client.id.as_str()).await?,
    })
}
