//! JWS, JWE and JWK, strict and without I/O.
//!
//! The crate holds to a few promises:
//!
//! - **One key, one algorithm.** A [`SigningKey`] and a [`VerificationKey`] are bound to one [`SignatureAlgorithm`]
//!   and parsed once. What a token's header says can only agree with that, never choose (RFC 8725 section 3.1).
//! - **Verified is a type.** [`jws::VerifiedJws`] comes from [`jws::UnverifiedJws::verify`] alone, and nothing of the
//!   payload can be had before.
//! - **Decrypted says nothing of who encrypted.** What must be believed is signed first and then encrypted, and a
//!   [nested] token is verified like one that came alone (RFC 8725 section 3.3). Why a token did not decrypt cannot be
//!   told from the error.
//! - **Shared secrets stand apart.** What is authenticated with one ([`mac`]) has an algorithm, a key and a token type
//!   of its own, and no key or token of one kind goes where the other is wanted (RFC 8725 section 2.1).
//! - **Strict in.** JSON with duplicate members, lax base64url, JSON serializations, `crit`, `zip`, `none` and
//!   passwords: refused, with an error that says which rule was broken and shows nothing of the token.
//!
//! ```
//! use avouch_crypto::random::SystemRandom;
//! use avouch_jose::{JwkSet, ProtectedHeader, SignatureAlgorithm, SigningKey, VerificationKey, jws};
//!
//! // The issuer: key and header are prepared once, then each statement costs one signature.
//! let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
//! let header = ProtectedHeader::new(key.algorithm()).typ("example+jwt").kid(key.kid()).encode();
//! let token = jws::sign(&key, &header, br#"{"iss":"https://as.example.com"}"#)?;
//! let published = JwkSet::for_publication(vec![key.public_jwk().clone()])?.to_json();
//!
//! // The reader: the header picks a key, the key decides the algorithm.
//! let keys = JwkSet::parse_published(published.as_bytes())?;
//! let unverified = jws::UnverifiedJws::parse(&token)?;
//! let jwk = keys.select(unverified.header().kid(), SignatureAlgorithm::Es256)?;
//! let verified = unverified.verify(&VerificationKey::from_jwk(jwk, SignatureAlgorithm::Es256)?)?;
//! assert_eq!(verified.payload(), br#"{"iss":"https://as.example.com"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod base64url;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod mac;
pub mod media_type;
pub mod nested;
pub mod strict_json;

mod algorithm;
mod compact;
mod critical;
mod protected_header;
mod registered_name;
mod signing_key;
mod verification_key;

pub use algorithm::{SignatureAlgorithm, UnknownAlgorithm};
pub use compact::TokenKind;
pub use jwe::{ContentEncryption, DecryptionKey, EncryptionKey, KeyManagementAlgorithm};
pub use jwk::{
    AkpAlgorithm, EcCurve, Jwk, JwkError, JwkSet, KeyMaterial, KeyUse, OkpCurve, PublicationError,
    SelectError,
};
pub use jws::{ParseError, VerifyError};
pub use mac::{MacAlgorithm, MacKey};
pub use protected_header::{EncodedHeader, ProtectedHeader};
pub use signing_key::{KeyError, SignError, SigningKey};
pub use verification_key::VerificationKey;

pub use avouch_crypto::RsaKeySize;
