//! The administering commands: the real binary against a server in this
//! process, over its socket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod apply;
mod backup;
mod callers;
mod config;
mod data_file;
#[path = "../../../store/tests/contract/fixtures.rs"]
#[allow(
    dead_code,
    reason = "shared with the suites of the store, which use all of it"
)]
mod fixtures;
mod jwt_access_tokens;
mod keys;
mod manual;
mod migrate;
mod ml_dsa;
mod postgres;
mod reach;
mod remote;
mod remote_credentials;
mod remote_hostile;
mod remote_stage;
mod secret_assertions;
mod stage;
mod tokens;
