//! Asking about a token, and believing the answer only after every check.

use crate::access_token::AccessTokenChecker;
use crate::answer_cache::AnswerCache;
use crate::authentication::{Answered, Authentication, Question};
use crate::builder::IntrospectorBuilder;
use crate::clock::Clock;
use crate::credentials::{Credentials, encode};
use crate::endpoint::Endpoint;
use crate::error::{IntrospectError, RequestError, ServerError};
use crate::exchange::{Exchange, body_of};
use crate::http::Http;
use crate::https_client::HttpsClient;
use crate::introspected::{Introspected, UnsignedIntrospection};
use crate::key_source::KeySource;
use crate::line::Line;
use crate::statement::Expectations;
use avouch_crypto::random::SecureRandom;
use avouch_oauth::access_token::AccessTokenVerifier;
use avouch_oauth::introspection::{
    IntrospectionResponse, MAX_TOKEN_LENGTH, StatementVerifier, VerifiedIntrospection,
};
use avouch_oauth::media_type::JSON;
use avouch_oauth::{Issuer, ResourceIdentifier};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// A resource server's line to one authorization server (AS). Cloning it is cheap, and the clones
/// share connections and keys.
///
/// Every question goes to the AS, unless [caching](IntrospectorBuilder::cache_answers) was asked
/// for.
pub struct Introspector<H: Http = HttpsClient> {
    parts: Arc<Parts<H>>,
}

pub(crate) struct Parts<H> {
    pub(crate) expectations: Expectations,
    pub(crate) verifier: StatementVerifier,
    pub(crate) authentication: Authentication,
    pub(crate) random: Box<dyn SecureRandom>,
    pub(crate) introspection: Endpoint,
    pub(crate) keys: Arc<KeySource<H>>,
    pub(crate) answers: Option<AnswerCache>,
}

impl Introspector {
    /// Begins to set up: the issuer, and who asks. `client_id` is also what `aud` of every
    /// statement must hold.
    pub fn builder(
        issuer: Issuer,
        client_id: impl Into<String>,
        credentials: Credentials,
    ) -> IntrospectorBuilder {
        IntrospectorBuilder::new(issuer, client_id.into(), credentials)
    }
}

impl<H: Http> Introspector<H> {
    pub(crate) fn assemble(parts: Parts<H>) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Asks about a token and verifies the answer (RFC 9701).
    ///
    /// What comes back was signed by the AS, for this resource server, just now. An answer in
    /// plain JSON is an error. After any error the token must be treated as not active.
    pub async fn introspect(&self, token: &str) -> Result<Introspected, IntrospectError> {
        let answers = self.parts.answers.as_ref();
        if let Some(held) = answers.and_then(|held| held.find(token, self.parts.keys.clock.now())) {
            return Ok(held);
        }
        let media_type = self.parts.expectations.media_type();
        let body = self.ask(token, media_type).await?;
        let received_at = self.parts.keys.clock.now();
        let received = text(body)?;
        let statement = self.verify(&received, received_at).await?;
        Expectations::check_token(&statement, token)?;
        let answer = Introspected {
            statement,
            received,
        };
        if let Some(answers) = answers {
            answers.remember(token, received_at, &answer);
        }
        Ok(answer)
    }

    /// Asks about a token for an answer in plain JSON (RFC 7662), which proves nothing to anybody
    /// else, and to us no more than the connection does. To compare; not to decide by where a
    /// signed answer can be had.
    pub async fn introspect_unsigned(
        &self,
        token: &str,
    ) -> Result<UnsignedIntrospection, IntrospectError> {
        let json = text(self.ask(token, JSON).await?)?;
        let response =
            IntrospectionResponse::from_json(json.as_bytes()).map_err(ServerError::Unsigned)?;
        Ok(UnsignedIntrospection { response, json })
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.parts.keys.clock
    }

    async fn ask(&self, token: &str, media_type: &'static str) -> Result<Bytes, IntrospectError> {
        let parts = &*self.parts;
        check_token(token)?;
        let KeySource {
            http,
            timeout,
            clock,
            ..
        } = &*parts.keys;
        let line = Line {
            http,
            timeout: *timeout,
            clock: &**clock,
            random: &*parts.random,
        };
        let question = Question {
            url: parts.introspection.uri(),
            media_type,
            form: format!("token={}", encode(token)),
        };
        let Answered { answer, hidden } = parts.authentication.ask(&line, &question).await?;
        let hidden = [token, hidden.expose()];
        body_of(Exchange::Introspection, answer, &[media_type], &hidden).map_err(ServerError::blame)
    }

    async fn verify(
        &self,
        jwt: &str,
        received_at: u64,
    ) -> Result<VerifiedIntrospection, IntrospectError> {
        let Parts {
            keys,
            verifier,
            expectations,
            ..
        } = &*self.parts;
        let check = |keys: &_| verifier.verify(jwt, keys, received_at);
        let checked = keys.check(received_at, check).await?;
        checked.map_err(|error| expectations.explain(error, jwt).into())
    }

    /// For a resource server that takes JWT access tokens as well: checks those for this
    /// resource, with the keys held here.
    ///
    /// More can be set with [`AccessTokenChecker::resource`] and its neighbours.
    pub fn access_tokens(&self, resource: ResourceIdentifier) -> AccessTokenChecker<H> {
        let issuer = self.parts.expectations.issuer().clone();
        let verifier = AccessTokenVerifier::new(issuer, resource);
        AccessTokenChecker::new(verifier, Arc::clone(&self.parts.keys))
    }
}

fn check_token(token: &str) -> Result<(), RequestError> {
    if token.is_empty() {
        return Err(RequestError::EmptyToken);
    }
    if token.len() > MAX_TOKEN_LENGTH {
        return Err(RequestError::TokenTooLong);
    }
    Ok(())
}

fn text(body: Bytes) -> Result<String, ServerError> {
    String::from_utf8(body.into()).map_err(|_| ServerError::NotText)
}

impl<H: Http> Clone for Introspector<H> {
    fn clone(&self) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
        }
    }
}

impl<H: Http> fmt::Debug for Introspector<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspector")
            .field("expectations", &self.parts.expectations)
            .field("introspection", &self.parts.introspection)
            .field("keys", &self.parts.keys.endpoint)
            .finish_non_exhaustive()
    }
}
