//! The reader's side, set up once.

use std::sync::Arc;

use super::{
    ContentEncryption, DecryptError, DecryptedJwe, DecryptionKey, JweHeader, ParseError,
    UndecryptedJwe,
};
use crate::Jwk;

/// The keys of a reader and the content encryptions it allows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Decrypter {
    keys: Arc<[DecryptionKey]>,
    allowed: Arc<[ContentEncryption]>,
}

/// Why a token did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a compact JWE, or one with an unacceptable header.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The reader has no key of this `kid` and algorithm, or the token has no `kid` and several keys are of its
    /// algorithm. Keys are not tried in turn.
    #[error("the token is encrypted to no key that can be picked")]
    NoKey,
    /// The picked key does not decrypt it.
    #[error(transparent)]
    Decrypt(#[from] DecryptError),
}

impl Decrypter {
    /// A reader with these keys that allows every content encryption there is.
    pub fn new(keys: impl Into<Vec<DecryptionKey>>) -> Self {
        Self {
            keys: keys.into().into(),
            allowed: ContentEncryption::ALL.into(),
        }
    }

    /// Allows these content encryptions alone.
    #[must_use]
    pub fn allow(mut self, allowed: &[ContentEncryption]) -> Self {
        self.allowed = allowed.into();
        self
    }

    /// What senders get: the public halves.
    pub fn public_jwks(&self) -> impl Iterator<Item = &Jwk> {
        self.keys.iter().map(DecryptionKey::public_jwk)
    }

    /// Takes a token apart and decrypts it with the key that its header names.
    pub fn decrypt(&self, token: &str) -> Result<DecryptedJwe, OpenError> {
        let undecrypted = UndecryptedJwe::parse(token)?;
        let key = self.pick(undecrypted.header()).ok_or(OpenError::NoKey)?;
        Ok(undecrypted.decrypt(key, &self.allowed)?)
    }

    fn pick(&self, header: &JweHeader) -> Option<&DecryptionKey> {
        let mut fitting = self.keys.iter().filter(|key| {
            key.algorithm() == header.algorithm() && header.kid().is_none_or(|kid| kid == key.kid())
        });
        let first = fitting.next()?;
        match fitting.next() {
            None => Some(first),
            Some(_) => None,
        }
    }
}
