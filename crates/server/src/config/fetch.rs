//! `[fetch]`

use std::path::PathBuf;

use avouch_fetch::{Network, Policy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conflict::Conflict;

/// Where the server fetches the keys that clients and resource servers publish
/// (`jwks_uri`).
///
/// Whoever may register one makes the server send a request, so it goes to
/// public addresses over https and nowhere else, unless you say so here. It
/// follows no redirect and asks no proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FetchConfig {
    /// Networks of your own that may be asked too, for resource servers with
    /// private addresses. Keep everything out that must not get requests from
    /// whoever may register.
    #[schemars(with = "Vec<String>", example = ["10.20.0.0/16"])]
    pub networks: Vec<Network>,
    /// Hosts of your own whose names may lead to private addresses. A loopback
    /// or link-local address is not believed of them.
    #[schemars(example = ["keys.corp.example"])]
    pub hosts: Vec<String>,
    /// PEM file with further certificate authorities to trust there, for
    /// resource servers with certificates of your own making.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/avouch/authorities.pem")]
    pub trust_anchors_file: Option<PathBuf>,
}

impl FetchConfig {
    /// What may be fetched: all that `base` allows, and what is stated here.
    pub fn policy(&self, base: Policy) -> Result<Policy, avouch_fetch::HostError> {
        let policy = self
            .networks
            .iter()
            .fold(base, |policy, network| policy.and_network(*network));
        self.hosts
            .iter()
            .try_fold(policy, |policy, host| policy.and_host(host))
    }

    pub(super) fn conflicts(&self, found: &mut Vec<Conflict>) {
        if let Err(error) = self.policy(Policy::public_hosts()) {
            found.push(Conflict {
                keys: &["fetch.hosts"],
                message: error.to_string(),
            });
        }
    }
}
