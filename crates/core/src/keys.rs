//! The server's keys: which are published, which sign, how they are sealed at rest.

mod access_token_keys;
mod caller_keys;
mod make;
mod recipient;
mod ring;
mod sealing;
mod secrets;
mod signer;

pub use access_token_keys::AccessTokenKeys;
pub use caller_keys::{CallerKeys, KeysUnavailable};
pub use make::{
    MadeKey, MakeKeyError, OpenKeyError, Overlap, ResealError, make_signing_key, open_signing_key,
    plan_rotation, reseal_signing_key,
};
pub use recipient::{KeySetTrouble, RecipientKeyError, RecipientKeys};
pub use ring::{KeyRing, RingKey};
pub use sealing::{Sealer, UnsealError};
pub use secrets::{SecretsError, load_or_make_secret, reseal_secret};
pub use signer::{Signer, SignerError, SoftwareSigner};
