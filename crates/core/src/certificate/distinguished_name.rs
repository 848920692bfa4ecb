//! Distinguished names, in DER and as text (RFC 4514).

mod attribute;
mod read;

use std::fmt;

use x509_parser::x509::X509Name;

use super::der::{self, SEQUENCE, SET};
use attribute::{Attribute, Canonical};

/// The subject of a certificate.
///
/// Two are equal if they have the same parts in the same order, where letters of ASCII in either
/// case and any run of white space count as the same (RFC 4517 section 4.2.15; RFC 5280 section
/// 7.1). Parts within one relative name have no order.
#[derive(Clone)]
pub struct DistinguishedName {
    /// In the order of DER, the opposite of that of the text.
    relative_names: Vec<Vec<Attribute>>,
}

/// Why a text is no distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DistinguishedNameError {
    /// Nothing there: a subject without a name is nobody's.
    #[error("the distinguished name is empty")]
    Empty,
    /// Longer than any name in use.
    #[error("the distinguished name is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// An attribute without `=`, or of no known type.
    #[error(
        "each part of a distinguished name is a type, such as CN, O, OU, C or dotted numbers, an \
         equals sign and a value"
    )]
    Type,
    /// A value with characters that must be escaped, or with a broken escape.
    #[error(
        "a value in the distinguished name is not written as RFC 4514 says: the characters \
         \" + , ; < > \\ in it need a backslash before them"
    )]
    Value,
}

/// How long the text may be, in bytes.
const MAX_LENGTH: usize = 2048;

impl DistinguishedName {
    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, DistinguishedNameError> {
        if text.len() > MAX_LENGTH {
            return Err(DistinguishedNameError::TooLong);
        }
        if text.trim().is_empty() {
            return Err(DistinguishedNameError::Empty);
        }
        let mut relative_names = read::relative_names(text)?;
        relative_names.reverse();
        Ok(Self { relative_names })
    }

    /// None if this is no name from its first octet to its last.
    pub(super) fn of(name: &X509Name<'_>) -> Option<Self> {
        let attributes = |set| -> Option<Vec<Attribute>> {
            let attributes = der::values(der::content(set, SET)?)?;
            attributes.into_iter().map(Attribute::of).collect()
        };
        let sets = der::values(der::content(name.as_raw(), SEQUENCE)?)?;
        Some(Self {
            relative_names: sets.into_iter().map(attributes).collect::<Option<_>>()?,
        })
    }

    fn canonical(&self) -> Vec<Vec<Canonical<'_>>> {
        let relative_names = self.relative_names.iter();
        relative_names
            .map(|attributes| {
                let mut set: Vec<_> = attributes.iter().map(Attribute::canonical).collect();
                set.sort_unstable();
                set
            })
            .collect()
    }
}

impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for DistinguishedName {}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attributes) in self.relative_names.iter().rev().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            for (index, attribute) in attributes.iter().enumerate() {
                if index > 0 {
                    f.write_str("+")?;
                }
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

#[cfg(test)]
mod tests;
