//! What to do where there is no answer: the library says what is wrong, and knows no options.

use std::path::PathBuf;

use avouch_resource_server::{
    ConnectionProblem, DiscoverError, FailedCheck, HttpError, IntrospectError, NetworkError,
    RequestError, SetupError, StatementError,
};

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
                Failure::new(format!("{}: no certificates in PEM", file.display())).next(
                    "--ca-file takes certificates of authorities, each between BEGIN CERTIFICATE \
                     and END CERTIFICATE",
                )
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
        let problem = match &network.source {
            HttpError::Tls(cause) | HttpError::Broken(cause) => cause.downcast_ref(),
            _ => None,
        };
        match (problem, &self.ca_file) {
            (Some(ConnectionProblem::UnknownAuthority), None) => failure.next(
                "if its authority is a private one, name the file with the authority's \
                 certificate: --ca-file FILE",
            ),
            (Some(ConnectionProblem::UnknownAuthority), Some(file)) => failure.next(format!(
                "the authority in {} has not issued this certificate; --ca-file has to name the \
                 one that has",
                file.display()
            )),
            (Some(ConnectionProblem::AuthorityAsServer), _) => failure.next(OWN_AUTHORITY),
            (Some(ConnectionProblem::NoTls), _) => failure
                .next("if this server speaks http, which is for loopback alone: --issuer http://…"),
            (Some(ConnectionProblem::NoHttp), _) => {
                failure.next("if this server speaks https: --issuer https://…")
            }
            _ => failure,
        }
    }
}

/// How to make an authority, and a certificate of it for a server. A test runs it as it stands.
const OWN_AUTHORITY: &str = "\
make an authority, and a certificate of it for the server (avouch serve --dev --tls does both):
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \\
    -subj /CN=authority -keyout ca.key -out ca.pem
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \\
    -subj /CN=server -keyout tls.key -out tls.pem -CA ca.pem -CAkey ca.key \\
    -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1
  the server gets tls.pem and tls.key; whoever asks it, --ca-file ca.pem";
