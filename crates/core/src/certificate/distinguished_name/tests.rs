use super::*;
use proptest::prelude::*;

fn name(text: &str) -> DistinguishedName {
    DistinguishedName::parse(text).unwrap()
}

/// RFC 4514 section 4.
#[test]
fn the_examples_of_the_rfc_are_read_and_written_again() {
    for text in [
        "UID=jsmith,DC=example,DC=net",
        "OU=Sales+CN=J.  Smith,DC=example,DC=net",
        "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net",
        "CN=Lu\u{10d}i\u{107}",
        "1.3.6.1.4.1.1466.0=#04024869",
    ] {
        assert_eq!(name(text).to_string(), text);
    }
    assert_eq!(
        name("CN=Before\\0dAfter,DC=example").to_string(),
        "CN=Before\rAfter,DC=example"
    );
    assert_eq!(name("CN=Lu\\C4\\8Di\\C4\\87"), name("CN=Lučić"));
}

#[test]
fn case_spaces_and_the_spelling_of_types_do_not_tell_names_apart() {
    let one = name("CN=Pay  Ltd,O=Example,C=DE");
    assert_eq!(one, name("cn=PAY Ltd , o = Example, C=de"));
    assert_eq!(
        one,
        name("2.5.4.3=Pay Ltd,2.5.4.10=#0c074578616d706c65,C=DE")
    );
    assert_eq!(name("OU=a+CN=b"), name("CN=b+OU=a"));
}

#[test]
fn order_place_and_number_of_the_parts_do() {
    let one = name("CN=a,O=b");
    for other in [
        "O=b,CN=a",
        "CN=a+O=b",
        "CN=a",
        "CN=a,O=b,C=DE",
        "CN=a,OU=b",
        "CN=a\\ ,O=c",
    ] {
        assert_ne!(one, name(other), "{other}");
    }
    assert_ne!(name("CN=é"), name("CN=É"), "only ASCII is folded");
}

#[test]
fn what_is_escaped_belongs_to_the_value() {
    assert_eq!(name("CN=a\\,O\\=b").to_string(), "CN=a\\,O=b");
    assert_eq!(name("CN=\\#1\\ ").to_string(), "CN=\\#1\\ ");
    assert_eq!(name("CN=").to_string(), "CN=");
}

/// Found while a fuzz target was looked into: the class of a tag was not looked at.
#[test]
fn a_value_of_another_class_or_made_of_parts_is_no_text() {
    let one = name("CN=a");
    assert_eq!(one, name("CN=#0c0161"));
    assert_eq!(one, name("CN=#130161"));
    for other in ["CN=#8c0161", "CN=#4c0161", "CN=#2c0161", "CN=#020161"] {
        assert_ne!(one, name(other), "{other}");
        assert_eq!(name(other).to_string(), other);
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_read_in_none() {
    use DistinguishedNameError::{Empty, Type, Value};
    for (text, error) in [
        ("", Empty),
        ("  ", Empty),
        ("CN", Type),
        ("=a", Type),
        ("CN=a,", Type),
        ("colour=blue", Type),
        ("2.05.4=#0c0161", Type),
        ("CN=a;O=b", Value),
        ("CN=\"a\"", Value),
        ("CN=a\\", Value),
        ("CN=a\\x", Value),
        ("CN=\\ff", Value),
        ("CN=#", Value),
        ("CN=#0c", Value),
        ("CN=#0c0161ff", Value),
        ("CN=#0g", Value),
    ] {
        assert_eq!(DistinguishedName::parse(text).err(), Some(error), "{text}");
    }
    let long = format!("CN={}", "a".repeat(MAX_LENGTH));
    assert_eq!(
        DistinguishedName::parse(&long).err(),
        Some(DistinguishedNameError::TooLong)
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _ = DistinguishedName::parse(&text);
    }

    #[test]
    fn what_is_written_reads_back_the_same(values in proptest::collection::vec("[^\u{0}]{0,12}", 1..4)) {
        let attributes = values.iter().map(|value| Attribute::text("2.5.4.3".to_owned(), value.clone()));
        let written = DistinguishedName { relative_names: attributes.map(|one| vec![one]).collect() };
        let read = name(&written.to_string());
        prop_assert_eq!(read.to_string(), written.to_string());
        prop_assert_eq!(read, written);
    }
}
