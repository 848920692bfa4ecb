//! Who is asking. The only place that makes an [`AuthenticatedCaller`].
//!
//! Each way of proving has a file; all of them end here.

mod access_token;
mod assertion;
mod certificate;
mod failure;
mod secret;

use std::fmt;
use std::sync::Arc;

use avouch_jose::SignatureAlgorithm;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_assertion::{ClientAssertion, ClientAssertionVerifier};
use avouch_oauth::secret::PresentedSecret;

use crate::certificate::{CertificateAuthorities, PresentedCertificate};
use crate::client_secrets::ClientSecrets;
use crate::keys::CallerKeys;
use crate::opaque_token::TokenMint;
use crate::records::{Client, ResourceServer};
use crate::storage::{CallerRecord, CallerStore, CallerTokenStore, ReplayStore, TokenStore};
use crate::time::Timestamp;

pub use access_token::{PresentedAccessToken, TokenFailure};
pub use failure::{AuthenticationError, AuthenticationFailure};

/// What a request presented to prove its caller: extracted, not yet judged.
#[derive(Debug)]
pub enum PresentedCredentials {
    /// `client_id` and secret, by the method they came in.
    ClientSecret {
        /// How the secret came.
        method: SecretMethod,
        /// The claimed `client_id`.
        id: String,
        /// The secret.
        secret: PresentedSecret,
    },
    /// A client assertion (RFC 7523).
    ClientAssertion(ClientAssertion),
    /// The access token of an RS, where one is taken.
    AccessToken(PresentedAccessToken),
    /// A certificate (RFC 8705 section 2).
    Certificate {
        /// The claimed `client_id`.
        id: String,
        /// What the request came with.
        certificate: Arc<PresentedCertificate>,
    },
}

impl PresentedCredentials {
    /// Whom they claimed to be of when this was found wrong with them, if somebody is registered
    /// under that id.
    pub fn registered_id(&self, failure: &AuthenticationFailure) -> Option<&str> {
        self.claimed_id()
            .filter(|_| failure.is_of_a_registered_caller())
    }

    /// Whom they claim to be of; nothing of it is shown yet. A token does not
    /// claim anything.
    pub fn claimed_id(&self) -> Option<&str> {
        match self {
            Self::ClientSecret { id, .. } | Self::Certificate { id, .. } => Some(id),
            Self::ClientAssertion(assertion) => Some(assertion.claimed_client_id()),
            Self::AccessToken(_) => None,
        }
    }
}

/// How a secret is sent (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretMethod {
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
}

impl SecretMethod {
    /// The name of the method.
    pub const fn method(self) -> AuthenticationMethod {
        match self {
            Self::Basic => AuthenticationMethod::ClientSecretBasic,
            Self::Post => AuthenticationMethod::ClientSecretPost,
        }
    }
}

/// A caller that has proved itself. Only [`authenticate`] makes one.
#[derive(Clone)]
pub struct AuthenticatedCaller(CallerRecord);

impl AuthenticatedCaller {
    /// The client that asks, if it is one.
    pub fn client(&self) -> Option<&Arc<Client>> {
        match &self.0 {
            CallerRecord::Client(client) => Some(client),
            CallerRecord::ResourceServer(_) => None,
        }
    }

    /// The resource server that asks, if it is one.
    pub fn resource_server(&self) -> Option<&Arc<ResourceServer>> {
        match &self.0 {
            CallerRecord::ResourceServer(resource_server) => Some(resource_server),
            CallerRecord::Client(_) => None,
        }
    }

    /// Its `client_id`.
    pub fn id(&self) -> &str {
        self.0.id()
    }
}

impl fmt::Debug for AuthenticatedCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticatedCaller({})", self.id())
    }
}

/// What callers are authenticated with.
#[derive(Clone, Copy)]
pub struct AuthenticationMeans<'a, S, K> {
    /// Knows the callers, and remembers which proofs were used.
    pub store: &'a S,
    /// The methods that are offered.
    pub methods: &'a [AuthenticationMethod],
    /// Opens the secrets that both sides keep.
    pub client_secrets: &'a ClientSecrets,
    /// Finds the keys that callers publish.
    pub published_keys: &'a K,
    /// Tells our own tokens.
    pub mint: &'a TokenMint,
    /// Whose word about certificates is taken, if anybody's.
    pub client_authorities: Option<&'a CertificateAuthorities>,
    /// What is expected of assertions.
    pub assertions: &'a ClientAssertionVerifier,
    /// The algorithms that assertions may be signed with.
    pub signing_algorithms: &'a [SignatureAlgorithm],
    /// The most used proofs that are remembered of one caller.
    pub proof_quota: u32,
}

/// Decides whether the presented credentials are those of a registered caller.
///
/// A proof that is good for one use is used by this.
pub async fn authenticate(
    presented: &PresentedCredentials,
    means: &AuthenticationMeans<
        '_,
        impl CallerStore + CallerTokenStore + TokenStore + ReplayStore,
        impl CallerKeys,
    >,
    now: Timestamp,
) -> Result<AuthenticatedCaller, AuthenticationError> {
    let record = match presented {
        PresentedCredentials::ClientSecret { method, id, secret } => {
            secret::check(*method, id, secret, means.store, now).await?
        }
        PresentedCredentials::ClientAssertion(assertion) => {
            assertion::check(assertion, means, now).await?
        }
        PresentedCredentials::Certificate { id, certificate } => {
            certificate::check(id, certificate, means, now).await?
        }
        PresentedCredentials::AccessToken(token) => {
            let quota = means.proof_quota;
            let record = access_token::check(token, means.mint, means.store, quota, now).await?;
            // Which method its owner got it with was looked at then.
            return Ok(AuthenticatedCaller(record));
        }
    };
    let method = record.credentials().authentication.method();
    if !means.methods.contains(&method) {
        return Err(AuthenticationFailure::MethodNotOffered.into());
    }
    Ok(AuthenticatedCaller(record))
}
