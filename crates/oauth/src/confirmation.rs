//! Sender constraint: the key a token is bound to (RFC 7800, RFC 8705, RFC 9449).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The `cnf` member.
///
/// `further` holds methods this crate does not know. A reader must not take a token that is
/// bound by such a method for an unbound one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The SHA-256 of the client certificate (RFC 8705, section 3.1).
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<Sha256Thumbprint>,
    /// The RFC 7638 thumbprint of the `DPoP` key (RFC 9449, section 6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Sha256Thumbprint>,
    /// Other confirmation methods.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// A SHA-256 value; base64url without padding on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256Thumbprint([u8; 32]);

/// The text is not base64url of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 thumbprint is 43 characters of base64url")]
pub struct ThumbprintError;

impl Confirmation {
    /// A token bound to a `DPoP` key.
    pub fn jkt(thumbprint: Sha256Thumbprint) -> Self {
        Self {
            jkt: Some(thumbprint),
            ..Self::default()
        }
    }

    /// A token bound to a client certificate.
    pub fn x5t_s256(thumbprint: Sha256Thumbprint) -> Self {
        Self {
            x5t_s256: Some(thumbprint),
            ..Self::default()
        }
    }
}

impl Sha256Thumbprint {
    /// Wraps a digest.
    pub fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Reads the wire form, strictly.
    pub fn parse(text: &str) -> Result<Self, ThumbprintError> {
        let mut digest = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut digest) {
            Ok(32) => Ok(Self(digest)),
            _ => Err(ThumbprintError),
        }
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        base64::display::Base64Display::new(&self.0, &URL_SAFE_NO_PAD).fmt(f)
    }
}

impl fmt::Debug for Sha256Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Thumbprint({self})")
    }
}

impl Serialize for Sha256Thumbprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Thumbprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RFC_9449_JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    #[test]
    fn known_members_are_typed_and_others_kept() {
        let json = format!(r#"{{"jkt":"{RFC_9449_JKT}","kid":"x"}}"#);
        let cnf: Confirmation = serde_json::from_str(&json).unwrap();
        assert_eq!(cnf.jkt.unwrap().to_string(), RFC_9449_JKT);
        assert_eq!(cnf.further.get("kid"), Some(&Value::from("x")));
        assert_eq!(serde_json::to_string(&cnf).unwrap(), json);
    }

    #[test]
    fn the_certificate_member_has_its_odd_name() {
        let cnf = Confirmation::x5t_s256(Sha256Thumbprint::from_bytes([0; 32]));
        let json = format!(r#"{{"x5t#S256":"{}"}}"#, "A".repeat(43));
        assert_eq!(serde_json::to_string(&cnf).unwrap(), json);
    }

    #[test]
    fn thumbprints_are_strict() {
        for bad in [
            "",
            "AAAA",
            &"A".repeat(42),
            &"A".repeat(44),
            &format!("{RFC_9449_JKT}="),
            &"+".repeat(43),
            &"B".repeat(43),
        ] {
            assert_eq!(
                Sha256Thumbprint::parse(bad),
                Err(ThumbprintError),
                "{bad:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn digests_survive(digest in any::<[u8; 32]>()) {
            let thumbprint = Sha256Thumbprint::from_bytes(digest);
            prop_assert_eq!(Sha256Thumbprint::parse(&thumbprint.to_string()), Ok(thumbprint));
        }

        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = Sha256Thumbprint::parse(&text);
        }
    }
}
