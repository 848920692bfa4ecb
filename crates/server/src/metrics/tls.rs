//! TLS: handshakes that failed, and the certificates.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Reason;

use crate::tls::HANDSHAKE_FAILURES;

/// What is counted of TLS. All stands at zero in a server that does not speak it.
#[derive(Debug)]
pub(crate) struct TlsMetrics {
    handshake_failures: Family<Reason, Counter>,
    certificate_reads: Family<Read, Counter>,
    certificate_expiry: Family<Of, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Read {
    what: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    of: &'static str,
}

impl TlsMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let handshake_failures = Family::<Reason, Counter>::default();
        for reason in HANDSHAKE_FAILURES {
            drop(handshake_failures.get_or_create(&Reason { reason }));
        }
        registry.register(
            "tls_handshake_failures",
            "TLS handshakes that failed, by reason",
            handshake_failures.clone(),
        );
        let certificate_reads = Family::<Read, Counter>::default();
        for what in ["certificate", "client_authorities"] {
            for result in ["taken", "refused"] {
                drop(certificate_reads.get_or_create(&Read { what, result }));
            }
        }
        registry.register(
            "tls_certificate_reads",
            "Certificate files that had changed, by what they hold and whether it was taken",
            certificate_reads.clone(),
        );
        let certificate_expiry = Family::default();
        registry.register_with_unit(
            "tls_certificate_expiry_timestamp",
            "Until when the certificate in use is valid, since 1970",
            Unit::Seconds,
            certificate_expiry.clone(),
        );
        Self {
            handshake_failures,
            certificate_reads,
            certificate_expiry,
        }
    }

    /// A handshake failed.
    pub(crate) fn handshake_failed(&self, reason: &'static str) {
        let reason = Reason { reason };
        self.handshake_failures.get_or_create(&reason).inc();
    }

    /// Certificate files had changed, and were taken or refused.
    pub(crate) fn certificates_read_anew(&self, what: &'static str, result: &'static str) {
        let read = Read { what, result };
        self.certificate_reads.get_or_create(&read).inc();
    }

    /// The server's certificate is valid until then, in seconds since 1970.
    pub(crate) fn certificate_expires(&self, at: i64) {
        let of = Of { of: "server" };
        self.certificate_expiry.get_or_create(&of).set(at);
    }
}
