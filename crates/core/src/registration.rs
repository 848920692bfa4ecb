//! Dynamic registration of clients and resource servers (RFC 7591), and its
//! management by those registered (RFC 7592).
//!
//! ```text
//! statement        whose word about software counts, and for what
//! request          metadata with the statement's word over it, within bounds
//! client, resource_server
//!                  what the metadata comes to for either kind; for a new
//!                  record and for a changed one alike
//! register         a new record, within what its approval allows
//! update           a changed record, within what its approval allowed
//! metadata         the way back: what is registered, as metadata
//! management       who may change what: the registration access token
//! hand_out         such a token for what an administrator registered
//! take_away        what an administrator takes, no update takes back
//! ```
//!
//! To take a further member, read it in `client` or `resource_server` (or in a
//! file beside them, for both) and write it in `metadata`.

mod client;
mod client_authentication;
mod details;
mod encryption;
mod hand_out;
mod management;
mod metadata;
mod redirect_uris;
mod register;
mod request;
mod resource_server;
mod statement;
mod take_away;
mod update;

use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_crypto::seal::SealError;
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_metadata::ClientMetadataError;
use avouch_oauth::jwks_uri::JwksUri;
use avouch_oauth::resource::ResourceIdentifier;
use thiserror::Error;

use crate::client_secrets::ClientSecrets;
use crate::opaque_token::TokenMint;
use crate::records::Approval;
use crate::time::Timestamp;

pub use hand_out::hand_out_registration_token;
pub use management::{
    ManagementError, Registrant, Updated, authenticate_registrant, remove_registered,
    renew_client_secret, update_registration,
};
pub use register::{Registered, register};
pub use statement::{StatementIssuer, TrustedStatements};
pub use take_away::without_what_is_taken;
pub use update::update;

/// The most entries any list in a registration may have.
const MAX_ENTRIES: usize = 32;
/// The most octets a self-asserted text may have.
const MAX_TEXT: usize = 1024;

/// Which of the addresses that strangers name keys may be fetched from.
pub trait JwksUriPolicy: Sync {
    /// Refuses an address that would never be fetched from, and says why.
    fn check(&self, uri: &JwksUri) -> Result<(), String>;
}

/// What reading a registration works with.
#[derive(Clone, Copy)]
pub struct RegistrationContext<'a> {
    /// Whose software statements count.
    pub statements: &'a TrustedStatements,
    /// The algorithms there are keys for.
    pub signing_algorithms: &'a [SignatureAlgorithm],
    /// The methods of client authentication that are offered.
    pub methods: &'a [AuthenticationMethod],
    /// Makes client secrets.
    pub secrets: &'a ClientSecrets,
    /// Where keys may be fetched from.
    pub jwks_uris: &'a dyn JwksUriPolicy,
    /// Whether this server gives encrypted answers only.
    pub encrypted_only: bool,
    /// The resource that nobody may register: the server's own admin API.
    pub reserved: Option<&'a ResourceIdentifier>,
    /// Makes registration access tokens.
    pub mint: &'a TokenMint,
    /// Where randomness comes from.
    pub random: &'a dyn SecureRandom,
    /// The instant of the request.
    pub now: Timestamp,
}

/// Why a registration or an update is refused.
#[derive(Debug, Error)]
pub enum RegistrationError {
    /// Neither an initial access token nor a software statement.
    #[error(
        "registration needs an initial access token, sent as Authorization: Bearer, or a \
         software statement of an issuer that is trusted here"
    )]
    NoApproval,
    /// `invalid_client_metadata`: what is wrong and what to send instead.
    #[error("{0}")]
    Metadata(String),
    /// `invalid_redirect_uri`.
    #[error("{0}")]
    RedirectUri(&'static str),
    /// The initial access token does not reach this far.
    #[error("{0}")]
    NotAllowed(String),
    /// `invalid_software_statement`.
    #[error("{0}")]
    InvalidStatement(String),
    /// `unapproved_software_statement`: its issuer may not approve this.
    #[error("{0}")]
    UnapprovedStatement(String),
    /// No random octets.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A secret could not be made.
    #[error(transparent)]
    Secret(#[from] SealError),
}

impl RegistrationError {
    fn metadata(text: impl Into<String>) -> Self {
        Self::Metadata(text.into())
    }

    fn unsupported(member: &str, supported: &[&str]) -> Self {
        Self::Metadata(format!(
            "{member} is not supported; supported: {}",
            supported.join(", ")
        ))
    }

    /// Whoever approved may not approve this.
    fn beyond(approval: &Approval, text: String) -> Self {
        match approval {
            Approval::SoftwareStatement(_) => Self::UnapprovedStatement(text),
            Approval::Administrator | Approval::InitialAccessToken(_) => Self::NotAllowed(text),
        }
    }
}

impl From<ClientMetadataError> for RegistrationError {
    fn from(error: ClientMetadataError) -> Self {
        Self::Metadata(error.to_string())
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
