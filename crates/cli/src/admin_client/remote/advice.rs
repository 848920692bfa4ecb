//! What to do where the admin API over TCP says no, or says nothing.

use std::path::PathBuf;

use avouch_core::administration::AdminRight;
use avouch_resource_server::{
    CallError, Exchange, NetworkError, Refusal, RequestError, ServerError, SetupError,
};
use avouch_server::admin::api::ErrorAnswer;
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};

use super::{RemoteError, scopes};
use crate::connection;

/// What was said on the command line and in the file, for whoever is to change it.
#[derive(Debug)]
pub(crate) struct Told {
    /// The URL of the admin API.
    pub(crate) url: String,
    /// Who administers.
    pub(crate) client_id: String,
    /// The file that says so.
    pub(crate) credentials: PathBuf,
    /// The authorities that are trusted on top.
    pub(crate) ca_file: Option<PathBuf>,
}

const AT_THE_SOCKET: &str =
    "on the machine of the server, the same command with --data FOLDER or --config FILE";

impl Told {
    /// Before anything secret was sent.
    pub(super) fn on_discovery(&self, error: &CallError) -> RemoteError {
        let (url, file) = (&self.url, self.credentials.display());
        let failure = RemoteError::new(error);
        match error {
            CallError::Network(network) => self.on_network(network, failure),
            CallError::NotUrl => failure.next("--admin-url takes what admin.url is there"),
            CallError::NotAResource(_) => failure.next(format!(
                "nothing at {url} says that it is an admin API: is it switched on there \
                 (admin.listen in the configuration), and is this its URL (admin.url), not the \
                 issuer's? A server without it is administered on its own machine, with --data \
                 FOLDER or --config FILE"
            )),
            CallError::ResourceMetadata(_) => failure.next(format!(
                "--admin-url has to be what admin.url is in the configuration of the server, to \
                 the letter; {url} is not"
            )),
            CallError::OtherIssuer { .. } => failure.next(format!(
                "if that is the server you mean: {file} has to name it as issuer, with a client_id \
                 and a secret of that server"
            )),
            CallError::OtherHost { endpoint, .. } => failure.next(format!(
                "if that is where tokens are to be had: token_endpoint = {endpoint:?} in {file}"
            )),
            CallError::Setup(SetupError::TrustAnchor) => {
                failure.next("--ca-file takes certificates of authorities, in PEM")
            }
            CallError::Setup(SetupError::MethodNotSupported { .. }) => {
                failure.next(format!("method in {file} says how it proves itself"))
            }
            _ => failure,
        }
    }

    /// A token that was not to be had, or a call without an answer.
    pub(super) fn on_call(&self, error: &CallError, right: AdminRight) -> RemoteError {
        match error {
            CallError::Network(network) => {
                let failure = self.on_network(network, RemoteError::new(error));
                let may_be_done =
                    network.exchange == Exchange::Resource && right != AdminRight::Read;
                if may_be_done && failure.next.is_none() {
                    return failure.next(
                        "whether it was carried out is not known: look before you send it again",
                    );
                }
                failure
            }
            CallError::Request(RequestError::Refused(refusal)) => self.on_no_token(refusal, right),
            CallError::Server(ServerError::OwnTokenType { .. }) => RemoteError::new(error)
                .next("a token that is bound to nothing is not sent: is this server an avouch?"),
            _ => RemoteError::new(error),
        }
    }

    fn on_network(&self, network: &NetworkError, failure: RemoteError) -> RemoteError {
        let of_resource = [Exchange::ResourceMetadata, Exchange::Resource];
        let url = if of_resource.contains(&network.exchange) {
            "--admin-url".to_owned()
        } else {
            format!("issuer in {}:", self.credentials.display())
        };
        match connection::advice(network, self.ca_file.as_deref(), &url) {
            Some(advice) => failure.next(advice),
            None => failure,
        }
    }

    fn on_no_token(&self, refusal: &Refusal, right: AdminRight) -> RemoteError {
        let (id, file) = (&self.client_id, self.credentials.display());
        let failure = RemoteError::new(format!(
            "{id} gets no access token for the admin API: {refusal}"
        ));
        match refusal.code() {
            Some("invalid_client") => failure.next(format!(
                "{file} has to say who administers and by what, as it is registered; a new secret \
                 is had on the machine of the server: avouch client secret {id} --secret-file NEW"
            )),
            Some("invalid_scope") => {
                let names: Vec<_> = scopes(right).iter().map(ToString::to_string).collect();
                let any = names.join(" or ");
                RemoteError::new(format!(
                    "{id} may not do this over TCP: it takes the scope {any}"
                ))
                .next(format!(
                    "who may do what is decided on the machine of the server: put {} into scope of \
                     the client {id} there (avouch apply)",
                    right.scope()
                ))
            }
            Some("invalid_target") => failure.next(format!(
                "who administers over TCP is decided on the machine of the server: put {} into \
                 resources of the client {id} there (avouch apply)",
                self.url
            )),
            Some("unauthorized_client") => failure.next(format!(
                "put client_credentials into grant_types of the client {id}, on the machine of the \
                 server (avouch apply)"
            )),
            _ => failure,
        }
    }

    /// An answer that only somebody gets who comes over TCP.
    pub(super) fn on_answer(&self, answer: &Response<Bytes>) -> Option<RemoteError> {
        let status = answer.status();
        let among = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if !among.contains(&status) {
            return None;
        }
        let said = serde_json::from_slice::<ErrorAnswer>(answer.body());
        let (code, text) = match said {
            Ok(said) if !said.error_description.is_empty() => (said.error, said.error_description),
            Ok(said) => (said.error.clone(), said.error),
            Err(_) => (String::new(), format!("status {}", status.as_u16())),
        };
        let id = &self.client_id;
        Some(match (status, code.as_str()) {
            (StatusCode::UNAUTHORIZED, _) => RemoteError::new(format!(
                "the admin API does not take the access token of {id}: {text}"
            )),
            (StatusCode::FORBIDDEN, "access_denied") => RemoteError::new(text).next(AT_THE_SOCKET),
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                let seconds = answer.headers().get(RETRY_AFTER);
                let seconds: Option<u32> =
                    seconds.and_then(|value| value.to_str().ok()?.parse().ok());
                let failure = RemoteError::new(text);
                match seconds {
                    Some(seconds) => failure.next(format!("again in {seconds} s")),
                    None => failure,
                }
            }
            _ => RemoteError::new(text),
        })
    }
}
