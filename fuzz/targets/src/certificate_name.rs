//! Names that a certificate must bear, as they are registered.

use std::net::IpAddr;

use avouch_core::certificate::{CertificateNames, DistinguishedName};
use avouch_core::records::{CertificateName, CertificateNameKind};

/// A text, as a name of each kind.
pub fn certificate_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for kind in CertificateNameKind::ALL {
        let Ok(name) = CertificateName::parse(kind, text) else {
            continue;
        };
        assert_eq!(name.kind(), kind);
        check_written(&name);
        check_borne(&name, text);
        check_case(&name, text);
    }
    check_one_alone(text);
}

/// What the answer to a registration shows can be registered, and is the same.
fn check_written(name: &CertificateName) {
    let written = name.to_string();
    let again = CertificateName::parse(name.kind(), &written);
    // An octet takes three where it has to be escaped, and a type may be longer in numbers.
    if written.len() <= 2048 {
        let again = again.expect("what was taken is taken again");
        assert_eq!(again, *name);
        assert_eq!(again.to_string(), written);
    }
}

fn no_names() -> CertificateNames {
    CertificateNames {
        subject: DistinguishedName::parse("CN=nobody").expect("a name"),
        dns: Vec::new(),
        uri: Vec::new(),
        ip: Vec::new(),
        email: Vec::new(),
    }
}

/// A certificate that bears this name has it, in its own place alone.
fn check_borne(name: &CertificateName, text: &str) {
    assert!(!name.is_among(&no_names()) || text.to_lowercase().contains("nobody"));
    let with = |kind| {
        let mut names = no_names();
        match kind {
            CertificateNameKind::SubjectDn => {
                if let CertificateName::SubjectDn(subject) = name {
                    names.subject = subject.clone();
                }
            }
            CertificateNameKind::SanDns => names.dns.push(text.to_owned()),
            CertificateNameKind::SanUri => names.uri.push(text.to_owned()),
            CertificateNameKind::SanIp => {
                names.ip.extend(text.parse::<IpAddr>());
            }
            CertificateNameKind::SanEmail => names.email.push(text.to_owned()),
        }
        names
    };
    assert!(name.is_among(&with(name.kind())), "not its own");
    for other in CertificateNameKind::ALL {
        if other != name.kind() && name.kind() != CertificateNameKind::SubjectDn {
            assert!(!name.is_among(&with(other)), "{other:?} stands for it");
        }
    }
    // Longer or shorter by a character is another one.
    let mut longer = no_names();
    for names in [&mut longer.dns, &mut longer.uri, &mut longer.email] {
        names.extend([format!("{text}x"), format!("x{text}"), format!("*.{text}")]);
        names.extend(
            text.char_indices()
                .last()
                .map(|(at, _)| text[..at].to_owned()),
        );
    }
    if name.kind() != CertificateNameKind::SubjectDn {
        assert!(!name.is_among(&longer), "a near miss");
    }
}

/// Letters in either case name the same subject and the same host; of a URI and a mailbox they do not.
fn check_case(name: &CertificateName, text: &str) {
    let upper = text.to_ascii_uppercase();
    let other = CertificateName::parse(name.kind(), &upper);
    match name {
        CertificateName::SubjectDn(_) | CertificateName::SanIp(_) => {
            assert_eq!(other.as_ref(), Ok(name));
        }
        CertificateName::SanDns(_) => {
            let mut names = no_names();
            names.dns.push(upper);
            assert!(name.is_among(&names));
        }
        CertificateName::SanUri(_) => assert_eq!(other.as_ref() == Ok(name), upper == text),
        CertificateName::SanEmail(_) => {
            let mut names = no_names();
            names.email.push(upper.clone());
            let mailbox = |text: &str| text.rsplit_once('@').map(|(mailbox, _)| mailbox.to_owned());
            assert_eq!(name.is_among(&names), mailbox(&upper) == mailbox(text));
        }
    }
}

fn check_one_alone(text: &str) {
    let two = [Some(text), Some(text), None, None, None];
    assert!(CertificateName::at_most_one(two).is_err());
    assert_eq!(CertificateName::at_most_one([None; 5]), Ok(None));
    for (index, kind) in CertificateNameKind::ALL.into_iter().enumerate() {
        let mut one = [None; 5];
        one[index] = Some(text);
        assert_eq!(
            CertificateName::at_most_one(one),
            CertificateName::parse(kind, text).map(Some)
        );
    }
}
