//! Initial access tokens (RFC 7591 section 1.2).

use std::num::NonZeroU32;

use avouch_core::apply::AccessDescription;
use avouch_core::id::InitialAccessTokenId;
use avouch_core::records::{RegistrationKinds, ResourceSharing};
use avouch_oauth::secret::IssuedSecret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// Orders an initial access token: the right to register.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInitialAccessToken {
    /// Whom it may register.
    #[schemars(with = "schema::Kinds")]
    pub kinds: RegistrationKinds,
    /// The resources it may give away: `"any"`, or a list.
    #[schemars(with = "schema::Access")]
    pub resources: AccessDescription,
    /// Whether a resource that another resource server serves already may be
    /// given again; `exclusive` (not) if left out.
    #[serde(default = "exclusive")]
    #[schemars(with = "schema::Sharing")]
    pub sharing: ResourceSharing,
    /// How many registrations it is good for: a number, or `"unlimited"`; 1 if
    /// left out.
    #[serde(default)]
    pub uses: Uses,
    /// Seconds it is good for; for ever if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

const fn exclusive() -> ResourceSharing {
    ResourceSharing::Exclusive
}

/// A number of uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "uses is a number from 1 on, or \"unlimited\"")]
pub enum Uses {
    /// So many.
    Times(NonZeroU32),
    /// Without limit.
    Unlimited(Unlimited),
}

/// The word `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unlimited {
    /// Without limit.
    Unlimited,
}

impl Uses {
    /// Without limit.
    pub const UNLIMITED: Self = Self::Unlimited(Unlimited::Unlimited);
}

impl Default for Uses {
    fn default() -> Self {
        Self::Times(NonZeroU32::MIN)
    }
}

/// An initial access token that was made and is durably kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CreatedInitialAccessToken {
    /// The token itself: given out this once.
    #[schemars(with = "String")]
    pub initial_access_token: IssuedSecret,
    /// Its name, for lists and logs.
    #[schemars(with = "schema::Identifier")]
    pub id: InitialAccessTokenId,
    /// From when on it is good no longer, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

/// Every initial access token that was not removed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InitialAccessTokenList {
    /// In the order of their ids.
    pub initial_access_tokens: Vec<InitialAccessTokenEntry>,
}

/// An initial access token, without what it is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InitialAccessTokenEntry {
    /// Its name.
    #[schemars(with = "schema::Identifier")]
    pub id: InitialAccessTokenId,
    /// Whom it may register.
    #[schemars(with = "schema::Kinds")]
    pub kinds: RegistrationKinds,
    /// The resources it may give away.
    #[schemars(with = "schema::Access")]
    pub resources: AccessDescription,
    /// Whether they may belong to another already.
    #[schemars(with = "schema::Sharing")]
    pub sharing: ResourceSharing,
    /// How many registrations are left; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
    /// When it was made.
    pub created_at: u64,
    /// From when on it is good no longer, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}
