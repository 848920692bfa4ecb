//! Records to keep, and where time stands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use avouch_core::id::{
    ClientId, GrantId, InitialAccessTokenId, ResourceServerId, SubjectId, TokenId,
};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{
    AccessToken, AccessTokenProfile, Allowance, AllowedResources, Approval, Authentication, Client,
    ClientAuthentication, Credentials, Grant, GrantType, InitialAccessToken, JwtProfile,
    KeyPurpose, KeySchedule, LegalBasis, PublicDetails, Registration, RegistrationKinds,
    RegistrationTokens, ReleasePolicy, ReleasedScopes, ResourceServer, ResourceSharing, Revision,
    SigningKeyRecord, Software, SoftwareStatement, Standing, SubjectForm, TokenBinding,
    TokenFormat,
};
use avouch_core::secret::{KeptSecret, SecretHash, StoredSecret};
use avouch_core::storage::{
    CallerRecord, CallerStore, Changed, RegisteredCaller, RegistrationStore, StoreError,
};
use avouch_core::time::Timestamp;
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde_json::json;

/// An instant with microseconds in it, so that their loss would show.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000 + 123_457)
}

pub(crate) fn resource(text: &str) -> ResourceIdentifier {
    ResourceIdentifier::parse(text).unwrap()
}

pub(crate) fn hash(name: &str) -> TokenHash {
    TokenHash::of(name)
}

pub(crate) fn client_id(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

pub(crate) fn grant_id(name: &str) -> GrantId {
    GrantId::new(&format!("g-{name}")).unwrap()
}

pub(crate) fn subject(id: &str) -> SubjectId {
    SubjectId::new(id).unwrap()
}

fn credentials() -> Credentials {
    let secret = |name: &str, expires_at| StoredSecret {
        kept: KeptSecret::Hash(SecretHash::of(name)),
        created_at: at(1),
        expires_at,
    };
    Credentials {
        authentication: ClientAuthentication::ClientSecretBasic,
        secrets: vec![secret("old", Some(at(9_999))), secret("new", None)],
    }
}

/// A client with something in every field.
pub(crate) fn client(id: &str) -> Client {
    Client {
        id: client_id(id),
        details: PublicDetails {
            name: Some("Müller & Söhne \"shop\"".into()),
            uri: Some("https://shop.example/".into()),
            contacts: vec!["ops@shop.example".into()],
            ..PublicDetails::default()
        },
        credentials: credentials(),
        grant_types: BTreeSet::from([GrantType::ClientCredentials]),
        scope: Scope::parse("pay sign").unwrap(),
        resources: AllowedResources::Only(vec![resource("https://pay.example")]),
        access_token_lifetime: Some(Duration::from_millis(90_500)),
        access_token_format: Some(TokenFormat::Opaque),
        token_binding: TokenBinding::Dpop,
        registered_at: at(5),
    }
}

pub(crate) fn resource_server_id(id: &str) -> ResourceServerId {
    ResourceServerId::new(id).unwrap()
}

/// An RS that serves these resources.
pub(crate) fn resource_server(id: &str, serves: &[&str]) -> ResourceServer {
    ResourceServer {
        id: resource_server_id(id),
        details: PublicDetails {
            name: Some("Sign".into()),
            ..PublicDetails::default()
        },
        credentials: credentials(),
        resources: serves.iter().map(|text| resource(text)).collect(),
        grant_types: BTreeSet::from([GrantType::ClientCredentials]),
        standing: Standing::Good,
        profile: Revision::first(JwtProfile::default(), at(6)),
        policy: Revision::first(policy(&["family_name"]), at(6)),
        access_tokens: Revision::first(
            AccessTokenProfile {
                for_scopes: Scope::parse("sign").unwrap(),
                format: Some(TokenFormat::Jwt),
                claims: BTreeSet::from(["family_name".to_owned()]),
            },
            at(6),
        ),
        registered_at: at(6),
    }
}

/// A release policy that allows these claims.
pub(crate) fn policy(claims: &[&str]) -> ReleasePolicy {
    ReleasePolicy {
        scopes: ReleasedScopes::Only(Scope::parse("sign").unwrap()),
        claims: claims.iter().map(|&claim| claim.to_owned()).collect(),
        authorization_details_types: BTreeSet::from(["signature".to_owned()]),
        subject: SubjectForm::Public,
        not_cleared: Some("audit".to_owned()),
    }
}

/// A grant with something in every field.
pub(crate) fn grant(name: &str, client: &str, sub: &str) -> Grant {
    let claims = json!({"family_name": "Mustermann", "address": {"country": "DE"}, "n": 1.5});
    Grant {
        id: grant_id(name),
        client: client_id(client),
        subject: Some(subject(sub)),
        scope: Scope::parse("sign pay").unwrap(),
        resources: vec![
            resource("https://sign.example"),
            resource("https://pay.example"),
        ],
        claims: FurtherClaims::new(claims.as_object().unwrap().clone()).unwrap(),
        authorization_details: details(),
        legal_basis: Some(LegalBasis::new("consent 4711").unwrap()),
        authentication: Some(Authentication {
            acr: Some("high".into()),
            auth_time: Some(900),
        }),
        created_at: at(1_000),
    }
}

fn details() -> AuthorizationDetails {
    let details = json!([{"type": "payment", "amount": "99.00"}, {"type": "signature"}]);
    AuthorizationDetails::from_value(details).unwrap()
}

/// The token of a grant: issued at 1,000, good until `end`.
pub(crate) fn token(name: &str, grant: &Grant, end: i64) -> AccessToken {
    AccessToken {
        hash: hash(name),
        id: TokenId::new(&format!("jti-{name}")).unwrap(),
        grant: grant.id.clone(),
        client: grant.client.clone(),
        scope: Scope::parse("sign").unwrap(),
        audience: vec![resource("https://sign.example")],
        authorization_details: details(),
        confirmation: Some(Confirmation::jkt(Sha256Thumbprint::from_bytes([7; 32]))),
        issued_at: at(1_000),
        not_before: Some(at(1_001)),
        expires_at: at(end),
        revoked_at: None,
    }
}

/// A token and its grant of the same name, for client `shop` and subject `erika`.
pub(crate) fn issued(name: &str, end: i64) -> (Grant, AccessToken) {
    let grant = grant(name, "shop", "erika");
    let token = token(name, &grant, end);
    (grant, token)
}

/// A signing key made at this second. The thumbprint is not checked by a store.
pub(crate) fn signing_key(kid: &str, made: i64) -> SigningKeyRecord {
    let public = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid,
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    SigningKeyRecord {
        public: serde_json::from_value(public).unwrap(),
        algorithm: avouch_jose::SignatureAlgorithm::EdDsa,
        purpose: KeyPurpose::Statements,
        sealed_private: vec![0, 1, 255],
        schedule: KeySchedule {
            created_at: at(made),
            active_at: at(made + 10),
            retiring_at: None,
            retired_at: None,
        },
    }
}

/// An initial access token that is good until 2,000.
pub(crate) fn initial_access_token(name: &str, uses_left: Option<u32>) -> InitialAccessToken {
    InitialAccessToken {
        hash: hash(name),
        id: InitialAccessTokenId::new(&format!("iat-{name}")).unwrap(),
        allowance: Allowance {
            kinds: RegistrationKinds::Both,
            resources: AllowedResources::Any,
            sharing: ResourceSharing::Exclusive,
        },
        uses_left,
        created_at: at(1_000),
        expires_at: Some(at(2_000)),
    }
}

/// A registration with something in every field, managed with the token of
/// this name.
pub(crate) fn registration(token: &str) -> Registration {
    let metadata = json!({"client_name": "Müller", "contacts": ["ops@shop.example"]});
    Registration {
        approval: Approval::SoftwareStatement("https://federation.example".into()),
        allowance: Allowance {
            kinds: RegistrationKinds::ResourceServers,
            resources: AllowedResources::Only(vec![resource("https://pay.example")]),
            sharing: ResourceSharing::Exclusive,
        },
        narrowed: true,
        software: Software {
            id: Some("4711".into()),
            version: Some("1.2 \"beta\"".into()),
            statement: Some(SoftwareStatement {
                text: "e30.e30.AAAA".into(),
                issuer: "https://federation.example".into(),
                metadata: metadata.as_object().unwrap().clone(),
            }),
        },
        tokens: RegistrationTokens::new(hash(token)),
    }
}

/// What an administrator does who does not mind what is there.
pub(crate) trait Administer: CallerStore + RegistrationStore + Sync {
    async fn update_client(&self, client: &Client) -> Result<bool, StoreError> {
        let to = CallerRecord::Client(Arc::new(client.clone()));
        self.update(&to, ResourceSharing::Exclusive).await
    }

    async fn update_resource_server(
        &self,
        server: &ResourceServer,
        sharing: ResourceSharing,
    ) -> Result<bool, StoreError> {
        let to = CallerRecord::ResourceServer(Arc::new(server.clone()));
        self.update(&to, sharing).await
    }

    async fn remove_client(&self, id: &ClientId, at: Timestamp) -> Result<bool, StoreError> {
        self.remove(id.as_str(), at).await
    }

    async fn remove_resource_server(
        &self,
        id: &ResourceServerId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.remove(id.as_str(), at).await
    }

    async fn put_registration(
        &self,
        id: &str,
        registration: &Registration,
    ) -> Result<bool, StoreError> {
        loop {
            let Some(caller) = self.current_caller(id).await? else {
                return Ok(false);
            };
            let from = self.registration_of(id).await?;
            let giving = self.give_registration(&caller, from.as_ref(), registration);
            if let Some(done) = is_done(giving.await?) {
                return Ok(done);
            }
        }
    }

    async fn update(
        &self,
        to: &CallerRecord,
        sharing: ResourceSharing,
    ) -> Result<bool, StoreError> {
        loop {
            let Some(from) = self.current_caller(to.id()).await? else {
                return Ok(false);
            };
            if let Some(done) = is_done(self.change_caller(&from, to, sharing).await?) {
                return Ok(done);
            }
        }
    }

    async fn remove(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        loop {
            let Some(from) = self.current_caller(id).await? else {
                return Ok(false);
            };
            if let Some(done) = is_done(self.remove_caller(&from, at).await?) {
                return Ok(done);
            }
        }
    }
}

impl<T: CallerStore + RegistrationStore + Sync> Administer for T {}

/// `None` if it has to be tried again.
fn is_done(changed: Changed) -> Option<bool> {
    match changed {
        Changed::Done => Some(true),
        Changed::Gone => Some(false),
        Changed::Meanwhile => None,
    }
}

/// A client that was registered and is managed with the token of this name.
pub(crate) fn registered_client(id: &str, token: &str) -> RegisteredCaller {
    RegisteredCaller {
        caller: CallerRecord::Client(Arc::new(client(id))),
        registration: registration(token),
    }
}

/// The same for an RS.
pub(crate) fn registered_resource_server(
    id: &str,
    serves: &[&str],
    token: &str,
) -> RegisteredCaller {
    RegisteredCaller {
        caller: CallerRecord::ResourceServer(Arc::new(resource_server(id, serves))),
        registration: registration(token),
    }
}
