//! What can go wrong, sorted by who is to blame: us, the network, the authorization server (AS),
//! or a statement that must not be believed.
//!
//! No error shows a token or a secret.

use crate::endpoint::EndpointError;
use crate::exchange::Exchange;
use crate::http::HttpError;
use crate::refusal::Refusal;
use crate::statement::StatementError;
use avouch_jose::mac::MacKeyError;
use avouch_jose::strict_json::JsonError;
use avouch_jose::{JwkError, SignatureAlgorithm};
use avouch_oauth::AuthenticationMethod;
use avouch_oauth::access_token::AccessTokenError;
use avouch_oauth::authorization::Scheme;
use avouch_oauth::client_assertion::AssertionAlgorithm;
use avouch_oauth::introspection::MAX_TOKEN_LENGTH;
use avouch_oauth::metadata::MetadataError;
use avouch_oauth::proof::MakeProofError;
use std::fmt;

/// Why an AS cannot be worked with.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// Ours: how this library was set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The AS does not answer.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The AS answers, but not as it has to.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// Why there is no answer about a token. **None of these says that a token is active.**
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectError {
    /// Ours: the request was not sent, or the AS refused it.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The AS does not answer.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The AS answers, but not as it has to.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// There is a statement, and it must not be believed.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// Why a JWT access token was not taken. **None of these lets a request pass.**
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenCheckError {
    /// The token must not be believed: 401 `invalid_token`.
    #[error(transparent)]
    Token(#[from] AccessTokenError),
    /// The keys were needed anew, and the AS does not answer.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The keys were needed anew, and the AS answers, but not as it has to.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// What is wrong with the setup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A `client_id` is never empty.
    #[error("the client_id is empty")]
    EmptyClientId,
    /// No signature algorithm is allowed, so nothing could ever be believed.
    #[error("no signature algorithm is allowed")]
    NoAlgorithms,
    /// The extra trust anchors are no certificates in PEM, or one of them is unsound.
    #[error("the extra trust anchors are not certificates in PEM")]
    TrustAnchor,
    /// The operating system has no certificate authorities, and none were given.
    #[error("there is no certificate authority to trust: none of the system's, none given")]
    NoTrustAnchors,
    /// The client certificate is not in PEM.
    #[error("the client certificate is not a certificate in PEM")]
    ClientCertificate,
    /// The key of the client certificate is not in PEM, not usable, or that of another one.
    #[error("the private key is not that of the client certificate, in PEM")]
    ClientKey,
    /// No key for proofs could be made.
    #[error("no key for DPoP proofs could be made")]
    ProofKey,
    /// The TLS library cannot be set up.
    #[error("TLS cannot be set up")]
    Tls,
    /// The metadata says that the AS does not take credentials this way.
    #[error(
        "the authorization server does not take {method} at its {endpoint} endpoint, but {supported}"
    )]
    MethodNotSupported {
        /// The method of the given credentials.
        method: AuthenticationMethod,
        /// Where: `introspection` or `token`.
        endpoint: &'static str,
        /// What it takes, of what has a name here.
        supported: Names,
    },
    /// The metadata says that the AS does not take assertions secured this way.
    #[error(
        "the authorization server does not take assertions secured with {algorithm} at its {endpoint} endpoint, but {supported}: use a key for one of these"
    )]
    AssertionAlgorithmNotSupported {
        /// The algorithm of the given credentials.
        algorithm: AssertionAlgorithm,
        /// Where: `introspection` or `token`.
        endpoint: &'static str,
        /// What it takes, of what is known here.
        supported: Names,
    },
    /// The metadata says that no access token is taken in this scheme.
    #[error(
        "the authorization server does not take access tokens ({scheme}) at its introspection endpoint"
    )]
    OwnTokenNotSupported {
        /// `Bearer` or `DPoP`.
        scheme: Scheme,
    },
    /// The metadata says that the AS does not take `DPoP` proofs signed this way.
    #[error(
        "the authorization server does not take DPoP proofs signed with {algorithm}, but {supported}: use a key for one of these"
    )]
    ProofAlgorithmNotSupported {
        /// The algorithm of the given key.
        algorithm: SignatureAlgorithm,
        /// What it takes, of what is known here.
        supported: Names,
    },
    /// The secret is too short to authenticate assertions with.
    #[error(transparent)]
    Secret(#[from] MacKeyError),
    /// The metadata says that the AS signs with none of the allowed algorithms.
    #[error("the authorization server signs with none of the allowed algorithms")]
    NoCommonAlgorithm,
}

/// Names out of the metadata, for people to read: only such as are known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(pub Vec<&'static str>);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            [] => f.write_str("none that is known here"),
            names => f.write_str(&names.join(", ")),
        }
    }
}

/// What is wrong with the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// There is no token to ask about.
    #[error("the token is empty")]
    EmptyToken,
    /// Longer than a token can be; not sent.
    #[error("the token is longer than {MAX_TOKEN_LENGTH} bytes")]
    TokenTooLong,
    /// No assertion or proof could be made to show who asks; not sent.
    #[error("nothing could be made to show who asks: {0}")]
    Proof(#[from] MakeProofError),
    /// The URL of the AS is none that a `DPoP` proof can be for; not sent.
    #[error("a DPoP proof cannot be for the URL that the metadata names")]
    NoTarget,
    /// The AS refused it with a 4xx status: wrong credentials, or a request it does not take.
    #[error("the request was refused: {0}")]
    Refused(Refusal),
}

/// No answer came.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{exchange} could not be had: {source}")]
#[non_exhaustive]
pub struct NetworkError {
    /// What was asked for.
    pub exchange: Exchange,
    /// Why it did not come.
    pub source: HttpError,
}

/// What is wrong with what the AS answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The AS cannot answer now, or should have answered otherwise: 429, 5xx, or anything else
    /// that is not 200.
    #[error("the authorization server did not answer: {0}")]
    Unable(Refusal),
    /// A redirect. It is not followed: the request holds credentials and a token.
    #[error("{exchange} was answered with a redirect ({status}), which is not followed")]
    Redirect {
        /// What was asked for.
        exchange: Exchange,
        /// The HTTP status.
        status: u16,
    },
    /// Plain JSON where a signed answer was asked for. Whoever believed it would believe anybody
    /// who can come between.
    #[error("the answer is plain JSON, but a signed one was asked for")]
    JsonInsteadOfJwt,
    /// An answer of another media type than asked for.
    #[error("{exchange} has the wrong content type")]
    ContentType {
        /// What was asked for.
        exchange: Exchange,
    },
    /// More than is ever needed.
    #[error("{exchange} is longer than {limit} bytes")]
    TooLong {
        /// What was asked for.
        exchange: Exchange,
        /// In bytes.
        limit: usize,
    },
    /// The signed answer is not text.
    #[error("the signed answer is not text")]
    NotText,
    /// The metadata is malformed, or speaks for another issuer (RFC 8414, section 3.3).
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The metadata has no usable URL under this name.
    #[error("{member} in the metadata {reason}")]
    Endpoint {
        /// The name in the metadata.
        member: &'static str,
        /// What is wrong with the URL.
        reason: EndpointError,
    },
    /// The published keys are not a JWK Set.
    #[error("the published keys are not usable: {0}")]
    Keys(#[from] JwkError),
    /// The answer to the request for an access token of our own is not one.
    #[error("the answer of the token endpoint is not acceptable: {0}")]
    OwnToken(JsonError),
    /// The access token is of another type than asked for: it would be refused, or is not bound.
    #[error("the token endpoint gave an access token of another type than {expected}")]
    OwnTokenType {
        /// What was asked for.
        expected: Scheme,
    },
    /// The access token is not one that a header can hold.
    #[error("the token endpoint gave an access token that cannot be sent")]
    UnusableOwnToken,
    /// A plain JSON answer that was asked for is not one.
    #[error("the answer is not acceptable: {0}")]
    Unsigned(JsonError),
}

impl ServerError {
    /// A 4xx is our doing, unless it says that there was too much of it.
    pub(crate) fn blame<E: From<RequestError> + From<Self>>(self) -> E {
        match self {
            Self::Unable(refusal) if refusal.blames_the_request() => {
                RequestError::Refused(refusal).into()
            }
            other => other.into(),
        }
    }
}

/// Why a document could not be fetched; kept, so that who comes next need not try in vain.
#[derive(Debug, Clone)]
pub(crate) enum ExchangeError {
    Network(NetworkError),
    Server(ServerError),
}

impl From<NetworkError> for ExchangeError {
    fn from(error: NetworkError) -> Self {
        Self::Network(error)
    }
}

impl From<ServerError> for ExchangeError {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl From<ExchangeError> for DiscoverError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Network(error) => Self::Network(error),
            ExchangeError::Server(error) => Self::Server(error),
        }
    }
}

impl From<ExchangeError> for AccessTokenCheckError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Network(error) => Self::Network(error),
            ExchangeError::Server(error) => Self::Server(error),
        }
    }
}

impl From<ExchangeError> for IntrospectError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Network(error) => Self::Network(error),
            ExchangeError::Server(error) => Self::Server(error),
        }
    }
}
