//! Dynamic registration (RFC 7591): reading what a registrant asks for into a
//! record of the right kind, within what its initial access token allows.

use std::collections::BTreeSet;

use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_jose::{ContentEncryption, JwkSet, KeyManagementAlgorithm, SignatureAlgorithm};
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::jwks_uri::JwksUri;
use avouch_oauth::resource::ResourceIdentifier;
use thiserror::Error;

use crate::id::{ClientId, ResourceServerId};
use crate::records::{
    AccessTokenProfile, Client, Credentials, DEFAULT_ENCRYPTION, EncryptionProfileError, GrantType,
    InitialAccessToken, JwtProfile, PublicDetails, RegistrationKinds, ReleasePolicy,
    ResourceServer, Revision, Standing, StatementEncryption,
};
use crate::secret::{PlainSecret, StoredSecret};
use crate::time::Timestamp;

/// The most entries any list in a registration may have.
const MAX_ENTRIES: usize = 32;
/// The most octets a self-asserted text may have.
const MAX_TEXT: usize = 1024;

/// What a registration comes to: a record to keep and the secret to show once.
#[derive(Debug)]
pub struct Registered {
    /// The record.
    pub record: NewRecord,
    /// Its secret.
    pub secret: PlainSecret,
    /// All metadata as registered, defaults and replaced values included
    /// (RFC 7591 section 3.2.1).
    pub metadata: ClientMetadata,
}

/// The record of a registrant. Which kind it is never changes.
#[derive(Debug)]
pub enum NewRecord {
    /// A client.
    Client(Client),
    /// A resource server.
    ResourceServer(ResourceServer),
}

impl NewRecord {
    /// The `client_id`.
    pub fn id(&self) -> &str {
        match self {
            Self::Client(client) => client.id.as_str(),
            Self::ResourceServer(resource_server) => resource_server.id.as_str(),
        }
    }
}

/// Why a registration is refused.
#[derive(Debug, Error)]
pub enum RegistrationError {
    /// `invalid_client_metadata`: what is wrong and what to send instead.
    #[error("{0}")]
    Metadata(String),
    /// The initial access token does not reach this far.
    #[error("{0}")]
    NotAllowed(String),
    /// No random octets.
    #[error(transparent)]
    Random(#[from] RandomError),
}

fn metadata_error<T>(text: impl Into<String>) -> Result<T, RegistrationError> {
    Err(RegistrationError::Metadata(text.into()))
}

/// Reads a registration. Whether the resources are still to be had is decided
/// by the store when the record is kept.
pub fn register(
    metadata: ClientMetadata,
    allowance: &InitialAccessToken,
    signing_algorithms: &[SignatureAlgorithm],
    random: &dyn SecureRandom,
    now: Timestamp,
) -> Result<Registered, RegistrationError> {
    check_bounds(&metadata)?;
    let method = authentication_method(&metadata)?;
    let secret = PlainSecret::generate(random)?;
    let common = Common {
        details: details(&metadata),
        credentials: Credentials {
            method,
            secrets: vec![StoredSecret::new(&secret, now)],
        },
        now,
    };
    if is_resource_server(&metadata, allowance.kinds)? {
        let id = ResourceServerId::generate(random)?;
        resource_server(id, metadata, common, allowance, signing_algorithms, secret)
    } else {
        let id = ClientId::generate(random)?;
        client(id, metadata, common, allowance, secret)
    }
}

struct Common {
    details: PublicDetails,
    credentials: Credentials,
    now: Timestamp,
}

/// Told by the token; by the request only where the token leaves it open.
fn is_resource_server(
    metadata: &ClientMetadata,
    kinds: RegistrationKinds,
) -> Result<bool, RegistrationError> {
    let reads_as_resource_server =
        !metadata.resource.is_empty() || metadata.grant_types.as_ref().is_some_and(Vec::is_empty);
    match kinds {
        RegistrationKinds::Both => Ok(reads_as_resource_server),
        RegistrationKinds::ResourceServers => Ok(true),
        RegistrationKinds::Clients if metadata.resource.is_empty() => Ok(false),
        RegistrationKinds::Clients => Err(RegistrationError::NotAllowed(
            "this initial access token registers clients only; a request with resource \
             registers a resource server"
                .to_owned(),
        )),
    }
}

fn resource_server(
    id: ResourceServerId,
    mut metadata: ClientMetadata,
    common: Common,
    allowance: &InitialAccessToken,
    signing_algorithms: &[SignatureAlgorithm],
    secret: PlainSecret,
) -> Result<Registered, RegistrationError> {
    if metadata.resource.is_empty() {
        return metadata_error("a resource server names what it serves in resource");
    }
    if let Some(closed) = metadata
        .resource
        .iter()
        .find(|resource| !allowance.allows(resource))
    {
        return Err(RegistrationError::NotAllowed(format!(
            "this initial access token does not reach the resource {closed}"
        )));
    }
    if metadata
        .grant_types
        .as_ref()
        .is_some_and(|grants| !grants.is_empty())
    {
        return metadata_error("a resource server asks for no grant: send grant_types as []");
    }
    let signing_algorithm = signing_algorithm(&metadata, signing_algorithms)?;
    let encryption = encryption(&metadata)?;
    metadata.grant_types = Some(Vec::new());
    metadata.response_types = Some(Vec::new());
    metadata.introspection_signed_response_alg = Some(signing_algorithm.name().to_owned());
    metadata.token_endpoint_auth_method = Some(common.credentials.method);
    // Scope is for clients that ask for tokens; not registered, so not echoed.
    metadata.scope = None;
    forget_unsupported(&mut metadata);
    match &encryption {
        None => forget_keys(&mut metadata),
        Some(encryption) => {
            let enc = encryption.encryption().name().to_owned();
            metadata.introspection_encrypted_response_enc = Some(enc);
        }
    }
    let record = ResourceServer {
        id,
        details: common.details,
        credentials: common.credentials,
        resources: metadata.resource.iter().cloned().collect(),
        standing: Standing::Good,
        profile: Revision::first(
            JwtProfile {
                signing_algorithm,
                encryption,
                ..JwtProfile::default()
            },
            common.now,
        ),
        // Nobody grants itself a look at personal data: that takes an administrator.
        policy: Revision::first(ReleasePolicy::default(), common.now),
        access_tokens: Revision::first(AccessTokenProfile::default(), common.now),
        registered_at: common.now,
    };
    Ok(Registered {
        record: NewRecord::ResourceServer(record),
        secret,
        metadata,
    })
}

fn client(
    id: ClientId,
    mut metadata: ClientMetadata,
    common: Common,
    allowance: &InitialAccessToken,
    secret: PlainSecret,
) -> Result<Registered, RegistrationError> {
    let grant_types = grant_types(&metadata)?;
    if metadata
        .response_types
        .as_ref()
        .is_some_and(|types| !types.is_empty())
    {
        return metadata_error("no response type works with these grant_types: send []");
    }
    if metadata.introspection_signed_response_alg.is_some()
        || metadata.introspection_encrypted_response_alg.is_some()
        || metadata.introspection_encrypted_response_enc.is_some()
    {
        return metadata_error(
            "introspection answers go to resource servers: register one with resource",
        );
    }
    metadata.grant_types = Some(
        grant_types
            .iter()
            .map(|grant| grant.name().to_owned())
            .collect(),
    );
    metadata.response_types = Some(Vec::new());
    metadata.token_endpoint_auth_method = Some(common.credentials.method);
    forget_unsupported(&mut metadata);
    forget_keys(&mut metadata);
    let record = Client {
        id,
        details: common.details,
        credentials: common.credentials,
        grant_types,
        scope: metadata.scope.clone().unwrap_or_default(),
        resources: allowance.resources.clone(),
        access_token_lifetime: None,
        access_token_format: None,
        registered_at: common.now,
    };
    Ok(Registered {
        record: NewRecord::Client(record),
        secret,
        metadata,
    })
}

fn grant_types(metadata: &ClientMetadata) -> Result<BTreeSet<GrantType>, RegistrationError> {
    let supported = GrantType::ALL
        .iter()
        .map(|grant| grant.name())
        .collect::<Vec<_>>()
        .join(", ");
    let Some(names) = &metadata.grant_types else {
        return metadata_error(format!(
            "grant_types is missing and its default, authorization_code, is not supported; \
             supported: {supported}"
        ));
    };
    names
        .iter()
        .map(|name| match GrantType::from_name(name) {
            Some(grant) => Ok(grant),
            None => metadata_error(format!(
                "a grant type in grant_types is not supported; supported: {supported}"
            )),
        })
        .collect()
}

fn authentication_method(
    metadata: &ClientMetadata,
) -> Result<AuthenticationMethod, RegistrationError> {
    match metadata.token_endpoint_auth_method {
        None | Some(AuthenticationMethod::ClientSecretBasic) => {
            Ok(AuthenticationMethod::ClientSecretBasic)
        }
        Some(AuthenticationMethod::ClientSecretPost) => Ok(AuthenticationMethod::ClientSecretPost),
        Some(method) => metadata_error(format!(
            "token_endpoint_auth_method {method} is not supported; \
             use client_secret_basic or client_secret_post"
        )),
    }
}

fn signing_algorithm(
    metadata: &ClientMetadata,
    supported: &[SignatureAlgorithm],
) -> Result<SignatureAlgorithm, RegistrationError> {
    let Some(name) = &metadata.introspection_signed_response_alg else {
        return Ok(JwtProfile::default().signing_algorithm);
    };
    match name.parse::<SignatureAlgorithm>() {
        Ok(algorithm) if supported.contains(&algorithm) => Ok(algorithm),
        _ => {
            let names: Vec<_> = supported.iter().map(|algorithm| algorithm.name()).collect();
            unsupported("introspection_signed_response_alg", &names)
        }
    }
}

/// How answers are to be encrypted, and a key for it: without one the AS could never answer
/// (RFC 9701 section 3). `enc` without `alg` was refused when the metadata was read.
fn encryption(metadata: &ClientMetadata) -> Result<Option<StatementEncryption>, RegistrationError> {
    let Some(name) = &metadata.introspection_encrypted_response_alg else {
        return Ok(None);
    };
    let Ok(algorithm) = name.parse::<KeyManagementAlgorithm>() else {
        return unsupported(
            "introspection_encrypted_response_alg",
            &KeyManagementAlgorithm::ALL.map(KeyManagementAlgorithm::name),
        );
    };
    let encryption = match &metadata.introspection_encrypted_response_enc {
        None => DEFAULT_ENCRYPTION,
        Some(name) => match name.parse::<ContentEncryption>() {
            Ok(encryption) => encryption,
            Err(_) => {
                return unsupported(
                    "introspection_encrypted_response_enc",
                    &ContentEncryption::ALL.map(ContentEncryption::name),
                );
            }
        },
    };
    let made = match (&metadata.jwks, &metadata.jwks_uri) {
        (Some(jwks), _) => JwkSet::from_registered_object(jwks.clone())
            .map_err(EncryptionProfileError::Keys)
            .and_then(|set| StatementEncryption::to_keys(algorithm, encryption, set)),
        (None, Some(uri)) => match JwksUri::parse(uri) {
            Ok(uri) => Ok(StatementEncryption::to_uri(algorithm, encryption, uri)),
            Err(error) => return metadata_error(error.to_string()),
        },
        (None, None) => Err(EncryptionProfileError::KeySource),
    };
    match made {
        Ok(encryption) => Ok(Some(encryption)),
        Err(error) => metadata_error(error.to_string()),
    }
}

fn unsupported<T>(member: &str, supported: &[&str]) -> Result<T, RegistrationError> {
    metadata_error(format!(
        "{member} is not supported; supported: {}",
        supported.join(", ")
    ))
}

/// Keys that nothing is done with.
fn forget_keys(metadata: &mut ClientMetadata) {
    metadata.jwks = None;
    metadata.jwks_uri = None;
}

/// Members that mean nothing to this server are not registered, so not echoed
/// (RFC 7591 section 2: ignored).
fn forget_unsupported(metadata: &mut ClientMetadata) {
    metadata.redirect_uris.clear();
    metadata.logo_uri = None;
    metadata.software_id = None;
    metadata.software_version = None;
    metadata.software_statement = None;
}

fn details(metadata: &ClientMetadata) -> PublicDetails {
    PublicDetails {
        name: metadata.client_name.clone(),
        uri: metadata.client_uri.clone(),
        contacts: metadata.contacts.clone(),
        tos_uri: metadata.tos_uri.clone(),
        policy_uri: metadata.policy_uri.clone(),
    }
}

fn check_bounds(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    if metadata.resource.len() > MAX_ENTRIES || metadata.contacts.len() > MAX_ENTRIES {
        return metadata_error(format!("a list has at most {MAX_ENTRIES} entries"));
    }
    let texts = [
        &metadata.client_name,
        &metadata.client_uri,
        &metadata.tos_uri,
        &metadata.policy_uri,
    ];
    let too_long = |text: &String| text.len() > MAX_TEXT;
    if texts.into_iter().flatten().any(too_long) || metadata.contacts.iter().any(too_long) {
        return metadata_error(format!("a text has at most {MAX_TEXT} characters"));
    }
    let links = [
        &metadata.client_uri,
        &metadata.tos_uri,
        &metadata.policy_uri,
    ];
    for link in links.into_iter().flatten() {
        let is_web = ResourceIdentifier::parse(link).is_ok_and(|uri| {
            uri.as_str().starts_with("https://") || uri.as_str().starts_with("http://")
        });
        if !is_web {
            return metadata_error("client_uri, tos_uri and policy_uri are http or https URLs");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
