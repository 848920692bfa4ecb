//! The names in a certificate that a client can be registered under (RFC 8705 section 2.1.2).

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;

use super::DistinguishedName;

/// Subject and subject alternative names. Those of other kinds, and those that cannot be read, are
/// left out.
#[derive(Debug, PartialEq, Eq)]
pub struct CertificateNames {
    /// `tls_client_auth_subject_dn`
    pub subject: DistinguishedName,
    /// `tls_client_auth_san_dns`
    pub dns: Vec<String>,
    /// `tls_client_auth_san_uri`
    pub uri: Vec<String>,
    /// `tls_client_auth_san_ip`
    pub ip: Vec<IpAddr>,
    /// `tls_client_auth_san_email`
    pub email: Vec<String>,
}

impl CertificateNames {
    /// Fails if the extension with the alternative names is there twice.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Result<Self, X509Error> {
        let mut names = Self {
            subject: DistinguishedName::of(certificate.subject()),
            dns: Vec::new(),
            uri: Vec::new(),
            ip: Vec::new(),
            email: Vec::new(),
        };
        if let Some(alternatives) = certificate.subject_alternative_name()? {
            for name in &alternatives.value.general_names {
                names.add(name);
            }
        }
        Ok(names)
    }

    fn add(&mut self, name: &GeneralName<'_>) {
        match name {
            GeneralName::DNSName(name) => self.dns.push((*name).to_owned()),
            GeneralName::URI(uri) => self.uri.push((*uri).to_owned()),
            GeneralName::RFC822Name(address) => self.email.push((*address).to_owned()),
            GeneralName::IPAddress(octets) => self.ip.extend(ip_address(octets)),
            _ => {}
        }
    }
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(octets).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(octets).ok()?)),
        _ => None,
    }
}
