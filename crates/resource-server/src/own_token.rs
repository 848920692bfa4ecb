//! An access token of the resource server's own, to ask with (RFC 9701, section 4; RFC 9449).
//!
//! - It is fetched when it is first needed, and anew shortly before it expires.
//! - One that is refused is fetched anew and the question asked once more, though not if it is
//!   younger than [`MIN_AGE`]: then it is not its age that is wrong with it.
//! - Whatever the reason, one caller fetches while the others wait, and they share what comes of
//!   it, be it an error.

use crate::authentication::{Answered, Question};
use crate::credentials::{OwnTokenKind, Prepared};
use crate::endpoint::Endpoint;
use crate::error::IntrospectError;
use crate::exchange::{Exchange, post_form};
use crate::http::Http;
use crate::line::Line;
use crate::proofs::Proofs;
use crate::token_endpoint::{HeldToken, TokenEndpoint};
use arc_swap::ArcSwapOption;
use avouch_oauth::PresentedSecret;
use http::StatusCode;
use http::header::AUTHORIZATION;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Seconds a token has to be old to be fetched anew because it was refused.
pub(crate) const MIN_AGE: u64 = 10;

pub(crate) struct OwnToken {
    endpoint: TokenEndpoint,
    /// If it is bound, proofs by its key.
    proofs: Option<Proofs>,
    held: ArcSwapOption<HeldToken>,
    /// How many fetches have ended.
    fetches: AtomicU64,
    /// Whoever holds the lock may fetch. Inside is the failure of the last fetch, if it failed.
    flight: Mutex<Option<IntrospectError>>,
}

impl OwnToken {
    pub(crate) fn new(credentials: Prepared, endpoint: Endpoint, kind: OwnTokenKind) -> Self {
        Self {
            endpoint: TokenEndpoint::new(credentials, endpoint),
            proofs: match kind {
                OwnTokenKind::Bearer => None,
                OwnTokenKind::Bound(key) => Some(Proofs::by(key)),
            },
            held: ArcSwapOption::empty(),
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
        if answered.answer.status() != StatusCode::UNAUTHORIZED
            || held.age(line.clock.now()) < MIN_AGE
        {
            return Ok(answered);
        }
        let is_another = |newer: &Arc<HeldToken>| !Arc::ptr_eq(newer, &held);
        let newer = self.have(line, is_another).await?;
        self.show(line, question, &newer).await
    }

    /// The token that is held, if it will do, or a newer one.
    async fn have<H: Http>(
        &self,
        line: &Line<'_, H>,
        will_do: impl Fn(&Arc<HeldToken>) -> bool,
    ) -> Result<Arc<HeldToken>, IntrospectError> {
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
        let fetched = self.endpoint.fetch(line, self.proofs.as_ref(), "").await;
        let fetched = fetched.map(Arc::new);
        *failure = fetched.as_ref().err().cloned();
        self.fetches.fetch_add(1, Ordering::Release);
        let held = fetched?;
        self.held.store(Some(Arc::clone(&held)));
        Ok(held)
    }

    async fn show<H: Http>(
        &self,
        line: &Line<'_, H>,
        question: &Question<'_>,
        held: &HeldToken,
    ) -> Result<Answered, IntrospectError> {
        let request = || {
            let form = question.form.clone().into();
            let mut request = post_form(question.url, question.media_type, form);
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, held.header.clone());
            request
        };
        let what = Exchange::Introspection;
        let answer = match &self.proofs {
            None => line.send(what, request()).await?,
            Some(proofs) => {
                let token = Some(&held.token);
                let make = || Ok((request(), ()));
                proofs
                    .send::<_, IntrospectError, _>(line, what, token, make)
                    .await?
                    .0
            }
        };
        Ok(Answered {
            answer,
            hidden: PresentedSecret::new(held.token.expose()),
        })
    }
}
