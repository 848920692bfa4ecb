//! Records, decisions and storage traits of the authorization server.
//!
//! No HTTP, no SQL, no clock and no random source of its own: whoever calls
//! passes them in ([`time::Clock`], [`avouch_crypto::random::SecureRandom`]).
//!
//! The walk of one introspection runs through [`introspection`], a file per
//! step; [`records`] says what is kept, [`storage`] what every engine must
//! guarantee about it.

pub mod administration;
pub mod certificate;
pub mod client_secrets;
pub mod event;
pub mod id;
pub mod introspection;
pub mod issuance;
pub mod keys;
pub mod moving;
pub mod opaque_token;
pub mod own_tokens;
pub mod rates;
pub mod records;
pub mod registration;
pub mod revocation;
pub mod secret;
pub mod storage;
pub mod time;

pub mod apply;
mod authenticate;

pub use authenticate::{
    AuthenticatedCaller, AuthenticationError, AuthenticationFailure, AuthenticationMeans,
    PresentedAccessToken, PresentedCredentials, SecretMethod, TokenFailure, authenticate,
};
