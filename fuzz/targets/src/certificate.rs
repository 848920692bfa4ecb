//! Certificates that callers present, and what an authority's word makes of them.

use std::net::IpAddr;
use std::sync::LazyLock;

use avouch_core::certificate::{
    CertificateAuthorities, CertificateNames, DistinguishedName, PresentedCertificate, Validity,
    is_of_key,
};
use avouch_core::records::{CertificateName, CertificateNameKind};
use avouch_core::time::Timestamp;
use avouch_crypto::hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use crate::der;
use crate::published::SIGNING_KEY;

/// 2026-11-22T00:00:00Z
const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);
/// The tag of a sequence, which no record of a name begins with here.
const SEQUENCE: u8 = 0x30;

static AUTHORITIES: LazyLock<CertificateAuthorities> = LazyLock::new(|| {
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(der::authority())
    );
    CertificateAuthorities::from_pem(pem.as_bytes()).expect("an authority")
});

/// A certificate, which nobody vouches for; what an authority is to sign, which it does, whatever it may be; or names
/// that it is to sign.
pub fn certificate(data: &[u8]) {
    if data.first() == Some(&SEQUENCE) {
        if let Some(presented) = read(data) {
            let verified = AUTHORITIES.verify(&presented, NOW);
            assert!(verified.is_err(), "a forgery");
        }
        vouched_for(&der::signed(data));
    } else {
        let certificate = der::signed(&der::with_names(data));
        vouched_for(&certificate);
        check_tags(data, &certificate);
    }
}

/// A value means what its whole tag says, not what the number in it would say elsewhere.
fn check_tags(records: &[u8], certificate: &[u8]) {
    let Some(subject) = subject(certificate) else {
        return;
    };
    let universal = der::with_names(&der::with_tags(records, |tag| match tag {
        alternative if alternative & 0xc0 == 0x80 => alternative,
        attribute => attribute & 0x1f,
    }));
    let same = universal == der::with_names(records);
    if let Some(other) = self::subject(&der::signed(&universal)) {
        assert_eq!(other == subject, same, "another tag, and the same subject");
    }
}

fn subject(certificate: &[u8]) -> Option<DistinguishedName> {
    let presented = read(certificate)?;
    let verified = AUTHORITIES.verify(&presented, NOW).ok()?;
    Some(verified.names().subject.clone())
}

fn read(der: &[u8]) -> Option<PresentedCertificate> {
    let presented = PresentedCertificate::new(der.to_vec(), Vec::new()).ok()?;
    assert!(presented.is(der));
    assert_eq!(presented.thumbprint().as_bytes(), &hash::sha256(der));
    assert_eq!(Validity::of_der(der), Ok(presented.validity()));
    Some(presented)
}

/// What is verified is what both readers took it for, and nothing is once a bit is changed.
fn vouched_for(certificate: &[u8]) {
    let Some(presented) = read(certificate) else {
        return;
    };
    let Ok(verified) = AUTHORITIES.verify(&presented, NOW) else {
        return;
    };
    let names = verified.names();
    assert!(
        presented.validity().includes(NOW),
        "another reading of its time"
    );
    check_hosts(names, certificate);
    check_subject(&names.subject);
    check_registered(names);
    let key = SIGNING_KEY.public_jwk().material();
    assert!(is_of_key(certificate, key).is_ok());
    let mut tampered = certificate.to_vec();
    *tampered.last_mut().expect("a signature") ^= 1;
    let tampered = read(&tampered).expect("nobody looks at the signature there");
    assert!(AUTHORITIES.verify(&tampered, NOW).is_err(), "a forgery");
}

/// Two readers took the certificate: one judged the chain, the other read the names. Whoever is registered by a host
/// or an address, both see it.
fn check_hosts(names: &CertificateNames, certificate: &[u8]) {
    let der = CertificateDer::from(certificate);
    let theirs = EndEntityCert::try_from(&der).expect("it was verified");
    let is_theirs = |host: &ServerName<'_>| theirs.verify_is_valid_for_subject_name(host).is_ok();
    for name in &names.dns {
        let can_be_registered = CertificateName::parse(CertificateNameKind::SanDns, name).is_ok();
        if can_be_registered
            && let Ok(host @ ServerName::DnsName(_)) = ServerName::try_from(name.as_str())
        {
            assert!(
                is_theirs(&host),
                "a host that the other reader does not see"
            );
        }
    }
    for address in &names.ip {
        let host = ServerName::IpAddress((*address).into());
        assert!(
            is_theirs(&host),
            "an address that the other reader does not see"
        );
    }
    for name in theirs.valid_dns_names() {
        assert!(
            names.dns.iter().any(|own| own == name),
            "a host that we do not see"
        );
    }
}

/// What a certificate bears can be registered as it is shown.
fn check_subject(subject: &DistinguishedName) {
    let written = subject.to_string();
    if written.is_empty() || written.len() > 2048 {
        return;
    }
    let again = DistinguishedName::parse(&written).expect("what is shown can be registered");
    assert_eq!(again, *subject);
}

fn check_registered(names: &CertificateNames) {
    let addresses: Vec<String> = names.ip.iter().map(IpAddr::to_string).collect();
    for (kind, texts) in [
        (CertificateNameKind::SanDns, &names.dns),
        (CertificateNameKind::SanUri, &names.uri),
        (CertificateNameKind::SanIp, &addresses),
        (CertificateNameKind::SanEmail, &names.email),
    ] {
        for text in texts {
            match CertificateName::parse(kind, text) {
                Ok(name) => assert!(name.is_among(names), "registered, and not found"),
                Err(_) => assert_ne!(kind, CertificateNameKind::SanIp, "an address is one"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the target would hold of certificates that nobody vouches for, and could not fail.
    #[test]
    fn what_the_authority_signs_is_verified() {
        let names = b"\x0c\x04shop\x82\x0cshop.example\x87\x04\xc0\x00\x02\x07";
        let presented = read(&der::signed(&der::with_names(names))).unwrap();
        let verified = AUTHORITIES.verify(&presented, NOW).unwrap();
        assert_eq!(verified.names().subject.to_string(), "CN=shop");
        assert_eq!(verified.names().dns, ["shop.example"]);
        assert_eq!(
            verified.names().ip,
            ["192.0.2.7".parse::<IpAddr>().unwrap()]
        );
        // Not printable, strictly, but there are such.
        let presented = read(&der::signed(&der::with_names(b"\x13\x03a*b"))).unwrap();
        let verified = AUTHORITIES.verify(&presented, NOW).unwrap();
        assert_eq!(verified.names().subject.to_string(), "CN=a*b");
    }
}
