//! Reading the text form (RFC 4514 section 3).
//!
//! Spaces that are not escaped and stand around a separator mean nothing: older tools put them
//! there, and no value can begin or end with one.

use std::iter::Peekable;
use std::str::Chars;

use super::DistinguishedNameError;
use super::attribute::{self, Attribute};

/// The relative names in the order of the text.
pub(super) fn relative_names(text: &str) -> Result<Vec<Vec<Attribute>>, DistinguishedNameError> {
    let mut rest = text.chars().peekable();
    let mut names = Vec::new();
    let mut attributes = Vec::new();
    loop {
        let kind = kind(&mut rest)?;
        attributes.push(value(kind, &mut rest)?);
        match rest.next() {
            Some('+') => {}
            Some(',') => names.push(std::mem::take(&mut attributes)),
            _ => break,
        }
    }
    names.push(attributes);
    Ok(names)
}

/// Up to and with the equals sign.
fn kind(rest: &mut Peekable<Chars<'_>>) -> Result<String, DistinguishedNameError> {
    let mut text = String::new();
    loop {
        match rest.next() {
            Some('=') => return attribute::kind(text.trim()).ok_or(DistinguishedNameError::Type),
            Some(character) => text.push(character),
            None => return Err(DistinguishedNameError::Type),
        }
    }
}

/// Up to the separator, which stays.
fn value(
    kind: String,
    rest: &mut Peekable<Chars<'_>>,
) -> Result<Attribute, DistinguishedNameError> {
    while rest.next_if_eq(&' ').is_some() {}
    if rest.next_if_eq(&'#').is_some() {
        let mut hex = String::new();
        while let Some(digit) = rest.next_if(|c| !matches!(c, ',' | '+')) {
            hex.push(digit);
        }
        let der = from_hex(hex.trim_end()).ok_or(DistinguishedNameError::Value)?;
        return Attribute::der(kind, &der).ok_or(DistinguishedNameError::Value);
    }
    let mut octets = Vec::new();
    // Where the value ends if only spaces follow.
    let mut end = 0;
    while let Some(character) = rest.next_if(|c| !matches!(c, ',' | '+')) {
        match character {
            '\\' => {
                octets.extend(escape(rest)?);
                end = octets.len();
            }
            '"' | ';' | '<' | '>' | '\0' => return Err(DistinguishedNameError::Value),
            _ => {
                octets.extend(character.encode_utf8(&mut [0; 4]).bytes());
                if character != ' ' {
                    end = octets.len();
                }
            }
        }
    }
    octets.truncate(end);
    let text = String::from_utf8(octets).map_err(|_| DistinguishedNameError::Value)?;
    Ok(Attribute::text(kind, text))
}

/// What follows a backslash: a character that has a meaning, or the two digits of an octet.
fn escape(rest: &mut Peekable<Chars<'_>>) -> Result<Vec<u8>, DistinguishedNameError> {
    let first = rest.next().ok_or(DistinguishedNameError::Value)?;
    if matches!(
        first,
        '"' | '+' | ',' | ';' | '<' | '>' | '\\' | ' ' | '#' | '='
    ) {
        return Ok(first.to_string().into_bytes());
    }
    let second = rest.next().ok_or(DistinguishedNameError::Value)?;
    from_hex(&format!("{first}{second}")).ok_or(DistinguishedNameError::Value)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |octet: u8| u8::try_from(char::from(octet).to_digit(16)?).ok();
    let octet = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if !rest.is_empty() || pairs.is_empty() {
        return None;
    }
    pairs.iter().map(octet).collect()
}
