//! `[client_authentication]`

use avouch_oauth::auth_method::AuthenticationMethod;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MtlsConfig;
use super::bounded::Seconds;
use super::conflict::Conflict;

/// How clients and resource servers prove who they are. Each is registered for
/// one method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientAuthenticationConfig {
    /// The methods on offer. Callers registered for another are refused until
    /// it is on offer again. `client_secret_jwt` is not among them by default:
    /// its secrets have to be kept, sealed, because a hash would not do to
    /// check assertions with; nor are `tls_client_auth` and
    /// `self_signed_tls_client_auth`, which need certificates (`[mtls]`), the
    /// first an authority for them too. FAPI 2.0 (section 5.3.2.1) leaves
    /// `private_key_jwt` and certificates.
    pub methods: Vec<MethodName>,
    /// Seconds ahead that the `exp` of a client assertion may be. Until then
    /// its `jti` is remembered, so that it is good once.
    pub longest_assertion: Seconds<1, 3600>,
    /// Take the URLs of the token, introspection and revocation endpoints for
    /// the `aud` of an assertion as well, as was usual before RFC 10070. Whoever
    /// runs another server that takes such a URL could then use the assertion
    /// here.
    pub endpoint_audiences: bool,
    /// Refuse an `aud` that is a list, even of the issuer alone, as FAPI 2.0
    /// (section 5.3.2.1) wants it.
    pub string_audience_only: bool,
}

/// A method by its registered name (RFC 7591 section 2, RFC 8705 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(
    missing_docs,
    reason = "the names are those of the registry and say it all"
)]
pub enum MethodName {
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
    ClientSecretJwt,
    TlsClientAuth,
    SelfSignedTlsClientAuth,
}

impl Default for ClientAuthenticationConfig {
    fn default() -> Self {
        Self {
            methods: vec![
                MethodName::ClientSecretBasic,
                MethodName::ClientSecretPost,
                MethodName::PrivateKeyJwt,
            ],
            longest_assertion: const { Seconds::literal(300) },
            endpoint_audiences: false,
            string_audience_only: false,
        }
    }
}

impl MethodName {
    /// Every method that works here.
    pub const ALL: [Self; 6] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
        Self::ClientSecretJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
    ];

    /// The method of this name.
    pub const fn method(self) -> AuthenticationMethod {
        match self {
            Self::ClientSecretBasic => AuthenticationMethod::ClientSecretBasic,
            Self::ClientSecretPost => AuthenticationMethod::ClientSecretPost,
            Self::PrivateKeyJwt => AuthenticationMethod::PrivateKeyJwt,
            Self::ClientSecretJwt => AuthenticationMethod::ClientSecretJwt,
            Self::TlsClientAuth => AuthenticationMethod::TlsClientAuth,
            Self::SelfSignedTlsClientAuth => AuthenticationMethod::SelfSignedTlsClientAuth,
        }
    }
}

impl ClientAuthenticationConfig {
    /// The methods on offer, each once.
    pub(crate) fn methods(&self) -> Vec<AuthenticationMethod> {
        let mut methods = Vec::new();
        for name in &self.methods {
            if !methods.contains(&name.method()) {
                methods.push(name.method());
            }
        }
        methods
    }

    pub(super) fn conflicts(&self, mtls: &MtlsConfig, found: &mut Vec<Conflict>) {
        if self.methods.is_empty() {
            found.push(Conflict {
                keys: &["client_authentication.methods"],
                message: "without any method nobody can authenticate: name at least one".into(),
            });
        }
        let mut certificates = self.methods.iter().map(|name| name.method());
        let certificates = certificates.find(|method| method.is_mutual_tls());
        if let Some(method) = certificates
            && mtls.listen.is_none()
            && !mtls.client_cert_header
        {
            found.push(Conflict {
                keys: &["client_authentication.methods", "mtls.listen"],
                message: format!(
                    "{method} needs certificates, and nobody is asked for one; set `listen` in \
                     [mtls], or `client_cert_header` behind a proxy that forwards them"
                ),
            });
        }
        if self.methods.contains(&MethodName::TlsClientAuth) && mtls.ca_file.is_none() {
            found.push(Conflict {
                keys: &["client_authentication.methods", "mtls.ca_file"],
                message: "tls_client_auth needs an authority that vouches for certificates; name \
                          it in `ca_file` in [mtls]"
                    .into(),
            });
        }
        if self.endpoint_audiences && self.string_audience_only {
            found.push(Conflict {
                keys: &[
                    "client_authentication.endpoint_audiences",
                    "client_authentication.string_audience_only",
                ],
                message: "`string_audience_only` is for those who take the issuer alone, which \
                          `endpoint_audiences` gives up: leave one of them out"
                    .into(),
            });
        }
    }
}
