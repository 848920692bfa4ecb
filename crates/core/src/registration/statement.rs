//! Software statements (RFC 7591 section 2.3): whose word about software
//! counts, and what it may approve.

use avouch_jose::{JwkSet, SignatureAlgorithm};
use avouch_oauth::software_statement::{StatementExpectations, UnverifiedStatement};

use super::RegistrationError;
use crate::records::{Allowance, SoftwareStatement};
use crate::time::Timestamp;

/// Somebody whose software statements count.
#[derive(Clone, Debug)]
pub struct StatementIssuer {
    /// The `iss` of its statements, compared character by character.
    pub issuer: String,
    /// The keys it signs statements with.
    pub keys: JwkSet,
    /// The algorithms it may sign with.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// What its statements approve: the same as an initial access token would.
    pub allowance: Allowance,
}

/// Everybody whose software statements count. Where there is nobody, statements
/// are not supported, and ignored as RFC 7591 section 2.3 says.
#[derive(Clone, Debug, Default)]
pub struct TrustedStatements {
    /// Who.
    pub issuers: Vec<StatementIssuer>,
    /// Our names: a statement with an `aud` has one of them in it.
    pub audiences: Vec<String>,
}

impl TrustedStatements {
    /// Whether anybody is trusted.
    pub fn are_supported(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// What the statements of this issuer approve.
    pub(super) fn allowance_of(&self, issuer: &str) -> Option<&Allowance> {
        self.issuer(issuer).map(|trusted| &trusted.allowance)
    }

    /// Verifies a statement with the keys of the issuer that it names.
    pub(super) fn verify(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<SoftwareStatement, RegistrationError> {
        let invalid = |error: avouch_oauth::software_statement::SoftwareStatementError| {
            RegistrationError::InvalidStatement(error.to_string())
        };
        let unverified = UnverifiedStatement::parse(text).map_err(invalid)?;
        let Some(trusted) = self.issuer(unverified.claimed_issuer()) else {
            return Err(RegistrationError::UnapprovedStatement(
                "the issuer of the software statement is not trusted here".to_owned(),
            ));
        };
        let audiences: Vec<_> = self.audiences.iter().map(String::as_str).collect();
        let expected = StatementExpectations {
            keys: &trusted.keys,
            algorithms: &trusted.algorithms,
            audiences: &audiences,
            now: now.numeric_date(),
        };
        let metadata = unverified.verify(&expected).map_err(invalid)?;
        Ok(SoftwareStatement {
            text: text.to_owned(),
            issuer: trusted.issuer.clone(),
            metadata,
        })
    }

    fn issuer(&self, issuer: &str) -> Option<&StatementIssuer> {
        self.issuers.iter().find(|trusted| trusted.issuer == issuer)
    }
}
