//! What metadata comes to for a client.

use std::collections::BTreeSet;

use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::scope::Scope;

use super::{RegistrationContext, RegistrationError, client_authentication, details};
use crate::id::ClientId;
use crate::records::{
    AllowedResources, Approval, Client, ClientAuthentication, Credentials, GrantType,
    PublicDetails, Registration, SecretKind, TokenBinding,
};
use crate::secret::StoredSecret;
use crate::time::Timestamp;

/// All that a client says of itself.
#[derive(Debug)]
pub(super) struct ClientRequest {
    details: PublicDetails,
    authentication: ClientAuthentication,
    grant_types: BTreeSet<GrantType>,
    scope: Scope,
    token_binding: TokenBinding,
}

impl ClientRequest {
    pub(super) fn read(
        metadata: &ClientMetadata,
        context: &RegistrationContext<'_>,
    ) -> Result<Self, RegistrationError> {
        if !metadata.resource.is_empty() {
            return Err(RegistrationError::metadata(
                "a client serves no resource: resource is for resource servers",
            ));
        }
        if metadata.introspection_signed_response_alg.is_some()
            || metadata.introspection_encrypted_response_alg.is_some()
            || metadata.introspection_encrypted_response_enc.is_some()
        {
            return Err(RegistrationError::metadata(
                "introspection answers go to resource servers: register one with resource",
            ));
        }
        let response_types = metadata.response_types.as_deref().unwrap_or_default();
        if !response_types.is_empty() {
            return Err(RegistrationError::metadata(
                "no response type works with these grant_types: send []",
            ));
        }
        Ok(Self {
            details: details::read(metadata)?,
            authentication: client_authentication::read(metadata, context)?,
            grant_types: grant_types(metadata)?,
            scope: metadata.scope.clone().unwrap_or_default(),
            token_binding: token_binding(metadata)?,
        })
    }

    /// The kind of secret that has to be made for it, if it needs one.
    pub(super) const fn secret_kind(&self) -> Option<SecretKind> {
        self.authentication.secret_kind()
    }

    /// The record of a new client.
    pub(super) fn new_record(
        self,
        id: ClientId,
        resources: AllowedResources,
        secret: Option<StoredSecret>,
        now: Timestamp,
    ) -> Client {
        Client {
            id,
            details: self.details,
            credentials: Credentials::first(self.authentication, secret),
            grant_types: self.grant_types,
            scope: self.scope,
            resources,
            access_token_lifetime: None,
            access_token_format: None,
            token_binding: self.token_binding,
            registered_at: now,
        }
    }

    /// Checks that a client which an administrator made, or took something
    /// from, gives itself nothing: scope and grants were chosen for it. It may
    /// keep what it has, and give it up. Any other may take what it could have
    /// registered with in the first place, for no approval says anything of
    /// scope; that a software statement fixes what it names is seen to before.
    pub(super) fn stays_within(
        &self,
        registration: &Registration,
        current: &Client,
    ) -> Result<(), RegistrationError> {
        let is_chosen_for_it =
            registration.approval == Approval::Administrator || registration.narrowed;
        if !is_chosen_for_it
            || (self.scope.is_subset(&current.scope)
                && self.grant_types.is_subset(&current.grant_types))
        {
            return Ok(());
        }
        Err(RegistrationError::NotAllowed(
            "an administrator chose scope and grant_types of this client: it may give up what it \
             has, and take no others"
                .to_owned(),
        ))
    }

    /// The record of a client that changes. What is not its own to say stays.
    pub(super) fn changed_record(self, current: &Client) -> Client {
        Client {
            details: self.details,
            credentials: current.credentials.with_authentication(self.authentication),
            grant_types: self.grant_types,
            scope: self.scope,
            id: current.id.clone(),
            resources: current.resources.clone(),
            access_token_lifetime: current.access_token_lifetime,
            access_token_format: current.access_token_format,
            token_binding: self.token_binding,
            registered_at: current.registered_at,
        }
    }
}

fn token_binding(metadata: &ClientMetadata) -> Result<TokenBinding, RegistrationError> {
    match (
        metadata.dpop_bound_access_tokens,
        metadata.tls_client_certificate_bound_access_tokens,
    ) {
        (false, false) => Ok(TokenBinding::Optional),
        (true, false) => Ok(TokenBinding::Dpop),
        (false, true) => Ok(TokenBinding::Certificate),
        (true, true) => Err(RegistrationError::metadata(
            "dpop_bound_access_tokens and tls_client_certificate_bound_access_tokens exclude each \
             other here: choose one",
        )),
    }
}

fn grant_types(metadata: &ClientMetadata) -> Result<BTreeSet<GrantType>, RegistrationError> {
    let supported = || {
        let names: Vec<_> = GrantType::ALL.iter().map(|grant| grant.name()).collect();
        names.join(", ")
    };
    let Some(names) = &metadata.grant_types else {
        return Err(RegistrationError::metadata(format!(
            "grant_types is missing and its default, authorization_code, is not supported; \
             supported: {}",
            supported()
        )));
    };
    names
        .iter()
        .map(|name| {
            GrantType::from_name(name).ok_or_else(|| {
                RegistrationError::metadata(format!(
                    "a grant type in grant_types is not supported; supported: {}",
                    supported()
                ))
            })
        })
        .collect()
}
