//! Setting up an [`Introspector`].

use crate::answer_cache::{AnswerCache, AnswerCaching};
use crate::authentication::Authentication;
use crate::clock::Clock;
use crate::connection::Connection;
use crate::credentials::Credentials;
use crate::discovery::{self, Way};
use crate::error::{DiscoverError, SetupError};
use crate::http::Http;
use crate::https_client::HttpsClient;
use crate::introspector::{Introspector, Parts};
use crate::key_source::KeySource;
use crate::keys::KeyCache;
use crate::own_token::OwnToken;
use crate::setup;
use crate::statement::{ClockWindow, Expectations};
use avouch_crypto::random::SecureRandom;
use avouch_jose::{DecryptionKey, SignatureAlgorithm};
use avouch_oauth::Issuer;
use avouch_oauth::introspection::{StatementForm, StatementTyp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// An [`Introspector`] in the making.
#[must_use = "nothing happens before `discover`"]
pub struct IntrospectorBuilder {
    expectations: Expectations,
    credentials: Credentials,
    connection: Connection,
    caching: Option<AnswerCaching>,
}

impl IntrospectorBuilder {
    pub(crate) fn new(issuer: Issuer, client_id: String, credentials: Credentials) -> Self {
        Self {
            expectations: Expectations::new(issuer, client_id),
            credentials,
            connection: Connection::default(),
            caching: None,
        }
    }

    /// Believes statements signed with these algorithms and no others. Unless told, all that are
    /// supported: every one of them has a public key.
    pub fn algorithms(mut self, allowed: impl Into<Vec<SignatureAlgorithm>>) -> Self {
        self.expectations = self.expectations.algorithms(allowed);
        self
    }

    /// Asks for answers in the form of draft -08 and takes no other, for an authorization server
    /// that knows nothing newer. Unless told, such an answer is refused.
    pub fn form(mut self, form: StatementForm) -> Self {
        self.expectations = self.expectations.form(form);
        self
    }

    /// Expects this `typ` instead of the registered one, where the authorization server was set
    /// to it for this resource server.
    pub fn typ(mut self, typ: StatementTyp) -> Self {
        self.expectations = self.expectations.typ(typ);
        self
    }

    /// Expects statements that are encrypted to one of these keys, registered with the
    /// authorization server, and takes none that is only signed. Several keys are for the time in
    /// which one takes the place of another.
    pub fn encrypted_to(mut self, keys: impl Into<Vec<DecryptionKey>>) -> Self {
        self.expectations = self.expectations.encrypted_to(keys);
        self
    }

    /// Sets how far the clocks may differ. Unless told, `iat` may lie 60 seconds in the past and
    /// 10 in the future.
    pub fn clock_window(mut self, window: ClockWindow) -> Self {
        self.expectations = self.expectations.clock_window(window);
        self
    }

    /// Remembers that a token is active for a short while, never beyond its `exp`. Unless told,
    /// nothing is remembered, and a revocation is noticed by the next question.
    pub fn cache_answers(mut self, caching: AnswerCaching) -> Self {
        self.caching = Some(caching);
        self
    }

    /// Sets how long one exchange may take, from connecting to the last byte. Unless told, five
    /// seconds. A question may need two: one more where keys have to be fetched.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.connection.timeout = timeout;
        self
    }

    /// Trusts these certificate authorities too, one or more certificates in PEM: for an
    /// authorization server with a private one. Used by [`discover`](Self::discover) alone.
    pub fn extra_trust_anchors(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.connection.trust(pem.as_ref());
        self
    }

    /// Takes another clock than that of the system.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.connection.clock = Box::new(clock);
        self
    }

    /// Takes another source of chance than that of the system, for tests alone: whoever can tell
    /// what comes next can tell the `jti` of client assertions.
    pub fn random(mut self, random: impl SecureRandom + 'static) -> Self {
        self.connection.random = Box::new(random);
        self
    }

    /// Fetches the metadata and keys of the authorization server.
    ///
    /// Plain `http` is spoken if the issuer itself is `http` on a loopback address, and then to
    /// loopback addresses only.
    pub async fn discover(self) -> Result<Introspector<HttpsClient>, DiscoverError> {
        let (issuer, certificate) = (self.expectations.issuer(), self.credentials.certificate());
        let http = self.connection.client_for(&[issuer], certificate)?;
        self.discover_over(http).await
    }

    /// The same over an HTTP client of the caller's, who answers for what [`Http`] asks of it.
    pub async fn discover_over<H: Http>(self, http: H) -> Result<Introspector<H>, DiscoverError> {
        let Self {
            expectations,
            credentials,
            connection:
                Connection {
                    timeout,
                    clock,
                    random,
                    ..
                },
            caching,
        } = self;
        check(&expectations)?;
        let issuer = expectations.issuer();
        let metadata = discovery::metadata(&http, issuer, timeout).await?;
        let way = Way::with(credentials.certificate());
        let introspection = discovery::introspection_endpoint(&metadata, issuer, way)?;
        let endpoint = discovery::keys_endpoint(&metadata, issuer)?;
        let allowed = expectations.allowed_algorithms();
        setup::check(&metadata, &credentials, allowed)?;
        let prepared = credentials.prepare(expectations.audience(), issuer)?;
        let authentication = match credentials.own_token() {
            None => Authentication::Credentials(prepared),
            Some(kind) => {
                let endpoint = discovery::token_endpoint(&metadata, issuer, way)?;
                let token = OwnToken::new(prepared, endpoint, kind.clone());
                Authentication::Token(Box::new(token))
            }
        };
        let keys = discovery::keys(&http, &endpoint, timeout).await?;
        Ok(Introspector::assemble(Parts {
            answers: caching.map(AnswerCache::new),
            authentication,
            random,
            verifier: expectations.verifier(),
            expectations,
            introspection,
            keys: Arc::new(KeySource {
                cache: KeyCache::new(keys, clock.now()),
                endpoint,
                http,
                timeout,
                clock,
            }),
        }))
    }
}

fn check(expectations: &Expectations) -> Result<(), SetupError> {
    if expectations.audience().is_empty() {
        return Err(SetupError::EmptyClientId);
    }
    if expectations.allowed_algorithms().is_empty() {
        return Err(SetupError::NoAlgorithms);
    }
    Ok(())
}

impl fmt::Debug for IntrospectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectorBuilder")
            .field("expectations", &self.expectations)
            .field("credentials", &self.credentials)
            .field("timeout", &self.connection.timeout)
            .finish_non_exhaustive()
    }
}
