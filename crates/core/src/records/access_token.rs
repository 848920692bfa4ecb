//! Access tokens, and what a look-up of one brings back.

use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::confirmation::Confirmation;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde::{Deserialize, Serialize};

use super::{Epochs, UnderlyingGrant};
use crate::id::{ClientId, GrantId, TokenId};
use crate::opaque_token::TokenHash;
use crate::time::Timestamp;

/// One access token (RFC 6749 section 1.4), without the token itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessToken {
    /// What it is found by.
    pub hash: TokenHash,
    /// Its `jti`.
    pub id: TokenId,
    /// The grant it was issued under; subject, claims and legal basis stand there.
    pub grant: GrantId,
    /// The client it was issued to.
    pub client: ClientId,
    /// What it allows; never more than the grant's scope.
    pub scope: Scope,
    /// The resources it is good for (RFC 8707); never empty.
    pub audience: Vec<ResourceIdentifier>,
    /// What it allows in detail (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// The key it is bound to, if any (RFC 7800).
    pub confirmation: Option<Confirmation>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when on it is good, if not at once.
    pub not_before: Option<Timestamp>,
    /// From when on it is good no longer.
    pub expires_at: Timestamp,
    /// When it was revoked by itself, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl AccessToken {
    /// How the token is used (RFC 6749 section 7.1; RFC 9449 section 6.2).
    pub fn token_type(&self) -> &'static str {
        match &self.confirmation {
            Some(Confirmation { jkt: Some(_), .. }) => "DPoP",
            _ => "Bearer",
        }
    }
}

/// What the judgement of a token needs to know of the client it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerState {
    /// The client stands.
    Registered,
    /// The client was removed, and its tokens with it.
    Removed,
}

/// A token with the state of everything it hangs on, as of one instant.
#[derive(Clone, Debug)]
pub struct FoundToken {
    /// The token.
    pub token: AccessToken,
    /// What of its grant an answer is made of.
    pub grant: UnderlyingGrant,
    /// Its client's state.
    pub client: CallerState,
    /// The epochs it was issued in. It is dead as soon as one of them is over.
    pub issued_in: Epochs,
    /// The epochs there are.
    pub current: Epochs,
    /// All tokens that bear this instant as that of their issue, or an earlier
    /// one, are dead: an administrator has named it. By this alone a token is
    /// judged by what a clock said.
    pub all_revoked_until: Option<Timestamp>,
}
