//! How an RS wants its answers secured.

use avouch_jose::SignatureAlgorithm;
use avouch_oauth::introspection::StatementTyp;
use avouch_oauth::negotiate::{AnswerForms, AnswerPolicy, LegacyForm, Protection};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::StatementEncryption;

/// The profile of one RS (RFC 9701 section 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JwtProfile {
    /// `introspection_signed_response_alg`; `RS256` for want of another.
    pub signing_algorithm: SignatureAlgorithm,
    /// How its statements are encrypted; signed alone if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<StatementEncryption>,
    /// Which forms of answer it may get: `json_or_jwt`, `jwt_only` or `always_jwt`.
    pub forms: AnswerForms,
    /// Whether it may also get the form of draft -08: `off` or `on`.
    pub legacy: LegacyForm,
    /// The `typ` of its statements, where it cannot take the registered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<StatementTyp>,
    /// Claims beside `token_introspection`; none unless it asks for them.
    #[serde(skip_serializing_if = "StatementMembers::is_empty")]
    pub members: StatementMembers,
}

/// Which optional claims stand at the top level of a statement (RFC 9701 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatementMembers {
    /// `jti`: the name of the statement.
    pub jti: bool,
    /// `ath`: the hash of the token asked about (RFC 9449 section 4.2).
    pub ath: bool,
    /// `nonce`: that of the request, where it has one.
    pub nonce: bool,
}

/// What no profile may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// The draft -08 answer has the one `typ` of the draft.
    #[error("legacy answers keep the typ of draft -08: leave out typ or legacy")]
    LegacyWithTyp,
    /// In the draft -08 answer `jti` is the token's, and members cannot be told from claims.
    #[error("legacy answers have no room for jti, ath and nonce: leave out members or legacy")]
    LegacyWithMembers,
}

/// What the server itself insists on, whoever asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerAnswers {
    /// Which forms are on offer.
    pub forms: AnswerForms,
    /// Whether whoever is not set up for encryption is refused.
    pub encrypted_only: bool,
}

impl JwtProfile {
    /// Checks what the types cannot say.
    pub fn check(&self) -> Result<(), ProfileError> {
        match self.legacy {
            LegacyForm::On if self.typ.is_some() => Err(ProfileError::LegacyWithTyp),
            LegacyForm::On if !self.members.is_empty() => Err(ProfileError::LegacyWithMembers),
            LegacyForm::On | LegacyForm::Off => Ok(()),
        }
    }

    /// What the negotiation of the answer's form has to know, with the
    /// server's own policy: the stricter of the two holds.
    pub fn answer_policy(&self, server: ServerAnswers) -> AnswerPolicy {
        let forms = match (self.forms, server.forms) {
            (AnswerForms::AlwaysJwt, _) | (_, AnswerForms::AlwaysJwt) => AnswerForms::AlwaysJwt,
            (AnswerForms::JwtOnly, _) | (_, AnswerForms::JwtOnly) => AnswerForms::JwtOnly,
            (AnswerForms::JsonOrJwt, AnswerForms::JsonOrJwt) => AnswerForms::JsonOrJwt,
        };
        AnswerPolicy {
            protection: match self.encryption {
                None => Protection::Signed,
                Some(_) => Protection::SignedAndEncrypted,
            },
            forms,
            legacy: self.legacy,
            encrypted_only: server.encrypted_only,
        }
    }
}

impl StatementMembers {
    /// Whether none is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for JwtProfile {
    /// `RS256`, as RFC 9701 section 6 says for want of a registered value.
    fn default() -> Self {
        Self {
            signing_algorithm: SignatureAlgorithm::Rs256,
            encryption: None,
            forms: AnswerForms::default(),
            legacy: LegacyForm::default(),
            typ: None,
            members: StatementMembers::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_d08_14_the_draft_form_goes_with_no_other_switch() {
        let legacy = JwtProfile {
            legacy: LegacyForm::On,
            ..JwtProfile::default()
        };
        assert_eq!(legacy.check(), Ok(()));
        let named = JwtProfile {
            typ: Some(StatementTyp::new("JWT").unwrap()),
            ..legacy.clone()
        };
        assert_eq!(named.check(), Err(ProfileError::LegacyWithTyp));
        let hashed = JwtProfile {
            members: StatementMembers {
                ath: true,
                ..StatementMembers::default()
            },
            ..legacy
        };
        assert_eq!(hashed.check(), Err(ProfileError::LegacyWithMembers));
    }
}
