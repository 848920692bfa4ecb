//! How the answers of a resource server are secured.

use schemars::JsonSchema;

use super::{Algorithm, KeySet};

/// How the answers of a resource server are secured.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub(crate) struct Profile {
    /// `introspection_signed_response_alg`; RS256 if left out.
    signing_algorithm: Algorithm,
    /// How its statements are encrypted; signed alone if left out.
    encryption: Option<Encryption>,
    /// Which forms of answer it may get.
    forms: Forms,
    /// Whether it may also get the form of draft -08.
    legacy: Legacy,
    /// The `typ` of its statements, for one that cannot take
    /// `token-introspection+jwt`; never that of another kind of JWT.
    typ: Option<String>,
    /// Claims beside `token_introspection`.
    members: StatementMembers,
}

/// How statements are encrypted, and to which key: that of `jwks` which fits, or of what is
/// published at `jwks_uri`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Encryption {
    /// `introspection_encrypted_response_alg`.
    alg: KeyManagement,
    /// `introspection_encrypted_response_enc`; A128CBC-HS256 if left out.
    #[schemars(default)]
    enc: ContentEncryption,
    /// Its public keys by value: a JWK Set (RFC 7517). Either this or `jwks_uri`.
    jwks: Option<KeySet>,
    /// The https URL where it publishes them.
    jwks_uri: Option<String>,
}

/// How the content encryption key is given to the resource server (RFC 7518 section 4).
#[derive(JsonSchema)]
#[schemars(inline)]
pub(crate) enum KeyManagement {
    #[schemars(rename = "RSA-OAEP")]
    RsaOaep,
    #[schemars(rename = "RSA-OAEP-256")]
    RsaOaep256,
    #[schemars(rename = "RSA-OAEP-384")]
    RsaOaep384,
    #[schemars(rename = "RSA-OAEP-512")]
    RsaOaep512,
    #[schemars(rename = "ECDH-ES")]
    EcdhEs,
    #[schemars(rename = "ECDH-ES+A128KW")]
    EcdhEsA128Kw,
    #[schemars(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

/// How the content is encrypted (RFC 7518 section 5).
#[derive(Default, JsonSchema)]
#[schemars(inline)]
pub(crate) enum ContentEncryption {
    #[default]
    #[schemars(rename = "A128CBC-HS256")]
    A128CbcHs256,
    #[schemars(rename = "A192CBC-HS384")]
    A192CbcHs384,
    #[schemars(rename = "A256CBC-HS512")]
    A256CbcHs512,
    A128GCM,
    A192GCM,
    A256GCM,
}

/// Optional claims at the top level of a statement. None goes with `legacy`.
#[derive(Default, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub(crate) struct StatementMembers {
    /// `jti`: a name for the statement.
    jti: bool,
    /// `ath`: the base64url SHA-256 of the token asked about.
    ath: bool,
    /// `nonce`: that of the request, where it has one.
    nonce: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            signing_algorithm: Algorithm::RS256,
            encryption: None,
            forms: Forms::default(),
            legacy: Legacy::default(),
            typ: None,
            members: StatementMembers::default(),
        }
    }
}

/// Which forms of answer are on offer.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Forms {
    /// JSON, and a JWT where one is asked for.
    #[default]
    JsonOrJwt,
    /// JWT alone; a caller that will take only JSON is refused.
    JwtOnly,
    /// JWT alone, whatever `Accept` says.
    AlwaysJwt,
}

/// Whether the answer of draft -08 is on offer.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Legacy {
    #[default]
    Off,
    On,
}
