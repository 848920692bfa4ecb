//! One attribute of a distinguished name: its type and its value.

use std::fmt::{self, Write as _};

use x509_parser::asn1_rs::{Any, Class, FromDer as _, Oid, Tag, ToDer as _};

use crate::certificate::der::{self, OBJECT_IDENTIFIER, SEQUENCE};

/// Types that are written by name: those of RFC 4514 section 3, and the ones that certificates of
/// organizations carry besides.
const TYPES: [(&str, &str); 18] = [
    ("CN", "2.5.4.3"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("C", "2.5.4.6"),
    ("STREET", "2.5.4.9"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("SN", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"),
    ("title", "2.5.4.12"),
    ("businessCategory", "2.5.4.15"),
    ("postalCode", "2.5.4.17"),
    ("givenName", "2.5.4.42"),
    ("organizationIdentifier", "2.5.4.97"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3"),
];

/// A type, as dotted numbers, and its value.
#[derive(Clone)]
pub(super) struct Attribute {
    kind: String,
    value: Value,
}

#[derive(Clone)]
enum Value {
    /// A string of any of the ASN.1 types whose characters are known.
    Text(String),
    /// Anything else, tag and length included.
    Der(Vec<u8>),
}

/// What two equal attributes have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Canonical<'a> {
    Text(&'a str, String),
    Der(&'a str, &'a [u8]),
}

impl Attribute {
    /// One in a certificate: type and value, and nothing more.
    pub(super) fn of(attribute: &[u8]) -> Option<Self> {
        let parts = der::values(der::content(attribute, SEQUENCE)?)?;
        let [kind, value] = parts.as_slice() else {
            return None;
        };
        let kind = Oid::new(der::content(kind, OBJECT_IDENTIFIER)?.into());
        Self::der(kind.to_id_string(), value)
    }

    pub(super) fn text(kind: String, text: String) -> Self {
        let value = Value::Text(text);
        Self { kind, value }
    }

    /// None if this is not DER.
    pub(super) fn der(kind: String, der: &[u8]) -> Option<Self> {
        match Any::from_der(der) {
            Ok(([], any)) => Some(Self {
                kind,
                value: Value::of(&any),
            }),
            _ => None,
        }
    }

    pub(super) fn canonical(&self) -> Canonical<'_> {
        match &self.value {
            Value::Text(text) => {
                let words: Vec<_> = text.split_ascii_whitespace().collect();
                Canonical::Text(&self.kind, words.join(" ").to_ascii_lowercase())
            }
            Value::Der(der) => Canonical::Der(&self.kind, der),
        }
    }
}

/// The dotted numbers of a type that is written by name or in numbers.
pub(super) fn kind(text: &str) -> Option<String> {
    let named = TYPES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    if let Some((_, numbers)) = named {
        return Some((*numbers).to_owned());
    }
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    (text.contains('.') && text.split('.').all(is_number)).then(|| text.to_owned())
}

impl Value {
    fn of(any: &Any<'_>) -> Self {
        match text_of(any) {
            Some(text) => Self::Text(text),
            // What was read from DER can be written as such.
            None => Self::Der(any.to_der_vec().unwrap_or_default()),
        }
    }

    fn der(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.to_der_vec().unwrap_or_default(),
            Self::Der(der) => der.clone(),
        }
    }
}

fn text_of(any: &Any<'_>) -> Option<String> {
    // The number in a tag alone does not tell.
    if any.class() != Class::Universal || any.header.constructed() {
        return None;
    }
    match any.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            String::from_utf8(any.data.to_vec()).ok()
        }
        Tag::BmpString => {
            let (units, []) = any.data.as_chunks::<2>() else {
                return None;
            };
            let units: Vec<_> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

impl fmt::Display for Attribute {
    /// RFC 4514 sections 2.3 and 2.4.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = TYPES.iter().find(|(_, numbers)| *numbers == self.kind);
        if let (Some((name, _)), Value::Text(text)) = (named, &self.value) {
            write!(f, "{name}=")?;
            return escaped(f, text);
        }
        write!(
            f,
            "{}=#",
            named.map_or(self.kind.as_str(), |(name, _)| name)
        )?;
        let der = self.value.der();
        der.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

fn escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for (at, character) in text.char_indices() {
        let first = at == 0;
        let last = at + character.len_utf8() == text.len();
        match character {
            '\0' => f.write_str("\\00")?,
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
            '#' if first => f.write_str("\\#")?,
            ' ' if first || last => f.write_str("\\ ")?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}
