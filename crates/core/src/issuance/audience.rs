//! For whom a new token is (RFC 8707 section 2.2).

use std::sync::Arc;

use avouch_oauth::resource::ResourceIdentifier;

use super::{Issuance, IssueError};
use crate::records::{AllowedResources, Client, ResourceServer};
use crate::storage::CallerStore;

/// The resources a token is good for, and everybody who serves one of them.
pub(super) struct Audience {
    /// Never empty, each once.
    pub(super) resources: Vec<ResourceIdentifier>,
    /// Never empty, each once.
    pub(super) servers: Vec<Arc<ResourceServer>>,
}

impl<S: CallerStore, K> Issuance<'_, S, K> {
    /// The audience of the new token: what was asked for, or all the client is
    /// registered for.
    pub(super) async fn audience(
        &self,
        client: &Client,
        asked: &[ResourceIdentifier],
    ) -> Result<Audience, IssueError> {
        let wanted = match (&client.resources, asked) {
            (AllowedResources::Any, []) => return Err(IssueError::NoResource),
            (AllowedResources::Only(all), _) if all.is_empty() => {
                return Err(IssueError::NoResourceOpen);
            }
            (AllowedResources::Only(all), []) => all.as_slice(),
            (AllowedResources::Any, asked) => asked,
            (AllowedResources::Only(all), asked) => {
                match asked.iter().find(|resource| !all.contains(resource)) {
                    Some(closed) => return Err(IssueError::Resource(closed.clone())),
                    None => asked,
                }
            }
        };
        let mut audience = Audience {
            resources: Vec::with_capacity(wanted.len()),
            servers: Vec::with_capacity(1),
        };
        for resource in wanted {
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
        Ok(audience)
    }
}
