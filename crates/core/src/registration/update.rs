//! A changed record (RFC 7592 section 2.2): the whole of it anew, of the same
//! kind, within what the registration was once approved for.

use std::sync::Arc;

use avouch_oauth::client_metadata::RegistrationUpdate;

use super::client::ClientRequest;
use super::register::make_secret;
use super::request::Request;
use super::resource_server::ResourceServerRequest;
use super::{RegistrationContext, RegistrationError};
use crate::records::{Approval, Credentials, Registration, Software};
use crate::secret::{PlainSecret, SecretHash};
use crate::storage::{CallerRecord, RegisteredCaller};

/// What an update makes of a registration, and the secret that another method
/// of authentication needs. Other secrets, standing, release policy and whatever
/// else is the administrator's or ours to say stay as they are.
pub fn update(
    current: &RegisteredCaller,
    update: &RegistrationUpdate,
    context: &RegistrationContext<'_>,
) -> Result<(RegisteredCaller, Option<PlainSecret>), RegistrationError> {
    let RegisteredCaller {
        caller,
        registration,
    } = current;
    if update.client_id != caller.id() {
        return Err(RegistrationError::metadata(
            "client_id is not the one of this registration: it never changes",
        ));
    }
    if let Some(secret) = &update.client_secret {
        let presented = SecretHash::of(secret.expose());
        if !caller.credentials().has_secret(&presented, context.now) {
            return Err(RegistrationError::metadata(
                "client_secret is not the current one: leave it out, and have a new one made at \
                 the client_secret below this address",
            ));
        }
    }
    let kept = registration.software.statement.as_ref();
    let request = Request::read(update.metadata.clone(), kept, context)?;
    stays_on_its_statement(&registration.approval, &request.software)?;

    let caller = match caller {
        CallerRecord::Client(client) => {
            let request = ClientRequest::read(&request.metadata, context)?;
            request.stays_within(registration, client)?;
            CallerRecord::Client(Arc::new(request.changed_record(client)))
        }
        CallerRecord::ResourceServer(server) => {
            let request = ResourceServerRequest::read(&request.metadata, context)?;
            request.stays_within(
                &registration.allowance,
                &registration.approval,
                &server.resources,
            )?;
            let changed = request.changed_record(server, context.now);
            CallerRecord::ResourceServer(Arc::new(changed))
        }
    };
    let credentials = caller.credentials();
    let lacking = credentials.lacks_secret(context.now);
    let (secret, stored) = make_secret(lacking, caller.id(), context)?.unzip();
    let caller = match stored {
        None => caller,
        Some(stored) => caller.with_credentials(Credentials::first(
            credentials.authentication.clone(),
            Some(stored),
        )),
    };
    let changed = RegisteredCaller {
        caller,
        registration: Registration {
            software: request.software,
            ..registration.clone()
        },
    };
    Ok((changed, secret))
}

/// What a statement approved, and therefore fixed, is not to be had without it:
/// it may only be followed by another of its issuer.
fn stays_on_its_statement(
    approval: &Approval,
    software: &Software,
) -> Result<(), RegistrationError> {
    let Approval::SoftwareStatement(issuer) = approval else {
        return Ok(());
    };
    match &software.statement {
        Some(statement) if statement.issuer == *issuer => Ok(()),
        _ => Err(RegistrationError::InvalidStatement(
            "this registration stands on a software statement: send it along unchanged, or a \
             newer one of the same issuer"
                .to_owned(),
        )),
    }
}
