//! How the resource server says who it is (RFC 6749, section 2.3.1).

use avouch_oauth::{AuthenticationMethod, PresentedSecret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use std::fmt;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// A secret, with the method it is shown by. `Debug` shows the method alone.
#[derive(Clone)]
pub struct Credentials {
    method: AuthenticationMethod,
    secret: PresentedSecret,
}

/// Credentials in the form they travel in, made once.
pub(crate) enum Prepared {
    /// The value of `Authorization`.
    Header(HeaderValue),
    /// Form parameters, with a `&` before the first.
    Form(Zeroizing<String>),
}

impl Credentials {
    /// `client_secret_basic`: identifier and secret in the `Authorization` header.
    pub fn client_secret_basic(secret: impl Into<String>) -> Self {
        Self {
            method: AuthenticationMethod::ClientSecretBasic,
            secret: PresentedSecret::new(secret),
        }
    }

    /// `client_secret_post`: identifier and secret in the body.
    pub fn client_secret_post(secret: impl Into<String>) -> Self {
        Self {
            method: AuthenticationMethod::ClientSecretPost,
            secret: PresentedSecret::new(secret),
        }
    }

    /// The method, as the authorization server knows it.
    pub fn method(&self) -> AuthenticationMethod {
        self.method
    }

    pub(crate) fn secret(&self) -> &str {
        self.secret.expose()
    }

    pub(crate) fn prepare(&self, client_id: &str) -> Prepared {
        let id = encode(client_id);
        let secret = Zeroizing::new(encode(self.secret.expose()));
        if self.method == AuthenticationMethod::ClientSecretPost {
            return Prepared::Form(Zeroizing::new(format!(
                "&client_id={id}&client_secret={}",
                *secret
            )));
        }
        // Both parts are form-encoded before they are joined: a colon in the identifier, which
        // may well be a URL, would otherwise end it.
        let joined = Zeroizing::new(format!("{id}:{}", *secret));
        let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(joined.as_bytes())));
        Prepared::Header(sensitive(&value))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.method.as_str())
    }
}

/// Encodes one form value (RFC 6749, appendix B).
pub(crate) fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

#[expect(
    clippy::expect_used,
    reason = "`Basic ` and base64 are visible ASCII, which every header value may hold"
)]
fn sensitive(value: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(value).expect("visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_oauth::Form;
    use avouch_oauth::basic::BasicCredentials;
    use proptest::prelude::*;

    fn header(id: &str, secret: &str) -> String {
        match Credentials::client_secret_basic(secret).prepare(id) {
            Prepared::Header(value) => value.to_str().unwrap().to_owned(),
            Prepared::Form(_) => panic!("a header was expected"),
        }
    }

    #[test]
    fn the_example_of_rfc_6749_comes_out() {
        assert_eq!(
            header("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw"),
            "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
        );
    }

    #[test]
    fn debug_hides_the_secret() {
        let shown = format!("{:?}", Credentials::client_secret_post("s3cret"));
        assert_eq!(shown, "Credentials(client_secret_post)");
        match Credentials::client_secret_basic("s3cret").prepare("me") {
            Prepared::Header(value) => assert_eq!(format!("{value:?}"), "Sensitive"),
            Prepared::Form(_) => panic!("a header was expected"),
        }
    }

    proptest! {
        #[test]
        fn any_pair_arrives_in_the_header(
            id in "\\PC{1,12}",
            secret in "\\PC{0,12}",
        ) {
            let header = header(&id, &secret);
            let read = BasicCredentials::parse(header.strip_prefix("Basic ").unwrap()).unwrap();
            prop_assert_eq!(read.client_id, id);
            prop_assert_eq!(read.client_secret.expose(), secret);
        }

        #[test]
        fn any_pair_arrives_in_the_body(id in "\\PC{1,12}", secret in "\\PC{1,12}") {
            let Prepared::Form(parameters) = Credentials::client_secret_post(&*secret).prepare(&id)
            else {
                panic!("form parameters were expected");
            };
            let body = format!("token=a{}", *parameters);
            let form = Form::parse(body.as_bytes(), &[]).unwrap();
            prop_assert_eq!(form.get("client_id"), Some(id.as_str()));
            prop_assert_eq!(form.get("client_secret"), Some(secret.as_str()));
        }
    }
}
