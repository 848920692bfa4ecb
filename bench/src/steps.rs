//! What each step of the walk is measured with alone, by `benches/walk.rs`: the parties and tokens
//! of the other benchmarks, and in one process what a server keeps.

use std::path::Path;
use std::sync::Arc;

use avouch_core::client_secrets::ClientSecrets;
use avouch_core::introspection::{
    AuthorizedResourceServer, Means, PairwiseSubjects, StatementMemory, authorize,
};
use avouch_core::keys::{
    AccessTokenKeys, CallerKeys, KeyRing, KeysUnavailable, RecipientKeyError, RecipientKeys,
    Sealer, SoftwareSigner, make_signing_key,
};
use avouch_core::opaque_token::TokenMint;
use avouch_core::own_tokens::OwnTokens;
use avouch_core::records::{ClientAuthentication, KeyPurpose, KeySchedule};
use avouch_core::storage::MoveTarget;
use avouch_core::time::Timestamp;
use avouch_core::{
    AuthenticatedCaller, AuthenticationError, AuthenticationMeans, PresentedCredentials,
    SecretMethod, authenticate,
};
use avouch_crypto::random::SystemRandom;
use avouch_crypto::seal::SealingKey;
use avouch_jose::nested::NestedJwtEncrypter;
use avouch_jose::{ContentEncryption, JwkSet, KeyManagementAlgorithm, SignatureAlgorithm};
use avouch_oauth::Issuer;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_assertion::ClientAssertionVerifier;
use avouch_oauth::jwks_uri::JwksUri;
use avouch_oauth::secret::{PresentedSecret, PresentedToken};
use avouch_store::{AnyStore, CacheSizes, SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::Failure;
use crate::engine::Engine;
use crate::introspection::rows::{ALGORITHMS, Kind};
use crate::parties::{RESOURCE, register_resource_server};
use crate::site::{Seeding, Setup, Site};
use crate::tokens::load_usual;

/// What a server keeps, and what it is asked about.
pub struct Stage {
    /// In whose name it speaks.
    pub issuer: Issuer,
    /// When everything was issued.
    pub now: Timestamp,
    /// The database, with its caches.
    pub store: AnyStore,
    /// A copy of it that keeps no token in memory.
    pub forgetful: AnyStore,
    /// Live tokens.
    pub tokens: Vec<PresentedToken>,
    /// Who asks about them, a resource server for each form of answer; JSON first.
    pub askers: Vec<Asker>,
    /// Derives subjects.
    pub pairwise: PairwiseSubjects,
    mint: TokenMint,
    access_token_keys: AccessTokenKeys,
    client_secrets: ClientSecrets,
    assertions: ClientAssertionVerifier,
    ring: KeyRing,
    signer: SoftwareSigner,
    // Removed after the stores in them are closed.
    _site: Site,
    _copy: TempDir,
}

/// A resource server that asks by secret.
pub struct Asker {
    /// Its form of answer.
    pub name: &'static str,
    /// How that is signed, if it is.
    pub signed: Option<SignatureAlgorithm>,
    /// How that is encrypted, if it is.
    pub encrypted: Option<KeyManagementAlgorithm>,
    /// What it shows.
    pub credentials: PresentedCredentials,
    /// Its `Accept`.
    pub accept: &'static str,
}

/// Nobody here publishes keys, so that none is asked for.
#[derive(Clone, Copy, Debug)]
pub struct NoKeys;

impl Stage {
    /// Writes `tokens` live tokens into a database within `folder`, and opens it.
    pub async fn set(folder: &Path, tokens: usize) -> Result<Self, Failure> {
        let site = Site::new(folder, &Setup::default())?;
        let seeding = site.seed().await?;
        let kinds = Kind::ALL.into_iter();
        let mut askers = Vec::new();
        for kind in kinds.filter(|kind| kind.engine() == Engine::Sqlite) {
            askers.push(Asker::register(&seeding, kind).await?);
        }
        let tokens = load_usual(&seeding, tokens).await?;
        let Seeding {
            store,
            mint,
            secrets,
            now,
        } = seeding;
        store.finish_move().await?;
        drop(store);

        let copy = TempDir::new_in(folder)?;
        let copied = copy.path().join("copy.sqlite3");
        std::fs::copy(site.database(), &copied)?;
        let nothing = SqliteOptions {
            cache: CacheSizes {
                tokens: 0,
                ..CacheSizes::default()
            },
            ..SqliteOptions::default()
        };
        let (ring, signer) = keys(now)?;
        Ok(Self {
            issuer: site.issuer.clone(),
            now,
            store: SqliteStore::open(site.database(), &SqliteOptions::default())?.into(),
            forgetful: SqliteStore::open(copied, &nothing)?.into(),
            // Every next one from somewhere else in the index.
            tokens: (0..tokens.len())
                .map(|_| PresentedToken::new(tokens.get(tokens.further())))
                .collect(),
            askers,
            pairwise: PairwiseSubjects::new(&[1; 32]),
            mint,
            access_token_keys: AccessTokenKeys::default(),
            client_secrets: secrets,
            assertions: ClientAssertionVerifier::new(site.issuer.clone()),
            ring,
            signer,
            _site: site,
            _copy: copy,
        })
    }

    /// The step `authenticate`.
    pub async fn authenticate(
        &self,
        presented: &PresentedCredentials,
    ) -> Result<AuthenticatedCaller, AuthenticationError> {
        let means = AuthenticationMeans {
            store: &self.store,
            methods: &[AuthenticationMethod::ClientSecretBasic],
            client_secrets: &self.client_secrets,
            published_keys: &NoKeys,
            mint: &self.mint,
            client_authorities: None,
            assertions: &self.assertions,
            signing_algorithms: &SignatureAlgorithm::ALL,
            proof_quota: 1,
        };
        authenticate(presented, &means, self.now).await
    }

    /// An asker that was let pass.
    pub async fn authorized(&self, asker: &Asker) -> Result<AuthorizedResourceServer, Failure> {
        let caller = self.authenticate(&asker.credentials).await?;
        Ok(authorize(&caller)?)
    }

    /// What tokens of its own are told by.
    pub fn own_tokens(&self) -> OwnTokens<'_> {
        OwnTokens {
            mint: &self.mint,
            keys: &self.access_token_keys,
            issuer: &self.issuer,
        }
    }

    /// What answers are secured with.
    pub fn means<'a>(
        &'a self,
        statements: &'a StatementMemory,
    ) -> Means<'a, SoftwareSigner, NoKeys> {
        Means {
            issuer: &self.issuer,
            keys: &self.ring,
            signer: &self.signer,
            recipient_keys: &NoKeys,
            statements,
            random: &SystemRandom,
        }
    }
}

impl Asker {
    async fn register(seeding: &Seeding, kind: Kind) -> Result<Self, Failure> {
        let (profile, _) = kind.profile()?;
        let id = kind.id();
        let way = ClientAuthentication::ClientSecretBasic;
        let secret = register_resource_server(seeding, &id, RESOURCE, way, profile).await?;
        let secret = secret.ok_or("no secret was made")?;
        Ok(Self {
            name: kind.name(),
            signed: kind.signed(),
            encrypted: kind.encrypted(),
            credentials: PresentedCredentials::ClientSecret {
                method: SecretMethod::Basic,
                id,
                secret: PresentedSecret::new(secret.expose()),
            },
            accept: kind.form().media_type(),
        })
    }
}

/// A key for each algorithm, active from `now` on.
fn keys(now: Timestamp) -> Result<(KeyRing, SoftwareSigner), Failure> {
    let sealer = Sealer::new(SealingKey::new(&[2; 32]), Vec::new());
    let (mut records, mut keys) = (Vec::new(), Vec::new());
    for algorithm in ALGORITHMS {
        let schedule = KeySchedule::at_once(now);
        let purpose = KeyPurpose::Statements;
        let made = make_signing_key(algorithm, purpose, schedule, &sealer, &SystemRandom)?;
        records.push(made.record);
        keys.push(made.key);
    }
    Ok((KeyRing::new(&records), SoftwareSigner::new(keys)))
}

impl CallerKeys for NoKeys {
    async fn keys(&self, _: &JwksUri) -> Result<Arc<JwkSet>, KeysUnavailable> {
        Err(KeysUnavailable)
    }

    async fn newer_keys(&self, _: &JwksUri) -> Result<Arc<JwkSet>, KeysUnavailable> {
        Err(KeysUnavailable)
    }
}

impl RecipientKeys for NoKeys {
    async fn encrypter(
        &self,
        uri: &JwksUri,
        algorithm: KeyManagementAlgorithm,
        _: ContentEncryption,
    ) -> Result<Arc<NestedJwtEncrypter>, RecipientKeyError> {
        let uri = uri.clone();
        Err(RecipientKeyError::NoKeyFits { uri, algorithm })
    }
}
