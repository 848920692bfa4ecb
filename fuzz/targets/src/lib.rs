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
mod assembled;
mod authorization;
mod certificate;
mod certificate_name;
mod client_assertion;
mod client_metadata;
mod der;
mod dpop;
mod form;
mod forwarded_certificate;
mod freshness;
mod json;
mod jwe;
mod jwk;
mod jwk_set;
mod jws;
mod mac;
mod own_token;
mod protected_resource;
mod published;
mod registration;
mod self_signed;
mod server_metadata;
mod software_statement;
mod statement;
mod uri;

pub use accept::accept;
pub use access_token::access_token;
pub use authorization::authorization;
pub use certificate::certificate;
pub use certificate_name::certificate_name;
pub use client_assertion::client_assertion;
pub use client_metadata::client_metadata;
pub use dpop::dpop;
pub use form::form;
pub use forwarded_certificate::forwarded_certificate;
pub use freshness::freshness;
pub use json::json;
pub use jwe::jwe;
pub use jwk::jwk;
pub use jwk_set::jwk_set;
pub use jws::jws;
pub use mac::mac;
pub use own_token::own_token;
pub use protected_resource::protected_resource;
pub use registration::registration;
pub use self_signed::self_signed;
pub use server_metadata::server_metadata;
pub use software_statement::software_statement;
pub use statement::statement;
pub use uri::uri;

/// A name, and what to call with each input.
pub type Target = (&'static str, fn(&[u8]));

/// All of them. Each has a file in `fuzz/fuzz_targets` and a folder in `fuzz/corpus`.
pub const TARGETS: &[Target] = &[
    ("accept", accept),
    ("access_token", access_token),
    ("authorization", authorization),
    ("certificate", certificate),
    ("certificate_name", certificate_name),
    ("client_assertion", client_assertion),
    ("client_metadata", client_metadata),
    ("dpop", dpop),
    ("form", form),
    ("forwarded_certificate", forwarded_certificate),
    ("freshness", freshness),
    ("json", json),
    ("jwe", jwe),
    ("jwk", jwk),
    ("jwk_set", jwk_set),
    ("jws", jws),
    ("mac", mac),
    ("own_token", own_token),
    ("protected_resource", protected_resource),
    ("registration", registration),
    ("self_signed", self_signed),
    ("server_metadata", server_metadata),
    ("software_statement", software_statement),
    ("statement", statement),
    ("uri", uri),
];
