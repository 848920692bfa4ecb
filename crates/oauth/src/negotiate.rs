//! Which form an introspection answer takes: the caller's `Accept`, the resource server's (RS)
//! profile and the server's policy together (RFC 9701, section 5).
//!
//! The decision needs no token, so it falls before any look-up: a refusal tells nothing.

use std::fmt;

use crate::accept::{Accept, Quality, Specificity};
use serde::{Deserialize, Serialize};

/// The form of an answer. The content type follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseFormat {
    /// `application/json` (RFC 7662).
    Json,
    /// `application/token-introspection+jwt` (RFC 9701).
    Jwt,
    /// `application/jwt`, the shape of draft -08.
    LegacyJwt,
}

/// What this RS may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerPolicy {
    /// How answers to this RS are protected.
    pub protection: Protection,
    /// Which forms are on offer.
    pub forms: AnswerForms,
    /// Whether the form of draft -08 is on offer too.
    pub legacy: LegacyForm,
    /// Whether this server answers nobody who is not set up for encryption.
    pub encrypted_only: bool,
}

/// How the JWT answers of an RS are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Signed.
    #[default]
    Signed,
    /// Signed, then encrypted. Such an RS gets nothing unless it names a JWT type or is always
    /// answered with one.
    SignedAndEncrypted,
}

/// Which forms of answer are on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerForms {
    /// JSON and JWT; JSON unless a JWT is asked for.
    #[default]
    JsonOrJwt,
    /// JWT alone; a caller that will take only JSON is refused.
    JwtOnly,
    /// JWT alone, whatever `Accept` says: the form of RFC 9701, or that of draft -08 where it is
    /// switched on and the newer one is not named.
    AlwaysJwt,
}

/// Whether the answer of draft -08 is on offer, to those who ask for `application/jwt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegacyForm {
    /// The default, and the only choice in FAPI mode.
    #[default]
    Off,
    /// For RSs that know nothing newer.
    On,
}

/// Why there is no form to answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// Nothing on offer is acceptable to the caller: 406.
    #[error("none of the media types on offer is acceptable; ask for {0}")]
    NotAcceptable(Offer),
    /// JSON would do for the caller, but only JWT is on offer: 406 too.
    #[error("ask for application/token-introspection+jwt: plain answers are switched off here")]
    JwtRequired,
    /// This RS is set up for encryption and did not name a JWT type: 400 `invalid_request`.
    #[error("ask for application/token-introspection+jwt: this caller gets encrypted answers only")]
    EncryptedRequired,
    /// This server gives encrypted answers alone, and this RS has registered no encryption: 400
    /// `invalid_request`.
    #[error(
        "this server gives encrypted answers only: register introspection_encrypted_response_alg \
         and a key for it"
    )]
    NotSetUpForEncryption,
}

/// The media types that an RS may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    json: bool,
    legacy: bool,
}

impl Offer {
    fn of(policy: AnswerPolicy) -> Self {
        Self {
            json: policy.protection == Protection::Signed && policy.forms == AnswerForms::JsonOrJwt,
            legacy: policy.legacy == LegacyForm::On,
        }
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ResponseFormat::Jwt.media_type())?;
        for (offered, format) in [
            (self.legacy, ResponseFormat::LegacyJwt),
            (self.json, ResponseFormat::Json),
        ] {
            if offered {
                write!(f, " or {}", format.media_type())?;
            }
        }
        Ok(())
    }
}

impl ResponseFormat {
    /// The content type of the answer, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => crate::media_type::JSON,
            Self::Jwt => crate::media_type::TOKEN_INTROSPECTION_JWT,
            Self::LegacyJwt => crate::media_type::JWT,
        }
    }
}

/// Chooses the form of the answer.
///
/// - Where only encrypted answers are given, an RS that cannot get one is refused at once.
/// - An RS that is always answered with a JWT gets one whatever it asks for.
/// - An RS set up for encryption must name a JWT type.
/// - Else the most welcome form wins. On a tie a JWT wins if its type is named, the newer one
///   first; else JSON, so that wildcards mean JSON.
/// - Where only JWT is on offer, a wildcard or a missing header is content with it.
pub fn negotiate(
    accept: &Accept<'_>,
    policy: &AnswerPolicy,
) -> Result<ResponseFormat, NegotiationError> {
    let encrypted = policy.protection == Protection::SignedAndEncrypted;
    if policy.encrypted_only && !encrypted {
        return Err(NegotiationError::NotSetUpForEncryption);
    }
    let json = Welcome::of(accept, ResponseFormat::Json);
    let jwt = Welcome::of(accept, ResponseFormat::Jwt);
    let legacy = match policy.legacy {
        LegacyForm::On => Welcome::of(accept, ResponseFormat::LegacyJwt),
        LegacyForm::Off => None,
    };
    let not_acceptable = || NegotiationError::NotAcceptable(Offer::of(*policy));
    let any = [json, jwt, legacy].into_iter().flatten();
    let jwts = [jwt, legacy].into_iter().flatten();
    let named = jwts.clone().filter(|form: &Welcome| form.is_named());

    match policy.forms {
        AnswerForms::AlwaysJwt => Ok(best(named).unwrap_or(match policy.legacy {
            LegacyForm::On => ResponseFormat::LegacyJwt,
            LegacyForm::Off => ResponseFormat::Jwt,
        })),
        AnswerForms::JsonOrJwt | AnswerForms::JwtOnly if encrypted => {
            best(named).ok_or_else(|| match any.count() {
                0 => not_acceptable(),
                _ => NegotiationError::EncryptedRequired,
            })
        }
        AnswerForms::JsonOrJwt => best(any).ok_or_else(not_acceptable),
        AnswerForms::JwtOnly => best(jwts).ok_or_else(|| match json {
            Some(_) => NegotiationError::JwtRequired,
            None => not_acceptable(),
        }),
    }
}

/// A form the caller will take, and how gladly.
#[derive(Debug, Clone, Copy)]
struct Welcome {
    format: ResponseFormat,
    quality: Quality,
    specificity: Specificity,
}

impl Welcome {
    /// `None` if no range covers the form or the one that does has `q=0`.
    fn of(accept: &Accept<'_>, format: ResponseFormat) -> Option<Self> {
        let (main, sub) = format.media_type().split_once('/')?;
        let found = accept.quality(main, sub)?;
        (found.quality > Quality::ZERO).then_some(Self {
            format,
            quality: found.quality,
            specificity: found.specificity,
        })
    }

    fn is_named(self) -> bool {
        self.specificity == Specificity::Named
    }

    /// The order among equally welcome forms.
    fn rank(self) -> u8 {
        match (self.format, self.is_named()) {
            (ResponseFormat::Jwt, true) => 4,
            (ResponseFormat::LegacyJwt, true) => 3,
            (ResponseFormat::Json, _) => 2,
            (ResponseFormat::Jwt, false) => 1,
            (ResponseFormat::LegacyJwt, false) => 0,
        }
    }
}

fn best(forms: impl Iterator<Item = Welcome>) -> Option<ResponseFormat> {
    forms
        .max_by_key(|form| (form.quality, form.rank()))
        .map(|form| form.format)
}

#[cfg(test)]
mod tests;
