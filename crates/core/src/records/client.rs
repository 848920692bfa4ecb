//! Clients: those who get tokens. They never learn what a token is worth.

use std::collections::BTreeSet;
use std::time::Duration;

use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde::{Deserialize, Serialize};

use super::{Credentials, TokenBinding, TokenFormat};
use crate::id::ClientId;
use crate::time::Timestamp;

/// A registered client (RFC 6749 section 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// Name and links for people.
    pub details: PublicDetails,
    /// How it proves itself.
    pub credentials: Credentials,
    /// How it may get tokens.
    pub grant_types: BTreeSet<GrantType>,
    /// The most it may be granted for itself.
    pub scope: Scope,
    /// The resources its tokens may be good for.
    pub resources: AllowedResources,
    /// Overrides the server's life time of access tokens.
    pub access_token_lifetime: Option<Duration>,
    /// The form of its access tokens where the RS leaves it open; `None` for
    /// the server's default.
    pub access_token_format: Option<TokenFormat>,
    /// What its access tokens are bound to.
    pub token_binding: TokenBinding,
    /// When it was registered.
    pub registered_at: Timestamp,
}

/// A grant type this server knows (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 section 4.4.
    ClientCredentials,
}

impl GrantType {
    /// Every grant type that really works.
    pub const ALL: &'static [Self] = &[Self::ClientCredentials];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// The grant type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }
}

/// Where a client may ask to use its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedResources {
    /// Any registered resource; each token request has to name its own.
    Any,
    /// These; a token request that names none gets them all.
    Only(Vec<ResourceIdentifier>),
}

/// What people are shown about a caller (RFC 7591 section 2; RFC 9701 section 3).
/// Self-asserted: shown, never trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicDetails {
    /// `client_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `client_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// `contacts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// `tos_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// `policy_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
}
