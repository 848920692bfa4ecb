//! Where the guard learns what a token allows.

use super::denial::DenialReason;
use super::error::GuardError;
use crate::access_token::AccessTokenChecker;
use crate::error::AccessTokenCheckError;
use crate::http::Http;
use crate::introspected::Introspected;
use crate::introspector::Introspector;
use avouch_oauth::access_token::VerifiedAccessToken;
use avouch_oauth::{Confirmation, Scope};

mod sealed {
    pub trait Sealed {}
}

/// Learns what a token allows: an [`Introspector`] asks the authorization server, an
/// [`AccessTokenChecker`] reads a JWT. Nothing else does it.
pub trait TokenCheck: sealed::Sealed + Send + Sync {
    /// What is learnt.
    type Token: CheckedToken;

    /// Learns what this token allows, or why it allows nothing.
    fn look_up(
        &self,
        token: &str,
    ) -> impl Future<Output = Result<Result<Self::Token, DenialReason>, GuardError>> + Send;

    /// The time, in seconds, by the clock that tokens are judged by.
    fn now(&self) -> u64;
}

/// What was learnt of a token that is good here: an [`Introspected`] that is active, or a
/// [`VerifiedAccessToken`].
pub trait CheckedToken: sealed::Sealed + Send {
    /// The keys it is bound to.
    fn confirmation(&self) -> Option<&Confirmation>;

    /// What it allows.
    fn scope(&self) -> Option<&Scope>;

    /// Whether it is said to be good with a `DPoP` proof alone (RFC 9449, section 6.2).
    fn is_called_dpop(&self) -> bool;
}

impl<H: Http> sealed::Sealed for Introspector<H> {}

impl<H: Http> TokenCheck for Introspector<H> {
    type Token = Introspected;

    async fn look_up(&self, token: &str) -> Result<Result<Introspected, DenialReason>, GuardError> {
        let answer = self.introspect(token).await?;
        Ok(match answer.active() {
            Some(_) => Ok(answer),
            None => Err(DenialReason::NotActive),
        })
    }

    fn now(&self) -> u64 {
        self.clock().now()
    }
}

impl<H: Http> sealed::Sealed for AccessTokenChecker<H> {}

impl<H: Http> TokenCheck for AccessTokenChecker<H> {
    type Token = VerifiedAccessToken;

    async fn look_up(
        &self,
        token: &str,
    ) -> Result<Result<VerifiedAccessToken, DenialReason>, GuardError> {
        match self.check(token).await {
            Ok(token) => Ok(Ok(token)),
            Err(AccessTokenCheckError::Token(error)) => Ok(Err(error.into())),
            Err(error) => Err(error.into()),
        }
    }

    fn now(&self) -> u64 {
        self.clock().now()
    }
}

impl sealed::Sealed for Introspected {}

impl CheckedToken for Introspected {
    fn confirmation(&self) -> Option<&Confirmation> {
        self.active()?.cnf.as_ref()
    }

    fn scope(&self) -> Option<&Scope> {
        self.active()?.scope.as_ref()
    }

    fn is_called_dpop(&self) -> bool {
        let token_type = self.active().and_then(|token| token.token_type.as_deref());
        token_type.is_some_and(|name| name.eq_ignore_ascii_case("DPoP"))
    }
}

impl sealed::Sealed for VerifiedAccessToken {}

impl CheckedToken for VerifiedAccessToken {
    fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation()
    }

    fn scope(&self) -> Option<&Scope> {
        Some(self.scope())
    }

    fn is_called_dpop(&self) -> bool {
        false
    }
}
