//! Nested JWTs (RFC 7519 sections 2 and 5.2): signed first, so that the signature is the issuer's word and can be kept
//! and shown, then encrypted, so that nobody else reads it on the way.
//!
//! ```
//! use avouch_crypto::random::SystemRandom;
//! use avouch_jose::{
//!     ContentEncryption, DecryptionKey, EncryptionKey, KeyManagementAlgorithm, ProtectedHeader,
//!     SignatureAlgorithm, SigningKey, TokenKind, VerificationKey, jwe::Decrypter, jws,
//!     nested::{self, NestedJwtEncrypter},
//! };
//!
//! // The reader publishes a key to encrypt to.
//! let decryption_key = DecryptionKey::generate(KeyManagementAlgorithm::EcdhEs, &SystemRandom)?;
//! let published = decryption_key.public_jwk().clone();
//! let reader = Decrypter::new([decryption_key]).allow(&[ContentEncryption::A128CbcHs256]);
//!
//! // The issuer: key and header are prepared once.
//! let signing_key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
//! let header = ProtectedHeader::new(signing_key.algorithm()).typ("example+jwt").encode();
//! let encrypter = NestedJwtEncrypter::new(
//!     EncryptionKey::try_from(&published)?,
//!     ContentEncryption::A128CbcHs256,
//! );
//! let jws = jws::sign(&signing_key, &header, b"{}")?;
//! let token = encrypter.encrypt(&jws, &SystemRandom)?;
//!
//! // The reader: decrypts with its key, verifies with the issuer's.
//! assert_eq!(TokenKind::of(&token), Some(TokenKind::Jwe));
//! let inner = nested::decrypt(&reader, &token)?;
//! let key = VerificationKey::try_from(signing_key.public_jwk())?;
//! assert_eq!(inner.unverified()?.verify(&key)?.payload(), b"{}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use avouch_crypto::random::SecureRandom;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    ContentEncryption, EncryptionKey, KeyManagementAlgorithm, TokenKind,
    jwe::{Decrypter, EncryptError, Encrypter, JweHeader, OpenError, ProtectedHeader},
    jws::{self, UnverifiedJws},
};

/// Encrypts signed JWTs to one recipient. Its headers say `"cty":"JWT"`, upper case for old readers.
#[derive(Debug)]
pub struct NestedJwtEncrypter(Encrypter);

/// Why no nested JWT was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NestError {
    /// What was to be encrypted is not a compact JWS: nothing is encrypted that nobody signed.
    #[error("what is to be encrypted is not signed")]
    NotSigned,
    /// The encryption failed.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
}

/// Why a token is no nested JWT for this reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnnestError {
    /// The outer layer did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The outer header does not say that a JWT is inside.
    #[error("`cty` in the outer header is not JWT")]
    NoContentType,
    /// It opened, and what is inside is not a compact JWS but perhaps plain claims.
    #[error("what is inside is not signed")]
    NotSigned,
}

/// A JWS that was inside a JWE. It is decrypted and not yet verified.
pub struct NestedJws {
    header: JweHeader,
    jws: Zeroizing<String>,
}

impl NestedJwtEncrypter {
    /// Prepares everything that is the same for every message.
    pub fn new(key: EncryptionKey, encryption: ContentEncryption) -> Self {
        let header = ProtectedHeader::new(encryption).cty("JWT");
        Self(Encrypter::new(key, &header))
    }

    /// The same, with a `typ` in the outer header too.
    pub fn with_typ(
        key: EncryptionKey,
        encryption: ContentEncryption,
        typ: impl Into<String>,
    ) -> Self {
        let header = ProtectedHeader::new(encryption).typ(typ).cty("JWT");
        Self(Encrypter::new(key, &header))
    }

    /// How the recipient comes by the content encryption key.
    pub fn algorithm(&self) -> KeyManagementAlgorithm {
        self.0.algorithm()
    }

    /// How the content is encrypted.
    pub fn encryption(&self) -> ContentEncryption {
        self.0.encryption()
    }

    /// The `kid` of the recipient's key, as it stands in the outer header.
    pub fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    /// Tells it from every other that encrypts to another key, in another way, or under another
    /// header.
    pub fn identity(&self) -> &[u8; 32] {
        self.0.identity()
    }

    /// Encrypts a compact JWS.
    pub fn encrypt(&self, jws: &str, rng: &dyn SecureRandom) -> Result<String, NestError> {
        if TokenKind::of(jws) != Some(TokenKind::Jws) {
            return Err(NestError::NotSigned);
        }
        Ok(self.0.encrypt(jws.as_bytes(), rng)?)
    }
}

/// Decrypts a nested JWT as far as the JWS in it, which is then to be verified like one that came alone
/// (RFC 8725 section 3.3). Another JWE inside is none.
pub fn decrypt(reader: &Decrypter, token: &str) -> Result<NestedJws, UnnestError> {
    let (header, mut content) = reader.decrypt(token)?.into_parts();
    if !header.holds_jwt() {
        return Err(UnnestError::NoContentType);
    }
    let jws = String::from_utf8(std::mem::take(&mut *content)).map_err(|error| {
        error.into_bytes().zeroize();
        UnnestError::NotSigned
    })?;
    let jws = Zeroizing::new(jws);
    match TokenKind::of(&jws) {
        Some(TokenKind::Jws) => Ok(NestedJws { header, jws }),
        Some(TokenKind::Jwe) | None => Err(UnnestError::NotSigned),
    }
}

impl NestedJws {
    /// The outer header.
    pub fn outer_header(&self) -> &JweHeader {
        &self.header
    }

    /// The JWS as text.
    pub fn as_str(&self) -> &str {
        &self.jws
    }

    /// Takes the JWS apart, for verifying it.
    pub fn unverified(&self) -> Result<UnverifiedJws<'_>, jws::ParseError> {
        UnverifiedJws::parse(&self.jws)
    }
}

impl fmt::Debug for NestedJws {
    /// The JWS stays out: it speaks of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NestedJws")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
