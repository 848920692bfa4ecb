//! What is in the data folder before the server starts.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avouch_core::id::{ClientId, InitialAccessTokenId, ResourceServerId};
use avouch_core::keys::{Sealer, load_or_make_secret, make_signing_key};
use avouch_core::opaque_token::{TokenKind, TokenMint};
use avouch_core::records::{
    AccessToken, AccessTokenProfile, Allowance, AllowedResources, Client, ClientAuthentication,
    Credentials, FoundToken, Grant, GrantType, InitialAccessToken, JwtProfile, KeyPurpose,
    KeySchedule, PublicDetails, RegistrationKinds, ReleasePolicy, ResourceServer, ResourceSharing,
    Revision, SigningKeyRecord, Standing, TokenBinding, TokenFormat,
};
use avouch_core::secret::{KeptSecret, PlainSecret, StoredSecret};
use avouch_core::storage::{
    CallerStore, InitialAccessTokenStore, KeyStore, KeysRevision, ServerSecret, TokenStore,
};
use avouch_core::time::{Clock, Timestamp};
use avouch_crypto::random::SystemRandom;
use avouch_crypto::seal::SealingKey;
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::issuer::Issuer;
use avouch_server::config::Config;
use avouch_store::{SqliteOptions, SqliteStore};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::{Reach, Running, SIGN, START, TestClock, resource, scope};

/// The same in every story, so that a key sealed for one opens in another. All
/// octets alike would be refused as a placeholder.
const SEALING_KEY: [u8; 32] = *b"whole-server tests and no others";

/// Who authenticates, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Caller {
    /// The `Authorization` header of `client_secret_basic`. Neither part of
    /// those made here has a character that form-encoding changes.
    pub(crate) fn basic(&self) -> String {
        let joined = format!("{}:{}", self.id, self.secret);
        format!("Basic {}", STANDARD.encode(joined))
    }

    /// The same caller with another secret.
    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self {
            id: self.id.clone(),
            secret: secret.to_owned(),
        }
    }
}

/// A token that was issued, with its record.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) record: AccessToken,
}

/// A data folder and what is put into it.
pub(crate) struct Setup {
    folder: TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: SqliteStore,
    pub(crate) mint: TokenMint,
    /// The path below the issuer's host.
    path: &'static str,
    /// Sections of the configuration beyond the usual.
    further: String,
    algorithms: &'static [SignatureAlgorithm],
    reach: Reach,
    /// The form of the tokens it makes.
    pub(super) format: TokenFormat,
}

impl Setup {
    /// An empty folder with the server's own secrets.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut key_file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(folder.path().join("sealing.key"))
            .unwrap();
        let key = SEALING_KEY.map(|byte| format!("{byte:02x}")).concat();
        key_file.write_all(key.as_bytes()).unwrap();
        let database = folder.path().join(avouch_server::DATABASE_FILE);
        let store = SqliteStore::open(database, &SqliteOptions::default()).unwrap();
        let sealer = sealer();
        let secret = load_or_make_secret(ServerSecret::TokenCheck, &store, &sealer, &SystemRandom);
        let mint = TokenMint::new(&secret.await.unwrap());
        Self {
            folder,
            clock: Arc::new(TestClock::new()),
            store,
            mint,
            path: "",
            further: String::new(),
            algorithms: &[
                SignatureAlgorithm::Rs256,
                SignatureAlgorithm::Es256,
                SignatureAlgorithm::Ed25519,
            ],
            reach: Reach::PublicHosts,
            format: TokenFormat::Opaque,
        }
    }

    /// A server that fetches published keys from this machine.
    pub(crate) fn for_development(mut self) -> Self {
        self.reach = Reach::Development;
        self
    }

    pub(crate) fn path(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    /// With this text at the end of the configuration file.
    pub(crate) fn configured(mut self, further: &str) -> Self {
        further.clone_into(&mut self.further);
        self
    }

    /// A file in its folder.
    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    }

    /// With JWT access tokens signed with ES256, unless a record says otherwise.
    pub(crate) fn jwt(mut self) -> Self {
        self.format = TokenFormat::Jwt;
        self.configured("[tokens]\nformat = \"jwt\"\nsigning_algorithm = \"ES256\"\n")
    }

    /// The issuer it will speak as.
    pub(crate) fn issuer(&self) -> Issuer {
        Issuer::parse(&format!("https://as.example{}", self.path)).unwrap()
    }

    /// With keys for these algorithms instead of the usual three.
    pub(crate) fn algorithms(mut self, algorithms: &'static [SignatureAlgorithm]) -> Self {
        self.algorithms = algorithms;
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// One RS, one client, and a good token of the one at the other.
    pub(crate) async fn usual(&self) -> (Caller, Token) {
        let sign = self.resource_server("sign", SIGN).await;
        self.client("shop").await;
        (sign, self.token().await)
    }

    pub(crate) async fn resource_server(&self, id: &str, serves: &str) -> Caller {
        self.resource_server_with(id, serves, |_| {}).await
    }

    /// An RS of good standing, changed as the story wants it.
    pub(crate) async fn resource_server_with(
        &self,
        id: &str,
        serves: &str,
        change: impl FnOnce(&mut ResourceServer),
    ) -> Caller {
        let (caller, credentials) = self.credentials(id);
        let mut record = ResourceServer {
            id: ResourceServerId::new(id).unwrap(),
            details: PublicDetails::default(),
            credentials,
            resources: BTreeSet::from([resource(serves)]),
            grant_types: BTreeSet::new(),
            standing: Standing::Good,
            profile: Revision::first(JwtProfile::default(), self.now()),
            policy: Revision::first(ReleasePolicy::default(), self.now()),
            access_tokens: Revision::first(AccessTokenProfile::default(), self.now()),
            registered_at: self.now(),
        };
        change(&mut record);
        let sharing = ResourceSharing::Shared;
        let keeping = self.store.insert_resource_server(&record, sharing);
        keeping.await.unwrap();
        caller
    }

    pub(crate) async fn client(&self, id: &str) -> Caller {
        self.client_with(id, |_| {}).await
    }

    /// A client that may ask for any resource, changed as the story wants it.
    pub(crate) async fn client_with(&self, id: &str, change: impl FnOnce(&mut Client)) -> Caller {
        let (caller, credentials) = self.credentials(id);
        let mut record = Client {
            id: ClientId::new(id).unwrap(),
            details: PublicDetails::default(),
            credentials,
            grant_types: BTreeSet::from([GrantType::ClientCredentials]),
            scope: scope("sign pay read"),
            resources: AllowedResources::Any,
            access_token_lifetime: None,
            access_token_format: None,
            token_binding: TokenBinding::Optional,
            registered_at: self.now(),
        };
        change(&mut record);
        self.store.insert_client(&record).await.unwrap();
        caller
    }

    fn credentials(&self, id: &str) -> (Caller, Credentials) {
        let secret = PlainSecret::generate(&SystemRandom).unwrap();
        let credentials = Credentials::first(
            ClientAuthentication::ClientSecretBasic,
            Some(StoredSecret::new(
                KeptSecret::Hash(secret.hash()),
                self.now(),
            )),
        );
        let caller = Caller {
            id: id.to_owned(),
            secret: secret.expose().to_owned(),
        };
        (caller, credentials)
    }

    /// A grant like that which a token hangs on.
    pub(crate) async fn grant_of(&self, token: &AccessToken) -> Grant {
        let found = self.store.find(&token.hash).await.unwrap().unwrap();
        let FoundToken { token, grant, .. } = &*found;
        Grant {
            id: token.grant.clone(),
            client: token.client.clone(),
            subject: grant.subject.clone(),
            scope: token.scope.clone(),
            resources: token.audience.clone(),
            claims: grant.claims.clone(),
            authorization_details: token.authorization_details.clone(),
            legal_basis: grant.legal_basis.clone(),
            authentication: grant.authentication.clone(),
            created_at: token.issued_at,
        }
    }

    /// Keeps a grant and a token that no order would make.
    pub(crate) async fn keep(&self, grant: &Grant, mut token: AccessToken) -> String {
        let text = self.genuine();
        token.hash = avouch_core::opaque_token::TokenHash::of(&text);
        self.store.issue(grant, &token).await.unwrap();
        text
    }

    /// An initial access token, changed as the story wants it.
    pub(crate) async fn initial_access_token(
        &self,
        name: &str,
        change: impl FnOnce(&mut InitialAccessToken),
    ) -> String {
        let token = self.mint.mint(TokenKind::InitialAccess, &SystemRandom);
        let token = token.unwrap();
        let mut record = InitialAccessToken {
            hash: token.hash(),
            id: InitialAccessTokenId::new(name).unwrap(),
            allowance: Allowance {
                kinds: RegistrationKinds::Both,
                resources: AllowedResources::Any,
                sharing: ResourceSharing::Exclusive,
            },
            uses_left: None,
            created_at: self.now(),
            expires_at: None,
        };
        change(&mut record);
        let keeping = self.store.insert_initial_access_token(&record);
        keeping.await.unwrap();
        token.expose().to_owned()
    }

    /// Keys are put in too, so that none has to be made while a story runs.
    pub(crate) async fn start(self) -> Running {
        for algorithm in self.algorithms {
            let key = ready_key(KeyPurpose::Statements, *algorithm);
            self.keep_key(&key, &[]).await;
        }
        if self.format == TokenFormat::Jwt {
            let key = access_token_key();
            self.keep_key(&key, &[]).await;
        }
        self.start_without_keys().await
    }

    /// Keeps a signing key beside those that are there.
    pub(crate) async fn keep_key(
        &self,
        key: &SigningKeyRecord,
        rescheduled: &[(String, KeySchedule)],
    ) {
        let there = KeysRevision::of(&self.store.signing_keys().await.unwrap());
        let keeping = self.store.insert_signing_key(key, rescheduled, there);
        keeping.await.unwrap();
    }

    /// The key for access tokens signs no longer, and leaves the published set
    /// after this long. Keys for statements are put in too.
    pub(crate) async fn retire_access_token_key(&self, after: Duration) {
        let mut key = access_token_key();
        key.schedule.retiring_at = Some(self.now());
        key.schedule.retired_at = Some(self.now().after(after));
        self.keep_key(&key, &[]).await;
        for algorithm in self.algorithms {
            let key = ready_key(KeyPurpose::Statements, *algorithm);
            self.keep_key(&key, &[]).await;
        }
    }

    /// Starts with the keys that are in the store already.
    pub(crate) async fn start_without_keys(self) -> Running {
        let config = self.config();
        let Self {
            folder,
            clock,
            store,
            reach,
            ..
        } = self;
        // One process at a time: the server takes the lock now.
        drop(store);
        Running::start(config, clock, folder, reach).await
    }

    fn config(&self) -> Config {
        let folder = self.folder.path().display();
        let names: Vec<_> = self.algorithms.iter().map(|name| name.name()).collect();
        let text = format!(
            "issuer = \"{}\"\n\
             [data]\nfolder = \"{folder}\"\n\
             [sealing]\nkey_file = \"{folder}/sealing.key\"\n\
             [keys]\nalgorithms = {names:?}\n{}",
            self.issuer(),
            self.further
        );
        let file = self.folder.path().join("avouch.toml");
        fs::write(&file, &text).unwrap();
        avouch_server::config::load(&file).unwrap()
    }
}

pub(super) fn sealer() -> Sealer {
    Sealer::new(SealingKey::new(&SEALING_KEY), Vec::new())
}

/// A key made once in this process. Who checks a statement takes the key from
/// the server at hand, so sharing it hides nothing; making RSA keys is slow.
fn ready_key(purpose: KeyPurpose, algorithm: SignatureAlgorithm) -> SigningKeyRecord {
    type Ready = HashMap<(KeyPurpose, SignatureAlgorithm), SigningKeyRecord>;
    static READY: Mutex<Option<Ready>> = Mutex::new(None);
    let schedule = KeySchedule::at_once(Timestamp::from_secs(START));
    let mut ready = READY.lock().unwrap();
    let ready = ready.get_or_insert_default();
    ready
        .entry((purpose, algorithm))
        .or_insert_with(|| key_for(purpose, algorithm, schedule))
        .clone()
}

/// The key that signs the JWT access tokens of these stories.
pub(super) fn access_token_key() -> SigningKeyRecord {
    ready_key(KeyPurpose::AccessTokens, SignatureAlgorithm::Es256)
}

/// A key for statements with this life.
pub(crate) fn fresh_key(algorithm: SignatureAlgorithm, schedule: KeySchedule) -> SigningKeyRecord {
    key_for(KeyPurpose::Statements, algorithm, schedule)
}

fn key_for(
    purpose: KeyPurpose,
    algorithm: SignatureAlgorithm,
    schedule: KeySchedule,
) -> SigningKeyRecord {
    let made = make_signing_key(algorithm, purpose, schedule, &sealer(), &SystemRandom);
    made.unwrap().record
}
