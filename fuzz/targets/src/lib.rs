//! The properties that hold for every input of the parsers of what strangers send.
//!
//! A target is a function of any octets at all, and panics where a property is broken. Two things call it: libFuzzer,
//! by way of `cargo xtask fuzz`, looking for octets that break it; and `tests/replay.rs`, in every `cargo test`, with
//! the octets that are kept in `fuzz/corpus`. Those that ever broke one stay there.

#![expect(
    clippy::expect_used,
    reason = "a target says with a panic that a property does not hold"
)]

mod accept;
mod access_token;
mod authorization;
mod client_metadata;
mod form;
mod json;
mod jwe;
mod jwk;
mod jwk_set;
mod jws;
mod published;
mod server_metadata;
mod statement;
mod uri;

pub use accept::accept;
pub use access_token::access_token;
pub use authorization::authorization;
pub use client_metadata::client_metadata;
pub use form::form;
pub use json::json;
pub use jwe::jwe;
pub use jwk::jwk;
pub use jwk_set::jwk_set;
pub use jws::jws;
pub use server_metadata::server_metadata;
pub use statement::statement;
pub use uri::uri;

/// A name, and what to call with each input.
pub type Target = (&'static str, fn(&[u8]));

/// All of them. Each has a file in `fuzz/fuzz_targets` and a folder in `fuzz/corpus`.
pub const TARGETS: &[Target] = &[
    ("accept", accept),
    ("access_token", access_token),
    ("authorization", authorization),
    ("client_metadata", client_metadata),
    ("form", form),
    ("json", json),
    ("jwe", jwe),
    ("jwk", jwk),
    ("jwk_set", jwk_set),
    ("jws", jws),
    ("server_metadata", server_metadata),
    ("statement", statement),
    ("uri", uri),
];
