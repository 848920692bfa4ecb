//! What compact serializations have in common (RFC 7515 section 7.1, RFC 7516 section 7.1).

/// Longest token that is looked at, in octets.
pub const MAX_TOKEN_LEN: usize = 256 * 1024;
/// Longest encoded header, in octets: room for a certificate chain, and a bound on what is parsed before any proof.
pub(crate) const MAX_HEADER_LEN: usize = 32 * 1024;

/// What a JWT is by the number of its parts (RFC 7516 section 9). Nothing else of it was looked at, except that all
/// of it is base64url and dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Three parts: signed.
    Jws,
    /// Five parts: encrypted.
    Jwe,
}

impl TokenKind {
    /// Tells the kinds apart; `None` for what is neither.
    ///
    /// ```
    /// use avouch_jose::TokenKind;
    ///
    /// assert_eq!(TokenKind::of("eyJhbGciOiJFUzI1NiJ9.e30.c2ln"), Some(TokenKind::Jws));
    /// assert_eq!(TokenKind::of("a.b.c.d.e"), Some(TokenKind::Jwe));
    /// assert_eq!(TokenKind::of("a.b.c.d"), None);
    /// ```
    pub fn of(token: &str) -> Option<Self> {
        let mut dots = 0_usize;
        for octet in token.bytes() {
            match octet {
                b'.' => dots += 1,
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {}
                _ => return None,
            }
        }
        match dots {
            2 => Some(Self::Jws),
            4 => Some(Self::Jwe),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_with_dots_are_no_token() {
        for text in [
            r#"{"iss":"https://as.example.com"}"#,
            "a.b=.c",
            "a. b.c",
            "a.b.c\n",
            "é.b.c",
            "",
            "a",
            "a.b",
            "a.b.c.d",
            "a.b.c.d.e.f",
        ] {
            assert_eq!(TokenKind::of(text), None, "{text:?}");
        }
        assert_eq!(TokenKind::of(".."), Some(TokenKind::Jws));
        assert_eq!(TokenKind::of("...."), Some(TokenKind::Jwe));
    }
}
