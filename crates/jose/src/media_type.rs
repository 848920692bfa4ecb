//! The `typ` of a JWT (RFC 7515 section 4.1.9, RFC 8725 section 3.11).

const PREFIX: &str = "application/";

/// Whether `typ` names the media type `expected`: without regard to case, and with `application/` left out or not on
/// either side. Parameters are not understood, so a `typ` with one matches nothing.
///
/// ```
/// use avouch_jose::media_type;
///
/// assert!(media_type::matches("application/Token-Introspection+JWT", "token-introspection+jwt"));
/// assert!(!media_type::matches("JWT", "token-introspection+jwt"));
/// ```
pub fn matches(typ: &str, expected: &str) -> bool {
    subtype(typ).eq_ignore_ascii_case(subtype(expected))
}

/// What is left without `application/`, which may be omitted only where no other slash occurs.
fn subtype(media_type: &str) -> &str {
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn case_and_the_application_prefix_do_not_matter() {
        for typ in [
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "Application/At+Jwt",
        ] {
            assert!(matches(typ, "at+jwt"), "{typ}");
            assert!(matches(typ, "application/at+jwt"), "{typ}");
        }
    }

    #[test]
    fn everything_else_does() {
        for typ in [
            "",
            "jwt",
            "at+jw",
            "at+jwt ",
            " at+jwt",
            "text/at+jwt",
            "application/application/at+jwt",
            "at+jwt;v=1",
            "ａt+jwt",
        ] {
            assert!(!matches(typ, "at+jwt"), "{typ:?}");
        }
    }
}
