//! Cryptographic primitives for avouch: one file per primitive, and the only crate that names aws-lc-rs.
//!
//! This crate speaks of schemes and octets, never of JOSE names or JSON; those belong to the floor above.
//! A key is bound to one [`SignatureScheme`], or to one way of encrypting, for life and is parsed once, when it is
//! loaded.
//!
//! ```
//! use avouch_crypto::{PrivateKey, PublicKey, SignatureScheme, random::SystemRandom};
//!
//! let private = PrivateKey::generate(SignatureScheme::Ed25519, &SystemRandom)?;
//! let signature = private.sign(b"a statement")?;
//!
//! let public = PublicKey::from_parts(private.scheme(), private.public_parts())?;
//! public.verify(b"a statement", &signature)?;
//! assert!(public.verify(b"another statement", &signature).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod concat_kdf;
pub mod constant_time;
pub mod content_encryption;
pub mod hash;
pub mod hmac;
pub mod key_agreement;
pub mod key_wrap;
pub mod random;
pub mod rsa_oaep;
pub mod seal;

mod ml_dsa;
mod private_key;
mod public_key;
mod roca;
mod sign;
mod signature_scheme;
mod verify;

pub use private_key::{
    KeyGenerationError, PrivateKey, PrivateKeyParts, PrivateKeyRejected, RsaKeySize,
};
pub use public_key::{PublicKey, PublicKeyParts, PublicKeyRejected};
pub use sign::SigningFailed;
pub use signature_scheme::{KeyKind, SignatureScheme};
pub use verify::SignatureInvalid;
