//! What an operator writes down about clients and resource servers.

use std::collections::BTreeSet;
use std::time::Duration;

use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Suspension;
use crate::id::{ClientId, ResourceServerId};
use crate::records::{
    AccessTokenProfile, AllowedResources, Client, ClientAuthentication, Credentials, GrantType,
    JwtProfile, KeySource, ProfileError, PublicDetails, Recipient, ReleasePolicy, ResourceServer,
    Revision, Standing, StatementEncryption, TokenBinding, TokenFormat,
};
use crate::time::Timestamp;

/// Clients and resource servers, as a file names them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// `[[client]]` tables.
    #[serde(default, rename = "client", skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientDescription>,
    /// `[[resource_server]]` tables.
    #[serde(
        default,
        rename = "resource_server",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resource_servers: Vec<ResourceServerDescription>,
}

/// One client. Only `id` is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientDescription {
    /// Its `client_id`.
    pub id: ClientId,
    /// Name and links for people.
    #[serde(default)]
    pub details: PublicDetails,
    /// How it proves itself: the name of a method, or a table with the method
    /// and what belongs to it. `client_secret_basic` if left out.
    #[serde(default)]
    pub authentication: ClientAuthentication,
    /// Which grants it may use; none if its tokens are ordered for it.
    #[serde(default)]
    pub grant_types: BTreeSet<GrantType>,
    /// The most it may be granted.
    #[serde(default)]
    pub scope: Scope,
    /// The resources its tokens may be good for: `"any"`, or a list.
    #[serde(default)]
    pub resources: AccessDescription,
    /// Life time of its access tokens in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u64>,
    /// `opaque` or `jwt`, where the resource server leaves it open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<TokenFormat>,
    /// What its access tokens are bound to: `optional`, `dpop` or `certificate`.
    #[serde(default, skip_serializing_if = "TokenBinding::is_optional")]
    pub token_binding: TokenBinding,
}

/// `"any"`, or a list of resource identifiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "resources is \"any\" or a list of resource identifiers"
)]
pub enum AccessDescription {
    /// These.
    Only(Vec<ResourceIdentifier>),
    /// Any.
    Any(AnyResource),
}

/// The word `any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyResource {
    /// Any registered resource.
    Any,
}

impl Default for AccessDescription {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

/// One resource server. `id` and `resources` are needed; what is left out of
/// `policy` is not released.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceServerDescription {
    /// The `client_id` it presents.
    pub id: ResourceServerId,
    /// Name and links for people.
    #[serde(default)]
    pub details: PublicDetails,
    /// How it proves itself: the name of a method, or a table with the method
    /// and what belongs to it. `client_secret_basic` if left out.
    #[serde(default)]
    pub authentication: ClientAuthentication,
    /// The resources it serves.
    pub resources: BTreeSet<ResourceIdentifier>,
    /// `client_credentials` for one that gets itself a token for introspection;
    /// none if it presents its credentials each time.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grant_types: BTreeSet<GrantType>,
    /// Whether other RSs may serve these resources too.
    #[serde(default)]
    pub shared: bool,
    /// The reason why it is stopped from asking, or `false` to let it ask again; left out, its
    /// standing stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Suspension>,
    /// How its answers are secured.
    #[serde(default)]
    pub profile: JwtProfile,
    /// What it may learn.
    #[serde(default)]
    pub policy: ReleasePolicy,
    /// Which access tokens are for it, and how they are made.
    #[serde(default)]
    pub access_tokens: AccessTokenProfile,
}

/// What is wrong with a description beyond its syntax.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DescriptionError {
    /// A `client_id` stands twice.
    #[error("{0} is described twice; clients and resource servers share one name space")]
    Twice(String),
    /// Two sets of keys for one caller.
    #[error(
        "{0}: authentication and encryption name different keys; a resource server has one set of \
         keys, by value or at one jwks_uri"
    )]
    TwoKeySources(ResourceServerId),
    /// An RS that serves nothing.
    #[error("{0}: a resource server needs at least one resource identifier")]
    NoResources(ResourceServerId),
    /// An RS that is not cleared, and nobody says why.
    #[error("{0}: policy.not_cleared is the reason why; leave it out if it is cleared")]
    NoReason(ResourceServerId),
    /// A profile whose switches contradict each other.
    #[error("{0}: {1}")]
    Profile(ResourceServerId, ProfileError),
    /// A life time of zero.
    #[error("{0}: access_token_lifetime must be at least 1 second")]
    Lifetime(ClientId),
    /// A claim that is to travel inside tokens but is not released.
    #[error(
        "{id}: access_tokens.claims names {claim}, which policy.claims does not release; \
             name it there too, or leave it out here"
    )]
    NotReleased {
        /// Whose.
        id: ResourceServerId,
        /// Which.
        claim: String,
    },
}

impl Description {
    /// Checks what the syntax cannot say.
    pub fn check(&self) -> Result<(), DescriptionError> {
        let mut seen = BTreeSet::new();
        let ids = self.clients.iter().map(|client| client.id.as_str()).chain(
            self.resource_servers
                .iter()
                .map(|server| server.id.as_str()),
        );
        for id in ids {
            if !seen.insert(id) {
                return Err(DescriptionError::Twice(id.to_owned()));
            }
        }
        self.clients.iter().try_for_each(ClientDescription::check)?;
        self.resource_servers
            .iter()
            .try_for_each(ResourceServerDescription::check)
    }
}

impl ClientDescription {
    /// Checks what the syntax cannot say.
    pub fn check(&self) -> Result<(), DescriptionError> {
        if self.access_token_lifetime == Some(0) {
            return Err(DescriptionError::Lifetime(self.id.clone()));
        }
        Ok(())
    }

    /// The record of a client as described.
    pub fn to_record(&self, credentials: Credentials, now: Timestamp) -> Client {
        Client {
            id: self.id.clone(),
            details: self.details.clone(),
            credentials,
            grant_types: self.grant_types.clone(),
            scope: self.scope.clone(),
            resources: match &self.resources {
                AccessDescription::Any(_) => AllowedResources::Any,
                AccessDescription::Only(resources) => AllowedResources::Only(resources.clone()),
            },
            access_token_lifetime: self.access_token_lifetime.map(Duration::from_secs),
            access_token_format: self.access_token_format,
            token_binding: self.token_binding,
            registered_at: now,
        }
    }

    /// A client as it would be described.
    pub fn of(client: &Client) -> Self {
        Self {
            id: client.id.clone(),
            details: client.details.clone(),
            authentication: client.credentials.authentication.clone(),
            grant_types: client.grant_types.clone(),
            scope: client.scope.clone(),
            resources: match &client.resources {
                AllowedResources::Any => AccessDescription::Any(AnyResource::Any),
                AllowedResources::Only(resources) => AccessDescription::Only(resources.clone()),
            },
            access_token_lifetime: client
                .access_token_lifetime
                .map(|lifetime| lifetime.as_secs()),
            access_token_format: client.access_token_format,
            token_binding: client.token_binding,
        }
    }
}

impl ResourceServerDescription {
    /// Checks what the syntax cannot say.
    pub fn check(&self) -> Result<(), DescriptionError> {
        if self.resources.is_empty() {
            return Err(DescriptionError::NoResources(self.id.clone()));
        }
        let reason = self.policy.not_cleared.as_deref();
        if reason.is_some_and(|reason| reason.trim().is_empty()) {
            return Err(DescriptionError::NoReason(self.id.clone()));
        }
        self.profile
            .check()
            .map_err(|error| DescriptionError::Profile(self.id.clone(), error))?;
        if !self.has_one_set_of_keys() {
            return Err(DescriptionError::TwoKeySources(self.id.clone()));
        }
        let released = &self.policy.claims;
        match self.access_tokens.claims.difference(released).next() {
            Some(claim) => Err(DescriptionError::NotReleased {
                id: self.id.clone(),
                claim: claim.clone(),
            }),
            None => Ok(()),
        }
    }

    fn has_one_set_of_keys(&self) -> bool {
        let encryption = self.profile.encryption.as_ref();
        let recipient = encryption.map(StatementEncryption::recipient);
        match (self.authentication.keys(), recipient) {
            (None, _) | (_, None) => true,
            (Some(KeySource::Keys(keys)), Some(Recipient::Keys { set, .. })) => keys == set,
            (Some(KeySource::Uri(one)), Some(Recipient::Uri(other))) => one == other,
            (Some(KeySource::Keys(_)), Some(Recipient::Uri(_)))
            | (Some(KeySource::Uri(_)), Some(Recipient::Keys { .. })) => false,
        }
    }

    /// Whether it may ask, as described.
    pub fn standing(&self) -> Standing {
        match &self.suspended {
            None | Some(Suspension::Lifted) => Standing::Good,
            Some(Suspension::For(reason)) => Standing::Suspended {
                reason: reason.clone(),
            },
        }
    }

    /// The same, with what it leaves out taken from what is there.
    #[must_use]
    pub fn in_the_place_of(&self, current: &Self) -> Self {
        let suspended = match (&self.suspended, &current.suspended) {
            (None, standing) => standing.clone(),
            (Some(Suspension::Lifted), None) => None,
            (described, _) => described.clone(),
        };
        Self {
            suspended,
            ..self.clone()
        }
    }

    /// The record of a new RS as described.
    pub fn to_record(&self, credentials: Credentials, now: Timestamp) -> ResourceServer {
        ResourceServer {
            id: self.id.clone(),
            details: self.details.clone(),
            credentials,
            resources: self.resources.clone(),
            grant_types: self.grant_types.clone(),
            standing: self.standing(),
            profile: Revision::first(self.profile.clone(), now),
            policy: Revision::first(self.policy.clone(), now),
            access_tokens: Revision::first(self.access_tokens.clone(), now),
            registered_at: now,
        }
    }

    /// An RS as it would be described. Whether it shares its resources is not
    /// kept with it, so that is taken from `shared`.
    pub fn of(server: &ResourceServer, shared: bool) -> Self {
        Self {
            id: server.id.clone(),
            details: server.details.clone(),
            authentication: server.credentials.authentication.clone(),
            resources: server.resources.clone(),
            grant_types: server.grant_types.clone(),
            shared,
            suspended: match &server.standing {
                Standing::Good => None,
                Standing::Suspended { reason } => Some(Suspension::For(reason.clone())),
            },
            profile: server.profile.value.clone(),
            policy: server.policy.value.clone(),
            access_tokens: server.access_tokens.value.clone(),
        }
    }
}
