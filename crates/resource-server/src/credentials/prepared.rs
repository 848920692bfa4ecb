//! What of the credentials goes into a request.

use crate::authentication::Question;
use crate::exchange::post_form;
use avouch_crypto::random::SecureRandom;
use avouch_jose::{MacKey, SigningKey};
use avouch_oauth::client_assertion::{CLIENT_ASSERTION_TYPE, NewClientAssertion};
use avouch_oauth::proof::MakeProofError;
use avouch_oauth::{Issuer, PresentedSecret, SignedProof};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use std::sync::Arc;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// Credentials, as far as they could be made ready.
pub(crate) struct Prepared(Kind);

enum Kind {
    /// The same for every request.
    Secret {
        secret: PresentedSecret,
        shown: Shown,
    },
    /// An assertion that is made anew for every request.
    Assertion {
        client_id: String,
        issuer: Issuer,
        key: AssertionKey,
    },
}

enum AssertionKey {
    Private(Arc<SigningKey>),
    Shared(Box<MacKey>),
}

/// What goes into one request.
#[derive(Clone)]
enum Shown {
    /// The value of `Authorization`.
    Header(HeaderValue),
    /// Form parameters, with a `&` before the first.
    Form(Zeroizing<String>),
}

/// What goes into one request, and what of it must not be repeated by anybody.
pub(crate) struct ForOneRequest {
    shown: Shown,
    hidden: PresentedSecret,
}

impl Prepared {
    pub(super) fn basic(client_id: &str, secret: &PresentedSecret) -> Self {
        // Both parts are form-encoded before they are joined: a colon in the identifier, which
        // may well be a URL, would otherwise end it.
        let encoded = Zeroizing::new(encode(secret.expose()));
        let joined = Zeroizing::new(format!("{}:{}", encode(client_id), *encoded));
        let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(joined.as_bytes())));
        Self(Kind::Secret {
            secret: secret.clone(),
            shown: Shown::Header(sensitive(&value)),
        })
    }

    pub(super) fn post(client_id: &str, secret: &PresentedSecret) -> Self {
        let encoded = Zeroizing::new(encode(secret.expose()));
        let parameters = format!(
            "&client_id={}&client_secret={}",
            encode(client_id),
            *encoded
        );
        Self(Kind::Secret {
            secret: secret.clone(),
            shown: Shown::Form(Zeroizing::new(parameters)),
        })
    }

    /// The identifier alone: the certificate of the connection proves the rest (RFC 8705,
    /// section 2).
    pub(crate) fn identifier(client_id: &str) -> Self {
        let parameters = format!("&client_id={}", encode(client_id));
        Self(Kind::Secret {
            secret: PresentedSecret::new(""),
            shown: Shown::Form(Zeroizing::new(parameters)),
        })
    }

    pub(super) fn signed(client_id: &str, issuer: &Issuer, key: Arc<SigningKey>) -> Self {
        Self::assertion(client_id, issuer, AssertionKey::Private(key))
    }

    pub(super) fn authenticated(client_id: &str, issuer: &Issuer, key: MacKey) -> Self {
        Self::assertion(client_id, issuer, AssertionKey::Shared(Box::new(key)))
    }

    fn assertion(client_id: &str, issuer: &Issuer, key: AssertionKey) -> Self {
        Self(Kind::Assertion {
            client_id: client_id.to_owned(),
            issuer: issuer.clone(),
            key,
        })
    }

    /// For one request and no second: an assertion is taken once (RFC 7523, section 3).
    pub(crate) fn for_one_request(
        &self,
        now: u64,
        rng: &dyn SecureRandom,
    ) -> Result<ForOneRequest, MakeProofError> {
        match &self.0 {
            Kind::Secret { secret, shown } => Ok(ForOneRequest {
                shown: shown.clone(),
                hidden: secret.clone(),
            }),
            Kind::Assertion {
                client_id,
                issuer,
                key,
            } => {
                let assertion = NewClientAssertion::new(client_id, issuer);
                let assertion = match key {
                    AssertionKey::Private(key) => assertion.sign(key, now, rng),
                    AssertionKey::Shared(key) => assertion.authenticate(key, now, rng),
                }?;
                Ok(ForOneRequest {
                    shown: Shown::Form(assertion_parameters(client_id, &assertion)),
                    hidden: PresentedSecret::new(assertion.expose()),
                })
            }
        }
    }
}

impl ForOneRequest {
    /// The request, and what of it must not be repeated by anybody.
    pub(crate) fn post(self, question: &Question<'_>) -> (Request<Bytes>, PresentedSecret) {
        let Question {
            url,
            media_type,
            form,
        } = question;
        let request = match self.shown {
            Shown::Header(value) => {
                let mut request = post_form(url, media_type, form.clone().into());
                request.headers_mut().insert(AUTHORIZATION, value);
                request
            }
            Shown::Form(parameters) => {
                post_form(url, media_type, format!("{form}{}", *parameters).into())
            }
        };
        (request, self.hidden)
    }
}

/// `client_id` says what the assertion says, for servers that want to know before they read it.
fn assertion_parameters(client_id: &str, assertion: &SignedProof) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "&client_id={}&client_assertion_type={}&client_assertion={}",
        encode(client_id),
        encode(CLIENT_ASSERTION_TYPE),
        encode(assertion.expose()),
    ))
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
    use crate::credentials::Credentials;
    use avouch_crypto::random::{RandomError, SystemRandom};
    use avouch_jose::SignatureAlgorithm;
    use avouch_oauth::Form;
    use avouch_oauth::basic::BasicCredentials;
    use proptest::prelude::*;

    const NOW: u64 = 1_800_000_000;

    fn shown(credentials: &Credentials, id: &str) -> Shown {
        let issuer = "https://as.example.com".parse().unwrap();
        let prepared = credentials.prepare(id, &issuer).unwrap();
        prepared.for_one_request(NOW, &SystemRandom).unwrap().shown
    }

    fn header(id: &str, secret: &str) -> HeaderValue {
        match shown(&Credentials::client_secret_basic(secret), id) {
            Shown::Header(value) => value,
            Shown::Form(_) => panic!("a header was expected"),
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
    fn the_header_does_not_print() {
        assert_eq!(format!("{:?}", header("me", "s3cret")), "Sensitive");
    }

    #[test]
    fn without_chance_there_is_no_assertion() {
        struct Broken;
        impl SecureRandom for Broken {
            fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
                Err(RandomError)
            }
        }
        let issuer = "https://as.example.com".parse().unwrap();
        let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
        let prepared = Credentials::private_key_jwt(key).prepare("pay", &issuer);
        let made = prepared.unwrap().for_one_request(NOW, &Broken);
        assert_eq!(made.err(), Some(MakeProofError::Random(RandomError)));
    }

    proptest! {
        #[test]
        fn any_pair_arrives_in_the_header(
            id in "\\PC{1,12}",
            secret in "\\PC{0,12}",
        ) {
            let header = header(&id, &secret);
            let basic = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
            let read = BasicCredentials::parse(basic).unwrap();
            prop_assert_eq!(read.client_id, id);
            prop_assert_eq!(read.client_secret.expose(), secret);
        }

        #[test]
        fn any_pair_arrives_in_the_body(id in "\\PC{1,12}", secret in "\\PC{1,12}") {
            let Shown::Form(parameters) = shown(&Credentials::client_secret_post(&*secret), &id)
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
