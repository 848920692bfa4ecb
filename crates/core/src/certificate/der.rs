//! DER of which nothing is left over, and every tag is the one expected.
//!
//! The parser of certificates leaves out what it cannot read of a name, and looks at the number in
//! a tag alone. Whoever is known by a name is known by the whole of it.

use x509_parser::asn1_rs::{Any, FromDer as _};

pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// What is in the one value that is there, if it has this tag.
pub(super) fn content(der: &[u8], tag: u8) -> Option<&[u8]> {
    match Any::from_der(der) {
        Ok(([], value)) if der.first() == Some(&tag) => Some(value.data),
        _ => None,
    }
}

/// The values one after the other, with tag and length.
pub(super) fn values(mut der: &[u8]) -> Option<Vec<&[u8]>> {
    let mut values = Vec::new();
    while !der.is_empty() {
        let (rest, _) = Any::from_der(der).ok()?;
        let (value, rest) = der.split_at_checked(der.len() - rest.len())?;
        values.push(value);
        der = rest;
    }
    Some(values)
}
