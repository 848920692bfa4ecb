//! `[registration]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::Seconds;
use super::conflict::Conflict;
use super::issuer::Issuer;
use super::software_statements::{self, SoftwareStatementIssuer};

/// Registration of clients and resource servers over HTTP (RFC 7591), and its
/// management by those registered (RFC 7592).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationConfig {
    /// Offer the registration endpoint and the management of what it
    /// registered. An initial access token or an approved software statement
    /// is needed in any case; registering through the admin socket is always
    /// possible.
    pub enabled: bool,
    /// Seconds for which the older secrets of a client or resource server work
    /// on after it had a new one made by itself.
    pub secret_overlap: Seconds<0, 31_536_000>,
    /// Those whose software statements (RFC 7591 section 2.3) are trusted, each
    /// under a header `[[registration.software_statement_issuers]]`. A
    /// statement approves a registration like an initial access token, within
    /// what its issuer may approve; what it says beats what the registrant
    /// says. It is no secret and not used up: whoever has one can register with
    /// it, again and again, until it expires. Where nobody is trusted,
    /// statements are ignored.
    pub software_statement_issuers: Vec<SoftwareStatementIssuer>,
}

impl Default for RegistrationConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            secret_overlap: const { Seconds::literal(86_400) },
            software_statement_issuers: Vec::new(),
        }
    }
}

impl RegistrationConfig {
    pub(super) fn conflicts(&self, own: &Issuer, found: &mut Vec<Conflict>) {
        software_statements::conflicts(&self.software_statement_issuers, own, found);
    }
}
