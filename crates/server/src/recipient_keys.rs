//! The keys that resource servers publish, fetched under guard and kept ready.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use avouch_core::keys::{
    CallerKeys, KeySetTrouble, KeysUnavailable, RecipientKeyError, RecipientKeys,
};
use avouch_core::records::encrypter;
use avouch_core::registration::JwksUriPolicy;
use avouch_core::time::Clock;
use avouch_fetch::{
    DocumentFault, DocumentUrl, FetchError, GuardedFetcher, HostError, JwksCache,
    JwksCacheSettings, Policy, SetupError, UrlError,
};
use avouch_jose::nested::NestedJwtEncrypter;
use avouch_jose::{ContentEncryption, JwkSet, KeyManagementAlgorithm};
use avouch_oauth::jwks_uri::JwksUri;
use quick_cache::sync::Cache;
use thiserror::Error;

use crate::config::FetchConfig;

/// How many keys are kept ready; as many as there are RSs that publish theirs, within reason.
const READY: usize = 4096;

/// Fetches key sets and keeps a key of each ready to encrypt to.
pub(crate) struct PublishedKeys {
    policy: Policy,
    sets: JwksCache<GuardedFetcher, WallClock>,
    ready: Cache<Wanted, Ready>,
}

/// Which key, and for what.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Wanted {
    uri: JwksUri,
    algorithm: KeyManagementAlgorithm,
    encryption: ContentEncryption,
}

/// A key of this very set: when another set takes its place, another key is made ready.
#[derive(Clone)]
struct Ready {
    set: Arc<JwkSet>,
    encrypter: Arc<NestedJwtEncrypter>,
}

/// Why published keys cannot be fetched at all.
#[derive(Debug, Error)]
pub enum FetchSetupError {
    /// A stated host is none.
    #[error("fetch.hosts: {0}")]
    Host(#[from] HostError),
    /// The file with certificate authorities cannot be read.
    #[error("fetch.trust_anchors_file {}: {error}", file.display())]
    TrustAnchors {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// TLS cannot be set up.
    #[error("fetching published keys cannot be set up: {0}")]
    Setup(#[from] SetupError),
}

impl PublishedKeys {
    pub(crate) fn new(
        config: &FetchConfig,
        base: Policy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FetchSetupError> {
        let policy = config.policy(base)?;
        let mut builder = GuardedFetcher::builder(policy.clone());
        if let Some(file) = &config.trust_anchors_file {
            let pem = fs::read(file).map_err(|error| FetchSetupError::TrustAnchors {
                file: file.clone(),
                error,
            })?;
            builder = builder.extra_trust_anchors(pem);
        }
        let settings = JwksCacheSettings::default();
        Ok(Self {
            policy,
            sets: JwksCache::new(builder.build()?, WallClock(clock), settings),
            ready: Cache::new(READY),
        })
    }

    /// Whether this may be fetched, as far as can be told without asking anybody.
    pub(crate) fn check(&self, uri: &JwksUri) -> Result<DocumentUrl, UrlError> {
        DocumentUrl::parse(uri.as_str(), &self.policy)
    }
}

impl JwksUriPolicy for PublishedKeys {
    fn check(&self, uri: &JwksUri) -> Result<(), String> {
        self.check(uri).map(drop).map_err(|error| error.to_string())
    }
}

impl CallerKeys for PublishedKeys {
    async fn keys(&self, uri: &JwksUri) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let url = self
            .check(uri)
            .map_err(|error| no_keys(uri, error.into()))?;
        let keys = self.sets.keys(&url).await;
        keys.map_err(|error| no_keys(uri, error))
    }

    async fn newer_keys(&self, uri: &JwksUri) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let url = self
            .check(uri)
            .map_err(|error| no_keys(uri, error.into()))?;
        let keys = self.sets.refresh_for_unknown_kid(&url).await;
        keys.map_err(|error| no_keys(uri, error))
    }
}

fn no_keys(uri: &JwksUri, error: FetchError) -> KeysUnavailable {
    let error = unreachable(uri, error);
    tracing::warn!(%error, "a caller cannot be authenticated by the keys it publishes");
    KeysUnavailable
}

impl RecipientKeys for PublishedKeys {
    async fn encrypter(
        &self,
        uri: &JwksUri,
        algorithm: KeyManagementAlgorithm,
        encryption: ContentEncryption,
    ) -> Result<Arc<NestedJwtEncrypter>, RecipientKeyError> {
        let unreachable = |error| unreachable(uri, error);
        let url = self.check(uri).map_err(|error| unreachable(error.into()))?;
        let set = self.sets.keys(&url).await.map_err(unreachable)?;
        let wanted = Wanted {
            uri: uri.clone(),
            algorithm,
            encryption,
        };
        match self.ready.get(&wanted) {
            Some(ready) if Arc::ptr_eq(&ready.set, &set) => return Ok(ready.encrypter),
            _ => {}
        }
        let (set, made) = if let Some(made) = encrypter(&set, algorithm, encryption) {
            (set, made)
        } else {
            // Perhaps the owner has published one since.
            let newer = self.sets.refresh_for_unknown_kid(&url).await;
            let newer = newer.map_err(unreachable)?;
            let made = encrypter(&newer, algorithm, encryption);
            let made = made.ok_or_else(|| RecipientKeyError::NoKeyFits {
                uri: uri.clone(),
                algorithm,
            })?;
            (newer, made)
        };
        let encrypter = Arc::new(made);
        let ready = Ready {
            set,
            encrypter: Arc::clone(&encrypter),
        };
        self.ready.insert(wanted, ready);
        Ok(encrypter)
    }
}

fn unreachable(uri: &JwksUri, error: FetchError) -> RecipientKeyError {
    let trouble = match error.document_fault() {
        None => KeySetTrouble::NotFetched,
        Some(DocumentFault::ContentType) => KeySetTrouble::ContentType,
        Some(DocumentFault::Encoded) => KeySetTrouble::Encoded,
        Some(DocumentFault::TooLong) => KeySetTrouble::TooLong,
        Some(DocumentFault::NotKeys) => KeySetTrouble::NotKeys,
    };
    let cause = match error.private_cause() {
        Some(cause) => cause.clone().into(),
        None => error.into(),
    };
    RecipientKeyError::Unreachable {
        uri: uri.clone(),
        cause,
        trouble,
    }
}

/// The server's clock, as the cache reads it.
struct WallClock(Arc<dyn Clock>);

impl avouch_fetch::Clock for WallClock {
    fn now(&self) -> Duration {
        Duration::from_micros(self.0.now().as_micros().try_into().unwrap_or_default())
    }
}
