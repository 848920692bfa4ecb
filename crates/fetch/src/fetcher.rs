//! The fetcher: policy, limits and trust in one place, and the walk of a fetch.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::connect;
use crate::document_url::DocumentUrl;
use crate::error::{FetchError, PrivateCause};
use crate::exchange;
use crate::policy::Policy;
use crate::resolve::{Resolve, SystemResolver};
use crate::slots::Slots;
use crate::trust::{self, TrustAnchorError};

/// Fetches documents. [`GuardedFetcher`] does; what is built upon it is tested with less.
pub trait Fetch: Send + Sync + 'static {
    /// Fetches one document.
    fn fetch(&self, url: &DocumentUrl)
    -> impl Future<Output = Result<Document, FetchError>> + Send;
}

/// What was fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The bytes, said to be JSON.
    pub body: Bytes,
    /// How long it stays fresh, where it says so.
    pub max_age: Option<Duration>,
}

/// How much a stranger may ask of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For all of one fetch, waiting for its turn included: 5 seconds.
    pub deadline: Duration,
    /// The longest document, in bytes: 64 KiB.
    pub max_body: usize,
    /// How many fetches are under way at most: 32.
    pub concurrent: usize,
    /// How many of them with one host: 2.
    pub concurrent_per_host: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            max_body: 64 * 1024,
            concurrent: 32,
            concurrent_per_host: 2,
        }
    }
}

/// What is wrong with the setup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The extra trust anchors.
    #[error(transparent)]
    TrustAnchor(#[from] TrustAnchorError),
    /// The operating system has no certificate authorities, and none were given.
    #[error("there is no certificate authority to trust: none of the system's, none given")]
    NoTrustAnchors,
    /// A limit of zero lets nothing through.
    #[error("the limit `{0}` must not be zero")]
    ZeroLimit(&'static str),
    /// The TLS library cannot be set up.
    #[error("TLS cannot be set up")]
    Tls,
}

/// Fetches documents that strangers name. See the [crate's documentation](crate) for what it
/// refuses.
pub struct GuardedFetcher<R = SystemResolver> {
    policy: Policy,
    limits: Limits,
    slots: Slots,
    tls: TlsConnector,
    resolver: R,
}

/// A [`GuardedFetcher`] in the making.
#[must_use = "nothing is made before `build`"]
#[derive(Debug)]
pub struct GuardedFetcherBuilder<R = SystemResolver> {
    policy: Policy,
    limits: Limits,
    extra_trust_anchors: Vec<u8>,
    resolver: R,
}

impl GuardedFetcher {
    /// Begins with the default [`Limits`], the resolver and the certificate authorities of the
    /// operating system.
    pub fn builder(policy: Policy) -> GuardedFetcherBuilder {
        GuardedFetcherBuilder {
            policy,
            limits: Limits::default(),
            extra_trust_anchors: Vec::new(),
            resolver: SystemResolver::default(),
        }
    }
}

impl<R: Resolve> GuardedFetcherBuilder<R> {
    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Trusts these certificate authorities too, one or more certificates in PEM: for documents in
    /// networks with an authority of their own.
    pub fn extra_trust_anchors(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.extra_trust_anchors.extend_from_slice(pem.as_ref());
        self.extra_trust_anchors.push(b'\n');
        self
    }

    /// Takes another resolver than that of the operating system.
    pub fn resolver<S: Resolve>(self, resolver: S) -> GuardedFetcherBuilder<S> {
        GuardedFetcherBuilder {
            policy: self.policy,
            limits: self.limits,
            extra_trust_anchors: self.extra_trust_anchors,
            resolver,
        }
    }

    /// Loads the trust anchors and makes the fetcher.
    pub fn build(self) -> Result<GuardedFetcher<R>, SetupError> {
        self.limits.check()?;
        let roots = trust::trust_anchors(&self.extra_trust_anchors)?;
        if roots.is_empty() && !self.policy.is_for_development() {
            return Err(SetupError::NoTrustAnchors);
        }
        let tls = trust::client_config(roots)?;
        Ok(GuardedFetcher {
            slots: Slots::new(self.limits.concurrent, self.limits.concurrent_per_host),
            tls: TlsConnector::from(Arc::new(tls)),
            policy: self.policy,
            limits: self.limits,
            resolver: self.resolver,
        })
    }
}

impl Limits {
    fn check(&self) -> Result<(), SetupError> {
        for (name, is_zero) in [
            ("deadline", self.deadline.is_zero()),
            ("max_body", self.max_body == 0),
            ("concurrent", self.concurrent == 0),
            ("concurrent_per_host", self.concurrent_per_host == 0),
        ] {
            if is_zero {
                return Err(SetupError::ZeroLimit(name));
            }
        }
        Ok(())
    }
}

impl<R: Resolve> GuardedFetcher<R> {
    /// The policy, which also reads URLs: see [`DocumentUrl::parse`].
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    async fn walk(&self, url: &DocumentUrl) -> Result<Document, PrivateCause> {
        let addresses = connect::addresses(&self.resolver, &self.policy, url).await?;
        let tcp = connect::connect(&addresses, url.port(), self.limits.deadline).await?;
        if !url.is_https() {
            return exchange::get(tcp, url, self.limits.max_body).await;
        }
        let tls = self.tls.connect(url.server_name().clone(), tcp).await;
        let tls = tls.map_err(|error| PrivateCause::Tls(Arc::new(error)))?;
        exchange::get(tls, url, self.limits.max_body).await
    }
}

impl<R: Resolve> Fetch for GuardedFetcher<R> {
    async fn fetch(&self, url: &DocumentUrl) -> Result<Document, FetchError> {
        // The URL may have been read under another policy than ours.
        self.policy.check_url(url.is_https(), url.host())?;
        let mut begun = false;
        let in_turn = async {
            let _slot = self
                .slots
                .take(url.host())
                .await
                .ok_or(FetchError::Interrupted)?;
            begun = true;
            Ok(self.walk(url).await?)
        };
        match timeout(self.limits.deadline, in_turn).await {
            Ok(result) => result,
            Err(_) if begun => Err(PrivateCause::Timeout.into()),
            Err(_) => Err(FetchError::Busy),
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("length", &self.body.len())
            .field("max_age", &self.max_age)
            .finish()
    }
}

impl<R> fmt::Debug for GuardedFetcher<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedFetcher")
            .field("policy", &self.policy)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_let_nothing_through_are_told() {
        let none = Limits {
            concurrent_per_host: 0,
            ..Limits::default()
        };
        let made = GuardedFetcher::builder(Policy::public_hosts())
            .limits(none)
            .build();
        assert_eq!(
            made.unwrap_err().to_string(),
            "the limit `concurrent_per_host` must not be zero"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn row_8725_3_10_01_who_gets_no_place_in_time_is_told_so_and_nothing_is_sent() {
        struct NeverAsked;
        impl Resolve for NeverAsked {
            async fn resolve(&self, _: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
                panic!("nothing may be sent, not even a question for the address");
            }
        }
        let policy = Policy::dangerous_for_development();
        let url = DocumentUrl::parse("https://rs.example/jwks", &policy).unwrap();
        let limits = Limits {
            concurrent_per_host: 1,
            ..Limits::default()
        };
        let builder = GuardedFetcher::builder(policy).limits(limits);
        let fetcher = builder.resolver(NeverAsked).build().unwrap();
        let _taken = fetcher.slots.take(url.host()).await.unwrap();
        let fetched = fetcher.fetch(&url).await;
        assert!(matches!(fetched, Err(FetchError::Busy)), "{fetched:?}");
    }
}
