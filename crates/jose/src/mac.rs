//! JWS with a shared secret (RFC 7518 section 3.2), which proves something to the two who know the secret alone.
//!
//! It is there for one thing: a client that authenticates with its secret without sending it. Nothing that others
//! shall believe can be made with it. [`MacAlgorithm`] is no [`SignatureAlgorithm`](crate::SignatureAlgorithm) and
//! [`MacKey`] comes from no JWK, so a public key cannot become a secret by what a header says.

mod algorithm;
mod key;
mod token;

pub use algorithm::{MacAlgorithm, UnknownMacAlgorithm};
pub use key::{MacKey, MacKeyError};
pub use token::{UnverifiedMac, VerifiedMac, VerifyMacError, sign};
