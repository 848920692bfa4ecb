//! A place to register at, for the tests of every step.

use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, ProtectedHeader, SignatureAlgorithm, SigningKey, jws};
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_metadata::RegistrationUpdate;
use avouch_oauth::jwks_uri::JwksUri;
use avouch_oauth::resource::ResourceIdentifier;
use serde_json::{Value, json};

use super::{
    JwksUriPolicy, Registered, RegistrationContext, RegistrationError, StatementIssuer,
    TrustedStatements, register, update,
};
use crate::client_secrets::ClientSecrets;
use crate::id::InitialAccessTokenId;
use crate::opaque_token::{TokenHash, TokenMint};
use crate::records::{
    Allowance, AllowedResources, Client, InitialAccessToken, RegistrationKinds, ResourceServer,
    ResourceSharing,
};
use crate::storage::{CallerRecord, RegisteredCaller};
use crate::time::Timestamp;

pub(super) const ISSUER: &str = "https://federation.example";
pub(super) const ALGORITHMS: [SignatureAlgorithm; 2] =
    [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256];

pub(super) fn now() -> Timestamp {
    Timestamp::from_secs(1_000)
}

pub(super) fn allowance(kinds: RegistrationKinds, resources: AllowedResources) -> Allowance {
    Allowance {
        kinds,
        resources,
        sharing: ResourceSharing::Exclusive,
    }
}

pub(super) fn only(resources: &[&str]) -> AllowedResources {
    let parse = |text: &&str| ResourceIdentifier::parse(text).unwrap();
    AllowedResources::Only(resources.iter().map(parse).collect())
}

pub(super) fn anything() -> Allowance {
    allowance(RegistrationKinds::Both, AllowedResources::Any)
}

pub(super) fn token(allowance: Allowance) -> InitialAccessToken {
    InitialAccessToken {
        hash: TokenHash::of("token"),
        id: InitialAccessTokenId::new("iat-1").unwrap(),
        allowance,
        uses_left: None,
        created_at: now(),
        expires_at: None,
    }
}

/// Where registrations are handed in. Nobody's statements count at first.
pub(super) struct Desk {
    pub(super) statements: TrustedStatements,
    pub(super) encrypted_only: bool,
    secrets: ClientSecrets,
    mint: TokenMint,
    key: SigningKey,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            statements: TrustedStatements::default(),
            encrypted_only: false,
            secrets: ClientSecrets::new(&[8; 32]),
            mint: TokenMint::new(&[7; 32]),
            key: SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap(),
        }
    }

    /// With one issuer that may approve this.
    pub(super) fn trusting(allowance: Allowance) -> Self {
        let mut desk = Self::new();
        desk.statements = TrustedStatements {
            issuers: vec![StatementIssuer {
                issuer: ISSUER.to_owned(),
                keys: JwkSet::for_publication(vec![desk.key.public_jwk().clone()]).unwrap(),
                algorithms: vec![SignatureAlgorithm::Es256],
                allowance,
            }],
            audiences: vec!["https://as.example".to_owned()],
        };
        desk
    }

    /// A statement of that issuer.
    pub(super) fn statement(&self, mut claims: Value) -> String {
        if claims.get("iss").is_none() {
            claims["iss"] = json!(ISSUER);
        }
        let header = ProtectedHeader::new(self.key.algorithm()).kid(self.key.kid());
        jws::sign(&self.key, &header.encode(), claims.to_string().as_bytes()).unwrap()
    }

    fn context_at(&self, now: Timestamp) -> RegistrationContext<'_> {
        RegistrationContext {
            statements: &self.statements,
            signing_algorithms: &ALGORITHMS,
            methods: AuthenticationMethod::ALL,
            secrets: &self.secrets,
            jwks_uris: &Inside,
            encrypted_only: self.encrypted_only,
            reserved: None,
            mint: &self.mint,
            random: &SystemRandom,
            now,
        }
    }

    pub(super) fn register(
        &self,
        request: &Value,
        token: Option<&InitialAccessToken>,
    ) -> Result<Registered, RegistrationError> {
        let members = request.as_object().unwrap().clone();
        register(members, token, &self.context_at(now()))
    }

    /// Asks for this record in the place of the current one. The id is added.
    pub(super) fn update(
        &self,
        current: &RegisteredCaller,
        request: &Value,
    ) -> Result<RegisteredCaller, RegistrationError> {
        let mut request = request.clone();
        if request.get("client_id").is_none() {
            request["client_id"] = json!(current.caller.id());
        }
        let asked = RegistrationUpdate::parse(request.to_string().as_bytes()).unwrap();
        let later = Timestamp::from_secs(2_000);
        let (updated, _) = update(current, &asked, &self.context_at(later))?;
        Ok(updated)
    }
}

/// An address that keys may not be fetched from; every other one is fine.
pub(super) const INSIDE: &str = "https://inside.example/keys";

struct Inside;

impl JwksUriPolicy for Inside {
    fn check(&self, uri: &JwksUri) -> Result<(), String> {
        match uri.as_str() {
            INSIDE => Err("is out of bounds".to_owned()),
            _ => Ok(()),
        }
    }
}

pub(super) fn client(registered: &RegisteredCaller) -> &Client {
    match &registered.caller {
        CallerRecord::Client(client) => client,
        CallerRecord::ResourceServer(_) => panic!("a resource server"),
    }
}

pub(super) fn resource_server(registered: &RegisteredCaller) -> &ResourceServer {
    match &registered.caller {
        CallerRecord::ResourceServer(server) => server,
        CallerRecord::Client(_) => panic!("a client"),
    }
}
