use std::time::Duration;

use avouch_core::introspection::{Encryption, SecureError, SecuredAnswer};
use avouch_core::keys::SignerError;
use avouch_jose::{ContentEncryption, KeyManagementAlgorithm, SignatureAlgorithm};

use super::*;

fn sealed() -> SecuredAnswer {
    SecuredAnswer {
        body: "a.b.c.d.e".into(),
        content_type: "application/token-introspection+jwt",
        signed_with: Some(SignatureAlgorithm::Es256),
        encrypted_with: Some(Encryption {
            algorithm: KeyManagementAlgorithm::EcdhEs,
            encryption: ContentEncryption::A128Gcm,
            kid: None,
        }),
        statement: None,
        remembered: false,
    }
}

#[test]
fn each_record_shows_in_the_text() {
    let metrics = Metrics::new();
    metrics.answered("rs-1", "active", "jwt");
    metrics.introspection_seconds(30e-6);
    let mut answer = sealed();
    let statements = metrics.statements();
    statements.secured(&answer, Duration::from_micros(20));
    answer.remembered = true;
    statements.secured(&answer, Duration::from_micros(1));
    statements.not_secured(&SecureError::NoKey(SignatureAlgorithm::Es256));
    statements.not_secured(&SecureError::Signer(SignerError::Busy));
    statements.waiting().inc();
    metrics.store_call("find_token", 5e-6);
    metrics.request("introspection", 200, 2e-3);
    metrics.authentication_failed("wrong_secret");
    metrics.throttled(Throttled::Calls);
    metrics.issued();
    metrics.revoked("token");
    metrics.tls().handshake_failed("version");
    metrics
        .tls()
        .certificates_read_anew("certificate", "refused");
    metrics.tls().certificate_expires(1_795_305_600);
    let held = metrics.connection();
    drop(metrics.connection());

    let text = metrics.encode();
    for line in [
        r#"avouch_introspection_answers_total{resource_server="rs-1",outcome="active",format="jwt"} 1"#,
        r#"avouch_introspection_duration_seconds_bucket{le="0.000025"} 0"#,
        r#"avouch_introspection_duration_seconds_bucket{le="0.00005"} 1"#,
        r#"avouch_signature_duration_seconds_count{algorithm="ES256"} 1"#,
        r#"avouch_encryptions_total{algorithm="ECDH-ES",encryption="A128GCM"} 1"#,
        "avouch_remembered_statements_total 1",
        r#"avouch_unsecured_answers_total{reason="no_key"} 1"#,
        r#"avouch_unsecured_answers_total{reason="busy"} 1"#,
        r#"avouch_unsecured_answers_total{reason="signer"} 0"#,
        "avouch_waiting_signatures 1",
        r#"avouch_store_call_duration_seconds_bucket{le="0.00001",operation="find_token"} 1"#,
        r#"avouch_http_requests_total{endpoint="introspection",status="200"} 1"#,
        r#"avouch_http_request_duration_seconds_sum{endpoint="introspection"} 0.002"#,
        r#"avouch_authentication_failures_total{reason="wrong_secret"} 1"#,
        r#"avouch_throttled_requests_total{what="calls"} 1"#,
        r#"avouch_throttled_requests_total{what="source_failures"} 0"#,
        "avouch_tokens_issued_total 1",
        r#"avouch_revocations_total{what="token"} 1"#,
        r#"avouch_revocations_total{what="subject"} 0"#,
        r#"avouch_authentication_failures_total{reason="unknown_caller"} 0"#,
        r#"avouch_tls_handshake_failures_total{reason="timeout"} 0"#,
        r#"avouch_tls_certificate_reads_total{what="client_authorities",result="taken"} 0"#,
        "avouch_live_connections 1",
        r#"avouch_tls_handshake_failures_total{reason="version"} 1"#,
        r#"avouch_tls_certificate_reads_total{what="certificate",result="refused"} 1"#,
        r#"avouch_tls_certificate_expiry_timestamp_seconds{of="server"} 1795305600"#,
        r#"avouch_build_info{version="0.1.0"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    // No family is left out above, and none goes without prefix or help.
    let lines_with = |start| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(lines_with("# HELP avouch_"), 19);
    assert_eq!(lines_with("# TYPE "), 19);
    drop(held);
    assert!(metrics.encode().contains("avouch_live_connections 0\n"));
}
