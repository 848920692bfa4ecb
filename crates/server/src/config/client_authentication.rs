//! `[client_authentication]`

use avouch_oauth::auth_method::AuthenticationMethod;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::Seconds;

/// How clients and resource servers prove who they are. Each is registered for
/// one method; `client_secret_basic`, `client_secret_post` and `private_key_jwt`
/// are always on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientAuthenticationConfig {
    /// Offer `client_secret_jwt` too: assertions under a secret that the server
    /// has to keep, sealed, because a hash would not do to check them. For
    /// callers that cannot sign with a key of their own.
    pub client_secret_jwt: bool,
    /// Seconds ahead that the `exp` of a client assertion may be. Until then
    /// its `jti` is remembered, so that it is good once.
    pub longest_assertion: Seconds<1, 3600>,
    /// Take the URLs of the token, introspection and revocation endpoints for
    /// the `aud` of an assertion as well, as was usual before RFC 10070. Whoever
    /// runs another server that takes such a URL could then use the assertion
    /// here.
    pub endpoint_audiences: bool,
}

impl Default for ClientAuthenticationConfig {
    fn default() -> Self {
        Self {
            client_secret_jwt: false,
            longest_assertion: const { Seconds::literal(300) },
            endpoint_audiences: false,
        }
    }
}

impl ClientAuthenticationConfig {
    /// The methods on offer.
    pub(crate) fn methods(&self) -> Vec<AuthenticationMethod> {
        let mut methods = vec![
            AuthenticationMethod::ClientSecretBasic,
            AuthenticationMethod::ClientSecretPost,
            AuthenticationMethod::PrivateKeyJwt,
        ];
        if self.client_secret_jwt {
            methods.push(AuthenticationMethod::ClientSecretJwt);
        }
        methods
    }
}
