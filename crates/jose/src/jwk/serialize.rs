//! JWK out: one order of members, and no way to write a private one.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{Jwk, JwkSet, KeyMaterial, certificates};
use crate::base64url;

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kty", self.material.key_type())?;
        if let Some(kid) = &self.kid {
            map.serialize_entry("kid", kid)?;
        }
        if let Some(key_use) = self.key_use {
            map.serialize_entry("use", key_use.name())?;
        }
        if let Some(key_ops) = &self.key_ops {
            map.serialize_entry("key_ops", key_ops)?;
        }
        if let Some(alg) = &self.alg {
            map.serialize_entry("alg", alg)?;
        }
        if !self.certificates.is_empty() {
            map.serialize_entry("x5c", &certificates::written(&self.certificates))?;
        }
        match &self.material {
            KeyMaterial::Rsa { n, e } => {
                map.serialize_entry("n", &base64url::encode(n))?;
                map.serialize_entry("e", &base64url::encode(e))?;
            }
            KeyMaterial::Ec { curve, x, y } => {
                map.serialize_entry("crv", curve.name())?;
                map.serialize_entry("x", &base64url::encode(x))?;
                map.serialize_entry("y", &base64url::encode(y))?;
            }
            KeyMaterial::Okp { curve, x } => {
                map.serialize_entry("crv", curve.name())?;
                map.serialize_entry("x", &base64url::encode(x))?;
            }
            // Its algorithm stands in `alg`: no key of this type is made without.
            KeyMaterial::Akp { public, .. } => {
                map.serialize_entry("pub", &base64url::encode(public))?;
            }
        }
        map.end()
    }
}

impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("keys", &self.keys)?;
        map.end()
    }
}

impl Jwk {
    /// The key as JSON.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "string keys and string values: serde_json has no way to fail on them"
    )]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings become JSON")
    }
}

impl JwkSet {
    /// The set as a JSON object, the form in which it is registered.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "string keys and string values: serde_json has no way to fail on them"
    )]
    pub fn to_object(&self) -> Map<String, Value> {
        let keys = serde_json::to_value(&self.keys).expect("strings become JSON");
        Map::from_iter([("keys".to_owned(), keys)])
    }

    /// The set as JSON.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "string keys and string values: serde_json has no way to fail on them"
    )]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings become JSON")
    }
}

impl KeyMaterial {
    /// `kty`.
    pub const fn key_type(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::Ec { .. } => "EC",
            Self::Okp { .. } => "OKP",
            Self::Akp { .. } => "AKP",
        }
    }
}
