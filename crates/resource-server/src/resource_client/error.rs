//! Why a protected resource could not be called.

use crate::error::{ExchangeError, Names, NetworkError, RequestError, ServerError, SetupError};
use crate::refusal::Refusal;
use avouch_oauth::Issuer;
use avouch_oauth::protected_resource::ProtectedResourceError;

/// Why there is no answer of a protected resource. None of them shows a token or a secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Ours: how this client was set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Not `https`, nor `http` on a loopback host; or with a query, or user information.
    #[error(
        "the resource is not at an https URL, nor at an http URL of a loopback host: no token \
         is sent there"
    )]
    NotUrl,
    /// What answers there publishes no metadata of a protected resource.
    #[error("there is no protected resource: {0}")]
    NotAResource(Refusal),
    /// Metadata that is malformed, or of another resource than that asked for.
    #[error(transparent)]
    ResourceMetadata(#[from] ProtectedResourceError),
    /// The resource takes access tokens of other servers than that the credentials are for.
    #[error(
        "the protected resource takes access tokens of {}, and the credentials are for {issuer}: \
         they were sent nowhere", list(.takes)
    )]
    OtherIssuer {
        /// Whose it takes.
        takes: Vec<Issuer>,
        /// Whose credentials these are.
        issuer: Issuer,
    },
    /// The token endpoint is on another host than the issuer, and nobody said that it may be.
    #[error(
        "the metadata of {issuer} names a token endpoint on another host, {endpoint}: nothing was \
         sent there"
    )]
    OtherHost {
        /// As the metadata has it, shortened.
        endpoint: String,
        /// Whose metadata it is.
        issuer: Issuer,
    },
    /// No proof can be made that both the resource and its server take.
    #[error("no DPoP proof can be made here that they take: they take {supported}")]
    NoProofAlgorithm {
        /// What they take, of what is known here.
        supported: Names,
    },
    /// There are neither credentials nor a certificate.
    #[error("there is nothing to prove with who calls: neither credentials nor a certificate")]
    NoCredentials,
    /// The request to be sent names something else than a path below the resource.
    #[error("the request is not for a path of the protected resource")]
    Target,
    /// No scope was named that would do.
    #[error("no scope is named to ask for a token with")]
    NoScope,
    /// Ours: a request was not sent, or the authorization server refused to give a token.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No answer came, or not all of it.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// An answer that is not as it has to be.
    #[error(transparent)]
    Server(#[from] ServerError),
}

impl From<ExchangeError> for CallError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Network(error) => Self::Network(error),
            ExchangeError::Server(error) => Self::Server(error),
        }
    }
}

/// The most issuers that an error lists.
const MOST_LISTED: usize = 3;

fn list(issuers: &[Issuer]) -> String {
    let names: Vec<_> = issuers
        .iter()
        .take(MOST_LISTED)
        .map(Issuer::as_str)
        .collect();
    match names[..] {
        [] => "no server that it names".to_owned(),
        _ => names.join(", "),
    }
}
