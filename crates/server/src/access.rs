//! Around every request: who may speak plain HTTP to us, whose certificate it comes with, a time
//! limit, one log line, and the metrics.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use avouch_core::certificate::PresentedCertificate;
use avouch_oauth::error::ErrorCode;
use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::STRICT_TRANSPORT_SECURITY;
use http::{HeaderValue, Method, Request, StatusCode};
use tracing::info;

use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::source::{self, ComesFrom};
use crate::to_the_end::ToTheEnd;
use crate::{body, client_certificate, framing, log};

/// For a year, browsers that were here over TLS do not come without it (RFC 6797).
const NEVER_PLAIN: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The other end of the connection, put into each of its requests.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// None on a Unix socket.
    pub(crate) address: Option<IpAddr>,
    /// Whether it speaks TLS to us.
    tls: bool,
    /// What it showed in the handshake to be its own.
    pub(crate) certificate: Option<Arc<PresentedCertificate>>,
}

impl Peer {
    pub(crate) const fn plain(address: Option<IpAddr>) -> Self {
        Self {
            address,
            tls: false,
            certificate: None,
        }
    }

    pub(crate) const fn over_tls(
        address: Option<IpAddr>,
        certificate: Option<Arc<PresentedCertificate>>,
    ) -> Self {
        Self {
            address,
            tls: true,
            certificate,
        }
    }
}

/// What of a request stands in its log line.
#[derive(Clone)]
struct Seen {
    started: Instant,
    peer: Peer,
    method: Method,
    route: Option<MatchedPath>,
}

/// Wraps the handling of one request.
///
/// What was begun is finished, recorded and logged, whether or not somebody still waits for the
/// answer: the connection may go away or the time run out, the handling does not go with it. What
/// was begun ends: a body has so long to arrive, and is cut off then.
pub(crate) async fn around(
    State(app): State<Arc<App>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let seen = Seen::of(&request);
    let over_tls = seen.peer.tls;
    let mut response = log::together(answer(app, seen, request, next)).await;
    if over_tls {
        let headers = response.headers_mut();
        headers.insert(STRICT_TRANSPORT_SECURITY, NEVER_PLAIN);
    }
    response
}

async fn answer(app: Arc<App>, seen: Seen, request: Request<Body>, next: Next) -> Response {
    let limit = app.settings.request_timeout;
    let (request, body_over) = body::limit_time(request, limit);
    // The answer has its own time: a client that takes all of the body's is not to make it a
    // failure of ours.
    let time_over = async {
        body_over.await;
        tokio::time::sleep(limit).await;
    };
    let handling = ToTheEnd::new(handle(Arc::clone(&app), seen.clone(), request, next));
    let given_up = tokio::select! {
        // Mostly all is there, and nothing has to be waited for.
        biased;
        handled = handling => if let Ok(response) = handled {
            return response;
        } else {
            tracing::error!("a request could not be handled: there is a mistake in this server");
            ErrorReply::internal()
        },
        () = time_over => timed_out(),
    };
    let response = given_up.into_response();
    seen.log(&app, &response);
    response
}

async fn handle(app: Arc<App>, seen: Seen, mut request: Request<Body>, next: Next) -> Response {
    let response = match check(&app, &seen.peer, &mut request) {
        Ok(()) => {
            let proxies = &app.settings.trusted_proxies;
            let source = source::find(seen.peer.address, request.headers(), proxies);
            request.extensions_mut().insert(ComesFrom(source));
            next.run(request).await
        }
        Err(refused) => refused.into_response(),
    };
    seen.log(&app, &response);
    response
}

/// All that is asked of a request before its endpoint sees it.
fn check(app: &App, peer: &Peer, request: &mut Request<Body>) -> Result<(), ErrorReply> {
    let settings = &app.settings;
    let admitted = |address| settings.plain_http_admits(address);
    if !peer.tls && !peer.address.is_none_or(admitted) {
        return Err(not_a_proxy());
    }
    framing::check(request)?;
    client_certificate::settle(request, peer, &settings.forwarders)
}

impl Seen {
    fn of(request: &Request<Body>) -> Self {
        let extensions = request.extensions();
        let peer = extensions.get::<Peer>();
        Self {
            started: Instant::now(),
            peer: peer.cloned().unwrap_or(Peer::plain(None)),
            method: request.method().clone(),
            route: extensions.get::<MatchedPath>().cloned(),
        }
    }

    fn log(&self, app: &App, response: &Response) {
        let status = response.status().as_u16();
        let took = self.started.elapsed();
        let route = self.route.as_ref().map_or("unknown", MatchedPath::as_str);
        info!(
            target: "avouch::request",
            method = %self.method,
            route,
            status,
            error = response.extensions().get::<ErrorCode>().map(|code| code.as_str()),
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            peer = self.peer.address.map(tracing::field::display),
        );
        let endpoint = endpoint_name(app, route);
        app.metrics.request(endpoint, status, took.as_secs_f64());
    }
}

/// A label that no request can invent.
fn endpoint_name(app: &App, route: &str) -> &'static str {
    let base = app.issuer.path().trim_end_matches('/');
    match route.strip_prefix(base).unwrap_or(route) {
        crate::paths::INTROSPECTION => "introspection",
        crate::paths::TOKEN => "token",
        crate::paths::REVOCATION => "revocation",
        crate::paths::REGISTRATION => "registration",
        crate::paths::MANAGEMENT => "registration_management",
        crate::paths::CLIENT_SECRET => "client_secret",
        crate::paths::JWKS => "jwks",
        crate::paths::HEALTH | crate::paths::READINESS => "health",
        other if other.starts_with("/.well-known/") => "metadata",
        other if other.starts_with("/admin/v1/") => "admin",
        _ => "other",
    }
}

fn not_a_proxy() -> ErrorReply {
    ErrorReply::new(
        StatusCode::FORBIDDEN,
        ErrorCode::InvalidRequest,
        "plain HTTP is served to the proxies named in listen.trusted_proxies only; come through \
         one of them over TLS",
    )
}

fn timed_out() -> ErrorReply {
    ErrorReply::new(
        StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TemporarilyUnavailable,
        "the request took too long and was given up; whether it took effect is not known",
    )
    .with_header(http::header::RETRY_AFTER, "1")
}
