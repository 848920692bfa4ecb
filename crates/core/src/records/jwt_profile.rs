//! How an RS wants its answers secured.

use avouch_jose::SignatureAlgorithm;
use avouch_oauth::negotiate::{AnswerForms, AnswerPolicy, LegacyForm, Protection};
use serde::{Deserialize, Serialize};

/// The profile of one RS (RFC 9701 section 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtProfile {
    /// `introspection_signed_response_alg`.
    pub signing_algorithm: SignatureAlgorithm,
    /// Which forms of answer it may get.
    pub forms: AnswerForms,
    /// Whether it may also get the form of draft -08.
    pub legacy: LegacyForm,
}

impl JwtProfile {
    /// What the negotiation of the answer's form has to know, with the
    /// server's own policy: the stricter of the two holds.
    pub fn answer_policy(&self, server: AnswerForms) -> AnswerPolicy {
        let forms = match (self.forms, server) {
            (AnswerForms::AlwaysJwt, _) | (_, AnswerForms::AlwaysJwt) => AnswerForms::AlwaysJwt,
            (AnswerForms::JwtOnly, _) | (_, AnswerForms::JwtOnly) => AnswerForms::JwtOnly,
            (AnswerForms::JsonOrJwt, AnswerForms::JsonOrJwt) => AnswerForms::JsonOrJwt,
        };
        AnswerPolicy {
            protection: Protection::Signed,
            forms,
            legacy: self.legacy,
        }
    }
}

impl Default for JwtProfile {
    /// `RS256`, as RFC 9701 section 6 says for want of a registered value.
    fn default() -> Self {
        Self {
            signing_algorithm: SignatureAlgorithm::Rs256,
            forms: AnswerForms::default(),
            legacy: LegacyForm::default(),
        }
    }
}
