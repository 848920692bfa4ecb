//! The library over real sockets, against authorization servers good and bad.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod access_tokens;
mod assertions;
mod caching;
mod discovery;
mod expectations;
mod fake_as;
mod guard;
mod keys;
mod mutual_tls;
mod offline;
mod own_http;
mod own_tokens;
mod questions;
mod refusals;
mod resource_client;
mod statements;
mod tls;
