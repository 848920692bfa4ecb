use super::*;
use CertificateNameKind::{SanDns, SanEmail, SanIp, SanUri, SubjectDn};
use proptest::prelude::*;

fn name(kind: CertificateNameKind, text: &str) -> CertificateName {
    CertificateName::parse(kind, text).unwrap()
}

fn names() -> CertificateNames {
    CertificateNames {
        subject: DistinguishedName::parse("CN=shop,O=Shop Inc.,C=DE").unwrap(),
        dns: vec![
            "other.example".into(),
            "Shop.example".into(),
            "*.wild.example".into(),
        ],
        uri: vec!["urn:example:shop".into()],
        ip: vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
        email: vec!["It@Shop.example".into()],
    }
}

#[test]
fn row_8705_2_01_each_kind_of_name_is_compared_in_its_own_way() {
    for (kind, same, other) in [
        (SubjectDn, "cn=Shop, o=SHOP  Inc., c=DE", "CN=shop,C=DE"),
        (
            SubjectDn,
            "2.5.4.3=shop,O=Shop Inc.,C=DE",
            "C=DE,O=Shop Inc.,CN=shop",
        ),
        (SanDns, "shop.EXAMPLE", "example"),
        (SanDns, "other.example", "a.wild.example"),
        (SanUri, "urn:example:shop", "urn:example:SHOP"),
        (SanIp, "192.0.2.7", "192.0.2.8"),
        (SanIp, "2001:DB8:0:0::7", "::ffff:192.0.2.7"),
        (SanEmail, "It@shop.EXAMPLE", "it@shop.example"),
    ] {
        assert!(name(kind, same).is_among(&names()), "{same}");
        assert!(!name(kind, other).is_among(&names()), "{other}");
    }
    // What is no name of its kind is no name of another.
    let of_another_kind = name(SanUri, "urn:example:other");
    assert!(!of_another_kind.is_among(&names()));
    assert!(!name(SanDns, "192.0.2.7").is_among(&names()));
}

#[test]
fn row_8705_2_01_of_two_names_neither_is_taken() {
    let texts = ["CN=a", "a.example", "urn:a:b", "192.0.2.1", "a@a.example"];
    assert_eq!(CertificateName::at_most_one([None; 5]), Ok(None));
    for (one, kind) in CertificateNameKind::ALL.into_iter().enumerate() {
        let mut given = [None; 5];
        given[one] = Some(texts[one]);
        let taken = CertificateName::at_most_one(given).unwrap().unwrap();
        assert_eq!(
            (taken.kind(), taken.to_string()),
            (kind, texts[one].to_owned())
        );
        for other in (0..5).filter(|other| *other != one) {
            let mut given = given;
            given[other] = Some(texts[other]);
            let refused = CertificateName::at_most_one(given);
            assert_eq!(refused, Err(CertificateNameError::Several));
        }
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let long = format!("urn:a:{}", "b".repeat(MAX_LENGTH));
    for (kind, texts) in [
        (SubjectDn, &["", "shop", "CN=a;O=b"][..]),
        (
            SanDns,
            &[
                "",
                "*.example",
                "a..b",
                "a b",
                "https://a.example",
                "a.example.",
            ],
        ),
        (
            SanUri,
            &[
                "",
                "shop",
                ":a",
                "1a:b",
                "urn:",
                "urn:a b",
                "urn:\u{e4}",
                &long,
            ],
        ),
        (
            SanIp,
            &["", "192.0.2", "192.0.2.0/24", "a.example", "[::1]"],
        ),
        (
            SanEmail,
            &[
                "",
                "shop",
                "@a.example",
                "a@",
                "a b@c.example",
                "a@*.example",
            ],
        ),
    ] {
        for text in texts {
            let error = CertificateName::parse(kind, text).unwrap_err().to_string();
            assert!(error.starts_with(kind.member()), "{text}: {error}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_reads_back(text in "([a-zA-Z]{1,3}=[ -~]{0,9}|[ -~]{0,20}|\\PC{0,9})", kind in 0_usize..5) {
        let kind = CertificateNameKind::ALL[kind];
        if let Ok(name) = CertificateName::parse(kind, &text) {
            prop_assert_eq!(CertificateName::parse(kind, &name.to_string()), Ok(name));
        }
    }
}
