//! JWT access tokens (RFC 9068): checked here, without asking.

use crate::clock::Clock;
use crate::connection::Connection;
use crate::discovery;
use crate::error::{AccessTokenCheckError, DiscoverError};
use crate::http::Http;
use crate::https_client::HttpsClient;
use crate::key_source::KeySource;
use crate::keys::KeyCache;
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::access_token::{AccessTokenVerifier, VerifiedAccessToken};
use avouch_oauth::{Issuer, ResourceIdentifier};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Checks the JWT access tokens of one authorization server (AS) for one resource server (RS):
/// `typ`, `alg`, signature by a key the AS publishes, `iss`, `aud`, `exp`, `nbf`, `iat`, and that
/// every required claim is there (RFC 9068, section 4). Cloning it is cheap, and the clones share
/// connections and keys.
///
/// It is another thing than an [`Introspector`](crate::Introspector): nothing is asked, so nothing
/// is known of what happened since the token was issued. **A revoked token passes until it
/// expires.** Where that is too long, introspect it: the AS knows its JWTs as it knows its opaque
/// tokens. An RS that does both takes its checker from
/// [`Introspector::access_tokens`](crate::Introspector::access_tokens), and the two share the keys.
///
/// ```no_run
/// use avouch_resource_server::{AccessTokenCheckError, AccessTokenChecker};
///
/// # async fn serve(authorization: &str) -> Result<(), Box<dyn std::error::Error>> {
/// // Once, at start. No credentials are needed: the keys are public.
/// let issuer = "https://as.example.com".parse()?;
/// let resource = "https://pay.example.com".parse()?;
/// let tokens = AccessTokenChecker::builder(issuer, resource).discover().await?;
///
/// // For every request:
/// match tokens.check(authorization.trim_start_matches("Bearer ")).await {
///     Ok(token) if token.confirmation().is_some() => {
///         println!("401: bound to a key; a RequestGuard would have asked for the proof of it")
///     }
///     Ok(token) => println!("{} may {}", token.subject(), token.scope()),
///     Err(AccessTokenCheckError::Token(reason)) => println!("401 invalid_token: {reason}"),
///     Err(unable) => println!("503: {unable}"),
/// }
/// # Ok(())
/// # }
/// ```
///
/// With the keys at hand, [`AccessTokenVerifier`] does the same without network or clock.
#[must_use = "nothing is checked before `check`"]
pub struct AccessTokenChecker<H: Http = HttpsClient> {
    verifier: AccessTokenVerifier,
    keys: Arc<KeySource<H>>,
}

/// An [`AccessTokenChecker`] in the making: how the AS is reached. What tokens must be like is set
/// on the checker.
#[must_use = "nothing happens before `discover`"]
pub struct AccessTokenCheckerBuilder {
    verifier: AccessTokenVerifier,
    connection: Connection,
}

impl AccessTokenChecker {
    /// Begins to set up: whose tokens, and for which resource.
    pub fn builder(issuer: Issuer, resource: ResourceIdentifier) -> AccessTokenCheckerBuilder {
        AccessTokenCheckerBuilder {
            verifier: AccessTokenVerifier::new(issuer, resource),
            connection: Connection::default(),
        }
    }
}

impl<H: Http> AccessTokenChecker<H> {
    pub(crate) fn new(verifier: AccessTokenVerifier, keys: Arc<KeySource<H>>) -> Self {
        Self { verifier, keys }
    }

    /// Takes tokens for this resource too.
    pub fn resource(mut self, resource: ResourceIdentifier) -> Self {
        self.verifier = self.verifier.resource(resource);
        self
    }

    /// Takes tokens signed with these algorithms and no others. Unless told, all that are
    /// supported: every one of them has a public key.
    pub fn algorithms(mut self, allowed: impl Into<Vec<SignatureAlgorithm>>) -> Self {
        self.verifier = self.verifier.algorithms(allowed);
        self
    }

    /// Sets how many seconds the clocks may differ. Unless told, 10.
    pub fn leeway(mut self, seconds: u64) -> Self {
        self.verifier = self.verifier.leeway(seconds);
        self
    }

    /// Checks an access token: what stands after `Bearer` or `DPoP` in the request, and that
    /// alone.
    ///
    /// The keys are fetched anew when they are old, and once when the token names one that is
    /// not held. After any error the request must not be served.
    pub async fn check(&self, token: &str) -> Result<VerifiedAccessToken, AccessTokenCheckError> {
        let now = self.keys.clock.now();
        let check = |keys: &_| self.verifier.verify(token, keys, now);
        Ok(self.keys.check(now, check).await??)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.keys.clock
    }
}

impl AccessTokenCheckerBuilder {
    /// Sets how long one exchange with the AS may take. Unless told, five seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.connection.timeout = timeout;
        self
    }

    /// Trusts these certificate authorities too, one or more certificates in PEM. Used by
    /// [`discover`](Self::discover) alone.
    pub fn extra_trust_anchors(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.connection.trust(pem.as_ref());
        self
    }

    /// Takes another clock than that of the system.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.connection.clock = Box::new(clock);
        self
    }

    /// Fetches the metadata and keys of the AS.
    ///
    /// Plain `http` is spoken if the issuer itself is `http` on a loopback address, and then to
    /// loopback addresses only.
    pub async fn discover(self) -> Result<AccessTokenChecker<HttpsClient>, DiscoverError> {
        let http = self.connection.client(self.verifier.issuer())?;
        self.discover_over(http).await
    }

    /// The same over an HTTP client of the caller's, who answers for what [`Http`] asks of it.
    pub async fn discover_over<H: Http>(
        self,
        http: H,
    ) -> Result<AccessTokenChecker<H>, DiscoverError> {
        let Self {
            verifier,
            connection: Connection { timeout, clock, .. },
        } = self;
        let issuer = verifier.issuer();
        let metadata = discovery::metadata(&http, issuer, timeout).await?;
        let endpoint = discovery::keys_endpoint(&metadata, issuer)?;
        let keys = discovery::keys(&http, &endpoint, timeout).await?;
        let keys = KeySource {
            cache: KeyCache::new(keys, clock.now()),
            endpoint,
            http,
            timeout,
            clock,
        };
        Ok(AccessTokenChecker::new(verifier, Arc::new(keys)))
    }
}

impl<H: Http> Clone for AccessTokenChecker<H> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            keys: Arc::clone(&self.keys),
        }
    }
}

impl<H: Http> fmt::Debug for AccessTokenChecker<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenChecker")
            .field("verifier", &self.verifier)
            .field("keys", &self.keys.endpoint)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessTokenCheckerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenCheckerBuilder")
            .field("verifier", &self.verifier)
            .field("timeout", &self.connection.timeout)
            .finish_non_exhaustive()
    }
}
