//! Certificates that callers show.

use avouch_jose::base64url;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{Certificate, CertificateParams, DnType, KeyPair};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use super::Authority;

/// A certificate and its key.
pub(crate) struct ClientCertificate {
    certificate: Certificate,
    key: KeyPair,
}

/// What a certificate of this common name is made of, valid whenever the stories play.
pub(crate) fn bearing(common_name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new([]).unwrap();
    let subject = &mut parameters.distinguished_name;
    subject.push(DnType::CommonName, common_name);
    parameters
}

impl ClientCertificate {
    pub(crate) fn by(authority: &Authority, parameters: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = authority.sign(parameters, &key);
        Self { certificate, key }
    }

    pub(crate) fn self_signed(parameters: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self { certificate, key }
    }

    /// Another certificate of the same key.
    pub(crate) fn renewed(&self, parameters: &CertificateParams) -> Self {
        let key = KeyPair::from_pem(&self.key.serialize_pem()).unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self { certificate, key }
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    pub(super) fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    /// Its key with the certificate, the only one in a key set.
    pub(crate) fn jwks(&self) -> Value {
        let (x, y) = self.key.public_key_raw()[1..].split_at(32);
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "x": base64url::encode(x), "y": base64url::encode(y),
            "x5c": [STANDARD.encode(self.der())],
        }]})
    }

    /// The header of a proxy that forwards it (RFC 9440).
    pub(crate) fn forwarded(&self) -> String {
        format!(":{}:", STANDARD.encode(self.der()))
    }
}
