//! The names in a certificate that a client can be registered under (RFC 8705 section 2.1.2).

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;

use super::DistinguishedName;
use super::der::{self, SEQUENCE};

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

/// The tags of RFC 5280 section 4.2.1.6: of the kinds above,
const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;
/// and of all others.
const OTHER_KINDS: [u8; 5] = [0xa0, 0xa3, 0xa4, 0xa5, 0x88];

impl CertificateNames {
    /// Fails if the subject is no name, and if the extension with the alternative names is there
    /// twice or is not a list of such.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Result<Self, X509Error> {
        let mut names = Self {
            subject: DistinguishedName::of(certificate.subject())
                .ok_or(X509Error::InvalidX509Name)?,
            dns: Vec::new(),
            uri: Vec::new(),
            ip: Vec::new(),
            email: Vec::new(),
        };
        let extension = certificate.get_extension_unique(&OID_X509_EXT_SUBJECT_ALT_NAME)?;
        if let Some(extension) = extension {
            names
                .add_all(extension.value)
                .ok_or(X509Error::InvalidExtensions)?;
        }
        Ok(names)
    }

    /// None if this is not a list of names. The parser's own reading is not used: to it, an integer
    /// is a host.
    fn add_all(&mut self, extension: &[u8]) -> Option<()> {
        for name in der::values(der::content(extension, SEQUENCE)?)? {
            let &tag = name.first()?;
            self.add(tag, der::content(name, tag)?)?;
        }
        Some(())
    }

    fn add(&mut self, tag: u8, value: &[u8]) -> Option<()> {
        match tag {
            DNS_NAME => self.dns.extend(text(value)),
            URI => self.uri.extend(text(value)),
            RFC822_NAME => self.email.extend(text(value)),
            IP_ADDRESS => self.ip.extend(ip_address(value)),
            other if OTHER_KINDS.contains(&other) => {}
            _ => return None,
        }
        Some(())
    }
}

/// An `IA5String`.
fn text(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    text.is_ascii().then(|| text.to_owned())
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(octets).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(octets).ok()?)),
        _ => None,
    }
}
