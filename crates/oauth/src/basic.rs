//! Credentials of the `Basic` scheme, as OAuth uses it (RFC 6749, section 2.3.1).

use crate::secret::PresentedSecret;
use crate::urlencoded;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A client identifier and secret from an `Authorization: Basic` header.
#[derive(Debug, Clone)]
pub struct BasicCredentials {
    /// The `client_id`, never empty.
    pub client_id: String,
    /// The secret, possibly empty.
    pub client_secret: PresentedSecret,
}

/// Why the credentials cannot be read. No variant holds any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BasicError {
    /// Not padded standard base64.
    #[error("the Basic credentials are not base64")]
    NotBase64,
    /// No colon between user and password.
    #[error("the Basic credentials have no colon")]
    NoColon,
    /// Broken percent signs or bytes that are not UTF-8. OAuth wants both parts form-encoded
    /// before base64, which many callers forget.
    #[error("the client identifier and secret must be form-encoded UTF-8 before they are joined")]
    NotFormEncoded,
    /// Nothing before the colon.
    #[error("the Basic credentials have an empty client identifier")]
    EmptyClientId,
}

impl BasicCredentials {
    /// Parses what follows `Basic ` in the header.
    pub fn parse(credentials: &str) -> Result<Self, BasicError> {
        let joined = Zeroizing::new(
            STANDARD
                .decode(credentials)
                .map_err(|_| BasicError::NotBase64)?,
        );
        let colon = joined
            .iter()
            .position(|&byte| byte == b':')
            .ok_or(BasicError::NoColon)?;
        let (user, password) = joined.split_at(colon);
        let decode = |part| urlencoded::decode(part).map_err(|_| BasicError::NotFormEncoded);
        let client_id = decode(user)?.into_owned();
        if client_id.is_empty() {
            return Err(BasicError::EmptyClientId);
        }
        let client_secret = PresentedSecret::new(decode(password.get(1..).unwrap_or_default())?);
        Ok(Self {
            client_id,
            client_secret,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(joined: &str) -> Result<(String, String), BasicError> {
        BasicCredentials::parse(&STANDARD.encode(joined))
            .map(|read| (read.client_id, read.client_secret.expose().to_owned()))
    }

    #[test]
    fn the_example_of_rfc_6749_is_read() {
        let read = BasicCredentials::parse("czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3").unwrap();
        assert_eq!(read.client_id, "s6BhdRkqt3");
        assert_eq!(read.client_secret.expose(), "7Fjfp0ZBr1KtDRbnfVdmIw");
    }

    #[test]
    fn row_6749_2_3_1_01_user_and_password_are_form_decoded() {
        let expected = (
            "https://rs.example:8443/100%".to_owned(),
            "a b:c+d".to_owned(),
        );
        assert_eq!(
            parse("https%3A%2F%2Frs.example%3A8443%2F100%25:a+b:c%2Bd"),
            Ok(expected)
        );
    }

    #[test]
    fn broken_credentials_are_told_apart() {
        assert_eq!(
            BasicCredentials::parse("???").unwrap_err(),
            BasicError::NotBase64
        );
        assert_eq!(
            BasicCredentials::parse("YTpi ").unwrap_err(),
            BasicError::NotBase64
        );
        assert_eq!(parse("nocolon"), Err(BasicError::NoColon));
        assert_eq!(parse(":secret"), Err(BasicError::EmptyClientId));
        assert_eq!(parse("a:100%"), Err(BasicError::NotFormEncoded));
        assert_eq!(
            BasicCredentials::parse(&STANDARD.encode(b"a:\xff")).unwrap_err(),
            BasicError::NotFormEncoded
        );
    }

    #[test]
    fn debug_hides_the_secret() {
        let shown = format!(
            "{:?}",
            BasicCredentials::parse(&STANDARD.encode("me:s3cret")).unwrap()
        );
        assert!(shown.contains("me") && !shown.contains("s3cret"));
    }

    proptest! {
        #[test]
        fn any_pair_survives(id in "\\PC{1,12}", secret in "\\PC{0,12}") {
            let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let joined = format!("{}:{}", encode(&id), encode(&secret));
            prop_assert_eq!(parse(&joined), Ok((id, secret)));
        }

        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = BasicCredentials::parse(&text);
            let _ = parse(&text);
        }
    }
}
