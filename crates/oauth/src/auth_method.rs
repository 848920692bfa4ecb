//! The names of client authentication methods (RFC 7591, RFC 8705, OpenID Connect Core).

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! authentication_methods {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// How a client or resource server proves who it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum AuthenticationMethod {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl AuthenticationMethod {
            /// Every method that has a name here; which of them work is the server's affair.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as it stands in metadata.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

authentication_methods! {
    /// A secret in the `Authorization` header.
    ClientSecretBasic = "client_secret_basic",
    /// A secret in the request body.
    ClientSecretPost = "client_secret_post",
    /// A JWT signed with the client's private key (RFC 7523).
    PrivateKeyJwt = "private_key_jwt",
    /// A JWT authenticated with the shared secret.
    ClientSecretJwt = "client_secret_jwt",
    /// A certificate from a known authority (RFC 8705, section 2.1).
    TlsClientAuth = "tls_client_auth",
    /// A certificate registered beforehand (RFC 8705, section 2.2).
    SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
    /// No proof at all: a public client.
    None = "none",
}

impl AuthenticationMethod {
    /// Whether it needs a certificate on the connection (RFC 8705, section 2).
    pub const fn is_mutual_tls(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }
}

impl fmt::Display for AuthenticationMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_json_agree() {
        for method in AuthenticationMethod::ALL {
            let json = format!("\"{method}\"");
            assert_eq!(serde_json::to_string(method).unwrap(), json);
            assert_eq!(
                serde_json::from_str::<AuthenticationMethod>(&json).unwrap(),
                *method
            );
        }
        assert!(serde_json::from_str::<AuthenticationMethod>("\"Client_Secret_Basic\"").is_err());
    }
}
