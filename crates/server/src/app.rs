//! What every request works with.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use avouch_core::AuthenticationMeans;
use avouch_core::certificate::CertificateAuthorities;
use avouch_core::client_secrets::ClientSecrets;
use avouch_core::introspection::{PairwiseSubjects, StatementMemory};
use avouch_core::issuance::{Issuance, JwtTokens};
use avouch_core::keys::Sealer;
use avouch_core::opaque_token::TokenMint;
use avouch_core::own_tokens::OwnTokens;
use avouch_core::records::KeyPurpose;
use avouch_core::registration::TrustedStatements;
use avouch_core::storage::KeyStore;
use avouch_core::time::{Clock, Timestamp};
use avouch_crypto::random::SecureRandom;
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::client_assertion::ClientAssertionVerifier;
use avouch_oauth::issuer::Issuer;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_store::AnyStore;
use http::HeaderValue;
use tokio::sync::oneshot;

use crate::admin::ProtectedResource;
use crate::dpop::Dpop;
use crate::keys::{Keys, KeysError};
use crate::metrics::Metrics;
use crate::recipient_keys::PublishedKeys;
use crate::recorder::LogRecorder;
use crate::settings::Settings;
use crate::signing_queue::{QueuedSigner, SigningQueue};
use crate::throttle::Throttle;
use crate::tls::Certificates;

/// The server's parts, put together once at start. Holds nothing that another
/// node would miss: what is kept is in the store.
pub(crate) struct App {
    pub(crate) issuer: Issuer,
    pub(crate) settings: Settings,
    /// Counts calls and failures. What it forgets at a stop is no loss.
    pub(crate) throttle: Throttle,
    pub(crate) store: AnyStore,
    pub(crate) mint: TokenMint,
    pub(crate) pairwise: PairwiseSubjects,
    /// The keys as they were opened last; [`App::keys`] sees to it that they are
    /// those there are.
    pub(crate) opened_keys: ArcSwap<Keys>,
    /// Where all keys there ever are make their costly signatures.
    pub(crate) signing: SigningQueue,
    /// Held while keys are opened anew, so that it is done once.
    pub(crate) opening_keys: tokio::sync::Mutex<()>,
    /// Whose software statements count.
    pub(crate) statements: TrustedStatements,
    /// Makes client secrets, and opens those that both sides keep.
    pub(crate) client_secrets: ClientSecrets,
    /// What is expected of client assertions.
    pub(crate) assertions: ClientAssertionVerifier,
    /// What is expected of `DPoP` proofs.
    pub(crate) dpop: Dpop,
    /// Held while keys are changed, so that two changes never plan on the same
    /// state; signing does not wait for it.
    pub(crate) key_changes: tokio::sync::Mutex<()>,
    /// Held while clients or resource servers are changed, by an administrator
    /// or by themselves, so that changes on this node wait for each other. What
    /// other nodes change meanwhile the store notices, for it compares; whoever
    /// comes second is told to try again.
    pub(crate) caller_changes: tokio::sync::Mutex<()>,
    /// The statements of this second.
    pub(crate) said: StatementMemory,
    /// The keys that resource servers publish.
    pub(crate) published_keys: PublishedKeys,
    /// The server's own certificate, and the authorities for those of callers.
    pub(crate) certificates: Arc<Certificates>,
    /// What stands in for the issuer where callers are asked for certificates.
    pub(crate) mtls_url: Option<String>,
    /// The admin API over TCP, where it is on.
    pub(crate) admin_api: Option<Arc<ProtectedResource>>,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn SecureRandom>,
    pub(crate) recorder: LogRecorder,
    pub(crate) metrics: Metrics,
    /// Dropped last, so that whoever waits for it knows that the store is closed.
    pub(crate) _open: oneshot::Sender<()>,
}

impl App {
    /// What issuing works with, at this instant.
    pub(crate) fn issuance<'a>(
        &'a self,
        keys: &'a Keys,
        now: Timestamp,
    ) -> Issuance<'a, AnyStore, QueuedSigner> {
        Issuance {
            store: &self.store,
            mint: &self.mint,
            jwt: JwtTokens {
                issuer: &self.issuer,
                pairwise: &self.pairwise,
                ring: &keys.ring,
                signer: &keys.signer,
                algorithm: self.settings.access_token_algorithm,
            },
            default_format: self.settings.access_token_format,
            random: &*self.random,
            lifetimes: self.settings.lifetimes,
            sender_constrained: self.settings.sender_constrained,
            admin: self.admin_resource(),
            now,
        }
    }

    /// The keys there are: those that this node made, at once, and those that others made, after
    /// the time that the store states.
    pub(crate) async fn keys(&self) -> Result<Arc<Keys>, KeysError> {
        if let Some(keys) = self.keys_of_now().await? {
            return Ok(keys);
        }
        let _opening = self.opening_keys.lock().await;
        if let Some(keys) = self.keys_of_now().await? {
            return Ok(keys);
        }
        let now = self.clock.now();
        let keys = Keys::load(&self.store, &self.sealer, now, &self.signing).await?;
        let keys = Arc::new(keys);
        self.opened_keys.store(Arc::clone(&keys));
        Ok(keys)
    }

    /// The keys that are open, if there are no others.
    async fn keys_of_now(&self) -> Result<Option<Arc<Keys>>, KeysError> {
        let revision = self.store.signing_keys_revision().await?;
        let keys = self.opened_keys.load_full();
        Ok((keys.revision == revision).then_some(keys))
    }

    /// The keys to publish. While the store is away those that are known are published further:
    /// who fetched the set keeps it for longer than a failure should last.
    pub(crate) async fn keys_to_publish(&self) -> Arc<Keys> {
        match self.keys().await {
            Ok(keys) => keys,
            Err(error) => {
                tracing::warn!(%error, "the keys that are known are published, there may be others");
                self.opened_keys.load_full()
            }
        }
    }

    /// The algorithms that are to have a key and have none yet: at the first start keys are made
    /// while requests are served already.
    pub(crate) fn keys_in_the_making(&self, keys: &Keys) -> Vec<SignatureAlgorithm> {
        let now = self.clock.now();
        let algorithms = self.settings.algorithms.iter().copied();
        algorithms
            .filter(|algorithm| {
                let key = keys.ring.active(KeyPurpose::Statements, *algorithm, now);
                key.is_none()
            })
            .collect()
    }

    /// How long the published keys may be kept by those who fetch them. A set that lacks keys is
    /// not to be kept: those to come sign at once.
    pub(crate) fn keys_cache_control(&self, keys: &Keys) -> HeaderValue {
        if self.keys_in_the_making(keys).is_empty() {
            self.settings.jwks_cache_control.clone()
        } else {
            HeaderValue::from_static("no-cache")
        }
    }

    /// The resource that no resource server has: the admin API over TCP.
    pub(crate) fn admin_resource(&self) -> Option<&ResourceIdentifier> {
        self.admin_api.as_deref().map(|own| &own.resource)
    }

    /// What callers are authenticated with.
    pub(crate) fn authentication<'a>(
        &'a self,
        client_authorities: Option<&'a CertificateAuthorities>,
    ) -> AuthenticationMeans<'a, AnyStore, PublishedKeys> {
        AuthenticationMeans {
            store: &self.store,
            methods: &self.settings.methods,
            client_secrets: &self.client_secrets,
            published_keys: &self.published_keys,
            mint: &self.mint,
            client_authorities,
            assertions: &self.assertions,
            signing_algorithms: &SignatureAlgorithm::ALL,
            proof_quota: self.settings.proof_quota,
        }
    }

    /// What our own access tokens are told by.
    pub(crate) fn own_tokens<'a>(&'a self, keys: &'a Keys) -> OwnTokens<'a> {
        OwnTokens {
            mint: &self.mint,
            keys: &keys.access_tokens,
            issuer: &self.issuer,
        }
    }

    /// Awaits a call to the store and notes how long it took.
    pub(crate) async fn timed<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = T>,
    ) -> T {
        let started = Instant::now();
        let outcome = call.await;
        self.metrics
            .store_call(operation, started.elapsed().as_secs_f64());
        outcome
    }
}
