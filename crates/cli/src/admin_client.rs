//! A client of the admin API on the Unix socket of a server.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use avouch_core::apply::{ClientDescription, Description, ResourceServerDescription};
use avouch_server::admin::api::{
    Added, Applied, ClientEntry, ClientList, CreateInitialAccessToken, CreatedInitialAccessToken,
    ErrorAnswer, Explain, Explanation, FreshRegistrationToken, FreshSecret, InitialAccessTokenList,
    IssueToken, IssuedToken, KeyEntry, KeyList, NewSecret, PartlyApplied, Planned,
    ResourceServerEntry, ResourceServerList, RevokeAll, RevokedAll, RevokedToken, RotateKey,
    TokenReference, TokenState,
};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::net::UnixStream;

/// The most octets an answer may have.
const LONGEST_ANSWER: usize = 16 << 20;
/// How long one request may take: making an RSA key is the slowest.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Asks the server that listens on one socket.
#[derive(Clone, Debug)]
pub(crate) struct AdminClient {
    socket: PathBuf,
}

/// Why there is no answer, or not the wanted one.
#[derive(Debug, Error)]
pub(crate) enum AdminClientError {
    /// Nobody listens, or not to us.
    #[error("no server answers on {}: {error}", socket.display())]
    NotReached {
        /// Where.
        socket: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The server refused; in its own words.
    #[error("{}", .0.error_description)]
    Refused(ErrorAnswer),
    /// A description was carried out in part.
    #[error("{}", .0.error.error_description)]
    Partly(Box<PartlyApplied>),
    /// The connection broke: whether the request took effect is not known.
    #[error("the connection broke before the answer was complete: {0}")]
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// No answer in time: whether the request took effect is not known.
    #[error("the server did not answer within {} seconds", TIMEOUT.as_secs())]
    TimedOut,
    /// An answer that says nothing this version understands.
    #[error("the server answered {0} with what this version does not understand")]
    Unreadable(StatusCode),
    /// The request cannot be written.
    #[error("the request cannot be written: {0}")]
    Unwritable(Box<dyn std::error::Error + Send + Sync>),
}

impl AdminClientError {
    /// Whether the socket is there for another user alone.
    pub(crate) fn is_anothers(&self) -> bool {
        matches!(self, Self::NotReached { error, .. }
            if error.kind() == io::ErrorKind::PermissionDenied)
    }
}

impl AdminClient {
    /// Asks on this socket; connects with each request.
    pub(crate) fn new(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// Whether somebody listens there.
    pub(crate) async fn reach(&self) -> Result<(), AdminClientError> {
        self.connect().await.map(drop)
    }

    /// Issues a token for a subject.
    pub(crate) async fn issue_token(
        &self,
        order: &IssueToken,
    ) -> Result<IssuedToken, AdminClientError> {
        self.post("/admin/v1/tokens", order).await
    }

    /// What a token is worth.
    pub(crate) async fn show_token(
        &self,
        token: &TokenReference,
    ) -> Result<TokenState, AdminClientError> {
        self.post("/admin/v1/tokens/show", token).await
    }

    /// Why a resource server is told what it is told of a token.
    pub(crate) async fn explain(
        &self,
        question: &Explain,
    ) -> Result<Explanation, AdminClientError> {
        self.post("/admin/v1/explain", question).await
    }

    /// Revokes one token.
    pub(crate) async fn revoke_token(
        &self,
        token: &TokenReference,
    ) -> Result<RevokedToken, AdminClientError> {
        self.post("/admin/v1/tokens/revoke", token).await
    }

    /// Revokes all tokens of a grant, client or subject.
    pub(crate) async fn revoke_all(
        &self,
        order: &RevokeAll,
    ) -> Result<RevokedAll, AdminClientError> {
        self.post("/admin/v1/revocations", order).await
    }

    /// Adds a client.
    pub(crate) async fn add_client(
        &self,
        description: &ClientDescription,
    ) -> Result<Added, AdminClientError> {
        self.post("/admin/v1/clients", description).await
    }

    /// One client.
    pub(crate) async fn client(&self, id: &str) -> Result<ClientEntry, AdminClientError> {
        self.get(&format!("/admin/v1/clients/{id}")).await
    }

    /// One page of the clients.
    pub(crate) async fn clients(
        &self,
        after: Option<&str>,
    ) -> Result<ClientList, AdminClientError> {
        self.get(&page("/admin/v1/clients", after)).await
    }

    /// Removes a client.
    pub(crate) async fn remove_client(&self, id: &str) -> Result<(), AdminClientError> {
        self.delete(&format!("/admin/v1/clients/{id}")).await
    }

    /// Adds a resource server.
    pub(crate) async fn add_resource_server(
        &self,
        description: &ResourceServerDescription,
    ) -> Result<Added, AdminClientError> {
        self.post("/admin/v1/resource-servers", description).await
    }

    /// One resource server.
    pub(crate) async fn resource_server(
        &self,
        id: &str,
    ) -> Result<ResourceServerEntry, AdminClientError> {
        self.get(&format!("/admin/v1/resource-servers/{id}")).await
    }

    /// One page of the resource servers.
    pub(crate) async fn resource_servers(
        &self,
        after: Option<&str>,
    ) -> Result<ResourceServerList, AdminClientError> {
        self.get(&page("/admin/v1/resource-servers", after)).await
    }

    /// Removes a resource server.
    pub(crate) async fn remove_resource_server(&self, id: &str) -> Result<(), AdminClientError> {
        self.delete(&format!("/admin/v1/resource-servers/{id}"))
            .await
    }

    /// Gives a client a fresh secret.
    pub(crate) async fn renew_client_secret(
        &self,
        id: &str,
        order: &NewSecret,
    ) -> Result<FreshSecret, AdminClientError> {
        self.post(&format!("/admin/v1/clients/{id}/secret"), order)
            .await
    }

    /// Gives a resource server a fresh secret.
    pub(crate) async fn renew_resource_server_secret(
        &self,
        id: &str,
        order: &NewSecret,
    ) -> Result<FreshSecret, AdminClientError> {
        self.post(&format!("/admin/v1/resource-servers/{id}/secret"), order)
            .await
    }

    /// Lets a client manage its registration.
    pub(crate) async fn client_registration_token(
        &self,
        id: &str,
    ) -> Result<FreshRegistrationToken, AdminClientError> {
        self.order(&format!("/admin/v1/clients/{id}/registration-access-token"))
            .await
    }

    /// Lets a resource server manage its registration.
    pub(crate) async fn resource_server_registration_token(
        &self,
        id: &str,
    ) -> Result<FreshRegistrationToken, AdminClientError> {
        self.order(&format!(
            "/admin/v1/resource-servers/{id}/registration-access-token"
        ))
        .await
    }

    /// Every signing key.
    pub(crate) async fn keys(&self) -> Result<KeyList, AdminClientError> {
        self.get("/admin/v1/keys").await
    }

    /// Makes a successor for a signing key.
    pub(crate) async fn rotate_key(&self, order: &RotateKey) -> Result<KeyEntry, AdminClientError> {
        self.post("/admin/v1/keys/rotate", order).await
    }

    /// What a description would change.
    pub(crate) async fn plan(
        &self,
        description: &Description,
    ) -> Result<Planned, AdminClientError> {
        self.post("/admin/v1/plan", description).await
    }

    /// Carries a description out.
    pub(crate) async fn apply(
        &self,
        description: &Description,
        allow_weaker: bool,
    ) -> Result<Applied, AdminClientError> {
        let path = format!("/admin/v1/apply?allow_weaker={allow_weaker}");
        self.post(&path, description).await
    }

    /// Makes an initial access token.
    pub(crate) async fn create_initial_access_token(
        &self,
        order: &CreateInitialAccessToken,
    ) -> Result<CreatedInitialAccessToken, AdminClientError> {
        self.post("/admin/v1/initial-access-tokens", order).await
    }

    /// Every initial access token.
    pub(crate) async fn initial_access_tokens(
        &self,
    ) -> Result<InitialAccessTokenList, AdminClientError> {
        self.get("/admin/v1/initial-access-tokens").await
    }

    /// Withdraws an initial access token.
    pub(crate) async fn remove_initial_access_token(
        &self,
        id: &str,
    ) -> Result<(), AdminClientError> {
        self.delete(&format!("/admin/v1/initial-access-tokens/{id}"))
            .await
    }

    async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, AdminClientError> {
        let (status, body) = self.exchange(Method::GET, path, Bytes::new()).await?;
        read(status, &body)
    }

    async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        document: &impl Serialize,
    ) -> Result<A, AdminClientError> {
        let body = serde_json::to_vec(document)
            .map_err(|error| AdminClientError::Unwritable(error.into()))?;
        let (status, body) = self.exchange(Method::POST, path, body.into()).await?;
        read(status, &body)
    }

    /// A POST that says all in its path.
    async fn order<A: DeserializeOwned>(&self, path: &str) -> Result<A, AdminClientError> {
        let (status, body) = self.exchange(Method::POST, path, Bytes::new()).await?;
        read(status, &body)
    }

    async fn delete(&self, path: &str) -> Result<(), AdminClientError> {
        match self.exchange(Method::DELETE, path, Bytes::new()).await? {
            (StatusCode::NO_CONTENT, _) => Ok(()),
            (status, body) => Err(refusal(status, &body)),
        }
    }

    async fn connect(&self) -> Result<UnixStream, AdminClientError> {
        UnixStream::connect(&self.socket)
            .await
            .map_err(|error| AdminClientError::NotReached {
                socket: self.socket.clone(),
                error,
            })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), AdminClientError> {
        tokio::time::timeout(TIMEOUT, self.exchange_unbounded(method, path, body))
            .await
            .unwrap_or(Err(AdminClientError::TimedOut))
    }

    async fn exchange_unbounded(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), AdminClientError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            // HTTP wants one; over the socket it means nothing.
            .header(HOST, "admin")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| AdminClientError::Unwritable(error.into()))?;
        let broken = |error: hyper::Error| AdminClientError::Broken(error.into());
        let stream = TokioIo::new(self.connect().await?);
        let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
        let driving = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER);
        let body = body
            .collect()
            .await
            .map_err(AdminClientError::Broken)?
            .to_bytes();
        driving.abort();
        Ok((status, body))
    }
}

/// The longest pages there are.
fn page(path: &str, after: Option<&str>) -> String {
    match after {
        // Ids hold nothing that a query would take for its own.
        Some(id) => format!("{path}?limit=1000&after={id}"),
        None => format!("{path}?limit=1000"),
    }
}

fn read<A: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<A, AdminClientError> {
    if !status.is_success() {
        return Err(refusal(status, body));
    }
    serde_json::from_slice(body).map_err(|_| AdminClientError::Unreadable(status))
}

fn refusal(status: StatusCode, body: &[u8]) -> AdminClientError {
    if let Ok(partly) = serde_json::from_slice::<PartlyApplied>(body) {
        return AdminClientError::Partly(Box::new(partly));
    }
    serde_json::from_slice(body).map_or(
        AdminClientError::Unreadable(status),
        AdminClientError::Refused,
    )
}
