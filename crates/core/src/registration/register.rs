//! A new record of the right kind, within what its approval allows.

use std::collections::BTreeSet;
use std::sync::Arc;

use avouch_crypto::seal::SealError;
use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::resource::ResourceIdentifier;
use serde_json::{Map, Value};

use super::client::ClientRequest;
use super::request::Request;
use super::resource_server::ResourceServerRequest;
use super::{RegistrationContext, RegistrationError};
use crate::id::{ClientId, ResourceServerId};
use crate::opaque_token::{OpaqueToken, TokenKind};
use crate::records::{
    Allowance, AllowedResources, Approval, InitialAccessToken, Registration, RegistrationKinds,
    RegistrationTokens, SecretKind, SoftwareStatement,
};
use crate::secret::{PlainSecret, StoredSecret};
use crate::storage::{CallerRecord, RegisteredCaller};

/// What a registration comes to: what to keep, and what to show once.
#[derive(Debug)]
pub struct Registered {
    /// Caller and registration, to be kept.
    pub registered: RegisteredCaller,
    /// Its secret, where its method works with one.
    pub secret: Option<PlainSecret>,
    /// Its registration access token.
    pub token: OpaqueToken,
}

/// Reads a registration. It is approved by an initial access token, or without
/// one by a software statement; where both are there the token approves, and
/// the statement's values count all the same. Whether the resources are still
/// to be had is decided by the store when the record is kept.
pub fn register(
    members: Map<String, Value>,
    initial_access_token: Option<&InitialAccessToken>,
    context: &RegistrationContext<'_>,
) -> Result<Registered, RegistrationError> {
    let has_statement =
        context.statements.are_supported() && members.contains_key("software_statement");
    if initial_access_token.is_none() && !has_statement {
        return Err(RegistrationError::NoApproval);
    }
    let request = Request::read(members, None, context)?;
    let statement = request.software.statement.as_ref();
    let (approval, allowance) = approve(initial_access_token, statement, context)?;

    let metadata = &request.metadata;
    let (caller, secret) = if is_resource_server(metadata, &allowance, &approval)? {
        let request = ResourceServerRequest::read(metadata, context)?;
        request.stays_within(&allowance, &approval, &BTreeSet::new())?;
        let id = ResourceServerId::generate(context.random)?;
        let (secret, stored) = make_secret(request.secret_kind(), id.as_str(), context)?.unzip();
        let record = request.new_record(id, stored, context.now);
        (CallerRecord::ResourceServer(Arc::new(record)), secret)
    } else {
        let request = ClientRequest::read(metadata, context)?;
        let id = ClientId::generate(context.random)?;
        let resources = without(&allowance.resources, context.reserved);
        let (secret, stored) = make_secret(request.secret_kind(), id.as_str(), context)?.unzip();
        let record = request.new_record(id, resources, stored, context.now);
        (CallerRecord::Client(Arc::new(record)), secret)
    };
    let token = context.mint.mint(TokenKind::Registration, context.random)?;
    let registration = Registration {
        approval,
        allowance,
        narrowed: false,
        software: request.software,
        tokens: RegistrationTokens::new(token.hash()),
    };
    Ok(Registered {
        registered: RegisteredCaller {
            caller,
            registration,
        },
        secret,
        token,
    })
}

/// What tokens of a new client may be good for. Nobody registers himself as an
/// administrator, whatever the approval says.
fn without(allowed: &AllowedResources, reserved: Option<&ResourceIdentifier>) -> AllowedResources {
    match allowed {
        AllowedResources::Any => AllowedResources::Any,
        AllowedResources::Only(resources) => {
            let others = resources.iter().filter(|own| reserved != Some(*own));
            AllowedResources::Only(others.cloned().collect())
        }
    }
}

/// Makes a secret for `owner`, if a method works with one.
pub(super) fn make_secret(
    kind: Option<SecretKind>,
    owner: &str,
    context: &RegistrationContext<'_>,
) -> Result<Option<(PlainSecret, StoredSecret)>, SealError> {
    let make = |kind| {
        context
            .secrets
            .make(kind, owner, context.random, context.now)
    };
    kind.map(make).transpose()
}

fn approve(
    initial_access_token: Option<&InitialAccessToken>,
    statement: Option<&SoftwareStatement>,
    context: &RegistrationContext<'_>,
) -> Result<(Approval, Allowance), RegistrationError> {
    if let Some(token) = initial_access_token {
        let approval = Approval::InitialAccessToken(token.id.clone());
        return Ok((approval, token.allowance.clone()));
    }
    let issuer = &statement.ok_or(RegistrationError::NoApproval)?.issuer;
    let allowance = context.statements.allowance_of(issuer);
    let allowance = allowance.ok_or(RegistrationError::NoApproval)?;
    Ok((
        Approval::SoftwareStatement(issuer.clone()),
        allowance.clone(),
    ))
}

/// Told by the approval; by the request only where the approval leaves it open.
fn is_resource_server(
    metadata: &ClientMetadata,
    allowance: &Allowance,
    approval: &Approval,
) -> Result<bool, RegistrationError> {
    let reads_as_resource_server =
        !metadata.resource.is_empty() || metadata.grant_types.as_ref().is_some_and(Vec::is_empty);
    match allowance.kinds {
        RegistrationKinds::Both => Ok(reads_as_resource_server),
        RegistrationKinds::ResourceServers => Ok(true),
        RegistrationKinds::Clients if metadata.resource.is_empty() => Ok(false),
        RegistrationKinds::Clients => Err(RegistrationError::beyond(
            approval,
            "this approval registers clients only; a request with resource registers a resource \
             server"
                .to_owned(),
        )),
    }
}
