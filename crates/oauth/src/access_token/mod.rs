//! JWT access tokens (RFC 9068): what the authorization server writes into one, and how a
//! resource server checks it.

mod claims;
mod verify;

pub use claims::AccessTokenClaims;
pub use verify::{AccessTokenError, AccessTokenVerifier, VerifiedAccessToken};
