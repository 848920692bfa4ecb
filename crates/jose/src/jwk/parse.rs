//! JWK in.

use avouch_crypto::{
    PublicKey, PublicKeyParts, PublicKeyRejected,
    key_agreement::{AgreementCurve, AgreementPublicKey},
};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use super::{AkpAlgorithm, EcCurve, Jwk, JwkError, KeyMaterial, KeyUse, Members, OkpCurve};
use crate::{SignatureAlgorithm, strict_json::Strict};

/// Members that only private and symmetric keys have (RFC 7518 sections 6.2.2, 6.3.2, 6.4; RFC 8037; RFC 9964).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

impl Jwk {
    /// Parses a public key. A key with private members is refused: whoever sent it has given it away.
    pub fn parse_public(json: &[u8]) -> Result<Self, JwkError> {
        Self::from_members(&Members::parse(json)?)
    }

    /// The same, from an object that [`strict_json::object`](crate::strict_json::object) has parsed.
    pub fn from_object(members: Map<String, Value>) -> Result<Self, JwkError> {
        Self::from_members(&Members::new(members))
    }

    fn from_members(members: &Members) -> Result<Self, JwkError> {
        if members.required("kty")? == "oct" {
            return Err(JwkError::Symmetric);
        }
        if let Some(member) = PRIVATE_MEMBERS.into_iter().find(|name| members.has(name)) {
            return Err(JwkError::PrivateMember(member));
        }
        Self::public_half(members)
    }

    /// The public half of a key, whatever else stands beside it.
    pub(crate) fn public_half(members: &Members) -> Result<Self, JwkError> {
        let material = material(members)?;
        let key_use = key_use(members)?;
        let key_ops = members.optional_strings("key_ops")?;
        check_operations(key_use, key_ops.as_deref())?;
        Ok(Self {
            kid: members.optional("kid")?.map(str::to_owned),
            key_use,
            key_ops,
            alg: members.optional("alg")?.map(str::to_owned),
            certificates: members.certificates()?,
            material,
        })
    }
}

fn material(members: &Members) -> Result<KeyMaterial, JwkError> {
    let material = match members.required("kty")? {
        "RSA" => KeyMaterial::Rsa {
            n: members.number("n")?,
            e: members.number("e")?,
        },
        "EC" => {
            let curve = match members.required("crv")? {
                "P-256" => EcCurve::P256,
                "P-384" => EcCurve::P384,
                "P-521" => EcCurve::P521,
                _ => return Err(JwkError::UnsupportedCurve),
            };
            KeyMaterial::Ec {
                curve,
                x: members.number("x")?,
                y: members.number("y")?,
            }
        }
        "OKP" => {
            let curve = match members.required("crv")? {
                "Ed25519" => OkpCurve::Ed25519,
                "X25519" => OkpCurve::X25519,
                _ => return Err(JwkError::UnsupportedCurve),
            };
            KeyMaterial::Okp {
                curve,
                x: members.number("x")?,
            }
        }
        "AKP" => {
            let algorithm = match members.required("alg")? {
                "ML-DSA-44" => AkpAlgorithm::MlDsa44,
                "ML-DSA-65" => AkpAlgorithm::MlDsa65,
                "ML-DSA-87" => AkpAlgorithm::MlDsa87,
                _ => return Err(JwkError::UnsupportedAkpAlgorithm),
            };
            KeyMaterial::Akp {
                algorithm,
                public: members.number("pub")?,
            }
        }
        _ => return Err(JwkError::UnsupportedKeyType),
    };
    check(&material)?;
    Ok(material)
}

/// Refuses a key that no operation would accept: a short one, a point off the curve or of small order.
fn check(material: &KeyMaterial) -> Result<(), PublicKeyRejected> {
    let parts = material.parts();
    if let PublicKeyParts::X25519 { .. } = parts {
        let key = AgreementPublicKey::from_parts(AgreementCurve::X25519, &parts)?;
        return if key.has_small_order() {
            Err(PublicKeyRejected::SmallOrder)
        } else {
            Ok(())
        };
    }
    // The checks do not depend on the hash or the padding: any algorithm for this kind of key will do.
    let algorithm = SignatureAlgorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.fits(material));
    let scheme = algorithm.ok_or(PublicKeyRejected::WrongKind)?.scheme();
    PublicKey::from_parts(scheme, &parts).map(drop)
}

fn key_use(members: &Members) -> Result<Option<KeyUse>, JwkError> {
    match members.optional("use")? {
        None => Ok(None),
        Some("sig") => Ok(Some(KeyUse::Signature)),
        Some("enc") => Ok(Some(KeyUse::Encryption)),
        Some(_) => Err(JwkError::UnsupportedUse),
    }
}

/// RFC 7517 section 4.3: no repetition; beside `use`, both say the same.
fn check_operations(
    key_use: Option<KeyUse>,
    operations: Option<&[String]>,
) -> Result<(), JwkError> {
    let Some(operations) = operations else {
        return Ok(());
    };
    let repeats = operations.iter().enumerate().any(|(index, operation)| {
        operations
            .iter()
            .skip(index + 1)
            .any(|later| later == operation)
    });
    let contradicts = operations.iter().any(|operation| match operation.as_str() {
        "sign" | "verify" => key_use == Some(KeyUse::Encryption),
        "encrypt" | "decrypt" | "wrapKey" | "unwrapKey" | "deriveKey" | "deriveBits" => {
            key_use == Some(KeyUse::Signature)
        }
        _ => false,
    });
    if repeats || contradicts {
        Err(JwkError::InconsistentOperations)
    } else {
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Jwk {
    /// As strict as [`Jwk::parse_public`], for a key that is a field of something else.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Strict::deserialize(deserializer)?.0 {
            Value::Object(members) => Self::from_object(members).map_err(de::Error::custom),
            _ => Err(de::Error::custom("a JWK is a JSON object")),
        }
    }
}

#[cfg(test)]
mod tests;
