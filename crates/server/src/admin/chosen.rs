//! Who is chosen to administer over TCP, and that only the socket chooses: a
//! stolen credential is never made into another one that outlives it.

use avouch_core::administration::is_listed;
use avouch_core::apply::{AccessDescription, ClientDescription, PlannedWrite};
use avouch_core::records::{AllowedResources, Approval, Client};
use avouch_core::storage::RegistrationStore;
use avouch_oauth::resource::ResourceIdentifier;
use http::StatusCode;

use super::administrator::{AT_THE_SOCKET, Administrator};
use super::error::AdminError;
use crate::app::App;

/// Checks a write before it is done.
pub(super) async fn check_write(
    app: &App,
    by: &Administrator,
    write: &PlannedWrite,
) -> Result<(), AdminError> {
    match write {
        PlannedWrite::AddClient(client) => check_new(app, by, client),
        PlannedWrite::UpdateClient(current, client) => {
            let id = client.id.as_str();
            check_touched(app, by, current)?;
            check_touched(app, by, client)?;
            if is_chosen(app, &client.resources) {
                check_id(id)?;
                refuse_registered_by_itself(app, id).await?;
            }
            Ok(())
        }
        PlannedWrite::AddResourceServer(_) | PlannedWrite::UpdateResourceServer(..) => Ok(()),
    }
}

/// Checks a client that is added.
pub(super) fn check_new(
    app: &App,
    by: &Administrator,
    client: &ClientDescription,
) -> Result<(), AdminError> {
    if names_admin(app, &client.resources) {
        at_the_socket_only(by)?;
        check_id(client.id.as_str())?;
    }
    Ok(())
}

/// Checks that this client may be changed, given a secret, or removed.
pub(super) fn check_touched(
    app: &App,
    by: &Administrator,
    client: &Client,
) -> Result<(), AdminError> {
    if is_chosen(app, &client.resources) {
        at_the_socket_only(by)?;
    }
    Ok(())
}

/// Whether these resources name the admin API.
pub(super) fn names_admin(app: &App, resources: &AccessDescription) -> bool {
    match resources {
        AccessDescription::Any(_) => false,
        AccessDescription::Only(listed) => contains_admin(app, listed),
    }
}

/// The same of a list.
pub(super) fn contains_admin<'a>(
    app: &App,
    listed: impl IntoIterator<Item = &'a ResourceIdentifier>,
) -> bool {
    let mut listed = listed.into_iter();
    listed.any(|resource| app.admin_resource() == Some(resource))
}

fn is_chosen(app: &App, resources: &AllowedResources) -> bool {
    let admin = app.admin_resource();
    admin.is_some_and(|admin| is_listed(resources, admin))
}

fn at_the_socket_only(by: &Administrator) -> Result<(), AdminError> {
    match by {
        Administrator::AtTheSocket => Ok(()),
        Administrator::Client { .. } => Err(AdminError::new(
            StatusCode::FORBIDDEN,
            "access_denied",
            "this client may administer, or would: who does is decided at the admin socket alone; \
             its tokens may be revoked from here",
        )),
    }
}

fn check_id(id: &str) -> Result<(), AdminError> {
    if id != AT_THE_SOCKET {
        return Ok(());
    }
    Err(AdminError::bad_request(
        "events call whoever comes by the socket administrator: a client that administers needs \
         another id",
    ))
}

/// Whoever registered itself gives itself any scope.
async fn refuse_registered_by_itself(app: &App, id: &str) -> Result<(), AdminError> {
    let registration = app.store.registration_of(id).await?;
    match registration.map(|registration| registration.approval) {
        None | Some(Approval::Administrator) => Ok(()),
        Some(_) => Err(AdminError::conflict(format!(
            "{id} registered itself, and chooses its scope itself: add another client for \
             administering"
        ))),
    }
}
