//! Why nobody was authenticated.

use avouch_oauth::client_assertion::ClientAssertionError;
use thiserror::Error;

use super::TokenFailure;
use crate::storage::StoreError;

/// Why nobody was authenticated.
#[derive(Debug, Error)]
pub enum AuthenticationError {
    /// The credentials prove nothing. On the wire every reason looks the same,
    /// but for what a caller may know of its own proof.
    #[error("client authentication failed")]
    Failed(AuthenticationFailure),
    /// The store could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The private reason of a failed authentication: for events, and for the wire
/// only as far as [`shown`](Self::shown) says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthenticationFailure {
    /// Nobody has this `client_id`.
    UnknownCaller,
    /// The caller is registered for another method.
    WrongMethod,
    /// The caller is registered for a method that is no longer offered.
    MethodNotOffered,
    /// No live secret matches.
    WrongSecret,
    /// The assertion is not one of this caller, or is not good.
    Assertion(ClientAssertionError),
    /// The assertion was used before.
    AssertionReplayed,
    /// More assertions were used than are remembered of one caller.
    TooManyAssertions,
    /// The keys of the caller cannot be fetched.
    KeysUnavailable,
    /// The secret that is kept of the caller cannot be used.
    UnusableSecret,
    /// The caller's access token proves nothing.
    Token(TokenFailure),
}

impl AuthenticationFailure {
    /// A name for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownCaller => "unknown_caller",
            Self::WrongMethod => "wrong_method",
            Self::MethodNotOffered => "method_not_offered",
            Self::WrongSecret => "wrong_secret",
            Self::Assertion(_) => "bad_assertion",
            Self::AssertionReplayed => "assertion_replayed",
            Self::TooManyAssertions => "too_many_assertions",
            Self::KeysUnavailable => "keys_unavailable",
            Self::UnusableSecret => "unusable_secret",
            Self::Token(TokenFailure::NotGood) => "bad_token",
            Self::Token(TokenFailure::NoRight) => "token_without_right",
            Self::Token(TokenFailure::Unbound) => "unbound_token",
            Self::Token(TokenFailure::Binding(_) | TokenFailure::Certificate) => "unproven_token",
            Self::Token(TokenFailure::ProofReplayed) => "proof_replayed",
            Self::Token(TokenFailure::TooManyProofs) => "too_many_proofs",
        }
    }

    /// What the caller is told beyond that it failed: what is wrong with a
    /// proof that is known to be its own, and nothing that shows who is
    /// registered and how.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Assertion(error) if error.is_of_the_client_itself() => Some(error.to_string()),
            Self::AssertionReplayed => Some(
                "the client assertion was used before: make a new one for each request".to_owned(),
            ),
            Self::TooManyAssertions => Some(
                "too many client assertions are still remembered: let them expire sooner, or \
                 authenticate with an access token"
                    .to_owned(),
            ),
            Self::Assertion(_)
            | Self::UnknownCaller
            | Self::WrongMethod
            | Self::MethodNotOffered
            | Self::WrongSecret
            | Self::KeysUnavailable
            | Self::UnusableSecret
            | Self::Token(_) => None,
        }
    }
}

impl From<AuthenticationFailure> for AuthenticationError {
    fn from(failure: AuthenticationFailure) -> Self {
        Self::Failed(failure)
    }
}
