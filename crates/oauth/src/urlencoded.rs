//! The one decoder of `application/x-www-form-urlencoded` text (RFC 6749, appendix B).

use std::borrow::Cow;

/// Why a piece of form-encoded text could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("a percent sign is not followed by two hexadecimal digits")]
    BrokenPercent,
    #[error("the decoded bytes are not UTF-8")]
    NotUtf8,
}

/// Decodes one name or value: `+` is a space, `%HH` a byte, and the whole must be UTF-8.
///
/// Text that needs no decoding is borrowed, which is the usual case for tokens.
pub(crate) fn decode(encoded: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    if !encoded.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return std::str::from_utf8(encoded)
            .map(Cow::Borrowed)
            .map_err(|_| DecodeError::NotUtf8);
    }
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = hex_digit(rest.next()).ok_or(DecodeError::BrokenPercent)?;
                let low = hex_digit(rest.next()).ok_or(DecodeError::BrokenPercent)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| DecodeError::NotUtf8)
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    match *byte? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(
            decode(b"2YotnFZFEjr1zCsicMWpAA"),
            Ok(Cow::Borrowed(_))
        ));
    }

    #[test]
    fn plus_and_percent_are_decoded() {
        assert_eq!(decode(b"a+b%2Bc%C3%bc").unwrap(), "a b+c\u{fc}");
    }

    #[test]
    fn a_percent_sign_needs_two_digits() {
        for broken in [&b"%"[..], b"%1", b"%zz", b"%1g", b"a%", b"%%20"] {
            assert_eq!(
                decode(broken),
                Err(DecodeError::BrokenPercent),
                "{broken:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_a_browser_encodes_comes_back(text in "\\PC*") {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(decode(encoded.as_bytes()).unwrap(), text);
        }

        #[test]
        fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
