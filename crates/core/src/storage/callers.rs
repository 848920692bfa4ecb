//! Clients and resource servers.

use std::sync::Arc;

use super::{Changed, StoreError};
use crate::id::ResourceServerId;
use crate::records::{
    AccessTokenProfile, Client, Credentials, JwtProfile, ReleasePolicy, ResourceServer,
    ResourceSharing, Revision,
};
use crate::time::Timestamp;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;

/// What a `client_id` leads to. Which kind it is never changes.
#[derive(Clone, Debug, PartialEq)]
pub enum CallerRecord {
    /// A client.
    Client(Arc<Client>),
    /// A resource server.
    ResourceServer(Arc<ResourceServer>),
}

impl CallerRecord {
    /// The `client_id`.
    pub fn id(&self) -> &str {
        match self {
            Self::Client(client) => client.id.as_str(),
            Self::ResourceServer(resource_server) => resource_server.id.as_str(),
        }
    }

    /// How it proves itself.
    pub fn credentials(&self) -> &Credentials {
        match self {
            Self::Client(client) => &client.credentials,
            Self::ResourceServer(resource_server) => &resource_server.credentials,
        }
    }

    /// The same caller with other credentials.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        match self {
            Self::Client(client) => Self::Client(Arc::new(Client {
                credentials,
                ..Client::clone(client)
            })),
            Self::ResourceServer(resource_server) => {
                Self::ResourceServer(Arc::new(ResourceServer {
                    credentials,
                    ..ResourceServer::clone(resource_server)
                }))
            }
        }
    }

    /// When it was registered.
    pub fn registered_at(&self) -> Timestamp {
        match self {
            Self::Client(client) => client.registered_at,
            Self::ResourceServer(resource_server) => resource_server.registered_at,
        }
    }
}

/// Where a list goes on: after this id, in the order of ids.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The last id of the page before; `None` for the first page.
    pub after: Option<&'a str>,
    /// The most entries to return.
    pub limit: u32,
}

/// The history of how an RS's answers were secured, what it could learn, and
/// how its access tokens were made.
#[derive(Clone, Debug)]
pub struct RevisionHistory {
    /// Every profile, oldest first.
    pub profiles: Vec<Revision<JwtProfile>>,
    /// Every release policy, oldest first.
    pub policies: Vec<Revision<ReleasePolicy>>,
    /// Every access token profile, oldest first.
    pub access_tokens: Vec<Revision<AccessTokenProfile>>,
}

/// Keeps clients and resource servers: two registries, one name space of ids.
pub trait CallerStore {
    /// Finds whoever has this `client_id`, removed ones excepted. On the path
    /// of every request: answered from a cache where it can be, on the terms of
    /// [`super::TokenStore::find`].
    fn find_caller(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<CallerRecord>, StoreError>> + Send;

    /// The same, never answered from a cache: for whoever is to change it.
    fn current_caller(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<CallerRecord>, StoreError>> + Send;

    /// Keeps a new client. `Conflict` if the id is or ever was in use.
    fn insert_client(&self, client: &Client)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps a new RS with the first revisions of its profiles and policy.
    /// `Conflict` if the id is or ever was in use, or if `sharing` is exclusive
    /// and another RS serves one of the resources.
    fn insert_resource_server(
        &self,
        resource_server: &ResourceServer,
        sharing: ResourceSharing,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Compares and sets: puts `to` in the place of `from` if the record still
    /// is what `from` says, to the last member: so no change is lost, on
    /// whichever node it was made. Both must have one id and kind.
    ///
    /// A profile or policy of an RS whose revision number is one above the
    /// stored one is appended to the history; one whose number is the stored
    /// one must be unchanged; any other is a `Conflict`. So is a resource that
    /// another RS serves, if `sharing` is exclusive and `from` did not serve it.
    fn change_caller(
        &self,
        from: &CallerRecord,
        to: &CallerRecord,
        sharing: ResourceSharing,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;

    /// Removes a caller if its record still is what `from` says. In the same
    /// transaction its secrets and its registration go, the tokens of a client
    /// die, the resources of an RS are free again. The history of an RS stays;
    /// the id is not given again.
    fn remove_caller(
        &self,
        from: &CallerRecord,
        at: Timestamp,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;

    /// Clients in the order of their ids.
    fn list_clients(
        &self,
        page: Page<'_>,
    ) -> impl Future<Output = Result<Vec<Arc<Client>>, StoreError>> + Send;

    /// RSs in the order of their ids.
    fn list_resource_servers(
        &self,
        page: Page<'_>,
    ) -> impl Future<Output = Result<Vec<Arc<ResourceServer>>, StoreError>> + Send;

    /// Every revision of an RS's profiles and policy, removed RSs included.
    fn resource_server_history(
        &self,
        id: &ResourceServerId,
    ) -> impl Future<Output = Result<RevisionHistory, StoreError>> + Send;

    /// Whether some RS serves this resource.
    fn is_served(
        &self,
        resource: &ResourceIdentifier,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The RSs that serve this resource, in the order of their ids; none if it
    /// is not served. On the path of every issue: which they are comes from
    /// the engine, their records from a cache where they can.
    fn servers_of(
        &self,
        resource: &ResourceIdentifier,
    ) -> impl Future<Output = Result<Vec<Arc<ResourceServer>>, StoreError>> + Send;

    /// The RSs that one of these scope values means
    /// ([`AccessTokenProfile::for_scopes`]), each once, in the order of their ids.
    fn servers_meant_by(
        &self,
        scope: &Scope,
    ) -> impl Future<Output = Result<Vec<Arc<ResourceServer>>, StoreError>> + Send;
}
