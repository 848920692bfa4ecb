//! Putting the server together and bringing it down again.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use avouch_core::client_secrets::ClientSecrets;
use avouch_core::introspection::{PairwiseSubjects, StatementMemory};
use avouch_core::keys::{Sealer, load_or_make_secret};
use avouch_core::opaque_token::TokenMint;
use avouch_core::records::KeyPurpose;
use avouch_core::storage::{CallerStore, ServerSecret};
use avouch_core::time::{Clock, MonotonicClock};
use avouch_crypto::random::SecureRandom;
use avouch_crypto::seal::SealingKey;
use avouch_fetch::Policy;
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::client_assertion::ClientAssertionVerifier;
use avouch_oauth::issuer::Issuer;
use avouch_store::{AnyStore, PostgresStore, SqliteOptions, SqliteStore};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::admin::ProtectedResource;
use crate::app::App;
use crate::clock::SystemMonotonicClock;
use crate::config::{Config, NoSealingKey, software_statements};
use crate::dpop::Dpop;
use crate::keys::{self, Keys};
use crate::listen::{Bounds, Transport};
use crate::metrics::Metrics;
use crate::paths;
use crate::recipient_keys::PublishedKeys;
use crate::recorder::LogRecorder;
use crate::settings::Settings;
use crate::signing_queue::SigningQueue;
use crate::throttle::Throttle;
use crate::tls::{self, Certificates, Question};
use crate::{admin, background, data_folder, key_changes};

mod error;
mod listeners;

pub use error::{StartError, listen_hint};

use listeners::{Listeners, bind, transport};

/// The data file within the data folder, where no database is named.
pub const DATABASE_FILE: &str = "avouch.sqlite3";
/// The admin API's socket within the data folder.
pub const ADMIN_SOCKET: &str = "admin.sock";

/// Signs before the server is ready; the others are made while it serves.
const FIRST_KEYS: [SignatureAlgorithm; 2] = [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256];

/// How long requests that nobody waits for may take to end after the listeners did.
const CLOSE: Duration = Duration::from_secs(10);

/// What is passed in, so that a test can pass in its own.
pub struct Surroundings {
    /// Tells the time.
    clock: Arc<dyn Clock>,
    /// Tells how much of it passes.
    monotonic: Arc<dyn MonotonicClock>,
    /// Where randomness comes from.
    random: Arc<dyn SecureRandom>,
    /// Where published keys may be fetched, before the configuration adds to it.
    fetching: Policy,
    /// Whether it is meant to be gone tomorrow.
    for_development: bool,
}

impl Surroundings {
    /// A clock and a source of randomness; how much time passes is told by the
    /// system.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn SecureRandom>) -> Self {
        Self {
            clock,
            monotonic: Arc::new(SystemMonotonicClock),
            random,
            fetching: Policy::public_hosts(),
            for_development: false,
        }
    }

    /// How much time passes is told by this clock.
    #[must_use]
    pub fn with_monotonic_clock(mut self, clock: Arc<dyn MonotonicClock>) -> Self {
        self.monotonic = clock;
        self
    }

    /// Published keys may be fetched from loopback addresses, over plain HTTP too. Whoever may
    /// register then sends requests to every service on this machine: for a server that one
    /// developer runs for himself.
    #[must_use]
    pub fn dangerous_for_development(mut self) -> Self {
        self.fetching = Policy::dangerous_for_development();
        self.for_development = true;
        self
    }
}

/// A server that is serving.
#[derive(Debug)]
pub struct Server {
    issuer: Issuer,
    address: SocketAddr,
    mtls_address: Option<SocketAddr>,
    mtls_url: Option<String>,
    admin_address: Option<SocketAddr>,
    admin_socket: PathBuf,
    renewal: mpsc::Sender<oneshot::Sender<()>>,
    stop: watch::Sender<bool>,
    serving: JoinSet<()>,
    /// Ends when nothing holds the app any more, and with it the store is closed.
    closed: oneshot::Receiver<()>,
    /// Held until the admin socket is gone.
    _lock: File,
}

/// Starts serving on a listener that is bound already. When this returns,
/// requests are answered.
pub async fn start(
    config: &Config,
    listener: TcpListener,
    surroundings: Surroundings,
) -> Result<Server, StartError> {
    let folder = &config.data.folder;
    let at_folder = |error| StartError::Folder {
        folder: folder.clone(),
        error,
    };
    // Found missing before there is a database: an empty one that is left behind would pass for
    // one that was sealed under the key.
    let sealer = sealer(config)?;
    let certificates = Certificates::load(&config.tls, &config.mtls, surroundings.clock.now())?;
    let mtls_listener = match config.mtls.listen {
        Some(address) => Some(bind("mtls.listen", address)?),
        None => None,
    };
    data_folder::make_private(folder).map_err(at_folder)?;
    let lock = data_folder::lock(folder)?;
    let store = open_store(config, &surroundings).await?;
    let mtls_address = mtls_listener.as_ref().map(|(_, address)| *address);
    let mtls_url = config.mtls_url(mtls_address);
    let admin_listener = match config.admin.listen {
        Some(address) => Some(bind("admin.listen", address)?),
        None => None,
    };
    let admin_address = admin_listener.as_ref().map(|(_, address)| *address);
    let admin_api = match admin_address {
        Some(address) => Some(admin_api(config, address, &store).await?),
        None => None,
    };
    let own_urls = OwnUrls {
        mtls_url: mtls_url.clone(),
        admin_api: admin_api.clone(),
    };
    let (open, closed) = oneshot::channel();
    let secrets = (sealer, certificates);
    // On the heap: whoever awaits the start need not make room for all of it.
    let parts = put_together(config, store, surroundings, secrets, own_urls, open);
    let app = Arc::new(Box::pin(parts).await?);
    let first = first_keys(&app.settings);
    key_changes::make_missing(&app, KeyPurpose::Statements, &first).await?;
    key_changes::make_for_access_tokens_in_use(&app).await?;

    let address = listener.local_addr().map_err(|error| StartError::Listen {
        what: "the public address".to_owned(),
        error,
    })?;
    let admin_socket = folder.join(ADMIN_SOCKET);
    let socket =
        data_folder::private_socket(&admin_socket).map_err(|error| StartError::Socket {
            socket: admin_socket.clone(),
            error,
        })?;

    let (stop, stopped) = watch::channel(false);
    let mut listeners = Listeners {
        app: Arc::clone(&app),
        bounds: Bounds {
            connections: config.limits.connections.as_usize(),
            header: config.limits.header.as_usize(),
            answer: config.limits.request_timeout.duration(),
        },
        stopped: stopped.clone(),
        serving: JoinSet::new(),
    };
    listeners.public(listener, Question::None);
    if let Some((listener, _)) = mtls_listener {
        listeners.public(listener, Question::ClientCertificate);
    }
    let everything = admin::routes(Arc::clone(&app));
    listeners.operator(socket, Transport::Plain, everything);
    if let Some(((listener, _), own)) = admin_listener.zip(admin_api) {
        let transport = transport(&app, Question::ClientCertificate);
        let guarded = admin::guarded_routes(Arc::clone(&app), &own);
        listeners.operator(listener, transport, guarded);
    }
    if let Some(address) = config.metrics.listen {
        let (listener, _) = bind("metrics.listen", address)?;
        let observation = admin::observation_routes(Arc::clone(&app));
        listeners.operator(listener, Transport::Plain, observation);
    }
    let mut serving = listeners.serving;
    serving.spawn(background::make_other_keys(Arc::clone(&app)));
    serving.spawn(background::clean_up(Arc::clone(&app), stopped.clone()));
    let (renewal, asked) = mpsc::channel(1);
    serving.spawn(tls::renew(Arc::clone(&app), asked, stopped));

    info!(issuer = app.issuer.as_str(), %address, "serving");
    Ok(Server {
        issuer: app.issuer.clone(),
        address,
        mtls_address,
        mtls_url,
        admin_address,
        admin_socket,
        renewal,
        stop,
        serving,
        closed,
        _lock: lock,
    })
}

/// Opens the database. That a server begins anew is said: one whose data folder is another than
/// yesterday's would otherwise look sound, and refuse everybody.
fn open(config: &Config, for_development: bool) -> Result<AnyStore, StartError> {
    let file = config.data.folder.join(DATABASE_FILE);
    let options = SqliteOptions {
        cache: config.database.cache_sizes(),
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(&file, &options);
    let store = store.map_err(|error| StartError::Store {
        file: file.clone(),
        error,
    })?;
    if store.is_new() && !for_development {
        warn!(
            "a new database was made at {}: new signing keys, nobody is registered; if this \
             server had data before, stop it and look at data.folder",
            file.display()
        );
    }
    Ok(AnyStore::from(store))
}

/// The engine that the configuration names.
async fn open_store(config: &Config, surroundings: &Surroundings) -> Result<AnyStore, StartError> {
    if let Some(mut options) = config.database.options()? {
        options.caching = config.database.caching(Arc::clone(&surroundings.monotonic));
        return Ok(Box::pin(PostgresStore::open(&options)).await?.into());
    }
    open(config, surroundings.for_development)
}

/// What is expected of client assertions.
fn assertions(config: &Config) -> ClientAssertionVerifier {
    let issuer = config.issuer.on_the_wire();
    let expected = &config.client_authentication;
    let mut verifier = ClientAssertionVerifier::new(issuer.clone())
        .max_lifetime(expected.longest_assertion.duration().as_secs());
    if expected.string_audience_only {
        verifier = verifier.string_audience_only();
    }
    if expected.endpoint_audiences {
        let paths = [paths::TOKEN, paths::INTROSPECTION, paths::REVOCATION];
        verifier.older_audiences(paths.map(|path| issuer.endpoint(path)))
    } else {
        verifier
    }
}

pub(crate) fn sealer(config: &Config) -> Result<Sealer, NoSealingKey> {
    let (current, previous) = config.load_sealing_keys()?;
    let previous = previous.iter().map(|key| SealingKey::new(key)).collect();
    Ok(Sealer::new(SealingKey::new(&current), previous))
}

/// The names that depend on the ports that were to be had.
struct OwnUrls {
    mtls_url: Option<String>,
    admin_api: Option<Arc<ProtectedResource>>,
}

/// What the admin API over TCP is called. Nobody else may have the name: tokens
/// for it open the admin API.
async fn admin_api(
    config: &Config,
    bound: SocketAddr,
    store: &AnyStore,
) -> Result<Arc<ProtectedResource>, StartError> {
    let resource = config.admin_url(bound).ok_or(StartError::AdminUrl(bound))?;
    let served = store.is_served(&resource).await;
    if served.map_err(StartError::Records)? {
        return Err(StartError::AdminUrlServed(resource));
    }
    let certificates = config.tls.is_on() || config.mtls.client_cert_header;
    let own = ProtectedResource::new(resource, config.admin.bearer_tokens, certificates);
    Ok(Arc::new(own))
}

async fn put_together(
    config: &Config,
    store: AnyStore,
    surroundings: Surroundings,
    (sealer, certificates): (Sealer, Certificates),
    own_urls: OwnUrls,
    open: oneshot::Sender<()>,
) -> Result<App, StartError> {
    let Surroundings {
        clock,
        random,
        fetching,
        monotonic: _,
        for_development: _,
    } = surroundings;
    let OwnUrls {
        mtls_url,
        admin_api,
    } = own_urls;
    let metrics = Metrics::new();
    certificates.show_expiry(&metrics);
    let resealed = keys::reseal_outdated(&store, &sealer, &*random).await?;
    if resealed > 0 {
        info!(
            resealed,
            "sealed anew under the current key; the former one is not needed any more"
        );
    }
    let check_key =
        load_or_make_secret(ServerSecret::TokenCheck, &store, &sealer, &*random).await?;
    let pairwise_key =
        load_or_make_secret(ServerSecret::PairwiseSubjects, &store, &sealer, &*random).await?;
    let secrets_key =
        load_or_make_secret(ServerSecret::ClientSecrets, &store, &sealer, &*random).await?;
    let nonce_secret =
        load_or_make_secret(ServerSecret::DpopNonces, &store, &sealer, &*random).await?;
    let dpop = Dpop::new(
        &config.dpop,
        &nonce_secret,
        config.issuer.on_the_wire(),
        mtls_url.as_deref(),
    );
    let signing = SigningQueue::new(
        Handle::current().metrics().num_workers(),
        config.limits.waiting_signatures.as_usize(),
        metrics.statements().waiting(),
    );
    let keys = Keys::load(&store, &sealer, clock.now(), &signing).await?;
    let statements = software_statements::load(
        &config.registration.software_statement_issuers,
        &config.issuer,
    )?;
    let settings = Settings::from(config);
    Ok(App {
        issuer: config.issuer.on_the_wire().clone(),
        throttle: Throttle::new(&settings),
        settings,
        store,
        mint: TokenMint::new(&check_key),
        pairwise: PairwiseSubjects::new(&pairwise_key),
        opened_keys: ArcSwap::from_pointee(keys),
        signing,
        opening_keys: tokio::sync::Mutex::new(()),
        statements,
        client_secrets: ClientSecrets::new(&secrets_key),
        assertions: assertions(config),
        dpop,
        key_changes: tokio::sync::Mutex::new(()),
        caller_changes: tokio::sync::Mutex::new(()),
        said: StatementMemory::new(config.limits.statement_memory.get()),
        published_keys: PublishedKeys::new(&config.fetch, fetching, Arc::clone(&clock))?,
        certificates: Arc::new(certificates),
        mtls_url,
        admin_api,
        sealer,
        clock,
        random,
        recorder: LogRecorder,
        metrics,
        _open: open,
    })
}

fn first_keys(settings: &Settings) -> Vec<SignatureAlgorithm> {
    let wanted: Vec<_> = FIRST_KEYS
        .into_iter()
        .filter(|first| settings.algorithms.contains(first))
        .collect();
    // A server set up for neither still starts with a key.
    if wanted.is_empty() {
        settings.algorithms.iter().copied().take(1).collect()
    } else {
        wanted
    }
}

impl Server {
    /// The issuer it speaks as.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens and asks for certificates.
    pub fn mtls_address(&self) -> Option<SocketAddr> {
        self.mtls_address
    }

    /// What stands in for the issuer where callers are asked for certificates, if they are.
    pub fn mtls_url(&self) -> Option<&str> {
        self.mtls_url.as_deref()
    }

    /// Where its admin API listens, beside the socket.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Looks at the certificate files again, as it does by itself every minute. When this
    /// returns, new connections get what was new and sound; log and metrics tell what was not.
    pub async fn look_at_certificates(&self) {
        let (looked, over) = oneshot::channel();
        // Fails only where the server is going down.
        if self.renewal.send(looked).await.is_ok() {
            _ = over.await;
        }
    }

    /// Where its admin API listens.
    pub fn admin_socket(&self) -> &Path {
        &self.admin_socket
    }

    /// Stops taking connections, lets open requests end, and returns when all
    /// is written.
    pub async fn stop(mut self) {
        info!("stopping: open requests end, no new connections are taken");
        if self.stop.send(true).is_err() {
            warn!("the server had stopped before");
        }
        while self.serving.join_next().await.is_some() {}
        // Requests whose connection went away are finished too.
        if tokio::time::timeout(CLOSE, &mut self.closed).await.is_err() {
            warn!("some requests did not end in time and were cut off");
        }
        if let Err(error) = fs::remove_file(&self.admin_socket) {
            warn!(%error, "the admin socket could not be removed");
        }
        info!("stopped");
    }
}
