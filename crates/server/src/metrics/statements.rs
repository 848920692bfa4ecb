//! What it takes to secure answers.

use std::time::Duration;

use avouch_core::introspection::{SecureError, SecuredAnswer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Reason, fast, from_zero, registered};

/// What is counted of answers being signed and encrypted.
#[derive(Debug)]
pub(crate) struct StatementMetrics {
    unsecured: Family<Reason, Counter>,
    encryptions: Family<Encryption, Counter>,
    signatures: Family<Algorithm, Histogram>,
    waiting: Gauge,
    remembered: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Algorithm {
    algorithm: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Encryption {
    algorithm: &'static str,
    encryption: &'static str,
}

impl StatementMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let unsecured = from_zero(
            registry,
            "unsecured_answers",
            "Introspection answers that could not be signed or encrypted and were not given, by \
             reason",
            &SecureError::NAMES.map(|reason| Reason { reason }),
        );
        let encryptions = registered(
            registry,
            "encryptions",
            "Introspection answers encrypted, by algorithm and content encryption",
        );
        let signatures = Family::new_with_constructor(fast as fn() -> Histogram);
        registry.register_with_unit(
            "signature_duration",
            "Time to sign an answer, and to encrypt it where it is, waiting for the turn to sign \
             included; the count is the number of signatures",
            Unit::Seconds,
            signatures.clone(),
        );
        let waiting = registered(
            registry,
            "waiting_signatures",
            "Costly signatures that wait for their turn now, of answers and of access tokens",
        );
        let remembered = registered(
            registry,
            "remembered_statements",
            "Signed answers that were the same as one of the same second, so that nothing had to \
             be signed",
        );
        Self {
            unsecured,
            encryptions,
            signatures,
            waiting,
            remembered,
        }
    }

    /// One answer was secured, and took so long. Plain JSON is not counted.
    pub(crate) fn secured(&self, answer: &SecuredAnswer, took: Duration) {
        if answer.remembered {
            self.remembered.inc();
            return;
        }
        if let Some(with) = &answer.encrypted_with {
            let labels = Encryption {
                algorithm: with.algorithm.name(),
                encryption: with.encryption.name(),
            };
            self.encryptions.get_or_create(&labels).inc();
        }
        if let Some(algorithm) = answer.signed_with {
            let algorithm = algorithm.name();
            let times = self.signatures.get_or_create(&Algorithm { algorithm });
            times.observe(took.as_secs_f64());
        }
    }

    /// Counts the signatures that wait.
    pub(crate) fn waiting(&self) -> Gauge {
        self.waiting.clone()
    }

    /// One answer could not be secured, so none was given.
    pub(crate) fn not_secured(&self, error: &SecureError) {
        let reason = error.name();
        self.unsecured.get_or_create(&Reason { reason }).inc();
    }
}
