//! What comes of a request that may be served.

use super::denial::{Challenges, Denial, DenialReason};
use super::token_check::CheckedToken;
use crate::introspected::Introspected;
use avouch_oauth::Scope;
use avouch_oauth::authorization::Scheme;
use avouch_oauth::introspection::ActiveToken;
use std::fmt;
use std::sync::Arc;

/// A request whose token is good and was sent by whom it is bound to, if it is bound.
/// [`RequestGuard::check`](crate::RequestGuard::check) alone makes one.
///
/// What the token allows is still to be compared with what the request wants. `Debug` shows
/// nothing of the token.
#[derive(Clone)]
pub struct VerifiedRequest<T> {
    pub(super) token: T,
    pub(super) scheme: Scheme,
    pub(super) bound: bool,
    pub(super) challenges: Arc<Challenges>,
}

impl<T: CheckedToken> VerifiedRequest<T> {
    /// What was learnt of the token.
    pub fn token(&self) -> &T {
        &self.token
    }

    /// What was learnt of the token, for keeps.
    pub fn into_token(self) -> T {
        self.token
    }

    /// Whether the sender has proven to hold the key or certificate the token is bound to. If not,
    /// the token is bound to nothing.
    pub fn is_sender_constrained(&self) -> bool {
        self.bound
    }

    /// Asks for a scope, all of it. Without it the answer is 403 `insufficient_scope`, and names
    /// the scope (RFC 6750, section 3.1).
    pub fn require_scope(&self, scope: &Scope) -> Result<(), Denial> {
        let held = self.token.scope();
        if held.is_some_and(|held| scope.is_subset(held)) {
            return Ok(());
        }
        Err(Denial {
            reason: DenialReason::InsufficientScope(scope.clone()),
            scheme: Some(self.scheme),
            challenges: Arc::clone(&self.challenges),
            dpop_nonce: None,
        })
    }
}

impl VerifiedRequest<Introspected> {
    /// What the token allows, as the authorization server said.
    #[expect(
        clippy::expect_used,
        reason = "the guard takes no answer that is not active, and nothing else makes one of these"
    )]
    pub fn active(&self) -> &ActiveToken {
        self.token.active().expect("an active answer")
    }
}

impl<T> fmt::Debug for VerifiedRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedRequest")
            .field("scheme", &self.scheme)
            .field("bound", &self.bound)
            .finish_non_exhaustive()
    }
}
