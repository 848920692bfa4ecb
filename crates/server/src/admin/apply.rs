//! `/admin/v1/plan` and `/admin/v1/apply`: clients and resource servers as a
//! description says.

use std::sync::Arc;

use avouch_core::apply::{
    ClientDescription, Description, Plan, PlannedWrite, ResourceServerDescription, Target, plan,
};
use avouch_core::event::RecordError;
use avouch_core::records::{Credentials, ResourceSharing, TokenFormat};
use avouch_core::storage::{CallerRecord, CallerStore, Changed, StoreError, Taken};
use avouch_core::time::Timestamp;
use avouch_crypto::seal::SealError;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};

use super::administrator::Administrator;
use super::allowed;
use super::answer::json;
use super::api::{
    Added, Applied, DescriptionSchema, ErrorAnswer, FreshSecret, PartlyApplied, Planned, RecordName,
};
use super::chosen;
use super::document;
use super::error::AdminError;
use super::operation::Operation;
use super::record_administered;
use super::registrations;
use super::secrets;
use super::weakening::Weakening;
use crate::app::App;
use crate::key_changes;
use crate::keys::KeysError;

/// The most octets a description may have.
const LONGEST: usize = 1 << 20;
/// The most records in a description: what can be written well within the time
/// one request may take.
const MOST_RECORDS: usize = 1_000;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/admin/v1/plan", "plan", show_plan)
            .summary("What a description would change; writes nothing")
            .reads()
            .takes::<DescriptionSchema>()
            .answers::<Planned>(200)
            .fails(&[400, 409, 413, 415]),
        Operation::post("/admin/v1/apply", "apply", apply)
            .summary("Make every record that is named as described; what is left out of one returns to its default")
            .takes::<DescriptionSchema>()
            .answers::<Applied>(200)
            .may_weaken()
            .fails(&[400, 409, 413, 415]),
    ]
}

async fn show_plan(
    State(app): State<Arc<App>>,
    by: Administrator,
    request: Request<Body>,
) -> Result<Response, AdminError> {
    let description = read(request).await?;
    allowed::check(&app, &description)?;
    let plan = plan(&description, &app.store, app.clock.now()).await?;
    check(&app, &by, &plan).await?;
    let changes = plan.changes;
    Ok(json(StatusCode::OK, &Planned { changes }))
}

async fn apply(
    State(app): State<Arc<App>>,
    by: Administrator,
    weakening: Weakening,
    request: Request<Body>,
) -> Result<Response, AdminError> {
    let description = read(request).await?;
    let _changing = app.caller_changes.lock().await;
    let applied = carry_out(&app, &by, &description, weakening).await?;
    Ok(json(StatusCode::OK, &applied))
}

async fn read(request: Request<Body>) -> Result<Description, AdminError> {
    let description: Description = document::read(request, LONGEST).await?;
    if description.clients.len() + description.resource_servers.len() > MOST_RECORDS {
        return Err(AdminError::bad_request(format!(
            "a description holds at most {MOST_RECORDS} records: split it"
        )));
    }
    Ok(description)
}

/// Plans and writes. Whoever calls holds `caller_changes`.
pub(super) async fn carry_out(
    app: &Arc<App>,
    by: &Administrator,
    description: &Description,
    weakening: Weakening,
) -> Result<Applied, AdminError> {
    allowed::check(app, description)?;
    let now = app.clock.now();
    let plan = plan(description, &app.store, now).await?;
    check(app, by, &plan).await?;
    if weakening == Weakening::Refused {
        keeps_encryption(&plan)?;
    }
    let names: Vec<_> = plan.writes.iter().map(record_name).collect();
    let mut secrets = Vec::new();
    for (done, planned) in plan.writes.iter().enumerate() {
        match write(app, by, planned, now).await {
            Ok(fresh) => secrets.extend(fresh),
            Err(error) => return Err(stopped(error, &names, done, secrets)),
        }
    }
    Ok(Applied {
        changes: plan.changes,
        secrets,
    })
}

/// An RS may have registered encryption by itself, and a description that knows nothing of it
/// would have its answers travel in the clear from the next one on.
fn keeps_encryption(plan: &Plan) -> Result<(), AdminError> {
    let without: Vec<_> = plan.without_encryption().collect();
    if without.is_empty() {
        return Ok(());
    }
    Err(AdminError::conflict(format!(
        "nothing was changed: answers to {} are encrypted and would not be any longer; describe \
         profile.encryption as it stands, or allow it with allow_weaker (avouch apply \
         --allow-weaker)",
        without.join(", ")
    )))
}

/// Refuses a plan as a whole: nothing of it is written then.
async fn check(app: &App, by: &Administrator, plan: &Plan) -> Result<(), AdminError> {
    for write in &plan.writes {
        chosen::check_write(app, by, write).await?;
    }
    Ok(())
}

fn record_name(write: &PlannedWrite) -> RecordName {
    let (target, id) = match write {
        PlannedWrite::AddClient(client) => (Target::Client, client.id.as_str()),
        PlannedWrite::UpdateClient(_, client) => (Target::Client, client.id.as_str()),
        PlannedWrite::AddResourceServer(server) => (Target::ResourceServer, server.id.as_str()),
        PlannedWrite::UpdateResourceServer(_, server, _) => {
            (Target::ResourceServer, server.id.as_str())
        }
    };
    RecordName {
        target,
        id: id.to_owned(),
    }
}

/// Says exactly what is written and what is not. The secrets of what was added
/// go along: nobody could ask for them again.
fn stopped(
    error: WriteError,
    names: &[RecordName],
    done: usize,
    secrets: Vec<FreshSecret>,
) -> AdminError {
    let (written, rest) = names.split_at(done);
    let Some((failed, not_written)) = rest.split_first() else {
        return error.into();
    };
    if names.len() == 1 {
        return error.into();
    }
    let partly = PartlyApplied {
        written: written.to_vec(),
        failed: failed.clone(),
        failed_may_be_written: error.may_be_written,
        not_written: not_written.to_vec(),
        secrets,
        error: error.answer,
    };
    AdminError::Partly(error.status, Box::new(partly))
}

async fn write(
    app: &Arc<App>,
    by: &Administrator,
    planned: &PlannedWrite,
    now: Timestamp,
) -> Result<Option<FreshSecret>, WriteError> {
    match planned {
        PlannedWrite::AddClient(client) => add_client(app, by, client, now).await.map(fresh),
        PlannedWrite::UpdateClient(current, client) => {
            ready_for(app, client.access_token_format).await?;
            // As below.
            registrations::take_away(app, CallerRecord::Client(Arc::new(client.clone()))).await?;
            let (mut client, id) = (client.clone(), client.id.as_str());
            let secret = secrets::complete(app, &mut client.credentials, id, now)?;
            let from = CallerRecord::Client(Arc::clone(current));
            let to = CallerRecord::Client(Arc::new(client));
            let sharing = ResourceSharing::Exclusive;
            let outcome = app.store.change_caller(&from, &to, sharing).await?;
            changed(app, by, outcome, "client changed", id, now).await?;
            Ok(secret)
        }
        PlannedWrite::AddResourceServer(server) => {
            add_resource_server(app, by, server, now).await.map(fresh)
        }
        PlannedWrite::UpdateResourceServer(current, server, sharing) => {
            ready_for(app, server.access_tokens.value.format).await?;
            // First, so that no crash leaves what could be taken back. If the change is then
            // refused, it keeps what it has.
            let after = CallerRecord::ResourceServer(Arc::new(server.clone()));
            registrations::take_away(app, after).await?;
            let (mut server, id) = (server.clone(), server.id.as_str());
            let secret = secrets::complete(app, &mut server.credentials, id, now)?;
            let from = CallerRecord::ResourceServer(Arc::clone(current));
            let to = CallerRecord::ResourceServer(Arc::new(server));
            let outcome = app.store.change_caller(&from, &to, *sharing).await?;
            changed(app, by, outcome, "resource server changed", id, now).await?;
            Ok(secret)
        }
    }
}

/// The secret of what was added, if it has one.
fn fresh(added: Added) -> Option<FreshSecret> {
    let Added {
        client_id,
        client_secret,
    } = added;
    client_secret.map(|client_secret| FreshSecret {
        client_id,
        client_secret,
    })
}

/// Adds a client. Whoever calls holds `caller_changes`.
pub(super) async fn add_client(
    app: &Arc<App>,
    by: &Administrator,
    client: &ClientDescription,
    now: Timestamp,
) -> Result<Added, WriteError> {
    ready_for(app, client.access_token_format).await?;
    let id = client.id.as_str();
    let mut credentials = Credentials::first(client.authentication.clone(), None);
    let secret = secrets::complete(app, &mut credentials, id, now)?;
    app.store
        .insert_client(&client.to_record(credentials, now))
        .await?;
    record_administered(app, by, now, "client added", id).await?;
    Ok(Added {
        client_id: id.to_owned(),
        client_secret: secret.map(|fresh| fresh.client_secret),
    })
}

/// Adds a resource server. Whoever calls holds `caller_changes`.
pub(super) async fn add_resource_server(
    app: &Arc<App>,
    by: &Administrator,
    server: &ResourceServerDescription,
    now: Timestamp,
) -> Result<Added, WriteError> {
    ready_for(app, server.access_tokens.format).await?;
    let id = server.id.as_str();
    let mut credentials = Credentials::first(server.authentication.clone(), None);
    let secret = secrets::complete(app, &mut credentials, id, now)?;
    let sharing = if server.shared {
        ResourceSharing::Shared
    } else {
        ResourceSharing::Exclusive
    };
    app.store
        .insert_resource_server(&server.to_record(credentials, now), sharing)
        .await?;
    record_administered(app, by, now, "resource server added", id).await?;
    Ok(Added {
        client_id: id.to_owned(),
        client_secret: secret.map(|fresh| fresh.client_secret),
    })
}

/// A record that asks for JWT access tokens is kept once there is a key to
/// sign them with.
async fn ready_for(app: &Arc<App>, format: Option<TokenFormat>) -> Result<(), WriteError> {
    match format {
        Some(TokenFormat::Jwt) => Ok(key_changes::make_for_access_tokens(app).await?),
        Some(TokenFormat::Opaque) | None => Ok(()),
    }
}

async fn changed(
    app: &App,
    by: &Administrator,
    outcome: Changed,
    what: &'static str,
    id: &str,
    now: Timestamp,
) -> Result<(), WriteError> {
    match outcome {
        Changed::Done => {}
        Changed::Meanwhile => {
            return Err(WriteError::conflict(format!(
                "{id} was changed in the meantime; try again"
            )));
        }
        Changed::Gone => {
            return Err(WriteError::conflict(format!(
                "{id} was removed in the meantime; try again"
            )));
        }
    }
    record_administered(app, by, now, what, id).await?;
    Ok(())
}

/// Why one write failed, and what is known of it.
#[derive(Debug)]
pub(super) struct WriteError {
    status: StatusCode,
    answer: ErrorAnswer,
    may_be_written: bool,
}

impl WriteError {
    fn conflict(description: String) -> Self {
        let answer = ErrorAnswer::new("conflict", description);
        Self {
            status: StatusCode::CONFLICT,
            answer,
            may_be_written: false,
        }
    }

    fn fault(may_be_written: bool) -> Self {
        let answer = ErrorAnswer::new(
            "server_error",
            "the write could not be completed; the cause is in the server's log",
        );
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            answer,
            may_be_written,
        }
    }
}

impl From<WriteError> for AdminError {
    fn from(error: WriteError) -> Self {
        Self::Own(error.status, error.answer)
    }
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Taken::CallerId) => Self::conflict(
                "the id is taken: a client or resource server has it, or had it before it was \
                 removed; choose another"
                    .to_owned(),
            ),
            StoreError::Conflict(Taken::Resource(resource)) => Self::conflict(format!(
                "the resource {resource} belongs to another resource server; to serve it too, \
                 say that it is shared"
            )),
            StoreError::Conflict(Taken::Record) => {
                Self::conflict("another change came in between; try again".to_owned())
            }
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "the store is not available");
                let answer = ErrorAnswer::new(
                    "temporarily_unavailable",
                    "the store is not available; look what is there and try again",
                );
                Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    answer,
                    may_be_written: true,
                }
            }
            StoreError::Damaged(_) => {
                tracing::error!(%error, "the store failed");
                Self::fault(false)
            }
        }
    }
}

impl From<RecordError> for WriteError {
    fn from(error: RecordError) -> Self {
        tracing::error!(%error, "a change could not be recorded");
        Self::fault(true)
    }
}

impl From<KeysError> for WriteError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => Self {
                may_be_written: false,
                ..error.into()
            },
            error @ KeysError::Contended => Self::conflict(error.to_string()),
            error => {
                tracing::error!(%error, "no key for access tokens could be made");
                Self::fault(false)
            }
        }
    }
}

impl From<SealError> for WriteError {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "a secret could not be made");
        Self::fault(false)
    }
}
