//! Where the public keys of a client or resource server are found.

use avouch_jose::JwkSet;
use avouch_oauth::jwks_uri::JwksUri;

/// Keys by value or by reference, never both (RFC 7591 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Registered by value (`jwks`).
    Keys(JwkSet),
    /// Published by their owner (`jwks_uri`).
    Uri(JwksUri),
}
