//! Form-encoded request bodies, read strictly (RFC 6749, section 3.1 and appendix B).

use crate::urlencoded::{self, DecodeError};
use std::borrow::Cow;
use std::fmt;

/// How many parameters one form may have. The largest request this server knows has about 20.
pub const MAX_PARAMETERS: usize = 64;

/// The parameters of one request.
///
/// A parameter with an empty value counts as not sent; the ones nobody asks for are ignored.
#[derive(Clone)]
pub struct Form<'a> {
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Why a body is not an acceptable form; always the sender's fault (`invalid_request`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More than [`MAX_PARAMETERS`].
    #[error("the request has more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// `%` without two hexadecimal digits.
    #[error("the form has a percent sign that is not followed by two hexadecimal digits")]
    BrokenPercent,
    /// The decoded bytes are not UTF-8.
    #[error("the form is not UTF-8")]
    NotUtf8,
    /// A parameter was sent more than once. Named only if it is one we know: an unknown name is
    /// the sender's text, perhaps a misplaced token, and is not echoed.
    #[error("{} is sent more than once", name.unwrap_or("a parameter"))]
    Repeated {
        /// The name, if it is a registered one.
        name: Option<&'static str>,
    },
}

impl<'a> Form<'a> {
    /// Parses a whole body. Names in `repeatable` may come several times, all others once.
    pub fn parse(body: &'a [u8], repeatable: &[&str]) -> Result<Self, FormError> {
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(4);
        for pair in body
            .split(|&byte| byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            if parameters.len() == MAX_PARAMETERS {
                return Err(FormError::TooManyParameters);
            }
            let mut sides = pair.splitn(2, |&byte| byte == b'=');
            let name = urlencoded::decode(sides.next().unwrap_or_default())?;
            let value = urlencoded::decode(sides.next().unwrap_or_default())?;
            let seen = parameters.iter().any(|(earlier, _)| *earlier == name);
            if seen && !repeatable.contains(&&*name) {
                return Err(FormError::Repeated {
                    name: registered(&name),
                });
            }
            parameters.push((name, value));
        }
        Ok(Self { parameters })
    }

    /// The value of a parameter, if it was sent and is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All non-empty values of a repeatable parameter, in the order sent.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(move |(sent, value)| sent == name && !value.is_empty())
            .map(|(_, value)| &**value)
    }
}

/// Shows names alone: the values hold tokens and secrets.
impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .parameters
            .iter()
            .map(|(name, _)| registered(name).unwrap_or("(other)"));
        f.write_str("Form ")?;
        f.debug_list().entries(names).finish()
    }
}

impl From<DecodeError> for FormError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::BrokenPercent => Self::BrokenPercent,
            DecodeError::NotUtf8 => Self::NotUtf8,
        }
    }
}

/// The names that are safe to repeat back, because they are not the sender's own invention.
fn registered(name: &str) -> Option<&'static str> {
    const NAMES: [&str; 12] = [
        "authorization_details",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code",
        "grant_type",
        "refresh_token",
        "resource",
        "scope",
        "token",
        "token_type_hint",
    ];
    NAMES.into_iter().find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn row_6749_3_1_01_a_repeated_parameter_is_refused() {
        assert_eq!(
            Form::parse(b"token=a&token=b", &[]).unwrap_err(),
            FormError::Repeated {
                name: Some("token")
            }
        );
        // Spelt differently on the wire, the same name after decoding.
        assert!(Form::parse(b"token=a&%74oken=a", &[]).is_err());
        // One of them empty is still two of them.
        assert!(Form::parse(b"token=&token=a", &[]).is_err());
    }

    #[test]
    fn row_6749_3_1_01_an_empty_parameter_counts_as_missing() {
        for body in [&b"token="[..], b"token", b"", b"&&"] {
            assert_eq!(Form::parse(body, &[]).unwrap().get("token"), None);
        }
    }

    #[test]
    fn row_6749_3_1_01_unknown_parameters_are_ignored() {
        let form = Form::parse(b"colour=blue&token=a&=x", &[]).unwrap();
        assert_eq!(form.get("token"), Some("a"));
    }

    #[test]
    fn row_6749_b_01_broken_percent_and_bytes_are_refused() {
        assert_eq!(
            Form::parse(b"token=%zz", &[]).unwrap_err(),
            FormError::BrokenPercent
        );
        assert_eq!(
            Form::parse(b"token=%ff", &[]).unwrap_err(),
            FormError::NotUtf8
        );
        assert_eq!(
            Form::parse(b"token=\xff", &[]).unwrap_err(),
            FormError::NotUtf8
        );
        assert_eq!(Form::parse(b"%C3=a", &[]).unwrap_err(), FormError::NotUtf8);
        assert_eq!(
            Form::parse(b"token=%C3%BC", &[]).unwrap().get("token"),
            Some("\u{fc}")
        );
    }

    #[test]
    fn repeatable_names_keep_their_order() {
        let form = Form::parse(b"resource=b&scope=x&resource=&resource=a", &["resource"]).unwrap();
        assert_eq!(form.all("resource").collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let body = |count: usize| {
            let pairs: Vec<_> = (0..count).map(|i| format!("p{i}=1")).collect();
            pairs.join("&")
        };
        assert!(Form::parse(body(MAX_PARAMETERS).as_bytes(), &[]).is_ok());
        assert_eq!(
            Form::parse(body(10_000).as_bytes(), &[]).unwrap_err(),
            FormError::TooManyParameters
        );
    }

    #[test]
    fn debug_and_errors_show_no_values() {
        let form = Form::parse(b"token=s3cret&s3cret=1", &[]).unwrap();
        assert_eq!(format!("{form:?}"), r#"Form ["token", "(other)"]"#);
        let error = Form::parse(b"s3cret&s3cret", &[]).unwrap_err();
        assert_eq!(error.to_string(), "a parameter is sent more than once");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(pairs in proptest::collection::btree_map("\\PC{1,8}", "\\PC{1,8}", 0..20)) {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let form = Form::parse(body.as_bytes(), &[]).unwrap();
            for (name, value) in &pairs {
                prop_assert_eq!(form.get(name), Some(value.as_str()));
            }
        }

        #[test]
        fn no_input_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Form::parse(&body, &["resource"]);
        }
    }
}
