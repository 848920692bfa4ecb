//! The one name that a certificate must bear for `tls_client_auth` (RFC 8705 section 2.1.2).

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

use crate::certificate::{CertificateNames, DistinguishedName, DistinguishedNameError};

/// A name of one kind, as registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateName {
    /// `tls_client_auth_subject_dn`
    SubjectDn(DistinguishedName),
    /// `tls_client_auth_san_dns`
    SanDns(String),
    /// `tls_client_auth_san_uri`
    SanUri(String),
    /// `tls_client_auth_san_ip`
    SanIp(IpAddr),
    /// `tls_client_auth_san_email`
    SanEmail(String),
}

/// The kinds of names, each with a member of metadata and descriptions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateNameKind {
    /// The subject as a distinguished name.
    SubjectDn,
    /// A `dNSName`.
    SanDns,
    /// A `uniformResourceIdentifier`.
    SanUri,
    /// An `iPAddress`.
    SanIp,
    /// An `rfc822Name`.
    SanEmail,
}

/// Why a text is no name to register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CertificateNameError {
    /// Two names: which one counts would be anybody's guess.
    #[error(
        "exactly one of tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip and _san_email is registered"
    )]
    Several,
    /// No distinguished name.
    #[error("tls_client_auth_subject_dn: {0}")]
    SubjectDn(#[from] DistinguishedNameError),
    /// No name of a host.
    #[error(
        "tls_client_auth_san_dns is the name of a host, such as shop.example, without wildcard"
    )]
    SanDns,
    /// No URI.
    #[error(
        "tls_client_auth_san_uri is an absolute URI, such as urn:example:shop, of at most {MAX_LENGTH} characters"
    )]
    SanUri,
    /// No address.
    #[error("tls_client_auth_san_ip is an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7")]
    SanIp,
    /// No address.
    #[error("tls_client_auth_san_email is an address, such as it@shop.example")]
    SanEmail,
}

/// The longest URI, in characters.
const MAX_LENGTH: usize = 2048;
/// The longest name of a host (RFC 1035 section 2.3.4).
const MAX_HOST_LENGTH: usize = 253;
/// The longest address (RFC 5321 section 4.5.3.1).
const MAX_EMAIL_LENGTH: usize = 320;

impl CertificateNameKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::SubjectDn,
        Self::SanDns,
        Self::SanUri,
        Self::SanIp,
        Self::SanEmail,
    ];

    /// The member of client metadata (RFC 8705 section 2.1.2) and of descriptions.
    pub const fn member(self) -> &'static str {
        match self {
            Self::SubjectDn => "tls_client_auth_subject_dn",
            Self::SanDns => "tls_client_auth_san_dns",
            Self::SanUri => "tls_client_auth_san_uri",
            Self::SanIp => "tls_client_auth_san_ip",
            Self::SanEmail => "tls_client_auth_san_email",
        }
    }
}

impl CertificateName {
    /// The name among these texts, which stand in the order of [`CertificateNameKind::ALL`].
    pub fn at_most_one(texts: [Option<&str>; 5]) -> Result<Option<Self>, CertificateNameError> {
        let named = CertificateNameKind::ALL.into_iter().zip(texts);
        let mut named = named.filter_map(|(kind, text)| Some((kind, text?)));
        match (named.next(), named.next()) {
            (None, _) => Ok(None),
            (Some((kind, text)), None) => Self::parse(kind, text).map(Some),
            (Some(_), Some(_)) => Err(CertificateNameError::Several),
        }
    }

    /// Reads a name of this kind.
    pub fn parse(kind: CertificateNameKind, text: &str) -> Result<Self, CertificateNameError> {
        match kind {
            CertificateNameKind::SubjectDn => Ok(Self::SubjectDn(DistinguishedName::parse(text)?)),
            CertificateNameKind::SanDns if is_host(text) => Ok(Self::SanDns(text.to_owned())),
            CertificateNameKind::SanDns => Err(CertificateNameError::SanDns),
            CertificateNameKind::SanUri if is_uri(text) => Ok(Self::SanUri(text.to_owned())),
            CertificateNameKind::SanUri => Err(CertificateNameError::SanUri),
            CertificateNameKind::SanIp => match text.parse() {
                Ok(address) => Ok(Self::SanIp(address)),
                Err(_) => Err(CertificateNameError::SanIp),
            },
            CertificateNameKind::SanEmail if is_email(text) => Ok(Self::SanEmail(text.to_owned())),
            CertificateNameKind::SanEmail => Err(CertificateNameError::SanEmail),
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> CertificateNameKind {
        match self {
            Self::SubjectDn(_) => CertificateNameKind::SubjectDn,
            Self::SanDns(_) => CertificateNameKind::SanDns,
            Self::SanUri(_) => CertificateNameKind::SanUri,
            Self::SanIp(_) => CertificateNameKind::SanIp,
            Self::SanEmail(_) => CertificateNameKind::SanEmail,
        }
    }

    /// Whether a certificate with these names bears it. Hosts have no upper and lower case (RFC
    /// 5280 sections 7.2 and 7.5); URIs are compared character by character, and no wildcard in a
    /// certificate stands for anything.
    pub fn is_among(&self, names: &CertificateNames) -> bool {
        match self {
            Self::SubjectDn(subject) => names.subject == *subject,
            Self::SanDns(host) => names.dns.iter().any(|name| name.eq_ignore_ascii_case(host)),
            Self::SanUri(uri) => names.uri.contains(uri),
            Self::SanIp(address) => names.ip.contains(address),
            Self::SanEmail(address) => names.email.iter().any(|name| same_mailbox(name, address)),
        }
    }
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.bytes().all(allowed)
    };
    text.len() <= MAX_HOST_LENGTH && text.split('.').all(is_label)
}

fn is_uri(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(allowed)
            && !rest.is_empty()
    });
    has_scheme && text.len() <= MAX_LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_email(text: &str) -> bool {
    let has_parts = text
        .rsplit_once('@')
        .is_some_and(|(mailbox, host)| !mailbox.is_empty() && is_host(host));
    has_parts && text.len() <= MAX_EMAIL_LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// RFC 5280 section 7.5: the part before the `@` is compared exactly.
fn same_mailbox(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((mailbox, host)), Some((other_mailbox, other_host))) => {
            mailbox == other_mailbox && host.eq_ignore_ascii_case(other_host)
        }
        _ => false,
    }
}

/// The text that is registered.
impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubjectDn(subject) => subject.fmt(f),
            Self::SanDns(text) | Self::SanUri(text) | Self::SanEmail(text) => f.write_str(text),
            Self::SanIp(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
