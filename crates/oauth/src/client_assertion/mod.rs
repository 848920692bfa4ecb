//! Client assertions (RFC 7523, sections 2.2 and 3, as narrowed by RFC 10070): a client shows who
//! it is with a short-lived JWT instead of a secret.
//!
//! The server reads it in three steps. [`ClientAssertion::from_form`] takes it out of the request
//! and says whose it claims to be; the caller looks that client up. [`ClientAssertionVerifier`]
//! checks it with the keys of that client alone. What then remains is that the `jti` of the
//! [`VerifiedClientAssertion`] was not seen before, which a replay guard has to say.
//!
//! ```
//! use avouch_crypto::random::SystemRandom;
//! use avouch_jose::{JwkSet, SignatureAlgorithm, SigningKey};
//! use avouch_oauth::client_assertion::{
//!     ClientAssertion, ClientAssertionVerifier, ClientKeys, NewClientAssertion,
//! };
//! use avouch_oauth::Issuer;
//!
//! let (issuer, now) = (Issuer::parse("https://as.example.com")?, 1_800_000_000);
//!
//! // The client.
//! let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
//! let sent = NewClientAssertion::new("shop", &issuer).sign(&key, now, &SystemRandom)?;
//!
//! // The server.
//! let assertion = ClientAssertion::parse(sent.expose())?;
//! assert_eq!(assertion.claimed_client_id(), "shop");
//! let registered = JwkSet { keys: vec![key.public_jwk().clone()] };
//! let keys = ClientKeys::Public {
//!     keys: &registered,
//!     algorithms: &[SignatureAlgorithm::Es256],
//! };
//! let verified = ClientAssertionVerifier::new(issuer).verify(&assertion, "shop", keys, now)?;
//! assert_eq!((verified.client_id(), verified.expires_at()), ("shop", now + 60));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod presented;
mod sign;
mod verify;

pub use error::ClientAssertionError;
pub use presented::{AssertionAlgorithm, ClientAssertion};
pub use sign::NewClientAssertion;
pub use verify::{ClientAssertionVerifier, ClientKeys, VerifiedClientAssertion};

/// The `client_assertion_type` of every client assertion (RFC 7523, section 2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
