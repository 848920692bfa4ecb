//! JWE in compact serialization (RFC 7516 section 7.1), to the holder of a private key.
//!
//! Only algorithms with a public key can be said: a secret shared with the reader would have to be kept here in the
//! clear, and one made of a password is as weak as that. `RSA1_5` is an oracle waiting to be asked.
//!
//! An [`Encrypter`] is made once for each recipient and holds all that stays the same. A reader takes a token apart
//! as [`UndecryptedJwe`] and gets its content from [`UndecryptedJwe::decrypt`] alone. That a message was encrypted
//! says nothing of who did so: what must be believed is [signed first](crate::nested).

mod content_encryption;
mod decrypt;
mod decrypter;
mod decryption_key;
mod encrypter;
mod encryption_key;
mod ephemeral_key;
mod establish;
mod header;
mod key_error;
mod key_management;
mod other_info;
mod prepared_header;
mod protected_header;
mod undecrypted;

pub use avouch_crypto::key_agreement::AgreementCurve;
pub use content_encryption::{ContentEncryption, UnknownContentEncryption};
pub use decrypt::{DecryptError, DecryptedJwe};
pub use decrypter::{Decrypter, OpenError};
pub use decryption_key::DecryptionKey;
pub use encrypter::{EncryptError, Encrypter};
pub use encryption_key::EncryptionKey;
pub use ephemeral_key::EphemeralKeyError;
pub use header::JweHeader;
pub use key_error::EncryptionKeyError;
pub use key_management::{KeyManagementAlgorithm, UnknownKeyManagementAlgorithm};
pub use protected_header::ProtectedHeader;
pub use undecrypted::{ParseError, UndecryptedJwe};

pub use crate::{compact::MAX_TOKEN_LEN, critical::CriticalError};
