//! base64url as JOSE means it (RFC 7515 section 2): no padding, no line breaks, one spelling for each value.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not the base64url encoding of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64url: only A-Z, a-z, 0-9, '-' and '_', no padding and no stray bits")]
pub struct NotBase64url;

/// Encodes without padding.
pub fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// Appends the encoding of `octets` to `text`.
pub fn encode_to(octets: impl AsRef<[u8]>, text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(octets, text);
}

/// How long the encoding of this many octets is.
pub const fn encoded_len(octets: usize) -> usize {
    // Written so that no product overflows.
    octets / 3 * 4 + (octets % 3 * 4).div_ceil(3)
}

/// Decodes, refusing padding, white space, `+`, `/`, impossible lengths and set bits beyond the last octet, so that
/// no two texts decode to the same octets.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn row_7515_2_01_padding_white_space_foreign_characters_and_stray_bits_are_refused() {
        assert_eq!(decode("Zm9vYg"), Ok(b"foob".to_vec()));
        for lax in [
            "Zm9vYg==", "Zm9vYg=", "Zm9v Yg", "Zm9vYg\n", " Zm9vYg", "Zm9vYh", "Zm9v+g", "Zm9v/g",
            "Zm9vY", "é",
        ] {
            assert_eq!(decode(lax), Err(NotBase64url), "{lax:?}");
        }
    }

    proptest! {
        #[test]
        fn octets_come_back(octets: Vec<u8>) {
            let text = encode(&octets);
            prop_assert_eq!(text.len(), encoded_len(octets.len()));
            prop_assert_eq!(decode(&text), Ok(octets));
        }

        #[test]
        fn whatever_decodes_is_the_one_spelling_of_its_octets(text in "[-_A-Za-z0-9=+/ ]{0,12}") {
            if let Ok(octets) = decode(&text) {
                prop_assert_eq!(encode(octets), text);
            }
        }
    }
}
