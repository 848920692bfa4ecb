//! The admin API over its real socket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod apply;
mod callers;
mod description;
mod events;
mod explanations;
mod harness;
mod initial_access_tokens;
mod jwt_access_tokens;
mod keys;
mod over_tcp;
mod over_tcp_chosen;
mod over_tcp_desk;
mod over_tcp_scopes;
mod registration_tokens;
mod remembered;
mod revocations;
mod socket;
mod tokens;
