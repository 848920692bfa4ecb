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
    /// Its public keys by value: a JWK Set (RFC 7517). For `private_key_jwt`,
    /// either this or `jwks_uri`.
    jwks: Option<KeySet>,
    /// The https URL where it publishes them.
    #[schemars(extend("format" = "uri"))]
    jwks_uri: Option<String>,
}
