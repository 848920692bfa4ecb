//! How a caller proves itself, as it is described.

use schemars::JsonSchema;

use super::KeySet;

/// The name of a method, where that says it all, or a table.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(crate) enum ClientAuthentication {
    Name(Method),
    Table(Particulars),
}

impl Default for ClientAuthentication {
    fn default() -> Self {
        Self::Name(Method::ClientSecretBasic)
    }
}

/// A method by name.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Method {
    ClientSecretBasic,
    ClientSecretPost,
    ClientSecretJwt,
    /// Only with keys, in a table.
    PrivateKeyJwt,
    /// Only with a name, in a table.
    TlsClientAuth,
    /// Only with keys, in a table.
    SelfSignedTlsClientAuth,
}

/// A method and what belongs to it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Particulars {
    /// The method.
    method: Method,
    /// The one algorithm of its assertions; for `client_secret_jwt` `HS256` if
    /// left out, for `private_key_jwt` any.
    signing_algorithm: Option<String>,
    /// Its public keys by value: a JWK Set (RFC 7517). For `private_key_jwt`
    /// and `self_signed_tls_client_auth`, either this or `jwks_uri`. For the
    /// latter, the certificate stands in the `x5c` of its key.
    jwks: Option<KeySet>,
    /// The https URL where it publishes them.
    #[schemars(extend("format" = "uri"))]
    jwks_uri: Option<String>,
    /// The subject in its certificate, as RFC 4514 writes it. For
    /// `tls_client_auth`, this or exactly one of the next four.
    tls_client_auth_subject_dn: Option<String>,
    /// A host among the alternative names in its certificate.
    tls_client_auth_san_dns: Option<String>,
    /// A URI among them.
    tls_client_auth_san_uri: Option<String>,
    /// An IP address among them.
    tls_client_auth_san_ip: Option<String>,
    /// A mail address among them.
    tls_client_auth_san_email: Option<String>,
}
