//! Why nobody was authenticated.

use avouch_oauth::client_assertion::ClientAssertionError;
use thiserror::Error;

use super::TokenFailure;
use crate::certificate::ChainError;
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
    /// The certificate is valid no longer, or not yet.
    CertificateOutOfDate,
    /// No authority vouches for the certificate.
    UntrustedCertificate(ChainError),
    /// The certificate does not bear the registered name.
    WrongCertificateName,
    /// The certificate is none that was registered.
    CertificateNotRegistered,
}

impl AuthenticationFailure {
    /// Every name, for metrics that start at zero.
    pub const NAMES: [&str; 18] = [
        "unknown_caller",
        "wrong_method",
        "method_not_offered",
        "wrong_secret",
        "bad_assertion",
        "assertion_replayed",
        "too_many_assertions",
        "keys_unavailable",
        "unusable_secret",
        "bad_token",
        "token_without_right",
        "unproven_token",
        "proof_replayed",
        "too_many_proofs",
        "certificate_out_of_date",
        "untrusted_certificate",
        "wrong_certificate_name",
        "certificate_not_registered",
    ];

    /// Whether the id that the credentials claim is that of a registered caller. Where it is not,
    /// it is whatever a stranger made up, and reaches no log.
    pub const fn is_of_a_registered_caller(&self) -> bool {
        match self {
            Self::UnknownCaller => false,
            // Everything else is found wanting against the record of the caller.
            Self::WrongMethod
            | Self::MethodNotOffered
            | Self::WrongSecret
            | Self::Assertion(_)
            | Self::AssertionReplayed
            | Self::TooManyAssertions
            | Self::KeysUnavailable
            | Self::UnusableSecret
            | Self::Token(_)
            | Self::CertificateOutOfDate
            | Self::UntrustedCertificate(_)
            | Self::WrongCertificateName
            | Self::CertificateNotRegistered => true,
        }
    }

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
            Self::CertificateOutOfDate => "certificate_out_of_date",
            Self::UntrustedCertificate(_) => "untrusted_certificate",
            Self::WrongCertificateName => "wrong_certificate_name",
            Self::CertificateNotRegistered => "certificate_not_registered",
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
            | Self::Token(_)
            | Self::CertificateOutOfDate
            | Self::UntrustedCertificate(_)
            | Self::WrongCertificateName
            | Self::CertificateNotRegistered => None,
        }
    }
}

impl From<AuthenticationFailure> for AuthenticationError {
    fn from(failure: AuthenticationFailure) -> Self {
        Self::Failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use avouch_oauth::dpop::BindingError;

    use super::*;

    #[test]
    fn every_failure_has_one_of_the_names_and_every_name_a_failure() {
        let failures = [
            AuthenticationFailure::UnknownCaller,
            AuthenticationFailure::WrongMethod,
            AuthenticationFailure::MethodNotOffered,
            AuthenticationFailure::WrongSecret,
            AuthenticationFailure::Assertion(ClientAssertionError::OtherClient),
            AuthenticationFailure::AssertionReplayed,
            AuthenticationFailure::TooManyAssertions,
            AuthenticationFailure::KeysUnavailable,
            AuthenticationFailure::UnusableSecret,
            AuthenticationFailure::Token(TokenFailure::NotGood),
            AuthenticationFailure::Token(TokenFailure::NoRight),
            AuthenticationFailure::Token(TokenFailure::Certificate),
            AuthenticationFailure::Token(TokenFailure::ProofReplayed),
            AuthenticationFailure::Token(TokenFailure::TooManyProofs),
            AuthenticationFailure::CertificateOutOfDate,
            AuthenticationFailure::UntrustedCertificate(ChainError::of_an_unknown_issuer()),
            AuthenticationFailure::WrongCertificateName,
            AuthenticationFailure::CertificateNotRegistered,
        ];
        let names: Vec<_> = failures.iter().map(AuthenticationFailure::name).collect();
        assert_eq!(names, AuthenticationFailure::NAMES);
        let binding = TokenFailure::Binding(BindingError::NotBound);
        let binding = AuthenticationFailure::Token(binding).name();
        assert!(AuthenticationFailure::NAMES.contains(&binding));
    }
}
