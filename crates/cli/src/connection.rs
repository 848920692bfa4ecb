//! What to do where there is no connection to a server: the library says what is wrong, and knows
//! no options.

use std::path::Path;

use avouch_resource_server::{ConnectionProblem, HttpError, NetworkError};

use crate::output::Failure;

/// For a connection that failed, if there is something to be said. `url` is the option that names
/// the server.
pub(crate) fn advice(network: &NetworkError, ca_file: Option<&Path>, url: &str) -> Option<String> {
    let problem = match &network.source {
        HttpError::Tls(cause) | HttpError::Broken(cause) => cause.downcast_ref(),
        _ => None,
    };
    Some(match (problem?, ca_file) {
        (ConnectionProblem::UnknownAuthority, None) => {
            "if its authority is a private one, name the file with the authority's certificate: \
             --ca-file FILE"
                .to_owned()
        }
        (ConnectionProblem::UnknownAuthority, Some(file)) => format!(
            "the authority in {} has not issued this certificate; --ca-file has to name the one \
             that has",
            file.display()
        ),
        (ConnectionProblem::AuthorityAsServer, _) => OWN_AUTHORITY.to_owned(),
        (ConnectionProblem::NoTls, _) => {
            format!("if this server speaks http, which is for loopback alone: {url} http://…")
        }
        (ConnectionProblem::NoHttp, _) => {
            format!("if this server speaks https: {url} https://…")
        }
        _ => return None,
    })
}

/// For a file with authorities that has none.
pub(crate) fn no_authorities(file: &Path) -> Failure {
    Failure::new(format!("{}: no certificates in PEM", file.display())).next(
        "--ca-file takes certificates of authorities, each between BEGIN CERTIFICATE and END \
         CERTIFICATE",
    )
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
