//! Encryption of statements to one RS (RFC 9701 section 6).

use std::sync::Arc;

use avouch_jose::nested::NestedJwtEncrypter;
use avouch_jose::{ContentEncryption, EncryptionKey, JwkError, JwkSet, KeyManagementAlgorithm};
use avouch_oauth::jwks_uri::JwksUri;
use serde::Deserialize;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

/// `introspection_encrypted_response_enc`, for want of another (RFC 9701 section 6).
pub const DEFAULT_ENCRYPTION: ContentEncryption = ContentEncryption::A128CbcHs256;

/// How statements are encrypted, and to which key. Keys given by value are held parsed, and one of
/// them fits: there is no encryption without a key for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct StatementEncryption {
    algorithm: KeyManagementAlgorithm,
    encryption: ContentEncryption,
    recipient: Recipient,
}

/// Where the key of the RS is found.
#[derive(Clone, Debug)]
pub enum Recipient {
    /// Registered by value (`jwks`).
    Keys {
        /// All that was registered.
        set: JwkSet,
        /// Ready with the one that fits.
        encrypter: Arc<NestedJwtEncrypter>,
    },
    /// Published by the RS (`jwks_uri`).
    Uri(JwksUri),
}

/// Why statements cannot be encrypted this way.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EncryptionProfileError {
    /// Neither `jwks` nor `jwks_uri`, or both.
    #[error("encryption needs jwks or jwks_uri, and not both")]
    KeySource,
    /// The keys are not sound.
    #[error("jwks: {0}")]
    Keys(#[from] JwkError),
    /// None of the keys can be encrypted to in this way.
    #[error(
        "no key in jwks can be used with {0}: register a public key of the right type, for use enc"
    )]
    NoKeyFits(KeyManagementAlgorithm),
}

impl StatementEncryption {
    /// To a key that the RS gives by value.
    pub fn to_keys(
        algorithm: KeyManagementAlgorithm,
        encryption: ContentEncryption,
        set: JwkSet,
    ) -> Result<Self, EncryptionProfileError> {
        let encrypter = encrypter(&set, algorithm, encryption)
            .ok_or(EncryptionProfileError::NoKeyFits(algorithm))?;
        Ok(Self {
            algorithm,
            encryption,
            recipient: Recipient::Keys {
                set,
                encrypter: Arc::new(encrypter),
            },
        })
    }

    /// To a key that the RS publishes. Whether it does shows when the key is needed.
    pub const fn to_uri(
        algorithm: KeyManagementAlgorithm,
        encryption: ContentEncryption,
        uri: JwksUri,
    ) -> Self {
        Self {
            algorithm,
            encryption,
            recipient: Recipient::Uri(uri),
        }
    }

    /// `introspection_encrypted_response_alg`.
    pub const fn algorithm(&self) -> KeyManagementAlgorithm {
        self.algorithm
    }

    /// `introspection_encrypted_response_enc`.
    pub const fn encryption(&self) -> ContentEncryption {
        self.encryption
    }

    /// To whom.
    pub const fn recipient(&self) -> &Recipient {
        &self.recipient
    }
}

/// Ready to encrypt to the key of a set that fits best. `None` if there is none.
pub fn encrypter(
    set: &JwkSet,
    algorithm: KeyManagementAlgorithm,
    encryption: ContentEncryption,
) -> Option<NestedJwtEncrypter> {
    let jwk = set.select_for_encryption(algorithm)?;
    let key = EncryptionKey::from_jwk(jwk, algorithm).ok()?;
    Some(NestedJwtEncrypter::new(key, encryption))
}

/// The keys decide who can read; those that are ready follow from them.
impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Keys { set, .. }, Self::Keys { set: other, .. }) => set == other,
            (Self::Uri(uri), Self::Uri(other)) => uri == other,
            (Self::Keys { .. }, Self::Uri(_)) | (Self::Uri(_), Self::Keys { .. }) => false,
        }
    }
}

impl Eq for Recipient {}

/// As it is read from files, the admin API and the database.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    alg: KeyManagementAlgorithm,
    #[serde(default)]
    enc: Option<ContentEncryption>,
    #[serde(default)]
    jwks: Option<Map<String, Value>>,
    #[serde(default)]
    jwks_uri: Option<JwksUri>,
}

impl TryFrom<Written> for StatementEncryption {
    type Error = EncryptionProfileError;

    fn try_from(written: Written) -> Result<Self, EncryptionProfileError> {
        let Written {
            alg,
            enc,
            jwks,
            jwks_uri,
        } = written;
        let enc = enc.unwrap_or(DEFAULT_ENCRYPTION);
        match (jwks, jwks_uri) {
            (Some(jwks), None) => Self::to_keys(alg, enc, JwkSet::from_registered_object(jwks)?),
            (None, Some(uri)) => Ok(Self::to_uri(alg, enc, uri)),
            (None, None) | (Some(_), Some(_)) => Err(EncryptionProfileError::KeySource),
        }
    }
}

impl Serialize for StatementEncryption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("StatementEncryption", 3)?;
        members.serialize_field("alg", &self.algorithm)?;
        members.serialize_field("enc", &self.encryption)?;
        match &self.recipient {
            Recipient::Keys { set, .. } => members.serialize_field("jwks", set)?,
            Recipient::Uri(uri) => members.serialize_field("jwks_uri", uri)?,
        }
        members.end()
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;
    use avouch_jose::DecryptionKey;
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<StatementEncryption, serde_json::Error> {
        serde_json::from_value(value)
    }

    fn key(algorithm: KeyManagementAlgorithm) -> Value {
        let key = DecryptionKey::generate(algorithm, &SystemRandom).unwrap();
        serde_json::to_value(key.public_jwk()).unwrap()
    }

    #[test]
    fn row_9701_6_07_the_content_encryption_left_out_is_a128cbc_hs256() {
        let keys = json!({"keys": [key(KeyManagementAlgorithm::EcdhEs)]});
        let read = read(json!({"alg": "ECDH-ES", "jwks": keys})).unwrap();
        assert_eq!(read.encryption(), ContentEncryption::A128CbcHs256);
    }

    #[test]
    fn row_9701_3_06_there_is_no_encryption_without_a_key_that_fits() {
        let agreement = key(KeyManagementAlgorithm::EcdhEs);
        let mut to_sign = agreement.clone();
        to_sign["use"] = json!("sig");
        for jwks in [
            json!({"keys": []}),
            json!({"keys": [agreement]}),
            json!({"keys": [to_sign]}),
        ] {
            assert!(read(json!({"alg": "RSA-OAEP-256", "jwks": jwks})).is_err());
        }
        assert!(read(json!({"alg": "ECDH-ES", "jwks": {"keys": [to_sign]}})).is_err());
        assert!(read(json!({"alg": "ECDH-ES"})).is_err());
        let both = json!({
            "alg": "ECDH-ES", "jwks": {"keys": [agreement]}, "jwks_uri": "https://rs.example/k"
        });
        assert!(read(both).is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        let keys = json!({"keys": [key(KeyManagementAlgorithm::EcdhEsA128Kw)]});
        for written in [
            json!({"alg": "ECDH-ES+A128KW", "enc": "A256GCM", "jwks": keys}),
            json!({"alg": "RSA-OAEP", "enc": "A128GCM", "jwks_uri": "https://rs.example/keys"}),
        ] {
            let once = read(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&once).unwrap(), written);
            assert_eq!(read(written).unwrap(), once);
        }
    }
}
