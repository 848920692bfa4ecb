//! `DPoP` proofs (RFC 9449): a client shows that it holds the key its token is bound to.
//!
//! The server takes the one header with [`single_header`] and checks it with a [`DpopVerifier`].
//! What then remains is that the `jti` of the [`VerifiedDpopProof`] was not seen before, which a
//! replay guard has to say, and, where a token came along, that the token is bound to this very
//! key: [`check_binding`].
//!
//! ```
//! use avouch_crypto::random::SystemRandom;
//! use avouch_jose::{SignatureAlgorithm, SigningKey};
//! use avouch_oauth::dpop::{DpopRequest, DpopVerifier, NewDpopProof, TargetUri, single_header};
//!
//! let (url, now) = (TargetUri::parse("https://as.example.com/token")?, 1_800_000_000);
//!
//! // The client.
//! let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
//! let sent = NewDpopProof::new("POST", &url).sign(&key, now, &SystemRandom)?;
//!
//! // The server.
//! let headers = [sent.expose().as_bytes()];
//! let proof = single_header(headers)?.ok_or("no proof")?;
//! let verified = DpopVerifier::new().verify(proof, &DpopRequest::new("POST", &url), now)?;
//! assert_eq!(verified.jkt().as_bytes(), &key.public_jwk().thumbprint());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod binding;
mod error;
mod nonce;
mod sign;
mod target_uri;
mod verify;

pub use binding::{BindingError, check_binding};
pub use error::DpopError;
pub use nonce::NonceKey;
pub use sign::NewDpopProof;
pub use target_uri::{TargetUri, TargetUriError};
pub use verify::{DpopRequest, DpopVerifier, VerifiedDpopProof, single_header};

use avouch_crypto::hash;

/// `ath`: what ties a proof to one access token (RFC 9449, section 4.2).
fn access_token_hash(token: &crate::PresentedToken) -> [u8; 32] {
    hash::sha256(token.expose().as_bytes())
}
