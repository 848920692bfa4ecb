//! Who is registered: the client that holds the tokens, and the resource servers that ask.

use std::collections::BTreeSet;

use avouch_core::id::{ClientId, ResourceServerId};
use avouch_core::records::{
    AccessTokenProfile, AllowedResources, Client, ClientAuthentication,
    Credentials as StoredCredentials, GrantType, JwtProfile, PublicDetails, ReleasePolicy,
    ReleasedScopes, ResourceServer, ResourceSharing, Revision, Standing, SubjectForm, TokenBinding,
};
use avouch_core::secret::PlainSecret;
use avouch_core::storage::CallerStore;
use avouch_crypto::random::SystemRandom;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Failure;
use crate::request::Shown;
use crate::site::Seeding;

/// What the resource servers here serve.
pub const RESOURCE: &str = "https://api.bench.example";
/// What others serve.
pub const OTHER_RESOURCE: &str = "https://other.bench.example";

/// Registers the client that tokens are issued to.
pub async fn register_client(seeding: &Seeding, id: &str) -> Result<ClientId, Failure> {
    let id = ClientId::new(id)?;
    let client = Client {
        id: id.clone(),
        details: PublicDetails::default(),
        credentials: StoredCredentials::first(ClientAuthentication::ClientSecretBasic, None),
        grant_types: BTreeSet::new(),
        scope: Scope::default(),
        resources: AllowedResources::Any,
        access_token_lifetime: None,
        access_token_format: None,
        token_binding: TokenBinding::Optional,
        registered_at: seeding.now,
    };
    seeding.store.insert_client(&client).await?;
    Ok(id)
}

/// Registers a resource server that learns what its tokens say, and tells its secret if its way to
/// authenticate has one.
pub async fn register_resource_server(
    seeding: &Seeding,
    id: &str,
    resource: &str,
    authentication: ClientAuthentication,
    profile: JwtProfile,
) -> Result<Option<PlainSecret>, Failure> {
    let now = seeding.now;
    let made = authentication
        .secret_kind()
        .map(|kind| seeding.secrets.make(kind, id, &SystemRandom, now))
        .transpose()?;
    let (secret, stored) = made.unzip();
    let resource_server = ResourceServer {
        id: ResourceServerId::new(id)?,
        details: PublicDetails::default(),
        credentials: StoredCredentials::first(authentication, stored),
        resources: BTreeSet::from([ResourceIdentifier::parse(resource)?]),
        grant_types: BTreeSet::from([GrantType::ClientCredentials]),
        standing: Standing::Good,
        profile: Revision::first(profile, now),
        policy: Revision::first(policy(), now),
        access_tokens: Revision::first(AccessTokenProfile::default(), now),
        registered_at: now,
    };
    let sharing = ResourceSharing::Shared;
    let store = &seeding.store;
    store
        .insert_resource_server(&resource_server, sharing)
        .await?;
    Ok(secret)
}

/// Registers a resource server that asks by `client_secret_basic`, and tells what it shows.
pub async fn register_asker(
    seeding: &Seeding,
    id: &str,
    resource: &str,
    profile: JwtProfile,
) -> Result<Shown, Failure> {
    let way = ClientAuthentication::ClientSecretBasic;
    let secret = register_resource_server(seeding, id, resource, way, profile).await?;
    Ok(basic(id, &secret.ok_or("no secret was made")?))
}

/// What a payment service may learn: an answer of about 500 octets.
fn policy() -> ReleasePolicy {
    let names = ["family_name", "given_name", "birthdate", "iban"];
    ReleasePolicy {
        scopes: ReleasedScopes::All,
        claims: names.map(str::to_owned).into(),
        authorization_details_types: BTreeSet::from(["payment".to_owned()]),
        subject: SubjectForm::Pairwise,
        not_cleared: None,
    }
}

/// `client_secret_basic` (RFC 6749 section 2.3.1). Neither part has a character to be encoded.
pub fn basic(id: &str, secret: &PlainSecret) -> Shown {
    let joined = STANDARD.encode(format!("{id}:{}", secret.expose()));
    Shown {
        headers: format!("authorization: Basic {joined}\r\n"),
        form: String::new(),
    }
}
