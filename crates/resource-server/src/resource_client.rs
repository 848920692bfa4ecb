//! Calling a protected resource, as a client of its authorization server (RFC 6750, RFC 9449).

mod builder;
mod error;

pub use self::builder::ResourceClientBuilder;
pub use self::error::CallError;

use crate::clock::Clock;
use crate::error::{RequestError, ServerError};
use crate::exchange::Exchange;
use crate::http::Http;
use crate::https_client::HttpsClient;
use crate::line::Line;
use crate::proofs::Proofs;
use crate::token_endpoint::{HeldToken, TokenEndpoint};
use avouch_crypto::random::SecureRandom;
use avouch_oauth::{Issuer, ResourceIdentifier, Scope};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, Uri};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A client of one protected resource, such as the admin API of avouch.
///
/// It gets itself access tokens by the grant `client_credentials` (RFC 6749, section 4.4), each
/// for this resource (RFC 8707) and with the scope that a call needs, and never one that is not
/// bound: every request has a `DPoP` proof by a key that is made for this client and kept nowhere,
/// and where a certificate is given the connection shows that too.
///
/// **What goes where.** The credentials go to the authorization server that they were issued by,
/// which whoever sets this up has to name; what the metadata of the resource says cannot change
/// it. Tokens go to the resource, and to no other origin. No redirect is followed.
///
/// ```no_run
/// use avouch_resource_server::{Credentials, ResourceClient, Scope};
///
/// # async fn call() -> Result<(), Box<dyn std::error::Error>> {
/// let admin = "https://admin.example.com".parse()?;
/// let issuer = "https://as.example.com".parse()?;
/// let client = ResourceClient::builder(admin, issuer, "ops")
///     .credentials(Credentials::client_secret_basic(std::fs::read_to_string("ops.secret")?.trim()))
///     .discover()
///     .await?;
/// let request = http::Request::get("/admin/v1/keys").body(bytes::Bytes::new())?;
/// let answer = client.call(&[Scope::parse("admin:read")?], &request).await?;
/// println!("{}", answer.status());
/// # Ok(())
/// # }
/// ```
pub struct ResourceClient<H: Http = HttpsClient> {
    /// The resource as a URL, by the rules for one.
    base: Issuer,
    resource: ResourceIdentifier,
    tokens: TokenEndpoint,
    /// Nonces are of one server: these for the authorization server ...
    proofs_for_tokens: Proofs,
    /// ... and these for the resource.
    proofs_for_calls: Proofs,
    /// By the scope they were asked for with.
    held: Mutex<BTreeMap<String, Arc<HeldToken>>>,
    http: H,
    token_timeout: Duration,
    call_timeout: Duration,
    clock: Box<dyn Clock>,
    random: Box<dyn SecureRandom>,
}

impl ResourceClient {
    /// Begins to set up: the resource, and who calls it with credentials of which issuer.
    pub fn builder(
        resource: ResourceIdentifier,
        issuer: Issuer,
        client_id: impl Into<String>,
    ) -> ResourceClientBuilder {
        ResourceClientBuilder::new(resource, issuer, client_id.into())
    }
}

impl<H: Http> ResourceClient<H> {
    /// Sends a request, whose URI is a path below the resource and a query.
    ///
    /// `scopes` are those that would do, the narrowest first: a wider one is asked for only where
    /// the authorization server refuses the narrower (`invalid_scope`). The answer comes back
    /// whatever its status, but for a redirect; the body of one that is no success and repeats the
    /// token is left out.
    pub async fn call(
        &self,
        scopes: &[Scope],
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, CallError> {
        let uri = self.target(request.uri())?;
        let held = self.token(scopes).await?;
        let make = || {
            let mut request = request.clone();
            request.uri_mut().clone_from(&uri);
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, held.header.clone());
            Ok((request, ()))
        };
        let line = self.line(self.call_timeout);
        let (mut answer, ()) = self
            .proofs_for_calls
            .send::<_, CallError, _>(&line, Exchange::Resource, Some(&held.token), make)
            .await?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(CallError::Server(ServerError::Redirect {
                exchange: Exchange::Resource,
                status: status.as_u16(),
            }));
        }
        // Errors are shown and logged, and tokens must not be.
        let token = held.token.expose().as_bytes();
        let mut parts = answer.body().windows(token.len().max(1));
        if !status.is_success() && parts.any(|part| part == token) {
            *answer.body_mut() = Bytes::new();
        }
        Ok(answer)
    }

    /// Below the resource, whatever the URI says.
    fn target(&self, uri: &Uri) -> Result<Uri, CallError> {
        let path = uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        let path = path.filter(|path| path.starts_with('/') && uri.authority().is_none());
        let target = path.and_then(|path| self.base.endpoint(path).parse().ok());
        target.ok_or(CallError::Target)
    }

    async fn token(&self, scopes: &[Scope]) -> Result<Arc<HeldToken>, CallError> {
        // One caller fetches while the others wait.
        let mut all = self.held.lock().await;
        let now = self.clock.now();
        let held = scopes
            .iter()
            .filter_map(|scope| all.get(&scope.to_string()));
        if let Some(held) = held.into_iter().find(|held| held.is_fresh(now)) {
            return Ok(Arc::clone(held));
        }
        let mut refused = CallError::NoScope;
        for scope in scopes {
            match self.fetch(scope).await {
                Ok(fetched) => {
                    let fetched = Arc::new(fetched);
                    all.insert(scope.to_string(), Arc::clone(&fetched));
                    return Ok(fetched);
                }
                Err(error) if is_invalid_scope(&error) => refused = error,
                Err(error) => return Err(error),
            }
        }
        Err(refused)
    }

    async fn fetch(&self, scope: &Scope) -> Result<HeldToken, CallError> {
        let encode = crate::credentials::encode;
        let parameters = format!(
            "&resource={}&scope={}",
            encode(self.resource.as_str()),
            encode(&scope.to_string())
        );
        let line = self.line(self.token_timeout);
        let proofs = Some(&self.proofs_for_tokens);
        self.tokens.fetch(&line, proofs, &parameters).await
    }

    fn line(&self, timeout: Duration) -> Line<'_, H> {
        Line {
            http: &self.http,
            timeout,
            clock: &*self.clock,
            random: &*self.random,
        }
    }
}

fn is_invalid_scope(error: &CallError) -> bool {
    matches!(error, CallError::Request(RequestError::Refused(refusal))
        if refusal.code() == Some("invalid_scope"))
}

impl<H: Http> fmt::Debug for ResourceClient<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceClient")
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}
