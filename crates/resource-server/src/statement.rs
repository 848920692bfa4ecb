//! The check of a statement, just received or saved long ago (RFC 9701, sections 5 and 8.1).

use avouch_crypto::hash;
use avouch_jose::jwe::Decrypter;
use avouch_jose::{DecryptionKey, JwkSet, SignatureAlgorithm, base64url, nested, strict_json};
use avouch_oauth::Issuer;
use avouch_oauth::introspection::{
    self as oauth, StatementForm, StatementTyp, StatementVerifier, VerifiedIntrospection,
};
use avouch_oauth::media_type::{JWT, TOKEN_INTROSPECTION_JWT};
use serde_json::Value;

/// How many characters of a foreign name an error shows.
const SHOWN: usize = 120;

/// What a statement must say to be believed.
///
/// Signature, `alg`, `typ`, `iss`, `aud`, `iat` and the shape of the answer are always checked;
/// none can be left out.
#[derive(Debug, Clone)]
pub struct Expectations {
    issuer: Issuer,
    audience: String,
    algorithms: Vec<SignatureAlgorithm>,
    window: ClockWindow,
    form: StatementForm,
    typ: Option<StatementTyp>,
    decrypter: Option<Decrypter>,
}

/// How far `iat` may lie from the moment of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockWindow {
    /// Seconds into the past: for the way here, and for a clock that runs ahead.
    pub past: u64,
    /// Seconds into the future: for a clock that runs behind.
    pub future: u64,
}

/// When a statement is looked at. There is no default: whoever checks must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Just received, at this instant in seconds: `iat` must lie in the [`ClockWindow`].
    Received(u64),
    /// Saved, perhaps long ago. It says what was true at `iat`, and nothing about now.
    Archived,
}

/// The first check that a statement fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Signed by a known key, but in the name of another issuer.
    #[error("the statement is from {found}, not from {expected}")]
    OtherIssuer {
        /// The `iss` of the statement, shortened and made printable.
        found: String,
        /// The issuer expected.
        expected: Issuer,
    },
    /// Meant for another resource server.
    #[error("the statement is for {found}, not for {expected}")]
    OtherAudience {
        /// The `aud` of the statement, shortened and made printable.
        found: String,
        /// The `client_id` expected.
        expected: String,
    },
    /// The AS answered a question about another token: `ath` is not the hash of ours.
    #[error("the statement speaks of another token than the one asked about")]
    OtherToken,
    /// Any other check.
    #[error("the statement must not be believed: {0}")]
    Check(#[source] oauth::StatementError),
}

/// Checks a statement without asking anybody: the compact JWT, the keys its issuer published, and
/// what is expected of it.
///
/// ```
/// use avouch_resource_server::{Expectations, Freshness, JwkSet, verify_statement};
/// # use avouch_crypto::random::SystemRandom;
/// # use avouch_jose::{ProtectedHeader, SignatureAlgorithm, SigningKey, jws};
/// # let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
/// # let header = ProtectedHeader::new(key.algorithm()).typ("token-introspection+jwt").kid(key.kid());
/// # let jwt = jws::sign(&key, &header.encode(), br#"{"iss":"https://as.example.com",
/// #     "aud":"pay","iat":1514797892,"token_introspection":{"active":false}}"#)?;
/// # let published = JwkSet { keys: vec![key.public_jwk().clone()] }.to_json();
///
/// let keys = JwkSet::parse_published(published.as_bytes())?;
/// let expected = Expectations::new("https://as.example.com".parse()?, "pay");
///
/// let statement = verify_statement(&jwt, &keys, &expected, Freshness::Archived)?;
/// assert_eq!(statement.iat(), 1_514_797_892);
/// assert!(!statement.response().is_active());
///
/// let other = Expectations::new("https://as.example.com".parse()?, "sign");
/// let error = verify_statement(&jwt, &keys, &other, Freshness::Archived).unwrap_err();
/// assert_eq!(error.to_string(), "the statement is for pay, not for sign");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_statement(
    jwt: &str,
    keys: &JwkSet,
    expected: &Expectations,
    freshness: Freshness,
) -> Result<VerifiedIntrospection, StatementError> {
    let (age, now) = match freshness {
        Freshness::Received(now) => (expected.window.on_receipt(), now),
        Freshness::Archived => (oauth::Freshness::AnyAge, 0),
    };
    let verifier = expected.verifier().freshness(age);
    let checked = verifier.verify(jwt, keys, now);
    checked.map_err(|error| expected.explain(error, jwt))
}

impl Default for ClockWindow {
    /// 60 seconds into the past, 10 into the future.
    fn default() -> Self {
        Self {
            past: 60,
            future: 10,
        }
    }
}

impl ClockWindow {
    fn on_receipt(self) -> oauth::Freshness {
        oauth::Freshness::OnReceipt {
            past: self.past,
            future: self.future,
        }
    }
}

impl Expectations {
    /// Statements of `issuer` for the resource server with the `client_id` `audience`, signed with
    /// any asymmetric algorithm.
    pub fn new(issuer: Issuer, audience: impl Into<String>) -> Self {
        Self {
            issuer,
            audience: audience.into(),
            algorithms: SignatureAlgorithm::ALL.to_vec(),
            window: ClockWindow::default(),
            form: StatementForm::default(),
            typ: None,
            decrypter: None,
        }
    }

    /// Allows these algorithms and no others.
    #[must_use]
    pub fn algorithms(mut self, allowed: impl Into<Vec<SignatureAlgorithm>>) -> Self {
        self.algorithms = allowed.into();
        self
    }

    /// Sets how far clocks may differ; used for [`Freshness::Received`].
    #[must_use]
    pub fn clock_window(mut self, window: ClockWindow) -> Self {
        self.window = window;
        self
    }

    /// Expects the form of draft -08 instead of that of RFC 9701, and takes no other: for an
    /// authorization server that knows nothing newer. Unless told, such an answer is refused.
    #[must_use]
    pub fn form(mut self, form: StatementForm) -> Self {
        self.form = form;
        self
    }

    /// Expects this `typ` instead of the registered one, where the authorization server was set
    /// to it for this resource server.
    #[must_use]
    pub fn typ(mut self, typ: StatementTyp) -> Self {
        self.typ = Some(typ);
        self
    }

    /// Expects statements that are encrypted to one of these keys, and takes none that is only
    /// signed.
    #[must_use]
    pub fn encrypted_to(mut self, keys: impl Into<Vec<DecryptionKey>>) -> Self {
        self.decrypter = Some(Decrypter::new(keys));
        self
    }

    /// What to ask for in `Accept`.
    pub(crate) fn media_type(&self) -> &'static str {
        match self.form {
            StatementForm::Rfc9701 => TOKEN_INTROSPECTION_JWT,
            StatementForm::Draft08 => JWT,
        }
    }

    /// Where a statement says of which token it speaks, that must be ours.
    pub(crate) fn check_token(
        statement: &VerifiedIntrospection,
        token: &str,
    ) -> Result<(), StatementError> {
        match statement.further().ath {
            Some(ath) if ath != base64url::encode(hash::sha256(token.as_bytes())) => {
                Err(StatementError::OtherToken)
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    pub(crate) fn allowed_algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    /// The verifier for statements as they come in.
    pub(crate) fn verifier(&self) -> StatementVerifier {
        let verifier = StatementVerifier::new(
            self.issuer.clone(),
            self.audience.clone(),
            self.algorithms.clone(),
        )
        .freshness(self.window.on_receipt())
        .form(self.form);
        let verifier = match &self.typ {
            Some(typ) => verifier.typ(typ.clone()),
            None => verifier,
        };
        match &self.decrypter {
            Some(decrypter) => verifier.encrypted(decrypter.clone()),
            None => verifier,
        }
    }

    /// Says whose statement it is instead, where that is what is wrong.
    ///
    /// Both checks come after the signature, so the names are words of the authorization server.
    pub(crate) fn explain(&self, error: oauth::StatementError, jwt: &str) -> StatementError {
        match error {
            oauth::StatementError::WrongIssuer => match self.claimed(jwt, "iss") {
                Some(found) => StatementError::OtherIssuer {
                    found,
                    expected: self.issuer.clone(),
                },
                None => StatementError::Check(error),
            },
            oauth::StatementError::WrongAudience => match self.claimed(jwt, "aud") {
                Some(found) => StatementError::OtherAudience {
                    found,
                    expected: self.audience.clone(),
                },
                None => StatementError::Check(error),
            },
            other => StatementError::Check(other),
        }
    }
}

impl Expectations {
    /// The strings under a name in the payload, for people to read.
    fn claimed(&self, jwt: &str, name: &str) -> Option<String> {
        match &self.decrypter {
            None => claimed(jwt, name),
            Some(decrypter) => {
                let inner = nested::decrypt(decrypter, jwt).ok()?;
                claimed(inner.as_str(), name)
            }
        }
    }
}

/// The strings under a name in the payload of a signed JWT.
fn claimed(jwt: &str, name: &str) -> Option<String> {
    let payload = base64url::decode(jwt.split('.').nth(1)?).ok()?;
    let names = match strict_json::object(&payload).ok()?.remove(name)? {
        Value::String(one) => one,
        Value::Array(several) if !several.is_empty() => several
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()?
            .join(" and "),
        _ => return None,
    };
    Some(names.escape_debug().take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn jwt(payload: &str) -> String {
        format!("e30.{}.AA", base64url::encode(payload))
    }

    #[test]
    fn names_are_shown_in_printable_characters_and_not_at_length() {
        assert_eq!(claimed(&jwt(r#"{"aud":"pay"}"#), "aud").unwrap(), "pay");
        let several = jwt(r#"{"aud":["pay","a\nb"]}"#);
        assert_eq!(claimed(&several, "aud").unwrap(), "pay and a\\nb");
        let long = jwt(&format!(r#"{{"aud":"{}"}}"#, "x".repeat(4000)));
        assert_eq!(claimed(&long, "aud").unwrap().len(), SHOWN);
        for odd in [r"{}", r#"{"aud":1}"#, r#"{"aud":[]}"#, r#"{"aud":["a",1]}"#] {
            assert_eq!(claimed(&jwt(odd), "aud"), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = claimed(&text, "aud");
            let _ = claimed(&jwt(&text), "aud");
        }
    }
}
