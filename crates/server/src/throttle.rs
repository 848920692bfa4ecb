//! Refusing what comes too often, by the rule of [`avouch_core::rates`].

use std::hash::RandomState;
use std::sync::Arc;

use avouch_core::AuthenticatedCaller;
use avouch_core::rates::{CallRates, FailureRates, Source, TooOften};
use avouch_core::time::Timestamp;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};

use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::settings::Settings;
use crate::source::ComesFrom;

/// Keys that each count has room for: about a megabyte, whoever comes.
const KEYS: usize = 1 << 16;

/// The counts of this node.
pub(crate) struct Throttle {
    failures: FailureRates<RandomState>,
    calls: CallRates<RandomState>,
}

impl Throttle {
    /// Counts that all stand at zero.
    pub(crate) fn new(settings: &Settings) -> Self {
        // Keyed by chance, so that nobody can choose keys that meet.
        let hasher = RandomState::new();
        Self {
            failures: FailureRates::new(
                settings.source_failures,
                settings.caller_failures,
                KEYS,
                &hasher,
            ),
            calls: CallRates::new(settings.calls, KEYS, hasher),
        }
    }
}

impl App {
    /// Before credentials are looked at.
    pub(crate) fn admit(
        &self,
        source: Option<Source>,
        claimed_id: &str,
        now: Timestamp,
    ) -> Result<(), ErrorReply> {
        let admitted = self.throttle.failures.admit(source, claimed_id, now);
        admitted.map_err(|refused| self.too_often(&refused))
    }

    /// A caller has authenticated: may it call now?
    pub(crate) fn count_call(
        &self,
        source: Option<Source>,
        caller: &AuthenticatedCaller,
        now: Timestamp,
    ) -> Result<(), ErrorReply> {
        self.throttle.failures.succeeded(source, caller.id(), now);
        let counted = self.throttle.calls.call(caller, now);
        counted.map_err(|refused| self.too_often(&refused))
    }

    /// Credentials were no good. Beyond the limit that is not what is answered.
    pub(crate) fn count_failure(
        &self,
        source: Option<Source>,
        claimed_id: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ErrorReply> {
        let counted = self.throttle.failures.failed(source, claimed_id, now);
        counted.map_err(|refused| self.too_often(&refused))
    }

    /// The answer to credentials that could not be read: a failure if it is 401.
    pub(crate) fn unread(
        &self,
        source: Option<Source>,
        reply: ErrorReply,
        now: Timestamp,
    ) -> ErrorReply {
        if reply.status() != StatusCode::UNAUTHORIZED {
            return reply;
        }
        self.count_failure(source, None, now).err().unwrap_or(reply)
    }

    fn too_often(&self, refused: &TooOften) -> ErrorReply {
        self.metrics.throttled(refused.what);
        ErrorReply::too_often(refused)
    }
}

/// Around registration, where bearer tokens of ours are presented. Without one
/// the very attempt counts: a software statement may be sent by anybody, and
/// again and again. One that is presented is judged first, for telling that it
/// is not ours costs next to nothing.
pub(crate) async fn around(
    State(app): State<Arc<App>>,
    request: Request<Body>,
    next: Next,
) -> Result<Response, ErrorReply> {
    let source = ComesFrom::of(request.extensions());
    let has_token = request.headers().contains_key(AUTHORIZATION);
    if !has_token {
        app.count_failure(source, None, app.clock.now())?;
    }
    let response = next.run(request).await;
    if has_token && response.status() == StatusCode::UNAUTHORIZED {
        app.count_failure(source, None, app.clock.now())?;
    }
    Ok(response)
}
