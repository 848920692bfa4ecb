//! What this server's settings allow of a description. Told where it is written: a record that can
//! do nothing afterwards would be a mistake that shows too late.

use avouch_core::apply::{ClientDescription, Description, ResourceServerDescription};
use avouch_core::records::{ClientAuthentication, KeySource, Recipient, StatementEncryption};
use avouch_oauth::metadata::method_names;

use super::chosen;
use super::error::AdminError;
use crate::app::App;

/// Refuses a description with anything that would not work here.
pub(super) fn check(app: &App, description: &Description) -> Result<(), AdminError> {
    for client in &description.clients {
        check_client(app, client)?;
    }
    for resource_server in &description.resource_servers {
        check_resource_server(app, resource_server)?;
    }
    Ok(())
}

/// Refuses a lifetime that no token could have.
pub(super) fn check_client(app: &App, client: &ClientDescription) -> Result<(), AdminError> {
    check_authentication(app, client.id.as_str(), &client.authentication)?;
    let longest = app.settings.lifetimes.longest.as_secs();
    match client.access_token_lifetime {
        Some(lifetime) if lifetime > longest => Err(AdminError::bad_request(format!(
            "{}: access_token_lifetime is {lifetime} and may be {longest} at most; \
             tokens.longest_lifetime in the configuration sets the bound",
            client.id
        ))),
        _ => Ok(()),
    }
}

/// Refuses an algorithm without keys, and a `jwks_uri` that would never be fetched.
pub(super) fn check_resource_server(
    app: &App,
    resource_server: &ResourceServerDescription,
) -> Result<(), AdminError> {
    let refused = |why: String| {
        Err(AdminError::bad_request(format!(
            "{}: {why}",
            resource_server.id
        )))
    };
    check_authentication(
        app,
        resource_server.id.as_str(),
        &resource_server.authentication,
    )?;
    if chosen::contains_admin(app, &resource_server.resources) {
        return refused(
            "resources names this server's own admin API, which no resource server serves: leave it \
             out"
                .to_owned(),
        );
    }
    let profile = &resource_server.profile;
    let algorithm = profile.signing_algorithm;
    if !app.settings.algorithms.contains(&algorithm) {
        let names: Vec<_> = app
            .settings
            .algorithms
            .iter()
            .map(|one| one.name())
            .collect();
        return refused(format!(
            "this server has no keys for {algorithm}; it has {}; keys.algorithms in the \
             configuration adds to them",
            names.join(", ")
        ));
    }
    let encryption = profile.encryption.as_ref();
    match encryption.map(StatementEncryption::recipient) {
        Some(Recipient::Uri(uri)) => match app.published_keys.check(uri) {
            Ok(_) => Ok(()),
            Err(error) => refused(format!("jwks_uri {error}")),
        },
        None if app.settings.answers.encrypted_only => refused(
            "this server gives encrypted answers only: give the profile an encryption".to_owned(),
        ),
        Some(Recipient::Keys { .. }) | None => Ok(()),
    }
}

/// Refuses a method that is not on offer, and a `jwks_uri` that would never be fetched.
fn check_authentication(
    app: &App,
    id: &str,
    authentication: &ClientAuthentication,
) -> Result<(), AdminError> {
    let method = authentication.method();
    if !app.settings.methods.contains(&method) {
        let names = method_names(&app.settings.methods).join(", ");
        return Err(AdminError::bad_request(format!(
            "{id}: this server does not offer {method}; it offers {names}; \
             [client_authentication] in the configuration adds to them"
        )));
    }
    match authentication.keys() {
        Some(KeySource::Uri(uri)) => match app.published_keys.check(uri) {
            Ok(_) => Ok(()),
            Err(error) => Err(AdminError::bad_request(format!("{id}: jwks_uri {error}"))),
        },
        Some(KeySource::Keys(_)) | None => Ok(()),
    }
}
