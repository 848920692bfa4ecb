//! The certificate that is shown to whoever asks for one (RFC 8705).

use crate::error::SetupError;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;

/// A certificate and its private key. `Debug` shows neither.
pub struct ClientCertificate {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl ClientCertificate {
    /// Reads the certificate, those of the authorities between it and the server's trust behind
    /// it, and its private key, all in PEM.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, SetupError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        match (chain, PrivateKeyDer::from_pem_slice(key)) {
            (Ok(chain), Ok(key)) if !chain.is_empty() => Ok(Self { chain, key }),
            (Ok(chain), Err(_)) if !chain.is_empty() => Err(SetupError::ClientKey),
            _ => Err(SetupError::ClientCertificate),
        }
    }
}

impl Clone for ClientCertificate {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_and_key_are_told_apart_and_neither_is_shown() {
        let made = rcgen::generate_simple_self_signed(["ops.example".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let read = |certificate: &str, key: &str| {
            ClientCertificate::from_pem(certificate.as_bytes(), key.as_bytes())
        };
        let shown = format!("{:?}", read(&certificate, &key).unwrap());
        assert_eq!(shown, "ClientCertificate");
        assert!(matches!(
            read(&key, &key),
            Err(SetupError::ClientCertificate)
        ));
        assert!(matches!(read("", &key), Err(SetupError::ClientCertificate)));
        for bad in ["", &certificate, "-----BEGIN PRIVATE KEY-----\nAAAA"] {
            assert!(matches!(
                read(&certificate, bad),
                Err(SetupError::ClientKey)
            ));
        }
    }
}
