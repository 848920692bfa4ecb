//! Errors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every error answer has this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorAnswer {
    /// A code for programs, such as `invalid_request`, `not_found` or `conflict`.
    pub error: String,
    /// What is wrong and what to do about it, for people.
    #[serde(default)]
    pub error_description: String,
}

impl ErrorAnswer {
    pub(crate) fn new(error: &str, description: impl Into<String>) -> Self {
        Self {
            error: error.to_owned(),
            error_description: description.into(),
        }
    }
}
