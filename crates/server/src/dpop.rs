//! `DPoP` proofs of requests to this server (RFC 9449): checked against the
//! request, and used up.

use avouch_core::issuance::ShownKeys;
use avouch_core::records::UsedProof;
use avouch_core::storage::{ReplayStore, StoreError, Used};
use avouch_core::time::Timestamp;
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::dpop::{
    DpopError, DpopRequest, DpopVerifier, NonceKey, TargetUri, VerifiedDpopProof, single_header,
};
use avouch_oauth::error::ErrorCode;
use avouch_oauth::issuer::Issuer;
use avouch_oauth::secret::PresentedToken;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};

use crate::app::App;
use crate::config::DpopConfig;
use crate::error_reply::ErrorReply;
use crate::request::ReadRequest;

/// The header of a proof.
const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The header of a nonce.
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What is expected of proofs.
pub(crate) struct Dpop {
    verifier: DpopVerifier,
    nonces: NonceKey,
    require_nonce: bool,
    /// The names that endpoints go by: the issuer, and that of mutual TLS.
    bases: Vec<String>,
}

/// Why a proof does not count.
#[derive(Debug)]
pub(crate) enum ProofRefused {
    /// It is not good, or was not made for this request.
    Bad(DpopError),
    /// It was used before.
    Again,
    /// More proofs were used than are remembered of one caller.
    TooMany,
    /// The store could not say.
    Store(StoreError),
}

impl Dpop {
    pub(crate) fn new(
        config: &DpopConfig,
        nonce_secret: &[u8; 32],
        issuer: &Issuer,
        mtls_url: Option<&str>,
    ) -> Self {
        let slice = config.nonce_lifetime.duration().as_secs().max(1);
        let slice = std::num::NonZeroU64::new(slice).unwrap_or(std::num::NonZeroU64::MIN);
        let bases = [Some(issuer.endpoint("")), mtls_url.map(str::to_owned)];
        Self {
            verifier: DpopVerifier::new().max_age(config.longest_age.duration().as_secs()),
            nonces: NonceKey::new(nonce_secret, slice),
            require_nonce: config.require_nonce,
            bases: bases.into_iter().flatten().collect(),
        }
    }

    /// The algorithms that proofs may be signed with.
    pub(crate) fn algorithms(&self) -> &[SignatureAlgorithm] {
        self.verifier.allowed_algorithms()
    }

    /// The nonce that the next proof has to hold, where one is demanded.
    pub(crate) fn nonce(&self, now: Timestamp) -> Option<HeaderValue> {
        let nonce = self
            .require_nonce
            .then(|| self.nonces.current(now.numeric_date()));
        nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok())
    }

    /// The proof of a POST to the endpoint at `path`, if there is one. Not yet
    /// used up.
    pub(crate) fn verify(
        &self,
        headers: &HeaderMap,
        path: &str,
        token: Option<&PresentedToken>,
        now: Timestamp,
    ) -> Result<Option<VerifiedDpopProof>, DpopError> {
        let urls: Vec<_> = self
            .bases
            .iter()
            .map(|base| format!("{base}{path}"))
            .collect();
        self.verify_for(headers, &Method::POST, &urls, token, now)
    }

    /// The proof of a request with this method to one of these URLs, which are
    /// names of the same thing. Not yet used up.
    pub(crate) fn verify_for(
        &self,
        headers: &HeaderMap,
        method: &Method,
        urls: &[String],
        token: Option<&PresentedToken>,
        now: Timestamp,
    ) -> Result<Option<VerifiedDpopProof>, DpopError> {
        let values = headers.get_all(DPOP).iter().map(HeaderValue::as_bytes);
        let Some(proof) = single_header(values)? else {
            return Ok(None);
        };
        let nonces = self.nonces.accepted(now.numeric_date());
        let mut outcome = Ok(None);
        for url in urls {
            // Of our own name, never of the Host header. Ours are sound URLs.
            let Ok(url) = TargetUri::parse(url) else {
                continue;
            };
            let mut request = DpopRequest::new(method.as_str(), &url);
            if let Some(token) = token {
                request = request.access_token(token);
            }
            if self.require_nonce {
                request = request.nonces(&nonces);
            }
            match self.verifier.verify(proof, &request, now.numeric_date()) {
                Err(error @ DpopError::WrongUrl { .. }) if outcome.is_ok() => outcome = Err(error),
                Err(DpopError::WrongUrl { .. }) => {}
                decided => return decided.map(Some),
            }
        }
        outcome
    }
}

/// Uses a proof up, on behalf of the caller that sent it.
pub(crate) async fn use_up(
    app: &App,
    caller: &str,
    proof: &VerifiedDpopProof,
    now: Timestamp,
) -> Result<(), ProofRefused> {
    // Through its last second.
    let end = Timestamp::from_numeric_date(proof.usable_until().saturating_add(1));
    let used = UsedProof::dpop(caller, &proof.jkt(), proof.jti(), end);
    match app
        .store
        .use_once(&used, app.settings.proof_quota, now)
        .await
    {
        Ok(Used::First) => Ok(()),
        Ok(Used::Again) => Err(ProofRefused::Again),
        Ok(Used::OverQuota) => Err(ProofRefused::TooMany),
        Err(error) => Err(ProofRefused::Store(error)),
    }
}

/// The keys that a request to an endpoint showed, its proof used up.
pub(crate) async fn shown_keys(
    app: &App,
    read: &ReadRequest,
    path: &str,
    caller: &str,
    now: Timestamp,
) -> Result<ShownKeys, ErrorReply> {
    let refuse = |refused: ProofRefused| refused.at_an_endpoint(app.dpop.nonce(now));
    let certificate = read.thumbprint();
    let proof = app.dpop.verify(&read.headers, path, None, now);
    let Some(proof) = proof.map_err(|error| refuse(ProofRefused::Bad(error)))? else {
        return Ok(ShownKeys {
            dpop: None,
            certificate,
        });
    };
    use_up(app, caller, &proof, now).await.map_err(refuse)?;
    Ok(ShownKeys {
        dpop: Some(proof.jkt()),
        certificate,
    })
}

impl ProofRefused {
    /// What the sender is told.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Bad(error) => error.to_string(),
            Self::Again => {
                "the DPoP proof was used before: make a new one for each request".to_owned()
            }
            Self::TooMany => {
                "too many DPoP proofs are still remembered: wait until the older ones \
                              expire"
                    .to_owned()
            }
            Self::Store(_) => "the store is not available; try again shortly".to_owned(),
        }
    }

    /// The code of the answer.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Bad(error) => error.code(),
            Self::Again | Self::TooMany | Self::Store(_) => ErrorCode::InvalidDpopProof,
        }
    }

    /// The answer of the token endpoint (RFC 9449 sections 5 and 8): 400, and
    /// a nonce where that is what is missing.
    fn at_an_endpoint(self, nonce: Option<HeaderValue>) -> ErrorReply {
        if let Self::Store(error) = self {
            return error.into();
        }
        let reply = ErrorReply::bad_request(self.code(), self.description());
        match nonce {
            Some(nonce) => reply.with_header_value(DPOP_NONCE, nonce),
            None => reply,
        }
    }
}
