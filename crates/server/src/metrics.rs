//! What the server counts and times, as `/metrics` shows it.
//!
//! Cardinality is bounded by type: every label but one is a `&'static str`,
//! chosen from names in the source. The one that is not, `resource_server`,
//! holds ids of *registered* resource servers only, and no more than
//! [`answers::MOST_RESOURCE_SERVERS`] of them. So no token, secret or subject
//! can become a label, and no caller can make the series grow at will.
//!
//! Counters whose labels are known stand at zero from the start, so that a
//! rate shows the very first event.
//!
//! Recording takes a read lock and an atomic addition or two; it allocates
//! only when a label set is met for the first time.

pub mod answers;

mod statements;
mod tls;

use std::fmt::Debug;
use std::hash::Hash;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use answers::Answers;
use avouch_core::AuthenticationFailure;
use avouch_core::rates::Throttled;
use statements::StatementMetrics;
use tls::TlsMetrics;

/// The `Content-Type` of what [`Metrics::encode`] returns.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds, 10 µs to 1 s in steps of 1, 2.5, 5: an `EdDSA`
/// signature takes about ten microseconds, an RSA one some hundreds, a synced
/// write some thousands.
const FAST: [f64; 16] = [
    10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3,
    250e-3, 500e-3, 1.0,
];

/// What can be revoked.
const REVOCABLE: [&str; 4] = ["token", "grant", "client", "subject"];

/// All metrics of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    answers: Answers,
    introspections: Histogram,
    statements: StatementMetrics,
    store_calls: Family<Operation, Histogram>,
    requests: Family<Request, Counter>,
    request_times: Family<Endpoint, Histogram>,
    authentication_failures: Family<Reason, Counter>,
    throttled: Family<What, Counter>,
    issued: Counter,
    revocations: Family<What, Counter>,
    live_connections: Gauge,
    tls: TlsMetrics,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    endpoint: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    what: &'static str,
}

impl Metrics {
    /// Metrics that all stand at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("avouch");
        registry.register(
            "build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );

        let answers = Answers::default();
        registry.register(
            "introspection_answers",
            "Introspection answers, by resource server, outcome and format",
            answers.family(),
        );
        let introspections = Histogram::new(FAST);
        registry.register_with_unit(
            "introspection_duration",
            "Time to answer an introspection request, without reading and sending it",
            Unit::Seconds,
            introspections.clone(),
        );
        let statements = StatementMetrics::register(&mut registry);
        let store_calls = Family::new_with_constructor(fast as fn() -> Histogram);
        registry.register_with_unit(
            "store_call_duration",
            "Time of a call to the store; the count is the number of calls",
            Unit::Seconds,
            store_calls.clone(),
        );
        let requests = registered(
            &mut registry,
            "http_requests",
            "HTTP requests answered, by endpoint and status",
        );
        let request_times = Family::new_with_constructor(fast as fn() -> Histogram);
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to the head of its answer",
            Unit::Seconds,
            request_times.clone(),
        );
        let authentication_failures = from_zero(
            &mut registry,
            "authentication_failures",
            "Callers that failed to authenticate, by reason",
            &AuthenticationFailure::NAMES.map(|reason| Reason { reason }),
        );
        let throttled = from_zero(
            &mut registry,
            "throttled_requests",
            "Requests refused with 429, by what there was too much of",
            &Throttled::ALL.map(|what| What { what: what.name() }),
        );
        let issued = registered(&mut registry, "tokens_issued", "Access tokens issued");
        let revocations = from_zero(
            &mut registry,
            "revocations",
            "Revocations, by what was revoked",
            &REVOCABLE.map(|what| What { what }),
        );
        let live_connections =
            registered(&mut registry, "live_connections", "Connections open now");
        let tls = TlsMetrics::register(&mut registry);

        Self {
            registry,
            answers,
            introspections,
            statements,
            store_calls,
            requests,
            request_times,
            authentication_failures,
            throttled,
            issued,
            revocations,
            live_connections,
            tls,
        }
    }

    /// One introspection answer went out. `resource_server` must be the id of
    /// a registered resource server, never anything a caller made up.
    pub fn answered(&self, resource_server: &str, outcome: &'static str, format: &'static str) {
        self.answers.record(resource_server, outcome, format);
    }

    /// How long one introspection took, in seconds.
    pub fn introspection_seconds(&self, seconds: f64) {
        self.introspections.observe(seconds);
    }

    /// One call to the store came back, after so many seconds.
    pub fn store_call(&self, operation: &'static str, seconds: f64) {
        self.store_calls
            .get_or_create(&Operation { operation })
            .observe(seconds);
    }

    /// One request was answered. `endpoint` is the name of the route, not the
    /// path that was asked for.
    pub fn request(&self, endpoint: &'static str, status: u16, seconds: f64) {
        self.requests
            .get_or_create(&Request { endpoint, status })
            .inc();
        self.request_times
            .get_or_create(&Endpoint { endpoint })
            .observe(seconds);
    }

    /// A caller failed to authenticate.
    pub fn authentication_failed(&self, reason: &'static str) {
        self.authentication_failures
            .get_or_create(&Reason { reason })
            .inc();
    }

    /// A request was refused for coming too often.
    pub fn throttled(&self, what: Throttled) {
        self.throttled
            .get_or_create(&What { what: what.name() })
            .inc();
    }

    /// One access token was issued.
    pub fn issued(&self) {
        self.issued.inc();
    }

    /// A token, or all tokens of a grant, client or subject, or everything, were revoked.
    pub fn revoked(&self, what: &'static str) {
        self.revocations.get_or_create(&What { what }).inc();
    }

    /// A connection was opened; it counts as live until the result is
    /// dropped.
    #[must_use = "the connection counts as live for as long as this is held"]
    pub fn connection(&self) -> LiveConnection {
        self.live_connections.inc();
        LiveConnection(self.live_connections.clone())
    }

    /// What is counted of answers being secured.
    pub(crate) fn statements(&self) -> &StatementMetrics {
        &self.statements
    }

    /// What is counted of TLS.
    pub(crate) fn tls(&self) -> &TlsMetrics {
        &self.tls
    }

    /// Everything, as `OpenMetrics` text; serve it as [`CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            // Writing to a string does not fail, nor does any metric here. If
            // one ever does, half a page would pass for a whole one.
            tracing::error!(%error, "the metrics cannot be written");
            text.clear();
        }
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts as one live connection until dropped.
#[derive(Debug)]
pub struct LiveConnection(Gauge);

impl Drop for LiveConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A metric that stands at zero, shown under this name.
fn registered<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// A counter for each of these labels, all at zero.
fn from_zero<L, const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    labels: &[L; N],
) -> Family<L, Counter>
where
    L: EncodeLabelSet + Clone + Hash + Eq + Debug + Send + Sync + 'static,
{
    let family: Family<L, Counter> = registered(registry, name, help);
    for labels in labels {
        drop(family.get_or_create(labels));
    }
    family
}

fn fast() -> Histogram {
    Histogram::new(FAST)
}

#[cfg(test)]
mod tests;
