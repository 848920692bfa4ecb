//! A client of the admin API: on the Unix socket of a server, or over TCP.

mod error;
mod remote;
mod socket;

use std::path::Path;

use avouch_core::administration::AdminRight;
use avouch_core::apply::{ClientDescription, Description, ResourceServerDescription};
use avouch_server::admin::api::{
    Added, Applied, ClientEntry, ClientList, CreateInitialAccessToken, CreatedInitialAccessToken,
    Explain, Explanation, FreshRegistrationToken, FreshSecret, InitialAccessTokenList, IssueToken,
    IssuedToken, KeyEntry, KeyList, NewSecret, PartlyApplied, Planned, ResourceServerEntry,
    ResourceServerList, RevokeAll, RevokeEverything, RevokedAll, RevokedEverything, RevokedToken,
    RotateKey, TokenReference, TokenState,
};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use self::error::AdminClientError;
pub(crate) use self::remote::{Remote, Told};
use self::socket::Socket;

/// Asks one server.
#[derive(Debug)]
pub(crate) struct AdminClient {
    way: Way,
}

/// How the server is asked.
#[derive(Debug)]
enum Way {
    Socket(Socket),
    Remote(Box<Remote>),
}

/// What is asked, with the right that it takes.
struct Asked<'a> {
    right: AdminRight,
    method: Method,
    path: &'a str,
    body: Bytes,
}

impl AdminClient {
    /// Asks on this socket; connects with each request.
    pub(crate) fn new(socket: &Path) -> Self {
        Self {
            way: Way::Socket(Socket::new(socket)),
        }
    }

    /// Asks over TCP.
    pub(crate) fn over_tcp(remote: Remote) -> Self {
        Self {
            way: Way::Remote(Box::new(remote)),
        }
    }

    /// Whether somebody listens there.
    pub(crate) async fn reach(&self) -> Result<(), AdminClientError> {
        match &self.way {
            Way::Socket(socket) => socket.reach().await,
            // Its metadata came from there.
            Way::Remote(_) => Ok(()),
        }
    }

    /// Issues a token for a subject.
    pub(crate) async fn issue_token(
        &self,
        order: &IssueToken,
    ) -> Result<IssuedToken, AdminClientError> {
        self.send(AdminRight::Issue, "/admin/v1/tokens", order)
            .await
    }

    /// What a token is worth.
    pub(crate) async fn show_token(
        &self,
        token: &TokenReference,
    ) -> Result<TokenState, AdminClientError> {
        self.look("/admin/v1/tokens/show", token).await
    }

    /// Why a resource server is told what it is told of a token.
    pub(crate) async fn explain(
        &self,
        question: &Explain,
    ) -> Result<Explanation, AdminClientError> {
        self.look("/admin/v1/explain", question).await
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

    /// Revokes everything there is.
    pub(crate) async fn revoke_everything(
        &self,
        order: &RevokeEverything,
    ) -> Result<RevokedEverything, AdminClientError> {
        self.post("/admin/v1/revocations/everything", order).await
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
        self.look("/admin/v1/plan", description).await
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
        let (right, body) = (AdminRight::Read, Bytes::new());
        let (status, body) = self.exchange(right, Method::GET, path, body).await?;
        read(status, &body)
    }

    /// A POST that changes nothing.
    async fn look<A: DeserializeOwned>(
        &self,
        path: &str,
        document: &impl Serialize,
    ) -> Result<A, AdminClientError> {
        self.send(AdminRight::Read, path, document).await
    }

    async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        document: &impl Serialize,
    ) -> Result<A, AdminClientError> {
        self.send(AdminRight::Write, path, document).await
    }

    async fn send<A: DeserializeOwned>(
        &self,
        right: AdminRight,
        path: &str,
        document: &impl Serialize,
    ) -> Result<A, AdminClientError> {
        let body = serde_json::to_vec(document)
            .map_err(|error| AdminClientError::Unwritable(error.into()))?;
        let (status, body) = self
            .exchange(right, Method::POST, path, body.into())
            .await?;
        read(status, &body)
    }

    /// A POST that says all in its path.
    async fn order<A: DeserializeOwned>(&self, path: &str) -> Result<A, AdminClientError> {
        let (right, body) = (AdminRight::Write, Bytes::new());
        let (status, body) = self.exchange(right, Method::POST, path, body).await?;
        read(status, &body)
    }

    async fn delete(&self, path: &str) -> Result<(), AdminClientError> {
        let (right, body) = (AdminRight::Write, Bytes::new());
        match self.exchange(right, Method::DELETE, path, body).await? {
            (StatusCode::NO_CONTENT, _) => Ok(()),
            (status, body) => Err(refusal(status, &body)),
        }
    }

    async fn exchange(
        &self,
        right: AdminRight,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), AdminClientError> {
        let asked = Asked {
            right,
            method,
            path,
            body,
        };
        match &self.way {
            Way::Socket(socket) => socket.exchange(asked).await,
            Way::Remote(remote) => Ok(remote.exchange(asked).await?),
        }
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
