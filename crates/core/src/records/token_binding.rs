//! Whether the access tokens of a client are bound to a key that it has to show.

use serde::{Deserialize, Serialize};

/// What a client has its tokens bound to. A proof that it shows of its own
/// accord binds in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenBinding {
    /// To whatever it shows, if it shows anything.
    #[default]
    Optional,
    /// To a key that it shows with `DPoP` (RFC 9449 section 5.2,
    /// `dpop_bound_access_tokens`).
    Dpop,
    /// To its TLS certificate (RFC 8705 section 3.4,
    /// `tls_client_certificate_bound_access_tokens`).
    Certificate,
}

impl TokenBinding {
    /// Whether nothing is demanded.
    pub fn is_optional(&self) -> bool {
        *self == Self::Optional
    }
}
