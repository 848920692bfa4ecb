//! Where the endpoints are, below the issuer.

pub(crate) const INTROSPECTION: &str = "/introspect";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const REVOCATION: &str = "/revoke";
pub(crate) const REGISTRATION: &str = "/register";
pub(crate) const MANAGEMENT: &str = "/register/{client_id}";
pub(crate) const CLIENT_SECRET: &str = "/register/{client_id}/client_secret";
pub(crate) const JWKS: &str = "/jwks.json";
pub(crate) const HEALTH: &str = "/healthz";
pub(crate) const READINESS: &str = "/readyz";
