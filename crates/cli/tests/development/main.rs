//! Stories of a development server, as people, scripts and foreign clients use it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod advice;
mod announcement;
mod configured;
mod encrypted;
mod for_keeps;
mod interop;
mod key_authentication;
mod mutual_tls;
mod own_token;
mod readme;
mod registration;
mod server;
mod tls_renewal;
