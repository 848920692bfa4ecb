//! Setting up a [`ResourceClient`].

use super::{CallError, ResourceClient};
use crate::client_certificate::ClientCertificate;
use crate::clock::Clock;
use crate::connection::Connection;
use crate::credentials::{Credentials, Prepared};
use crate::discovery::{self, Way};
use crate::endpoint::Endpoint;
use crate::error::{ServerError, SetupError};
use crate::https_client::HttpsClient;
use crate::proofs::Proofs;
use crate::setup;
use crate::token_endpoint::TokenEndpoint;
use avouch_jose::{SignatureAlgorithm, SigningKey};
use avouch_oauth::metadata::ServerMetadata;
use avouch_oauth::protected_resource::ProtectedResourceMetadata;
use avouch_oauth::{Issuer, ResourceIdentifier};
use http::Uri;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// What the key of the proofs may be for, the best first: quick to make and to check.
const PROOF_ALGORITHMS: [SignatureAlgorithm; 4] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::EdDsa,
    SignatureAlgorithm::Es384,
];

/// The most characters of a URL out of metadata that an error shows.
const MAX_SHOWN: usize = 200;

/// A [`ResourceClient`] in the making.
#[must_use = "nothing happens before `discover`"]
pub struct ResourceClientBuilder {
    resource: ResourceIdentifier,
    issuer: Issuer,
    client_id: String,
    credentials: Option<Credentials>,
    certificate: Option<ClientCertificate>,
    token_endpoint: Option<String>,
    call_timeout: Option<Duration>,
    connection: Connection,
}

impl ResourceClientBuilder {
    pub(super) fn new(resource: ResourceIdentifier, issuer: Issuer, client_id: String) -> Self {
        Self {
            resource,
            issuer,
            client_id,
            credentials: None,
            certificate: None,
            token_endpoint: None,
            call_timeout: None,
            connection: Connection::default(),
        }
    }

    /// Proves with these who calls. Without them a certificate has to (`tls_client_auth`,
    /// `self_signed_tls_client_auth`).
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Shows this certificate wherever one is asked for, and gets tokens where the authorization
    /// server does (`mtls_endpoint_aliases`): so that tokens are bound to it too (RFC 8705).
    pub fn client_certificate(mut self, certificate: ClientCertificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Trusts this token endpoint on another host than the issuer's, if the metadata names it.
    /// Unless told, one on another host is refused.
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// Trusts these certificate authorities too, one or more certificates in PEM.
    pub fn extra_trust_anchors(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.connection.trust(pem.as_ref());
        self
    }

    /// Sets how long getting metadata and tokens may take each. Unless told, five seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.connection.timeout = timeout;
        self
    }

    /// Sets how long a call of the resource may take. Unless told, as long as anything else.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// Takes another clock than that of the system.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.connection.clock = Box::new(clock);
        self
    }

    /// Fetches the metadata of the resource (RFC 9728) and of the authorization server (RFC 8414),
    /// and makes the key that tokens will be bound to. No credentials are sent yet.
    ///
    /// Plain `http` is spoken with whichever of the two is `http` on a loopback address.
    pub async fn discover(self) -> Result<ResourceClient, CallError> {
        let base = Issuer::parse(self.resource.as_str()).map_err(|_| CallError::NotUrl)?;
        let certificate = self.shown();
        let http = self
            .connection
            .client_for(&[&base, &self.issuer], certificate)?;
        let timeout = self.connection.timeout;
        let own = self.resource_metadata(&http, &base).await?;
        if !own.authorization_servers.contains(&self.issuer) {
            return Err(CallError::OtherIssuer {
                takes: own.authorization_servers,
                issuer: self.issuer,
            });
        }
        let metadata = discovery::metadata(&http, &self.issuer, timeout).await?;
        let endpoint = self.trusted_token_endpoint(&metadata)?;
        let credentials = self.prepare(&metadata)?;
        let key = Arc::new(self.new_key(&own, &metadata)?);
        Ok(ResourceClient {
            base,
            resource: self.resource,
            tokens: TokenEndpoint::new(credentials, endpoint),
            proofs_for_tokens: Proofs::by(Arc::clone(&key)),
            proofs_for_calls: Proofs::by(key),
            held: Mutex::default(),
            http,
            token_timeout: timeout,
            call_timeout: self.call_timeout.unwrap_or(timeout),
            clock: self.connection.clock,
            random: self.connection.random,
        })
    }

    async fn resource_metadata(
        &self,
        http: &HttpsClient,
        base: &Issuer,
    ) -> Result<ProtectedResourceMetadata, CallError> {
        let json = discovery::resource_metadata(http, base, self.connection.timeout).await;
        let json = json.map_err(|error| match error.into() {
            CallError::Server(ServerError::Unable(refusal)) => CallError::NotAResource(refusal),
            other => other,
        })?;
        Ok(ProtectedResourceMetadata::parse(&json, &self.resource)?)
    }

    /// The certificate of every connection.
    fn shown(&self) -> Option<&ClientCertificate> {
        let of_credentials = self.credentials.as_ref().and_then(Credentials::certificate);
        self.certificate.as_ref().or(of_credentials)
    }

    fn trusted_token_endpoint(&self, metadata: &ServerMetadata) -> Result<Endpoint, CallError> {
        let way = Way::with(self.shown());
        let endpoint = discovery::token_endpoint(metadata, &self.issuer, way)?;
        let trusted = self.token_endpoint.as_deref();
        let trusted = trusted.and_then(|url| url.parse::<Uri>().ok());
        if is_on_host_of(endpoint.uri(), &self.issuer) || trusted.as_ref() == Some(endpoint.uri()) {
            return Ok(endpoint);
        }
        Err(CallError::OtherHost {
            endpoint: endpoint.uri().to_string().chars().take(MAX_SHOWN).collect(),
            issuer: self.issuer.clone(),
        })
    }

    fn prepare(&self, metadata: &ServerMetadata) -> Result<Prepared, CallError> {
        if self.client_id.is_empty() {
            return Err(SetupError::EmptyClientId.into());
        }
        match (&self.credentials, &self.certificate) {
            (Some(credentials), _) => {
                setup::check_token_endpoint(metadata, credentials)?;
                Ok(credentials.prepare(&self.client_id, &self.issuer)?)
            }
            (None, Some(_)) => Ok(Prepared::identifier(&self.client_id)),
            (None, None) => Err(CallError::NoCredentials),
        }
    }

    /// A key for proofs that both ends take.
    fn new_key(
        &self,
        own: &ProtectedResourceMetadata,
        metadata: &ServerMetadata,
    ) -> Result<SigningKey, CallError> {
        let lists = [
            &own.dpop_signing_alg_values_supported,
            &metadata.dpop_signing_alg_values_supported,
        ];
        let taken = |algorithm: &SignatureAlgorithm| {
            let name = algorithm.name();
            lists.iter().all(|listed| setup::takes(listed, name))
        };
        let Some(algorithm) = PROOF_ALGORITHMS.into_iter().find(taken) else {
            let [own, _] = lists;
            return Err(CallError::NoProofAlgorithm {
                supported: setup::known_signatures(own),
            });
        };
        SigningKey::generate(algorithm, &*self.connection.random)
            .map_err(|_| SetupError::ProofKey.into())
    }
}

fn is_on_host_of(uri: &Uri, issuer: &Issuer) -> bool {
    let issuer = issuer.as_str().parse::<Uri>();
    let host = issuer.as_ref().ok().and_then(Uri::host);
    uri.host()
        .zip(host)
        .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

impl fmt::Debug for ResourceClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceClientBuilder")
            .field("resource", &self.resource)
            .field("issuer", &self.issuer)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
