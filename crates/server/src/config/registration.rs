//! `[registration]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Registration of clients and resource servers over HTTP (RFC 7591).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationConfig {
    /// Offer the registration endpoint. An initial access token is needed in
    /// any case; registering through the admin socket is always possible.
    pub enabled: bool,
}

impl Default for RegistrationConfig {
    fn default() -> Self {
        Self { enabled: true }
    }
}
