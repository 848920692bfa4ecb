//! Certificates for both ends of TLS, made for one run.

use std::sync::Arc;

use avouch_core::records::{CertificateName, ClientAuthentication, KeySource};
use avouch_crypto::hash;
use avouch_jose::{JwkSet, base64url};
use avouch_oauth::confirmation::Sha256Thumbprint;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;

use crate::Failure;

/// The name in the certificate that an authority vouches for.
const HOST_OF_THE_CALLER: &str = "rs.bench.example";

/// An authority for the server, one for callers, and what they issued.
pub struct Certificates {
    server_authority: CertifiedIssuer<'static, KeyPair>,
    client_authority: CertifiedIssuer<'static, KeyPair>,
    /// The server's.
    pub server: Identity,
    /// Of a caller, by the authority for callers.
    pub vouched: Identity,
    /// Of a caller, by itself.
    pub self_signed: Identity,
}

/// A certificate and its key, on P-256 as is usual.
pub struct Identity {
    certificate: Certificate,
    key: KeyPair,
}

impl Certificates {
    /// A fresh set for a server on loopback.
    pub fn make() -> Result<Self, Failure> {
        let server_authority = authority("bench: server authority")?;
        let client_authority = authority("bench: client authority")?;
        let server_names = vec!["127.0.0.1".to_owned()];
        let caller_names = vec![HOST_OF_THE_CALLER.to_owned()];
        let server = issue(
            &server_authority,
            server_names,
            ExtendedKeyUsagePurpose::ServerAuth,
        )?;
        let vouched = issue(
            &client_authority,
            caller_names,
            ExtendedKeyUsagePurpose::ClientAuth,
        )?;
        let key = KeyPair::generate()?;
        let certificate = named("bench: self-signed", Vec::new())?.self_signed(&key)?;
        let self_signed = Identity { certificate, key };
        Ok(Self {
            server_authority,
            client_authority,
            server,
            vouched,
            self_signed,
        })
    }

    /// The authority for callers, in PEM, for the server.
    pub fn client_authority_pem(&self) -> String {
        self.client_authority.pem()
    }

    /// `tls_client_auth`, by the name in the certificate that the authority vouches for.
    pub fn tls_client_auth() -> ClientAuthentication {
        ClientAuthentication::TlsClientAuth {
            name: CertificateName::SanDns(HOST_OF_THE_CALLER.to_owned()),
        }
    }

    /// `self_signed_tls_client_auth`, with the certificate in the `x5c` of its key.
    pub fn self_signed_tls_client_auth(&self) -> Result<ClientAuthentication, Failure> {
        let point = self.self_signed.key.public_key_raw();
        let (x, y) = point
            .get(1..)
            .and_then(|coordinates| coordinates.split_at_checked(32))
            .ok_or("a public key on P-256 is a point")?;
        let jwks = json!({"keys": [{
            "kty": "EC",
            "crv": "P-256",
            "x": base64url::encode(x),
            "y": base64url::encode(y),
            "x5c": [STANDARD.encode(self.self_signed.certificate.der())],
        }]});
        let keys = JwkSet::parse_registered(jwks.to_string().as_bytes())?;
        Ok(ClientAuthentication::SelfSignedTlsClientAuth {
            keys: KeySource::Keys(keys),
        })
    }

    /// How a caller speaks TLS: trusting the server's authority, showing `identity`. No session is
    /// resumed: the server offers none.
    pub fn client_config(&self, identity: Option<&Identity>) -> Result<Arc<ClientConfig>, Failure> {
        let mut trusted = RootCertStore::empty();
        trusted.add(self.server_authority.der().clone())?;
        let config = ClientConfig::builder().with_root_certificates(trusted);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let chain: Vec<CertificateDer<'static>> = vec![identity.certificate.der().clone()];
                config.with_client_auth_cert(chain, identity.private_key())?
            }
        };
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}

impl Identity {
    /// The certificate, in PEM.
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// Its key, in PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// What tokens are bound to (RFC 8705 section 3.1).
    pub fn thumbprint(&self) -> Sha256Thumbprint {
        Sha256Thumbprint::from_bytes(hash::sha256(self.certificate.der()))
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, Failure> {
    let mut parameters = named(name, Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(CertifiedIssuer::self_signed(
        parameters,
        KeyPair::generate()?,
    )?)
}

fn issue(
    authority: &CertifiedIssuer<'static, KeyPair>,
    names: Vec<String>,
    usage: ExtendedKeyUsagePurpose,
) -> Result<Identity, Failure> {
    let mut parameters = named("bench", names)?;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![usage];
    parameters.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, &**authority)?;
    Ok(Identity { certificate, key })
}

fn named(common_name: &str, names: Vec<String>) -> Result<CertificateParams, Failure> {
    let mut parameters = CertificateParams::new(names)?;
    let subject = &mut parameters.distinguished_name;
    subject.push(DnType::CommonName, common_name);
    Ok(parameters)
}
