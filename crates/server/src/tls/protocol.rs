//! What is spoken: TLS 1.3 and 1.2 as BCP 195 (RFC 9325) has it, and nothing below.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, SupportedCipherSuite};

use super::possession::PossessionOnly;

/// Those of TLS 1.3, and of TLS 1.2 those that RFC 9325 section 4.2 recommends: FAPI 2.0
/// (section 5.2.1) permits no others.
const CIPHER_SUITES: [SupportedCipherSuite; 7] = [
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// Whether the other end is asked for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// It is not.
    None,
    /// It is, and need not have one.
    ClientCertificate,
}

/// The provider is named, not taken from the process.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: CIPHER_SUITES.to_vec(),
        ..default_provider()
    }
}

/// How handshakes are answered with this certificate.
pub(super) fn server_config(
    certificate: CertifiedKey,
    question: Question,
) -> Result<ServerConfig, rustls::Error> {
    let provider = provider();
    let possession = PossessionOnly::new(&provider);
    let builder = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?;
    let builder = match question {
        Question::None => builder.with_no_client_auth(),
        Question::ClientCertificate => builder.with_client_cert_verifier(Arc::new(possession)),
    };
    let resolver = Arc::new(SingleCertAndKey::from(certificate));
    let mut config = builder.with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // RFC 7627: without it a session of TLS 1.2 is not bound to its handshake.
    config.require_ems = true;
    if question == Question::ClientCertificate {
        // Who is asked for a certificate shows in every handshake that he still holds its key.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}
