//! The access token of a resource server, presented instead of its credentials
//! (RFC 9701 section 4). Taken at introspection, and nowhere else.

use avouch_core::time::Timestamp;
use avouch_core::{
    AuthenticatedCaller, AuthenticationFailure, PresentedAccessToken, PresentedCredentials,
};
use avouch_oauth::authorization::{Authorization, Scheme};
use avouch_oauth::challenge::Challenge;
use avouch_oauth::error::ErrorCode;
use avouch_oauth::form::Form;
use avouch_oauth::secret::PresentedToken;
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;

use crate::app::App;
use crate::dpop::{DPOP_NONCE, ProofRefused};
use crate::error_reply::{ErrorReply, REALM};
use crate::extract::{authenticate_by, authorization_header, settle};
use crate::paths;
use crate::request::ReadRequest;
use crate::token_refusals::TokenRefusals;

/// What other ways of authentication bring in the form.
const OTHERS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Unbound tokens are taken here.
const AT_INTROSPECTION: TokenRefusals = TokenRefusals {
    not_good: "the caller's access token is unknown, expired or ended: get a new one at the token \
               endpoint",
    no_right: (
        ErrorCode::InsufficientScope,
        "this access token does not say which resource server asks: a resource server \
         registered for client_credentials gets one of its own at the token endpoint",
    ),
};

/// Authenticates whoever asks at introspection, by its own token or by client
/// authentication.
pub(crate) async fn authenticate_at_introspection(
    app: &App,
    read: &ReadRequest,
    form: &Form<'_>,
) -> Result<AuthenticatedCaller, ErrorReply> {
    let (token, scheme) = match authorization_header(&read.headers) {
        Ok(Some(Authorization::Bearer(token))) => (token, Scheme::Bearer),
        Ok(Some(Authorization::DPoP(token))) => (token, Scheme::DPoP),
        other => return authenticate_by(app, read, form, other).await,
    };
    if OTHERS.iter().any(|name| form.get(name).is_some()) {
        return Err(ErrorReply::bad_request(
            ErrorCode::InvalidRequest,
            "an access token and client authentication are both there: send one of them",
        ));
    }
    let now = app.clock.now();
    let presented = present(app, read, token, scheme, now)
        .map_err(|reply| app.unread(read.source, reply, now))?;
    let presented = PresentedCredentials::AccessToken(presented);
    let caller = settle(app, read.source, &presented, now).await?;
    // As beside the Basic scheme: whoever mixes up two callers is told, not guessed at.
    if form.get("client_id").is_some_and(|id| id != caller.id()) {
        return Err(ErrorReply::bad_request(
            ErrorCode::InvalidRequest,
            "client_id in the body is not the caller that the access token names: leave it out",
        ));
    }
    Ok(caller)
}

/// The token, with a proof that is checked against this request.
fn present(
    app: &App,
    read: &ReadRequest,
    token: PresentedToken,
    scheme: Scheme,
    now: Timestamp,
) -> Result<PresentedAccessToken, ErrorReply> {
    let proof = match scheme {
        Scheme::DPoP => app
            .dpop
            .verify(&read.headers, paths::INTROSPECTION, Some(&token), now)
            .map_err(|error| {
                let refused = ProofRefused::Bad(error);
                challenge(app, scheme, refused.code(), refused.description())
            })?,
        // A proof beside a bearer token proves nothing for it.
        Scheme::Bearer | Scheme::Basic => None,
    };
    Ok(PresentedAccessToken {
        token,
        scheme,
        proof,
        certificate: read.thumbprint(),
    })
}

/// What the sender of a token is told that was not taken.
pub(crate) fn refused(
    app: &App,
    presented: &PresentedAccessToken,
    reason: &AuthenticationFailure,
) -> ErrorReply {
    let AuthenticationFailure::Token(failure) = reason else {
        return ErrorReply::invalid_client(presented.scheme);
    };
    let (code, description) = AT_INTROSPECTION.told(*failure);
    challenge(app, presented.scheme, code, description)
}

/// 401 with a challenge (RFC 6750 section 3, RFC 9449 section 7.1).
fn challenge(app: &App, scheme: Scheme, code: ErrorCode, description: String) -> ErrorReply {
    let algorithms: Vec<_> = app.dpop.algorithms().iter().map(|one| one.name()).collect();
    let algorithms = algorithms.join(" ");
    let mut challenge = Challenge::new(scheme, REALM).error(code, &description);
    if scheme == Scheme::DPoP {
        challenge = challenge.algorithms(&algorithms);
    }
    let challenge = challenge.to_string();
    let reply = ErrorReply::new(StatusCode::UNAUTHORIZED, code, description)
        .with_header(WWW_AUTHENTICATE, &challenge);
    match app.dpop.nonce(app.clock.now()) {
        Some(nonce) if scheme == Scheme::DPoP => reply.with_header_value(DPOP_NONCE, nonce),
        _ => reply,
    }
}
