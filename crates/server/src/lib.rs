//! The HTTP server: one route table, one file per endpoint.
//!
//! [`start()`] puts the parts together and serves; `endpoints/introspection.rs`
//! is the walk that everything else is there for.

pub mod admin;
pub mod config;
pub mod log;
pub mod metrics;
pub mod private_file;

mod access;
mod app;
mod background;
mod body;
mod caller_token;
mod client_certificate;
mod clock;
mod data_folder;
mod deadline;
mod dpop;
mod endpoints;
mod error_reply;
mod extract;
mod framing;
mod key_changes;
mod keys;
mod listen;
mod maintenance;
mod paths;
mod recipient_keys;
mod recorder;
mod request;
mod respond;
mod routes;
mod settings;
mod signing_queue;
mod source;
mod start;
mod throttle;
mod tls;
mod to_the_end;
mod token_refusals;

pub use clock::{SystemClock, SystemMonotonicClock};
pub use keys::KeysError;
pub use listen::bind;
pub use maintenance::{open_everything_sealed, take_data_folder};
pub use recipient_keys::FetchSetupError;
pub use recorder::LogRecorder;
pub use start::{
    ADMIN_SOCKET, DATABASE_FILE, Server, StartError, Surroundings, listen_hint, start,
};
pub use tls::{CertificateError, ClientAuthoritiesError, check_certificates};
