//! The server and the parties of the demo.

use std::sync::Arc;

use avouch_core::apply::Description;
use avouch_core::id::{ClientId, SubjectId};
use avouch_core::records::{LegalBasis, StatementEncryption};
use avouch_crypto::random::SystemRandom;
use avouch_jose::{ContentEncryption, DecryptionKey, JwkSet, KeyManagementAlgorithm};
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;
use avouch_resource_server::{Credentials, Introspector, Issuer, RequestGuard};
use avouch_server::admin::api::{Applied, IssueToken};
use avouch_server::{Server, Surroundings, SystemClock, start};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::database::Database;
use super::shop::ClientKey;
use super::wire::Wire;
use crate::admin_client::AdminClient;
use crate::development;
use crate::output::Failure;

/// Who takes part, in the form of a file for `avouch apply`.
const PARTIES: &str = include_str!("parties.toml");

/// How the key for a statement is given to the provider that wants it encrypted.
const ENCRYPTION: KeyManagementAlgorithm = KeyManagementAlgorithm::EcdhEs;

/// The running server with its parties.
pub(super) struct Stage {
    server: Server,
    /// Goes with the stage; the server must be down before.
    _folder: development::Folder,
    admin: AdminClient,
    shop: Wire,
    pub(super) shop_key: ClientKey,
    pub(super) sign: Provider,
    pub(super) pay: Provider,
    pub(super) parcel: Provider,
}

/// A resource server with its line to the authorization server.
pub(super) struct Provider {
    pub(super) id: &'static str,
    pub(super) issuer: Issuer,
    pub(super) introspector: Introspector,
    /// Stands before its own requests.
    pub(super) guard: RequestGuard<Introspector>,
    /// The published keys, for checking statements that were kept.
    pub(super) keys: JwkSet,
}

/// What the login system has verified about the customer.
pub(super) fn claims() -> Value {
    json!({ "given_name": "Erika", "family_name": "Mustermann", "birthdate": "1964-08-12" })
}

/// What the customer has agreed to pay.
pub(super) fn payment() -> Value {
    json!([{
        "type": "payment_initiation",
        "instructedAmount": { "currency": "EUR", "amount": "123.50" },
        "debtorAccount": { "iban": "DE40100100103307118608" },
        "creditorName": "Shop"
    }])
}

impl Stage {
    /// Starts the server and registers everybody.
    pub(super) async fn set_up(database: Option<&Database>) -> Result<Self, Failure> {
        let folder = development::Folder::create()?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let mut config = folder.config(listener.local_addr()?, None)?;
        if let Some(database) = database {
            config.database = database.config.clone();
        }
        let surroundings = Surroundings::new(Arc::new(SystemClock), Arc::new(SystemRandom));
        let server = start(&config, listener, surroundings).await?;
        let admin = AdminClient::new(server.admin_socket());
        let mut parties: Description = toml::from_str(PARTIES)?;
        let sign_key = DecryptionKey::generate(ENCRYPTION, &SystemRandom)?;
        encrypt_for(&mut parties, "sign", &sign_key)?;
        let applied = admin.apply(&parties, false).await?;

        let issuer = server.issuer();
        let anybody = Wire::to(&server);
        let keys = JwkSet::parse_published(&anybody.get("/jwks.json").await?)?;
        let provider = async |id, own: Option<DecryptionKey>| {
            Provider::set_up(id, issuer, &keys, &applied, own).await
        };
        Ok(Self {
            shop: anybody.with_basic("shop", secret_of(&applied, "shop")?),
            shop_key: ClientKey::generate()?,
            sign: provider("sign", Some(sign_key)).await?,
            pay: provider("pay", None).await?,
            parcel: provider("parcel", None).await?,
            _folder: folder,
            admin,
            server,
        })
    }

    /// The issuer of the server.
    pub(super) fn issuer(&self) -> &str {
        self.server.issuer().as_str()
    }

    /// The customer has logged in and agreed: the login system orders a token
    /// for the shop, bound to the shop's key.
    pub(super) async fn order_token(&self) -> Result<String, Failure> {
        let Value::Object(claims) = claims() else {
            return Err(Failure::new("the demo's claims are no object"));
        };
        let order = IssueToken {
            claims: FurtherClaims::new(claims)?,
            authorization_details: AuthorizationDetails::from_value(payment())?,
            legal_basis: Some(LegalBasis::new("consent 2026-11/4711")?),
            cnf: Some(self.shop_key.confirmation()),
            ..IssueToken::new(ClientId::new("shop")?, SubjectId::new("erika")?)
        };
        Ok(self
            .admin
            .issue_token(&order)
            .await?
            .access_token
            .expose()
            .to_owned())
    }

    /// The shop revokes the token it was given (RFC 7009).
    pub(super) async fn revoke(&self, token: &str) -> Result<(), Failure> {
        self.shop.post_form("/revoke", &[("token", token)]).await
    }

    /// Brings the server down, then lets its folder go.
    pub(super) async fn strike(self) {
        self.server.stop().await;
    }
}

impl Provider {
    async fn set_up(
        id: &'static str,
        issuer: &Issuer,
        keys: &JwkSet,
        applied: &Applied,
        own_key: Option<DecryptionKey>,
    ) -> Result<Self, Failure> {
        let credentials = Credentials::client_secret_basic(secret_of(applied, id)?);
        let mut builder = Introspector::builder(issuer.clone(), id, credentials);
        if let Some(key) = own_key {
            builder = builder.encrypted_to([key]);
        }
        let introspector = builder.discover().await?;
        Ok(Self {
            id,
            issuer: issuer.clone(),
            guard: RequestGuard::new(introspector.clone(), &format!("https://{id}.example"))?,
            introspector,
            keys: keys.clone(),
        })
    }
}

/// Registers a public key to encrypt the statements of one provider to.
fn encrypt_for(parties: &mut Description, id: &str, key: &DecryptionKey) -> Result<(), Failure> {
    let keys = JwkSet {
        keys: vec![key.public_jwk().clone()],
    };
    let encryption = StatementEncryption::to_keys(ENCRYPTION, ContentEncryption::A256Gcm, keys)?;
    let mut servers = parties.resource_servers.iter_mut();
    let server = servers.find(|server| server.id.as_str() == id);
    let server = server.ok_or_else(|| Failure::new(format!("{id} is not described")))?;
    server.profile.encryption = Some(encryption);
    Ok(())
}

fn secret_of<'a>(applied: &'a Applied, id: &str) -> Result<&'a str, Failure> {
    let fresh = applied.secrets.iter().find(|fresh| fresh.client_id == id);
    let fresh = fresh.ok_or_else(|| Failure::new(format!("{id} was not registered")))?;
    Ok(fresh.client_secret.expose())
}
