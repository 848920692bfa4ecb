//! A whole server in this process, on a port and a data folder of its own.
//!
//! [`Setup`] puts records in before the start; [`Running`] is asked over real
//! connections; [`Answer`] is all that came back, byte for byte.

mod answer;
mod client_certificate;
mod fixtures;
mod prover;
mod publisher;
mod registrant;
mod request;
mod running;
mod setup;
mod statement;
mod statement_issuer;
mod tls;
mod tokens;

pub(crate) use answer::Answer;
pub(crate) use client_certificate::{ClientCertificate, bearing};
pub(crate) use fixtures::{
    CLAIMS, PAY, SIGN, START, TestClock, claims, details, order, resource, scope,
};
pub(crate) use prover::{Prover, claims as assertion_claims, question};
pub(crate) use publisher::Publisher;
pub(crate) use registrant::{Registrant, caller, every_call, register, registration_token};
pub(crate) use request::{Asked, form_encode};
pub(crate) use running::{Reach, Running, Stopped};
pub(crate) use setup::{Caller, Setup, Token, fresh_key};
pub(crate) use statement::{Jwt, top_level};
pub(crate) use statement_issuer::StatementIssuer;
pub(crate) use tls::{Authority, TlsClient, TlsFiles};
pub(crate) use tokens::sign_as;

/// The media type of a statement.
pub(crate) const STATEMENT: &str = "application/token-introspection+jwt";
