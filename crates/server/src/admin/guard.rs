//! In front of every operation over TCP: an access token for the admin API,
//! by the key it is bound to, with the right the operation takes.
//!
//! The same steps as at a resource server, but nobody has to be asked what the
//! token is worth: `find` and `judge` are here.

use std::net::IpAddr;
use std::sync::Arc;

use avouch_core::administration::{AdminClient, AdminRight, AdminTokenError, admin_client};
use avouch_core::event::{Event, Recorder};
use avouch_core::introspection::{Sought, find};
use avouch_core::rates::Source;
use avouch_core::time::Timestamp;
use avouch_core::{AuthenticationFailure, PresentedAccessToken, TokenFailure};
use avouch_oauth::authorization::{Authorization, Scheme};
use avouch_oauth::challenge::Challenge;
use avouch_oauth::dpop::check_binding;
use avouch_oauth::error::ErrorCode;
use avouch_oauth::scope::Scope;
use avouch_oauth::secret::PresentedToken;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::header::WWW_AUTHENTICATE;
use http::{Request, StatusCode};

use super::administrator::Administrator;
use super::protected_resource::ProtectedResource;
use crate::access::Peer;
use crate::app::App;
use crate::client_certificate;
use crate::dpop::{DPOP_NONCE, ProofRefused, use_up};
use crate::error_reply::{ErrorReply, REALM};
use crate::extract::{ExtractError, authorization_header};
use crate::source::ComesFrom;
use crate::token_refusals::TokenRefusals;

/// Who has no right holds a token that is good for nothing here.
const AT_THE_ADMIN_API: TokenRefusals = TokenRefusals {
    not_good: "the access token is unknown, expired, ended, or not for the admin API: get one at \
               the token endpoint with the admin API as resource",
    no_right: (
        ErrorCode::InvalidToken,
        "the client of this access token is not, or no longer, one that administers: its record \
         has to name the admin API in resources, and it must not have registered itself",
    ),
};

/// The guard of one operation.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) app: Arc<App>,
    pub(super) own: Arc<ProtectedResource>,
    /// What the operation takes.
    pub(super) right: AdminRight,
}

/// Lets a request through in the name of the client whose token it carries.
pub(super) async fn around(
    State(guard): State<Guard>,
    mut request: Request<Body>,
    next: Next,
) -> Result<Response, ErrorReply> {
    let scheme = guard.check(&mut request).await?;
    let mut response = next.run(request).await;
    if let Some(nonce) = guard.nonce(scheme) {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    Ok(response)
}

impl Guard {
    async fn check(&self, request: &mut Request<Body>) -> Result<Scheme, ErrorReply> {
        let app = &*self.app;
        let source = ComesFrom::of(request.extensions());
        let now = app.clock.now();

        // extract
        let presented = self.presented(request, now);
        let presented = presented.map_err(|reply| app.unread(source, reply, now))?;
        let scheme = presented.scheme;

        // find, judge
        let keys = app.keys().await?;
        let own_tokens = app.own_tokens(&keys);
        let sought = app
            .timed("find", find(&presented.token, own_tokens, &app.store))
            .await?;
        let client = match self.judge(&sought, now).await? {
            Ok(client) => client,
            Err(failure) => return Err(self.refuse(source, scheme, failure, now).await),
        };

        // what it is bound to
        let may_be_unbound = self.own.bearer_tokens && is_local(app, request);
        if let Err(failure) = check_bound(&client, &presented, may_be_unbound) {
            return Err(self.refuse(source, scheme, failure, now).await);
        }
        let id = client.client().id.clone();
        if let Some(proof) = &presented.proof {
            let failure = match use_up(app, id.as_str(), proof, now).await {
                Ok(()) => None,
                Err(ProofRefused::Store(error)) => return Err(error.into()),
                Err(ProofRefused::TooMany) => Some(TokenFailure::TooManyProofs),
                Err(ProofRefused::Again | ProofRefused::Bad(_)) => {
                    Some(TokenFailure::ProofReplayed)
                }
            };
            if let Some(failure) = failure {
                return Err(self.refuse(source, scheme, failure, now).await);
            }
        }

        // authorize
        if !client.has(self.right) {
            return Err(self.insufficient(scheme, id.as_str(), now).await);
        }
        let reads = client.has(AdminRight::Read);
        let administrator = Administrator::Client { id, reads };
        request.extensions_mut().insert(administrator);
        Ok(scheme)
    }

    /// The token, with a proof that is checked against this request.
    fn presented(
        &self,
        request: &Request<Body>,
        now: Timestamp,
    ) -> Result<PresentedAccessToken, ErrorReply> {
        let headers = request.headers();
        let (token, scheme) = match authorization_header(headers) {
            Ok(Some(Authorization::Bearer(token))) => (token, Scheme::Bearer),
            Ok(Some(Authorization::DPoP(token))) => (token, Scheme::DPoP),
            Ok(Some(Authorization::Basic(_) | Authorization::Other) | None) => {
                return Err(self.token_required());
            }
            Err(ExtractError::Several) => {
                return Err(ErrorReply::bad_request(
                    ErrorCode::InvalidRequest,
                    "there is more than one Authorization header: send one",
                ));
            }
            Err(_) => {
                return Err(self.unauthorized(
                    Scheme::Bearer,
                    ErrorCode::InvalidToken,
                    "the Authorization header cannot be read: send DPoP or Bearer and the token",
                ));
            }
        };
        let proof = match scheme {
            Scheme::DPoP => {
                // Of our own name, never of the Host header.
                let url = format!("{}{}", self.own.resource, request.uri().path());
                let (method, dpop) = (request.method(), &self.app.dpop);
                let proof = dpop.verify_for(headers, method, &[url], Some(&token), now);
                proof.map_err(|error| {
                    let refused = ProofRefused::Bad(error);
                    self.unauthorized(scheme, refused.code(), &refused.description())
                })?
            }
            // A proof beside a bearer token proves nothing for it.
            Scheme::Bearer | Scheme::Basic => None,
        };
        Ok(PresentedAccessToken {
            token: PresentedToken::new(token.expose()),
            scheme,
            proof,
            certificate: client_certificate::thumbprint(request.extensions()),
        })
    }

    async fn judge<'a>(
        &self,
        sought: &'a Sought,
        now: Timestamp,
    ) -> Result<Result<AdminClient<'a>, TokenFailure>, ErrorReply> {
        match admin_client(sought, &self.own.resource, &self.app.store, now).await {
            Ok(client) => Ok(Ok(client)),
            Err(AdminTokenError::NotGood) => Ok(Err(TokenFailure::NotGood)),
            Err(AdminTokenError::NotChosen) => Ok(Err(TokenFailure::NoRight)),
            Err(AdminTokenError::Store(error)) => Err(error.into()),
        }
    }

    /// A token that was not taken: counted, recorded, and answered.
    async fn refuse(
        &self,
        source: Option<Source>,
        scheme: Scheme,
        failure: TokenFailure,
        now: Timestamp,
    ) -> ErrorReply {
        let reason = AuthenticationFailure::Token(failure);
        self.app.metrics.authentication_failed(reason.name());
        if let Err(too_often) = self.app.count_failure(source, None, now) {
            return too_often;
        }
        let event = Event::AuthenticationFailed {
            at: now,
            caller: None,
            reason,
        };
        if let Err(error) = self.app.recorder.record(&event).await {
            return error.into();
        }
        let (code, description) = AT_THE_ADMIN_API.told(failure);
        self.unauthorized(scheme, code, &description)
    }

    /// 403 `insufficient_scope` (RFC 6750 section 3.1).
    async fn insufficient(&self, scheme: Scheme, caller: &str, now: Timestamp) -> ErrorReply {
        let event = Event::Refused {
            at: now,
            caller,
            reason: "admin: insufficient scope",
        };
        if let Err(error) = self.app.recorder.record(&event).await {
            return error.into();
        }
        let needed = self.right.scope();
        let description = format!(
            "this takes the scope {needed}: register the client for it and get a token with it"
        );
        let code = ErrorCode::InsufficientScope;
        let scope = Scope::parse(needed).ok();
        let url = self.own.metadata_url();
        let mut challenge = Challenge::new(scheme, REALM).error(code, &description);
        if let Some(scope) = &scope {
            challenge = challenge.scope(scope);
        }
        let challenge = challenge.resource_metadata(&url).to_string();
        ErrorReply::new(StatusCode::FORBIDDEN, code, description)
            .with_header(WWW_AUTHENTICATE, &challenge)
    }

    /// 401 without an error code, for nothing was tried (RFC 6750 section 3.1).
    fn token_required(&self) -> ErrorReply {
        let reply = ErrorReply::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidToken,
            "the admin API takes an access token of this server, issued for it: the metadata that \
             WWW-Authenticate names says how",
        );
        let url = self.own.metadata_url();
        [Scheme::DPoP, Scheme::Bearer]
            .into_iter()
            .fold(reply, |reply, scheme| {
                let challenge = self.challenge(scheme, None, &url);
                reply.with_header(WWW_AUTHENTICATE, &challenge)
            })
    }

    /// 401 with the challenge of the scheme that was tried.
    fn unauthorized(&self, scheme: Scheme, code: ErrorCode, description: &str) -> ErrorReply {
        let url = self.own.metadata_url();
        let challenge = self.challenge(scheme, Some((code, description)), &url);
        let reply = ErrorReply::new(StatusCode::UNAUTHORIZED, code, description.to_owned())
            .with_header(WWW_AUTHENTICATE, &challenge);
        match self.nonce(scheme) {
            Some(nonce) => reply.with_header_value(DPOP_NONCE, nonce),
            None => reply,
        }
    }

    fn challenge(&self, scheme: Scheme, error: Option<(ErrorCode, &str)>, url: &str) -> String {
        let algorithms = self.app.dpop.algorithms().iter().map(|one| one.name());
        let algorithms = algorithms.collect::<Vec<_>>().join(" ");
        let mut challenge = Challenge::new(scheme, REALM);
        if let Some((code, description)) = error {
            challenge = challenge.error(code, description);
        }
        if scheme == Scheme::DPoP {
            challenge = challenge.algorithms(&algorithms);
        }
        challenge.resource_metadata(url).to_string()
    }

    fn nonce(&self, scheme: Scheme) -> Option<http::HeaderValue> {
        let dpop = &self.app.dpop;
        (scheme == Scheme::DPoP)
            .then(|| dpop.nonce(self.app.clock.now()))
            .flatten()
    }
}

/// Whether the request is made on this machine: a stated proxy passes on what
/// others made.
fn is_local(app: &App, request: &Request<Body>) -> bool {
    let peer: Option<IpAddr> = request
        .extensions()
        .get::<Peer>()
        .and_then(|peer| peer.address);
    peer.is_some_and(|peer| peer.is_loopback() && !app.settings.trusted_proxies.names(peer))
}

/// Checks every binding the token has, and that it has one.
fn check_bound(
    client: &AdminClient<'_>,
    presented: &PresentedAccessToken,
    may_be_unbound: bool,
) -> Result<(), TokenFailure> {
    let confirmation = client.token().token.confirmation.as_ref();
    let proof = presented.proof.as_ref();
    check_binding(&presented.token, presented.scheme, confirmation, proof)
        .map_err(TokenFailure::Binding)?;
    let key = confirmation.and_then(|confirmation| confirmation.jkt);
    let certificate = confirmation.and_then(|confirmation| confirmation.x5t_s256);
    if certificate.is_some() && certificate != presented.certificate {
        return Err(TokenFailure::Certificate);
    }
    if key.is_none() && certificate.is_none() && !may_be_unbound {
        return Err(TokenFailure::Unbound);
    }
    Ok(())
}
