//! The certificates of a key: `x5c` (RFC 7517 section 4.7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{JwkError, Members};

/// Most certificates of one key: more than any chain in use has.
const MAX_CERTIFICATES: usize = 16;
/// Longest certificate that is decoded, in base64 characters: twice what one with the largest keys in use takes.
const MAX_LEN: usize = 32 * 1024;

impl Members {
    /// The DER of each certificate, that of the key itself first. What is in them is not looked at.
    pub(super) fn certificates(&self) -> Result<Vec<Vec<u8>>, JwkError> {
        let values = match self.value("x5c") {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(_) => return Err(JwkError::Certificates),
        };
        if values.is_empty() || values.len() > MAX_CERTIFICATES {
            return Err(JwkError::Certificates);
        }
        let certificates = values.iter().map(|value| {
            let text = value.as_str().filter(|text| text.len() <= MAX_LEN)?;
            let der = STANDARD.decode(text).ok()?;
            (!der.is_empty()).then_some(der)
        });
        certificates
            .collect::<Option<Vec<_>>>()
            .ok_or(JwkError::Certificates)
    }
}

/// As they stand in `x5c`.
pub(super) fn written(certificates: &[Vec<u8>]) -> Vec<String> {
    certificates
        .iter()
        .map(|der| STANDARD.encode(der))
        .collect()
}
