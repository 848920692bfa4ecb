//! Fetching over real connections, from servers that mean well and servers that do not.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper may panic: that is how a test fails"
)]

mod answers;
mod guard;
mod keys;
mod limits;
mod server;
mod tls;
