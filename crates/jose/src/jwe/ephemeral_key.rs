//! What a header says of the sender's half of an agreement (RFC 7518 section 4.6.1).

use avouch_crypto::{
    PublicKeyParts, PublicKeyRejected,
    key_agreement::{AgreementCurve, AgreementPublicKey},
};
use serde_json::{Map, Value};

use super::ParseError;
use crate::{
    base64url,
    jwk::{JwkError, Members},
};

/// Longest `apu` and `apv`, in base64url characters. They name the parties.
const MAX_PARTY_LEN: usize = 1024;

/// The sender's half, with what both parties put into the agreed key.
pub(super) struct SendersHalf {
    pub(super) epk: AgreementPublicKey,
    pub(super) apu: Vec<u8>,
    pub(super) apv: Vec<u8>,
}

/// What is wrong with an `epk`. It is no secret, so this may be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EphemeralKeyError {
    /// Not there, or not an object.
    #[error("`epk` is missing or not an object")]
    Missing,
    /// A member is missing, malformed, private or of a curve that is not supported.
    #[error("`epk` is not a public key of a supported curve: {0}")]
    Jwk(JwkError),
    /// The coordinates are not those of a point on the curve.
    #[error("`epk` is not sound: {0}")]
    Unsound(#[from] PublicKeyRejected),
}

impl SendersHalf {
    pub(super) fn take(header: &mut Map<String, Value>) -> Result<Self, ParseError> {
        Ok(Self {
            epk: epk(header.remove("epk"))?,
            apu: party(header, "apu")?,
            apv: party(header, "apv")?,
        })
    }
}

fn epk(value: Option<Value>) -> Result<AgreementPublicKey, EphemeralKeyError> {
    let Some(Value::Object(members)) = value else {
        return Err(EphemeralKeyError::Missing);
    };
    let (curve, parts) = coordinates(&Members::new(members)).map_err(EphemeralKeyError::Jwk)?;
    Ok(AgreementPublicKey::from_parts(curve, &parts)?)
}

fn coordinates(members: &Members) -> Result<(AgreementCurve, PublicKeyParts), JwkError> {
    // A sender that shows the private half has shown everyone the content.
    if members.has("d") {
        return Err(JwkError::PrivateMember("d"));
    }
    let curve = match (members.required("kty")?, members.required("crv")?) {
        ("EC", "P-256") => AgreementCurve::P256,
        ("EC", "P-384") => AgreementCurve::P384,
        ("EC", "P-521") => AgreementCurve::P521,
        ("OKP", "X25519") => {
            let x = members.number("x")?;
            return Ok((AgreementCurve::X25519, PublicKeyParts::X25519 { x }));
        }
        ("EC" | "OKP", _) => return Err(JwkError::UnsupportedCurve),
        _ => return Err(JwkError::UnsupportedKeyType),
    };
    let (x, y) = (members.number("x")?, members.number("y")?);
    Ok((curve, PublicKeyParts::Ec { x, y }))
}

fn party(header: &mut Map<String, Value>, name: &'static str) -> Result<Vec<u8>, ParseError> {
    match header.remove(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if text.len() <= MAX_PARTY_LEN => {
            base64url::decode(text).map_err(|source| ParseError::Base64url { part: name, source })
        }
        Some(_) => Err(ParseError::HeaderMember(name)),
    }
}
