//! The access token that a resource server gets for itself.

use avouch_oauth::confirmation::Confirmation;

use crate::id::{ResourceServerId, TokenId};
use crate::opaque_token::TokenHash;
use crate::time::Timestamp;

/// A token that names an RS as its subject and is good for introspection alone
/// (RFC 9701 section 4). It is no [`AccessToken`](super::AccessToken): nobody
/// can be asked about it, and it opens nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct CallerToken {
    /// What it is found by.
    pub hash: TokenHash,
    /// Its name, for events.
    pub id: TokenId,
    /// Whom it was issued to, and names.
    pub resource_server: ResourceServerId,
    /// The key it is bound to, if any.
    pub confirmation: Option<Confirmation>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when on it is good no longer.
    pub expires_at: Timestamp,
}

impl CallerToken {
    /// How the token is used (RFC 6749 section 7.1; RFC 9449 section 5).
    pub fn token_type(&self) -> &'static str {
        match &self.confirmation {
            Some(Confirmation { jkt: Some(_), .. }) => "DPoP",
            _ => "Bearer",
        }
    }
}
