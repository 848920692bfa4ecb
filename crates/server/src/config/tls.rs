//! `[tls]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conflict::Conflict;
use super::issuer::Issuer;
use super::text;

/// The certificate that the server shows, and its private key.
///
/// TLS 1.3 and 1.2 are spoken, 1.2 with the cipher suites that RFC 9325
/// section 4.2 recommends and no others; nothing here can weaken that. The
/// files are looked at again every minute and on SIGHUP: a new pair serves new
/// connections, and one that is broken leaves the old in place. The metric
/// `avouch_tls_certificate_expiry_timestamp_seconds` tells when to renew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with the server's certificate first, then those that lead to
    /// its authority. Without it the server speaks plain HTTP.
    #[serde(
        deserialize_with = "text::optional_path",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = "/etc/avouch/certificate.pem")]
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the private key of that certificate. It must be readable
    /// by its owner alone.
    #[serde(
        deserialize_with = "text::optional_path",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = "/etc/avouch/certificate.key")]
    pub key_file: Option<PathBuf>,
}

impl TlsConfig {
    /// Whether the server speaks TLS by itself.
    pub fn is_on(&self) -> bool {
        self.certificate_file.is_some()
    }

    pub(super) fn conflicts(&self, issuer: &Issuer, found: &mut Vec<Conflict>) {
        const KEYS: &[&str] = &["tls.certificate_file", "tls.key_file"];
        let mut conflict = |keys, message: &str| {
            found.push(Conflict {
                keys,
                message: message.to_owned(),
            });
        };
        match (&self.certificate_file, &self.key_file) {
            (Some(_), None) => conflict(KEYS, "the certificate is of no use without `key_file`"),
            (None, Some(_)) => conflict(
                &["tls.key_file", "tls.certificate_file"],
                "the key is of no use without `certificate_file`",
            ),
            (Some(_), Some(_)) if issuer.as_str().starts_with("http:") => conflict(
                &["issuer", "tls.certificate_file"],
                "the server speaks TLS, so the issuer begins with https://",
            ),
            _ => {}
        }
    }
}
