//! Media types this server speaks, and reading `Content-Type` (RFC 9110, section 8.3).

use crate::header::Cursor;

/// A signed introspection answer (RFC 9701, section 10.1). It has no parameters.
pub const TOKEN_INTROSPECTION_JWT: &str = "application/token-introspection+jwt";
/// JSON.
pub const JSON: &str = "application/json";
/// Any JWT; here the legacy answer of draft -08.
pub const JWT: &str = "application/jwt";
/// Form-encoded request bodies.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The `typ` header of a signed introspection answer: the media type without `application/`.
pub const TOKEN_INTROSPECTION_JWT_TYP: &str = "token-introspection+jwt";
/// The `typ` header of a JWT access token (RFC 9068, section 2.1).
pub const ACCESS_TOKEN_JWT_TYP: &str = "at+jwt";
/// The `typ` header of a client assertion (RFC 10070).
pub const CLIENT_AUTHENTICATION_JWT_TYP: &str = "client-authentication+jwt";
/// The `typ` header of a `DPoP` proof (RFC 9449, section 4.2).
pub const DPOP_JWT_TYP: &str = "dpop+jwt";

/// Whether a `Content-Type` names the expected type. Compared without case; parameters are
/// ignored, except that a `charset` must be UTF-8.
pub fn content_type_is(header: &[u8], expected: &str) -> bool {
    // Nearly everybody sends it just so.
    if header == expected.as_bytes() {
        return true;
    }
    let mut cursor = Cursor::new(header.trim_ascii());
    let Some(found) = MediaRange::parse(&mut cursor) else {
        return false;
    };
    cursor.is_at_end() && found.is(expected) && !found.has_foreign_charset
}

/// A media type or range with what its parameters come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MediaRange<'a> {
    pub(crate) main: &'a str,
    pub(crate) sub: &'a str,
    /// The value of the parameter `q`, if there is one.
    pub(crate) weight: Option<&'a [u8]>,
    /// A `charset` other than UTF-8.
    pub(crate) has_foreign_charset: bool,
    /// A parameter before `q` other than `charset`.
    pub(crate) has_other_parameters: bool,
}

impl<'a> MediaRange<'a> {
    /// Reads up to the end, or up to the comma that ends a list element.
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Option<Self> {
        let main = cursor.token()?;
        let sub = cursor.eat(b'/').then(|| cursor.token())??;
        let mut range = Self {
            main,
            sub,
            weight: None,
            has_foreign_charset: false,
            has_other_parameters: false,
        };
        loop {
            cursor.skip_ows();
            if !cursor.eat(b';') {
                return Some(range);
            }
            cursor.skip_ows();
            // RFC 9110, section 5.6.6, lets a parameter be empty: `a/b;` and `a/b;;c=d`.
            if let Some(name) = cursor.token() {
                let value = cursor.eat(b'=').then(|| cursor.token_or_quoted())??;
                range.note_parameter(name, value)?;
            }
        }
    }

    /// `None` if the parameter spoils the element: a second weight.
    fn note_parameter(&mut self, name: &str, value: &'a [u8]) -> Option<()> {
        if name.eq_ignore_ascii_case("q") {
            return self.weight.replace(value).is_none().then_some(());
        }
        if name.eq_ignore_ascii_case("charset") {
            self.has_foreign_charset |= !value.eq_ignore_ascii_case(b"utf-8");
        } else if self.weight.is_none() {
            self.has_other_parameters = true;
        }
        Some(())
    }

    /// Whether this is exactly the given `type/subtype`.
    pub(crate) fn is(&self, expected: &str) -> bool {
        expected.split_once('/').is_some_and(|(main, sub)| {
            self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn row_9110_15_5_16_01_charset_utf_8_is_fine() {
        for fine in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded",
            "application/x-www-form-urlencoded; charset=utf-8",
            "application/x-www-form-urlencoded ;Charset=\"UTF-8\"",
            "application/x-www-form-urlencoded;",
            " application/x-www-form-urlencoded ",
        ] {
            assert!(content_type_is(fine.as_bytes(), FORM), "{fine}");
        }
    }

    #[test]
    fn other_types_are_told() {
        for wrong in [
            "",
            "application/json",
            "application/x-www-form-urlencoded2",
            "application/x-www-form-urlencoded, application/json",
            "application/x-www-form-urlencoded; charset=latin1",
            "application/x-www-form-urlencoded; charset",
            "application",
            "*/*",
        ] {
            assert!(!content_type_is(wrong.as_bytes(), FORM), "{wrong}");
        }
    }

    #[test]
    fn row_9701_10_01_a_reader_ignores_parameters() {
        let sent = b"application/token-introspection+jwt; charset=utf-8";
        assert!(content_type_is(sent, TOKEN_INTROSPECTION_JWT));
    }

    proptest! {
        #[test]
        fn no_input_panics(header in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = content_type_is(&header, FORM);
        }
    }
}
