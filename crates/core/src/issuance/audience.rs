//! For whom a new token is: whom the request names (RFC 8707 section 2.2), or whom its scope means
//! (RFC 9701 section 3).

use std::borrow::Cow;
use std::sync::Arc;

use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;

use super::{Issuance, IssueError};
use crate::administration::is_listed;
use crate::records::{AllowedResources, Client, ResourceServer};
use crate::storage::CallerStore;

/// The resources a token is good for, and everybody who serves one of them.
pub(super) struct Audience {
    /// Never empty, each once.
    pub(super) resources: Vec<ResourceIdentifier>,
    /// Each once. Empty for the admin API alone, which this server serves itself.
    pub(super) servers: Vec<Arc<ResourceServer>>,
}

impl<S: CallerStore, K> Issuance<'_, S, K> {
    /// The audience of the new token: what was asked for; else whom its scope means; else all the
    /// client is registered for.
    pub(super) async fn audience(
        &self,
        client: &Client,
        asked: &[ResourceIdentifier],
        scope: &Scope,
    ) -> Result<Audience, IssueError> {
        let asked_for_admin = self.admin.filter(|admin| asked.contains(admin));
        if let Some(admin) = asked_for_admin {
            return admin_alone(client, asked, admin);
        }
        let wanted = self.wanted(client, asked, scope).await?;
        let mut audience = Audience {
            resources: Vec::with_capacity(wanted.len()),
            servers: Vec::with_capacity(1),
        };
        for resource in wanted.iter() {
            if self.admin == Some(resource) {
                // Listed among others, and not asked for by name.
                continue;
            }
            if audience.resources.contains(resource) {
                continue;
            }
            let servers = self.store.servers_of(resource).await?;
            if servers.is_empty() {
                return Err(IssueError::Resource(resource.clone()));
            }
            audience.resources.push(resource.clone());
            for server in servers {
                if audience.servers.iter().all(|known| known.id != server.id) {
                    audience.servers.push(server);
                }
            }
        }
        match self.admin {
            // The one resource that is listed.
            Some(admin) if audience.resources.is_empty() => admin_alone(client, &[], admin),
            _ => Ok(audience),
        }
    }

    /// The resources the token is to be for. All of them are open to the client.
    async fn wanted<'r>(
        &self,
        client: &'r Client,
        asked: &'r [ResourceIdentifier],
        scope: &Scope,
    ) -> Result<Cow<'r, [ResourceIdentifier]>, IssueError> {
        match (&client.resources, asked) {
            (AllowedResources::Only(all), _) if all.is_empty() => Err(IssueError::NoResourceOpen),
            (AllowedResources::Any, []) => {
                let meant = self.meant_by(scope, |_| true).await?;
                if meant.is_empty() {
                    return Err(IssueError::NoResource);
                }
                Ok(meant.into())
            }
            (AllowedResources::Only(all), []) => {
                let meant = self
                    .meant_by(scope, |resource| all.contains(resource))
                    .await?;
                Ok(if meant.is_empty() {
                    all.into()
                } else {
                    meant.into()
                })
            }
            (AllowedResources::Any, asked) => Ok(asked.into()),
            (AllowedResources::Only(all), asked) => {
                match asked.iter().find(|resource| !all.contains(resource)) {
                    Some(closed) => Err(IssueError::Resource(closed.clone())),
                    None => Ok(asked.into()),
                }
            }
        }
    }

    /// The resources of everybody whom a scope value means, as far as they are open.
    async fn meant_by(
        &self,
        scope: &Scope,
        is_open: impl Fn(&ResourceIdentifier) -> bool,
    ) -> Result<Vec<ResourceIdentifier>, IssueError> {
        if scope.is_empty() {
            return Ok(Vec::new());
        }
        let servers = self.store.servers_meant_by(scope).await?;
        let resources = servers.iter().flat_map(|server| &server.resources);
        Ok(resources
            .filter(|resource| is_open(resource))
            .cloned()
            .collect())
    }
}

/// The audience of a token for the admin API. It goes to nobody but a client
/// whose record names the admin API, and is for nothing else: a resource server
/// that got to see it must not be able to administer with it.
fn admin_alone(
    client: &Client,
    asked: &[ResourceIdentifier],
    admin: &ResourceIdentifier,
) -> Result<Audience, IssueError> {
    if !is_listed(&client.resources, admin) {
        return Err(IssueError::Resource(admin.clone()));
    }
    if asked.iter().any(|resource| resource != admin) {
        return Err(IssueError::AdminAlone(admin.clone()));
    }
    Ok(Audience {
        resources: vec![admin.clone()],
        servers: Vec::new(),
    })
}
