//! Why a request is not served, and the answer that says so (RFC 6750, section 3; RFC 9449,
//! sections 7.1 and 9).

use avouch_jose::SignatureAlgorithm;
use avouch_oauth::access_token::AccessTokenError;
use avouch_oauth::authorization::{AuthorizationError, Scheme};
use avouch_oauth::challenge::Challenge;
use avouch_oauth::dpop::{BindingError, DpopError, TargetUri};
use avouch_oauth::{ErrorCode, Scope};
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use std::fmt;
use std::sync::Arc;

/// RFC 9449, section 8.1.
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A request that is not served, for a reason that lies with the client. It knows the answer.
#[derive(Clone)]
pub struct Denial {
    pub(super) reason: DenialReason,
    /// The scheme the client used, if it is one of those for tokens.
    pub(super) scheme: Option<Scheme>,
    pub(super) challenges: Arc<Challenges>,
    pub(super) dpop_nonce: Option<String>,
}

/// What is wrong with a request, roughly in the order of the checks. The text is for the client;
/// it shows no token and nothing of what the token allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DenialReason {
    /// A token where addresses are logged (FAPI 2.0, section 5.3.4).
    #[error("send the access token in the Authorization header, never in the URL")]
    TokenInUrl,
    /// No token at all, or credentials of another kind.
    #[error("an access token is needed: send one in the Authorization header")]
    NoToken,
    /// Several `Authorization` headers.
    #[error("send one Authorization header with one access token")]
    SeveralTokens,
    /// The `Authorization` header cannot be read.
    #[error(transparent)]
    Malformed(AuthorizationError),
    /// The request has no URL that a proof could be for.
    #[error("the target of the request is not a path")]
    NoUrl,
    /// The `DPoP` proof is not good for this request.
    #[error(transparent)]
    Proof(#[from] DpopError),
    /// The authorization server says that the token allows nothing here.
    #[error("the access token is expired, revoked, or not good here")]
    NotActive,
    /// The JWT access token must not be believed.
    #[error(transparent)]
    AccessToken(#[from] AccessTokenError),
    /// Bound to something that cannot be checked here.
    #[error("the access token is bound in a way that cannot be checked here")]
    UnknownBinding,
    /// The token does not go with the scheme and the proof.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// Bound to a certificate, and sent without one.
    #[error("the access token is bound to a certificate: use it in the TLS connection")]
    NoCertificate,
    /// Bound to another certificate.
    #[error("the access token is bound to another certificate than that of the TLS connection")]
    OtherCertificate,
    /// Bound to nothing, where only bound ones are taken.
    #[error("the access token is bound to no key and no certificate: get one that is")]
    NotBound,
    /// The proof was shown before.
    #[error("the DPoP proof was used before: make a new one for each request")]
    Replayed,
    /// The token is good, and not for this.
    #[error("the access token does not reach far enough: the scope {0} is needed")]
    InsufficientScope(Scope),
}

/// What all challenges of one resource server have in common.
pub(super) struct Challenges {
    realm: Box<str>,
    algorithms: Box<str>,
}

impl DenialReason {
    /// The error code; none where no token was sent, for then there is nothing to find fault with
    /// (RFC 6750, section 3.1).
    pub fn code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::NoToken => return None,
            Self::TokenInUrl | Self::SeveralTokens | Self::Malformed(_) | Self::NoUrl => {
                ErrorCode::InvalidRequest
            }
            Self::Proof(error) => error.code(),
            Self::Binding(error) => error.code(),
            Self::Replayed => ErrorCode::InvalidDpopProof,
            Self::NotActive
            | Self::AccessToken(_)
            | Self::UnknownBinding
            | Self::NoCertificate
            | Self::OtherCertificate
            | Self::NotBound => ErrorCode::InvalidToken,
            Self::InsufficientScope(_) => ErrorCode::InsufficientScope,
        })
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self.code() {
            Some(ErrorCode::InvalidRequest) => StatusCode::BAD_REQUEST,
            Some(ErrorCode::InsufficientScope) => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The scheme to speak of first where no token could be read.
    fn scheme_tried(&self) -> Scheme {
        match self {
            Self::Malformed(AuthorizationError::Token(scheme)) => *scheme,
            _ => Scheme::Bearer,
        }
    }
}

impl Challenges {
    pub(super) fn new(base_url: &TargetUri, algorithms: &[SignatureAlgorithm]) -> Self {
        let names: Vec<_> = algorithms.iter().map(|known| known.name()).collect();
        Self {
            realm: base_url.as_str().into(),
            algorithms: names.join(" ").into(),
        }
    }

    fn challenge(&self, scheme: Scheme) -> Challenge<'_> {
        let challenge = Challenge::new(scheme, &self.realm);
        if scheme == Scheme::DPoP {
            challenge.algorithms(&self.algorithms)
        } else {
            challenge
        }
    }
}

impl Denial {
    /// What is wrong.
    pub fn reason(&self) -> &DenialReason {
        &self.reason
    }

    /// The answer to send: the status, a challenge for each scheme there is, the one the client
    /// tried first and with the error, and a nonce where nonces are asked for. The body is for the
    /// caller to fill, or to leave empty.
    pub fn response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.reason.status();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let tried = self.scheme.unwrap_or_else(|| self.reason.scheme_tried());
        let other = match tried {
            Scheme::DPoP => Scheme::Bearer,
            Scheme::Bearer | Scheme::Basic => Scheme::DPoP,
        };
        let text = self.reason.to_string();
        let mut first = self.challenges.challenge(tried);
        if let Some(code) = self.reason.code() {
            first = first.error(code, &text);
        }
        if let DenialReason::InsufficientScope(scope) = &self.reason {
            first = first.scope(scope);
        }
        headers.append(WWW_AUTHENTICATE, ascii(&first.to_string()));
        let second = self.challenges.challenge(other);
        headers.append(WWW_AUTHENTICATE, ascii(&second.to_string()));
        if let Some(nonce) = &self.dpop_nonce {
            headers.insert(DPOP_NONCE, ascii(nonce));
        }
        response
    }
}

#[expect(
    clippy::expect_used,
    reason = "challenges and nonces are visible ASCII whatever went in"
)]
fn ascii(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("visible ASCII")
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl fmt::Debug for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denial")
            .field("reason", &self.reason)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Denial {}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenges")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
