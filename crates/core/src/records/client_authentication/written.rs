//! The written form: in files, in the admin API and in the database.

use std::fmt;

use avouch_jose::JwkSet;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::jwks_uri::JwksUri;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{ClientAuthentication, ClientAuthenticationError, Particulars};
use crate::records::{CertificateName, KeySource};

/// A table, where the method needs more than its name.
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
    #[serde(default)]
    tls_client_auth_subject_dn: Option<String>,
    #[serde(default)]
    tls_client_auth_san_dns: Option<String>,
    #[serde(default)]
    tls_client_auth_san_uri: Option<String>,
    #[serde(default)]
    tls_client_auth_san_ip: Option<String>,
    #[serde(default)]
    tls_client_auth_san_email: Option<String>,
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
        let has_keys = keys.is_some();
        let certificate_name = CertificateName::at_most_one([
            written.tls_client_auth_subject_dn.as_deref(),
            written.tls_client_auth_san_dns.as_deref(),
            written.tls_client_auth_san_uri.as_deref(),
            written.tls_client_auth_san_ip.as_deref(),
            written.tls_client_auth_san_email.as_deref(),
        ])?;
        let particulars = Particulars {
            algorithm: written.signing_algorithm.as_deref(),
            keys,
            certificate_name,
        };
        let made = Self::new(written.method, particulars)?;
        if has_keys && made.keys().is_none() {
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
        ClientAuthentication::new(method, Particulars::default()).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClientAuthentication, A::Error> {
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        written.try_into().map_err(A::Error::custom)
    }
}

impl Serialize for ClientAuthentication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (algorithm, keys) = (self.algorithm_name(), self.keys());
        let name = self.certificate_name();
        if algorithm.is_none() && keys.is_none() && name.is_none() {
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
        if let Some(name) = name {
            table.serialize_entry(name.kind().member(), &name.to_string())?;
        }
        table.end()
    }
}
