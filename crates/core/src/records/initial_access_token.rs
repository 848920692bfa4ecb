//! Initial access tokens (RFC 7591 section 1.2): the right to register.

use serde::{Deserialize, Serialize};

use super::Allowance;
use crate::id::InitialAccessTokenId;
use crate::opaque_token::TokenHash;
use crate::time::Timestamp;

/// An initial access token, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialAccessToken {
    /// What it is found by.
    pub hash: TokenHash,
    /// Its name, for lists and logs.
    pub id: InitialAccessTokenId,
    /// What may be registered with it.
    pub allowance: Allowance,
    /// How many registrations are left; `None` is without limit.
    pub uses_left: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is good no longer, if ever.
    pub expires_at: Option<Timestamp>,
}
