//! The whole server over real connections, one story a test, by topic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accept;
mod advertised;
mod authentication_table;
mod bad_input;
mod caller_authentication;
mod caller_tokens;
mod certificate_bound;
mod certificate_registration;
mod certificates;
mod client_assertions;
mod client_secret;
mod dpop;
mod encryption;
mod encryption_registration;
mod failing;
mod inactive;
mod introspection;
mod jwks;
mod jwt_access_tokens;
mod legacy;
mod log;
mod metadata;
mod rates;
mod registration;
mod registration_end;
mod registration_input;
mod registration_management;
mod registration_update;
mod release;
mod release_properties;
mod remembered;
mod revocation;
mod roles;
mod scope_map;
mod sealing;
mod slow_bodies;
mod software_statements;
mod start_errors;
mod statement;
mod statement_profile;
mod support;
mod tls;
mod tls_renewal;
mod token;
