//! How a client or resource server proves itself: one method, with all that
//! belongs to it but its secrets.

use std::fmt;

use avouch_jose::{JwkError, JwkSet, MacAlgorithm, SignatureAlgorithm};
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::jwks_uri::JwksUri;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::KeySource;

/// Client authentication as registered (RFC 7591 section 2,
/// `token_endpoint_auth_method`). There is no way to say a method without what
/// it is checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`: a secret in the `Authorization` header.
    ClientSecretBasic,
    /// `client_secret_post`: a secret in the body.
    ClientSecretPost,
    /// `client_secret_jwt`: an assertion under a secret that both keep.
    ClientSecretJwt {
        /// The one algorithm it uses.
        algorithm: MacAlgorithm,
    },
    /// `private_key_jwt`: an assertion signed with a key of its own (RFC 7523).
    PrivateKeyJwt {
        /// Its public keys.
        keys: KeySource,
        /// `token_endpoint_auth_signing_alg`; any that is supported if left out.
        algorithm: Option<SignatureAlgorithm>,
    },
}

/// Which kind of secret a method needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Sent by its owner, so a hash is enough.
    Hashed,
    /// Never sent, so it is kept, sealed.
    Sealed,
}

/// Why a description of client authentication says nothing that works.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientAuthenticationError {
    /// A method that does not work here.
    #[error("{0} is not supported; use {SUPPORTED}")]
    Method(AuthenticationMethod),
    /// Something that this method has no use for.
    #[error("{0} has no use for {1}: leave it out")]
    Useless(AuthenticationMethod, &'static str),
    /// Neither `jwks` nor `jwks_uri`, or both.
    #[error("{0} needs jwks or jwks_uri, and not both")]
    KeySource(AuthenticationMethod),
    /// The keys are not sound.
    #[error("jwks: {0}")]
    Keys(#[from] JwkError),
    /// None of the keys verifies anything.
    #[error("no key in jwks can verify {0}: register a public key for use sig")]
    NoKeyFits(String),
    /// No such algorithm for this method.
    #[error("the signing algorithm is not supported; use one of {0}")]
    Algorithm(String),
}

/// The methods that work, for messages.
const SUPPORTED: &str =
    "client_secret_basic, client_secret_post, private_key_jwt or client_secret_jwt";

impl ClientAuthentication {
    /// The method by name.
    pub const fn method(&self) -> AuthenticationMethod {
        match self {
            Self::ClientSecretBasic => AuthenticationMethod::ClientSecretBasic,
            Self::ClientSecretPost => AuthenticationMethod::ClientSecretPost,
            Self::ClientSecretJwt { .. } => AuthenticationMethod::ClientSecretJwt,
            Self::PrivateKeyJwt { .. } => AuthenticationMethod::PrivateKeyJwt,
        }
    }

    /// Puts a method and its particulars together. `algorithm` is the name of
    /// the algorithm of assertions.
    pub fn new(
        method: AuthenticationMethod,
        algorithm: Option<&str>,
        keys: Option<KeySource>,
    ) -> Result<Self, ClientAuthenticationError> {
        let useless = |what| Err(ClientAuthenticationError::Useless(method, what));
        match (method, algorithm, keys) {
            (
                AuthenticationMethod::ClientSecretBasic | AuthenticationMethod::ClientSecretPost,
                Some(_),
                _,
            ) => useless("an algorithm of assertions"),
            (AuthenticationMethod::ClientSecretBasic, None, _) => Ok(Self::ClientSecretBasic),
            (AuthenticationMethod::ClientSecretPost, None, _) => Ok(Self::ClientSecretPost),
            (AuthenticationMethod::ClientSecretJwt, algorithm, _) => Ok(Self::ClientSecretJwt {
                algorithm: mac_algorithm(algorithm)?,
            }),
            (AuthenticationMethod::PrivateKeyJwt, algorithm, Some(keys)) => {
                let algorithm = algorithm.map(signature_algorithm).transpose()?;
                if let KeySource::Keys(set) = &keys
                    && !has_key_for(set, algorithm)
                {
                    let what = algorithm.map_or("an assertion", SignatureAlgorithm::name);
                    return Err(ClientAuthenticationError::NoKeyFits(what.to_owned()));
                }
                Ok(Self::PrivateKeyJwt { keys, algorithm })
            }
            (AuthenticationMethod::PrivateKeyJwt, _, None) => {
                Err(ClientAuthenticationError::KeySource(method))
            }
            (
                AuthenticationMethod::TlsClientAuth
                | AuthenticationMethod::SelfSignedTlsClientAuth
                | AuthenticationMethod::None,
                _,
                _,
            ) => Err(ClientAuthenticationError::Method(method)),
        }
    }

    /// The kind of secret it works with, if it works with one.
    pub const fn secret_kind(&self) -> Option<SecretKind> {
        match self {
            Self::ClientSecretBasic | Self::ClientSecretPost => Some(SecretKind::Hashed),
            Self::ClientSecretJwt { .. } => Some(SecretKind::Sealed),
            Self::PrivateKeyJwt { .. } => None,
        }
    }

    /// The public keys it is checked with, if it is.
    pub const fn keys(&self) -> Option<&KeySource> {
        match self {
            Self::PrivateKeyJwt { keys, .. } => Some(keys),
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt { .. } => None,
        }
    }

    /// The name of the algorithm of its assertions, if it is bound to one.
    pub const fn algorithm_name(&self) -> Option<&'static str> {
        match self {
            Self::ClientSecretJwt { algorithm } => Some(algorithm.name()),
            Self::PrivateKeyJwt {
                algorithm: Some(algorithm),
                ..
            } => Some(algorithm.name()),
            Self::PrivateKeyJwt {
                algorithm: None, ..
            }
            | Self::ClientSecretBasic
            | Self::ClientSecretPost => None,
        }
    }
}

/// `HS256` for want of another.
fn mac_algorithm(name: Option<&str>) -> Result<MacAlgorithm, ClientAuthenticationError> {
    name.map_or(Ok(MacAlgorithm::Hs256), |name| {
        name.parse().map_err(|_| {
            ClientAuthenticationError::Algorithm(
                MacAlgorithm::ALL.map(MacAlgorithm::name).join(", "),
            )
        })
    })
}

fn signature_algorithm(name: &str) -> Result<SignatureAlgorithm, ClientAuthenticationError> {
    name.parse().map_err(|_| {
        let names = SignatureAlgorithm::ALL.map(SignatureAlgorithm::name);
        ClientAuthenticationError::Algorithm(names.join(", "))
    })
}

fn has_key_for(set: &JwkSet, algorithm: Option<SignatureAlgorithm>) -> bool {
    let fits = |algorithm| set.keys.iter().any(|key| key.fits(algorithm));
    match algorithm {
        Some(algorithm) => fits(algorithm),
        None => SignatureAlgorithm::ALL.into_iter().any(fits),
    }
}

impl Default for ClientAuthentication {
    /// As RFC 7591 section 2 says.
    fn default() -> Self {
        Self::ClientSecretBasic
    }
}

/// As it is read from files, the admin API and the database, where the method
/// needs more than its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    method: AuthenticationMethod,
    #[serde(default)]
    signing_algorithm: Option<String>,
    #[serde(default)]
    jwks: Option<Map<String, Value>>,
    #[serde(default)]
    jwks_uri: Option<JwksUri>,
}

impl TryFrom<Written> for ClientAuthentication {
    type Error = ClientAuthenticationError;

    fn try_from(written: Written) -> Result<Self, ClientAuthenticationError> {
        let keys = match (written.jwks, written.jwks_uri) {
            (Some(_), Some(_)) => {
                return Err(ClientAuthenticationError::KeySource(written.method));
            }
            (Some(jwks), None) => Some(KeySource::Keys(JwkSet::from_registered_object(jwks)?)),
            (None, Some(uri)) => Some(KeySource::Uri(uri)),
            (None, None) => None,
        };
        let made = Self::new(
            written.method,
            written.signing_algorithm.as_deref(),
            keys.clone(),
        )?;
        if keys.is_some() && made.keys().is_none() {
            return Err(ClientAuthenticationError::Useless(written.method, "keys"));
        }
        Ok(made)
    }
}

/// A name alone, or a table with `method` and what belongs to it.
impl<'de> Deserialize<'de> for ClientAuthentication {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable)
    }
}

struct NameOrTable;

impl<'de> Visitor<'de> for NameOrTable {
    type Value = ClientAuthentication;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a method, or a table with method and what belongs to it")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<ClientAuthentication, E> {
        let method = AuthenticationMethod::deserialize(StrDeserializer::new(name))?;
        ClientAuthentication::new(method, None, None).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClientAuthentication, A::Error> {
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        written.try_into().map_err(A::Error::custom)
    }
}

impl Serialize for ClientAuthentication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (algorithm, keys) = (self.algorithm_name(), self.keys());
        if algorithm.is_none() && keys.is_none() {
            return self.method().serialize(serializer);
        }
        let mut table = serializer.serialize_map(None)?;
        table.serialize_entry("method", &self.method())?;
        if let Some(algorithm) = algorithm {
            table.serialize_entry("signing_algorithm", algorithm)?;
        }
        match keys {
            Some(KeySource::Keys(set)) => table.serialize_entry("jwks", set)?,
            Some(KeySource::Uri(uri)) => table.serialize_entry("jwks_uri", uri)?,
            None => {}
        }
        table.end()
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;
    use avouch_jose::SigningKey;
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<ClientAuthentication, serde_json::Error> {
        serde_json::from_value(value)
    }

    fn jwks() -> Value {
        let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
        json!({"keys": [key.public_jwk()]})
    }

    #[test]
    fn what_is_written_reads_back() {
        for written in [
            json!("client_secret_basic"),
            json!("client_secret_post"),
            json!({"method": "client_secret_jwt", "signing_algorithm": "HS512"}),
            json!({"method": "private_key_jwt", "jwks": jwks()}),
            json!({
                "method": "private_key_jwt", "signing_algorithm": "PS256",
                "jwks_uri": "https://rs.example/keys"
            }),
        ] {
            let once = read(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&once).unwrap(), written);
        }
        let short = json!({"method": "client_secret_basic"});
        assert_eq!(read(short).unwrap(), ClientAuthentication::default());
        let hs256 = ClientAuthentication::ClientSecretJwt {
            algorithm: MacAlgorithm::Hs256,
        };
        assert_eq!(read(json!("client_secret_jwt")).unwrap(), hs256);
    }

    #[test]
    fn nothing_is_registered_that_cannot_be_checked() {
        let both = json!({
            "method": "private_key_jwt", "jwks": jwks(), "jwks_uri": "https://rs.example/keys"
        });
        let wrong_key = json!({
            "method": "private_key_jwt", "jwks": jwks(), "signing_algorithm": "RS256"
        });
        for (bad, why) in [
            (json!("none"), "not supported"),
            (json!("private_key_jwt"), "needs jwks or jwks_uri"),
            (json!("tls"), "unknown variant"),
            (json!(5), "the name of a method"),
            (json!({}), "missing field `method`"),
            (
                json!({"method": "private_key_jwt"}),
                "needs jwks or jwks_uri",
            ),
            (
                json!({"method": "private_key_jwt", "jwks": {"keys": []}}),
                "no key in jwks",
            ),
            (both, "not both"),
            (wrong_key, "no key in jwks can verify RS256"),
            (
                json!({"method": "client_secret_basic", "jwks": jwks()}),
                "no use for keys",
            ),
            (
                json!({"method": "client_secret_post", "signing_algorithm": "HS256"}),
                "no use for an algorithm",
            ),
            (
                json!({"method": "client_secret_jwt", "signing_algorithm": "RS256"}),
                "use one of HS256",
            ),
            (
                json!({"method": "private_key_jwt", "jwks": jwks(), "signing_algorithm": "HS256"}),
                "use one of RS256",
            ),
            (
                json!({"method": "client_secret_basic", "colour": 1}),
                "unknown field",
            ),
        ] {
            let error = read(bad.clone()).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
