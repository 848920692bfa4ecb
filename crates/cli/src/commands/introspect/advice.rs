//! What to do where there is no answer: the library says what is wrong, and knows no options.

use std::path::PathBuf;

use avouch_resource_server::{
    DiscoverError, FailedCheck, IntrospectError, NetworkError, RequestError, SetupError,
    StatementError,
};

use crate::connection;
use crate::output::Failure;

/// The status for a form of answer that is not to be had.
const NOT_ACCEPTABLE: u16 = 406;

/// The options that an advice hangs on.
pub(super) struct Advice {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) draft_08: bool,
    pub(super) own_token: bool,
}

impl Advice {
    /// For a failed discovery.
    pub(super) fn on_discovery(&self, error: DiscoverError) -> Failure {
        match (&error, &self.ca_file) {
            (DiscoverError::Setup(SetupError::TrustAnchor), Some(file)) => {
                connection::no_authorities(file)
            }
            (DiscoverError::Network(network), _) => self.on_network(network, &error),
            _ => Failure::new(error),
        }
    }

    /// For a failed question.
    pub(super) fn on_question(&self, error: IntrospectError) -> Failure {
        let advice = match &error {
            IntrospectError::Network(network) => return self.on_network(network, &error),
            IntrospectError::Statement(StatementError::Check(FailedCheck::Encrypted)) => {
                "name the file with its private key: --decryption-key FILE"
            }
            IntrospectError::Request(RequestError::Refused(refusal)) => {
                match (refusal.status(), refusal.code()) {
                    (NOT_ACCEPTABLE, _) if self.draft_08 => {
                        "the form of draft -08 is off for this resource server: leave out \
                         --draft-08, or have it switched on there (avouch: profile.legacy = \"on\")"
                    }
                    (_, Some("unauthorized_client")) if self.own_token => {
                        "it may not get itself a token: leave out --own-token, or have it \
                         registered with grant_types = [\"client_credentials\"]"
                    }
                    _ => return Failure::new(error),
                }
            }
            _ => return Failure::new(error),
        };
        Failure::new(error).next(advice)
    }

    fn on_network(&self, network: &NetworkError, error: &dyn std::error::Error) -> Failure {
        let failure = Failure::new(error);
        match connection::advice(network, self.ca_file.as_deref(), "--issuer") {
            Some(advice) => failure.next(advice),
            None => failure,
        }
    }
}
