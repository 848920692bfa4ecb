//! An access token of the resource server's own, to ask with (RFC 9701, section 4; RFC 9449).
//!
//! - It is fetched when it is first needed, and anew shortly before it expires.
//! - One that is refused is fetched anew and the question asked once more, though not if it is
//!   younger than [`MIN_AGE`]: then it is not its age that is wrong with it.
//! - Whatever the reason, one caller fetches while the others wait, and they share what comes of
//!   it, be it an error.
//! - Where the server wants a nonce in the proofs, the request is sent once more with it.

use crate::authentication::{Answered, Question};
use crate::credentials::{OwnTokenKind, Prepared};
use crate::endpoint::Endpoint;
use crate::error::{IntrospectError, RequestError, ServerError};
use crate::exchange::{Exchange, body_of, post_form};
use crate::http::Http;
use crate::line::Line;
use arc_swap::ArcSwapOption;
use avouch_jose::{SigningKey, strict_json};
use avouch_oauth::authorization::{Authorization, Scheme};
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use avouch_oauth::media_type::JSON;
use avouch_oauth::token::{TokenGrant, TokenResponse};
use avouch_oauth::{PresentedSecret, PresentedToken};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// Seconds a token has to be old to be fetched anew because it was refused.
pub(crate) const MIN_AGE: u64 = 10;
/// Seconds before its end from which on a token is fetched anew, at most.
const MARGIN: u64 = 30;

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

pub(crate) struct OwnToken {
    credentials: Prepared,
    endpoint: Endpoint,
    kind: OwnTokenKind,
    held: ArcSwapOption<Held>,
    /// The nonce the server gave last.
    nonce: ArcSwapOption<String>,
    /// How many fetches have ended.
    fetches: AtomicU64,
    /// Whoever holds the lock may fetch. Inside is the failure of the last fetch, if it failed.
    flight: Mutex<Option<IntrospectError>>,
}

struct Held {
    token: PresentedToken,
    header: HeaderValue,
    fetched_at: u64,
    /// From when on it is to be fetched anew.
    renew_at: u64,
}

impl OwnToken {
    pub(crate) fn new(credentials: Prepared, endpoint: Endpoint, kind: OwnTokenKind) -> Self {
        Self {
            credentials,
            endpoint,
            kind,
            held: ArcSwapOption::empty(),
            nonce: ArcSwapOption::empty(),
            fetches: AtomicU64::new(0),
            flight: Mutex::new(None),
        }
    }

    pub(crate) async fn ask<H: Http>(
        &self,
        line: &Line<'_, H>,
        question: &Question<'_>,
    ) -> Result<Answered, IntrospectError> {
        let now = line.clock.now();
        let held = self.have(line, |held| held.is_fresh(now)).await?;
        let answered = self.show(line, question, &held).await?;
        if answered.answer.status() != StatusCode::UNAUTHORIZED || held.is_young(line.clock.now()) {
            return Ok(answered);
        }
        let is_another = |newer: &Arc<Held>| !Arc::ptr_eq(newer, &held);
        let newer = self.have(line, is_another).await?;
        self.show(line, question, &newer).await
    }

    /// The token that is held, if it will do, or a newer one.
    async fn have<H: Http>(
        &self,
        line: &Line<'_, H>,
        will_do: impl Fn(&Arc<Held>) -> bool,
    ) -> Result<Arc<Held>, IntrospectError> {
        if let Some(held) = self.held.load_full().filter(&will_do) {
            return Ok(held);
        }
        let fetches = self.fetches.load(Ordering::Acquire);
        let mut failure = self.flight.lock().await;
        if let Some(held) = self.held.load_full().filter(&will_do) {
            return Ok(held);
        }
        // Somebody tried while we waited.
        if fetches != self.fetches.load(Ordering::Acquire)
            && let Some(failure) = &*failure
        {
            return Err(failure.clone());
        }
        let fetched = self.fetch(line).await.map(Arc::new);
        *failure = fetched.as_ref().err().cloned();
        self.fetches.fetch_add(1, Ordering::Release);
        let held = fetched?;
        self.held.store(Some(Arc::clone(&held)));
        Ok(held)
    }

    async fn fetch<H: Http>(&self, line: &Line<'_, H>) -> Result<Held, IntrospectError> {
        let wanted = Question {
            url: self.endpoint.uri(),
            media_type: JSON,
            form: format!("grant_type={}", TokenGrant::ClientCredentials.as_str()),
        };
        // Made anew for each attempt: an assertion is good once.
        let request = || {
            let now = line.clock.now();
            let credentials = self.credentials.for_one_request(now, line.random);
            Ok(credentials.map_err(RequestError::Proof)?.post(&wanted))
        };
        let fetched_at = line.clock.now();
        let Answered { answer, hidden } =
            self.send(line, Exchange::OwnToken, None, request).await?;
        let body = body_of(Exchange::OwnToken, answer, &[JSON], &[hidden.expose()])
            .map_err(ServerError::blame)?;
        let answer: TokenResponse =
            strict_json::from_slice(&body).map_err(ServerError::OwnToken)?;
        Ok(self.hold(&answer, fetched_at)?)
    }

    fn hold(&self, answer: &TokenResponse, fetched_at: u64) -> Result<Held, ServerError> {
        let scheme = self.kind.scheme();
        if !answer.token_type.eq_ignore_ascii_case(scheme.as_str()) {
            return Err(ServerError::OwnTokenType { expected: scheme });
        }
        let lifetime = answer.expires_in.unwrap_or(u64::MAX);
        let margin = (lifetime / 10).min(MARGIN);
        Ok(Held {
            token: PresentedToken::new(answer.access_token.expose()),
            header: authorization(scheme, answer.access_token.expose())?,
            fetched_at,
            renew_at: fetched_at.saturating_add(lifetime - margin),
        })
    }

    async fn show<H: Http>(
        &self,
        line: &Line<'_, H>,
        question: &Question<'_>,
        held: &Held,
    ) -> Result<Answered, IntrospectError> {
        let request = || {
            let form = question.form.clone().into();
            let mut request = post_form(question.url, question.media_type, form);
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, held.header.clone());
            Ok((request, PresentedSecret::new(held.token.expose())))
        };
        let token = Some(&held.token);
        self.send(line, Exchange::Introspection, token, request)
            .await
    }

    /// Sends with a proof, if the token is bound, and once more if the server wants a nonce in it.
    async fn send<H: Http>(
        &self,
        line: &Line<'_, H>,
        what: Exchange,
        token: Option<&PresentedToken>,
        make: impl Fn() -> Result<(Request<Bytes>, PresentedSecret), RequestError>,
    ) -> Result<Answered, IntrospectError> {
        let (mut request, hidden) = make()?;
        let OwnTokenKind::Bound(key) = &self.kind else {
            let answer = line.send(what, request).await?;
            return Ok(Answered { answer, hidden });
        };
        let shown = self.nonce.load_full();
        prove(&mut request, line, key, token, shown.as_deref())?;
        let answer = line.send(what, request).await?;
        let wanted = self.note_nonce(&answer);
        if wanted.is_none() || wanted == shown || !wants_another(answer.status()) {
            return Ok(Answered { answer, hidden });
        }
        let (mut request, hidden) = make()?;
        prove(&mut request, line, key, token, wanted.as_deref())?;
        let answer = line.send(what, request).await?;
        self.note_nonce(&answer);
        Ok(Answered { answer, hidden })
    }

    /// Keeps the nonce for the next proofs: it may come with any answer (RFC 9449, section 8.2).
    fn note_nonce(&self, answer: &Response<Bytes>) -> Option<Arc<String>> {
        let nonce = answer.headers().get(DPOP_NONCE)?.to_str().ok()?;
        let nonce = Arc::new(nonce.to_owned());
        self.nonce.store(Some(Arc::clone(&nonce)));
        Some(nonce)
    }
}

impl Held {
    fn is_fresh(&self, now: u64) -> bool {
        (self.fetched_at..self.renew_at).contains(&now)
    }

    fn is_young(&self, now: u64) -> bool {
        now.saturating_sub(self.fetched_at) < MIN_AGE
    }
}

/// RFC 9449: 400 at the token endpoint (section 8), 401 where tokens are shown (section 9).
fn wants_another(status: StatusCode) -> bool {
    status == StatusCode::BAD_REQUEST || status == StatusCode::UNAUTHORIZED
}

fn prove<H>(
    request: &mut Request<Bytes>,
    line: &Line<'_, H>,
    key: &SigningKey,
    token: Option<&PresentedToken>,
    nonce: Option<&String>,
) -> Result<(), IntrospectError> {
    let url = TargetUri::parse(&request.uri().to_string()).map_err(|_| RequestError::NoTarget)?;
    let mut proof = NewDpopProof::new(request.method().as_str(), &url);
    if let Some(token) = token {
        proof = proof.access_token(token);
    }
    if let Some(nonce) = nonce {
        proof = proof.nonce(nonce);
    }
    let proof = proof.sign(key, line.clock.now(), line.random);
    let proof = proof.map_err(RequestError::Proof)?;
    request
        .headers_mut()
        .insert(DPOP, sensitive(proof.expose()));
    Ok(())
}

/// The header that shows a token, if it is one that a header can show.
fn authorization(scheme: Scheme, token: &str) -> Result<HeaderValue, ServerError> {
    let text = Zeroizing::new(format!("{scheme} {token}"));
    let unusable = ServerError::UnusableOwnToken;
    Authorization::parse(text.as_bytes()).map_err(|_| unusable.clone())?;
    let mut value = HeaderValue::from_str(&text).map_err(|_| unusable)?;
    value.set_sensitive(true);
    Ok(value)
}

#[expect(clippy::expect_used, reason = "a compact JWT is visible ASCII")]
fn sensitive(jwt: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(jwt).expect("visible ASCII");
    value.set_sensitive(true);
    value
}
