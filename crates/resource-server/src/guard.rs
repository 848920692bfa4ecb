//! The check of the requests that a resource server guards (RFC 6750, RFC 8705, RFC 9449).

mod binding;
mod denial;
mod error;
mod replay;
mod request;
mod token_check;
mod verified;

pub use self::denial::{Denial, DenialReason};
pub use self::error::GuardError;
pub use self::replay::{InMemoryReplayGuard, ProofId, ReplayGuard, ReplayGuardError};
pub use self::request::ReceivedRequest;
pub use self::token_check::{CheckedToken, TokenCheck};
pub use self::verified::VerifiedRequest;

use self::denial::Challenges;
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::PresentedToken;
use avouch_oauth::authorization::Scheme;
use avouch_oauth::dpop::{
    BindingError, DpopRequest, DpopVerifier, NonceKey, TargetUri, TargetUriError, VerifiedDpopProof,
};
use std::fmt;
use std::sync::Arc;

/// Guards the requests to a resource server (RS): takes the access token out of the
/// `Authorization` header, learns what it allows from an [`Introspector`](crate::Introspector) or
/// an [`AccessTokenChecker`](crate::AccessTokenChecker), and checks that it is used by whom it was
/// issued to.
///
/// - A token in the URL is refused, and bodies are not looked into (FAPI 2.0, section 5.3.4).
/// - A token with `cnf.jkt` needs a `DPoP` proof by that key, made for this token, method and URL
///   a minute ago at most, and not shown before (RFC 9449, sections 4.3 and 7). Sent as `Bearer`
///   it is refused.
/// - A token with `cnf.x5t#S256` needs the client certificate of the TLS connection (RFC 8705,
///   section 3).
/// - A token that is bound in a way not known here is refused.
///
/// ```no_run
/// use avouch_resource_server::{Introspector, ReceivedRequest, RequestGuard, Scope};
///
/// # async fn serve(introspector: Introspector) -> Result<(), Box<dyn std::error::Error>> {
/// // Once, at start; the URL is that by which clients know this RS.
/// let guard = RequestGuard::new(introspector, "https://pay.example.com")?;
/// let scope = Scope::parse("payment:initiate")?;
///
/// # let (request, client_certificate) = (http::Request::new(()), None);
/// // For every request:
/// let received = ReceivedRequest::new(&request).client_certificate(client_certificate);
/// let answer: http::Response<()> = match guard.check(received).await {
///     Ok(verified) => match verified.require_scope(&scope) {
///         Ok(()) => {
///             println!("pay for {:?}", verified.active().sub);
///             http::Response::new(())
///         }
///         Err(denial) => denial.response(),
///     },
///     // 400, 401 or 503, with the challenges that the client needs to do better.
///     Err(error) => error.response(),
/// };
/// # Ok(())
/// # }
/// ```
///
/// Cloning it is cheap, and the clones share what was seen.
pub struct RequestGuard<C: TokenCheck, R: ReplayGuard = InMemoryReplayGuard> {
    tokens: C,
    base_url: TargetUri,
    proofs: DpopVerifier,
    nonces: Option<NonceKey>,
    bound_only: bool,
    challenges: Arc<Challenges>,
    replays: Arc<R>,
}

impl<C: TokenCheck> RequestGuard<C> {
    /// Guards what is below `base_url`: scheme, host and, where a proxy takes it away, the
    /// beginning of the path, **as clients see it**. What the `Host` header says is not believed.
    ///
    /// Proofs that were shown are remembered in this process alone. Where several answer for one
    /// RS, give them a [`replay_guard`](Self::replay_guard) they share.
    pub fn new(tokens: C, base_url: &str) -> Result<Self, TargetUriError> {
        let base_url = TargetUri::parse(base_url)?;
        let proofs = DpopVerifier::new();
        Ok(Self {
            tokens,
            challenges: Arc::new(Challenges::new(&base_url, proofs.allowed_algorithms())),
            base_url,
            proofs,
            nonces: None,
            bound_only: false,
            replays: Arc::default(),
        })
    }
}

impl<C: TokenCheck, R: ReplayGuard> RequestGuard<C, R> {
    /// Takes proofs signed with these algorithms and no others. Unless told, all that are
    /// supported: every one of them has a public key.
    #[must_use]
    pub fn proof_algorithms(mut self, allowed: impl Into<Vec<SignatureAlgorithm>>) -> Self {
        self.proofs = self.proofs.algorithms(allowed);
        let algorithms = self.proofs.allowed_algorithms();
        self.challenges = Arc::new(Challenges::new(&self.base_url, algorithms));
        self
    }

    /// Sets how many seconds ago a proof may have been made. Unless told, 60.
    #[must_use]
    pub fn max_proof_age(mut self, seconds: u64) -> Self {
        self.proofs = self.proofs.max_age(seconds);
        self
    }

    /// Asks for a nonce in every proof (RFC 9449, section 9). Unless told, none is looked at.
    ///
    /// A client without one is told the current one and tries again; give it to all others too,
    /// with [`dpop_nonce`](Self::dpop_nonce), and they need not.
    #[must_use]
    pub fn nonces(mut self, key: NonceKey) -> Self {
        self.nonces = Some(key);
        self
    }

    /// Refuses tokens that are bound to nothing, as FAPI 2.0 would have it. Unless told, they are
    /// taken: what they may be used for is for the authorization server to say.
    #[must_use]
    pub fn bound_tokens_only(mut self) -> Self {
        self.bound_only = true;
        self
    }

    /// Remembers the proofs that were shown elsewhere than in this process.
    #[must_use]
    pub fn replay_guard<S: ReplayGuard>(self, replays: S) -> RequestGuard<C, S> {
        RequestGuard {
            tokens: self.tokens,
            base_url: self.base_url,
            proofs: self.proofs,
            nonces: self.nonces,
            bound_only: self.bound_only,
            challenges: self.challenges,
            replays: Arc::new(replays),
        }
    }

    /// The value of `DPoP-Nonce` for an answer, where nonces are asked for.
    pub fn dpop_nonce(&self) -> Option<String> {
        let now = self.tokens.now();
        self.nonces.as_ref().map(|nonces| nonces.current(now))
    }

    /// Checks a request. After any error it must not be served; the error knows the answer to
    /// send instead.
    ///
    /// That a proof was shown is noted last: only who may use a token can make us remember things.
    pub async fn check(
        &self,
        request: ReceivedRequest<'_>,
    ) -> Result<VerifiedRequest<C::Token>, GuardError> {
        let shown = request.access_token();
        let (scheme, token) = shown.map_err(|reason| self.denial(None, reason))?;
        let denial = |reason| self.denial(Some(scheme), reason);
        let now = self.tokens.now();
        let proof = match scheme {
            Scheme::DPoP => Some(self.proof(&request, &token, now).map_err(denial)?),
            Scheme::Bearer | Scheme::Basic => None,
        };
        let checked = self.tokens.look_up(token.expose()).await?.map_err(denial)?;
        let shown = binding::Shown {
            scheme,
            token: &token,
            proof: proof.as_ref(),
            certificate: request.certificate(),
        };
        let bound = binding::check(&checked, &shown).map_err(denial)?;
        if self.bound_only && !bound {
            return Err(denial(DenialReason::NotBound).into());
        }
        if let Some(proof) = &proof
            && !self.is_first_use(proof, now).await?
        {
            return Err(denial(DenialReason::Replayed).into());
        }
        Ok(VerifiedRequest {
            token: checked,
            scheme,
            bound,
            challenges: Arc::clone(&self.challenges),
        })
    }
}

impl<C: TokenCheck, R: ReplayGuard> RequestGuard<C, R> {
    fn proof(
        &self,
        request: &ReceivedRequest<'_>,
        token: &PresentedToken,
        now: u64,
    ) -> Result<VerifiedDpopProof, DenialReason> {
        let proof = request.dpop_proof()?.ok_or(BindingError::NoProof)?;
        let url = request.url(&self.base_url)?;
        let accepted = self.nonces.as_ref().map(|nonces| nonces.accepted(now));
        let mut expected = DpopRequest::new(request.method(), &url).access_token(token);
        if let Some(accepted) = &accepted {
            expected = expected.nonces(accepted);
        }
        Ok(self.proofs.verify(proof, &expected, now)?)
    }

    async fn is_first_use(
        &self,
        proof: &VerifiedDpopProof,
        now: u64,
    ) -> Result<bool, ReplayGuardError> {
        let id = ProofId::of(proof);
        self.replays
            .is_first_use(id, proof.usable_until(), now)
            .await
    }

    fn denial(&self, scheme: Option<Scheme>, reason: DenialReason) -> Denial {
        Denial {
            reason,
            scheme,
            challenges: Arc::clone(&self.challenges),
            dpop_nonce: self.dpop_nonce(),
        }
    }
}

impl<C: TokenCheck + Clone, R: ReplayGuard> Clone for RequestGuard<C, R> {
    fn clone(&self) -> Self {
        Self {
            tokens: self.tokens.clone(),
            base_url: self.base_url.clone(),
            proofs: self.proofs.clone(),
            nonces: self.nonces.clone(),
            bound_only: self.bound_only,
            challenges: Arc::clone(&self.challenges),
            replays: Arc::clone(&self.replays),
        }
    }
}

impl<C: TokenCheck, R: ReplayGuard> fmt::Debug for RequestGuard<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestGuard")
            .field("base_url", &self.base_url)
            .field("proofs", &self.proofs)
            .field("nonces", &self.nonces.is_some())
            .field("bound_only", &self.bound_only)
            .finish_non_exhaustive()
    }
}
