//! Signing keys.

use avouch_core::records::{KeyLife, KeyPurpose};
use avouch_jose::SignatureAlgorithm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// Every key, the retired ones too, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<KeyEntry>,
}

/// A signing key, without its private half.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KeyEntry {
    /// Its `kid`: the RFC 7638 thumbprint.
    pub kid: String,
    /// The one algorithm it signs with.
    #[schemars(with = "schema::Algorithm")]
    pub algorithm: SignatureAlgorithm,
    /// The one purpose it signs for.
    #[schemars(with = "schema::Purpose")]
    pub purpose: KeyPurpose,
    /// Where it stands now.
    #[schemars(with = "schema::Life")]
    pub life: KeyLife,
    /// Published from here on.
    pub created_at: u64,
    /// Signs from here on.
    pub active_at: u64,
    /// Signs no longer, is still published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retiring_at: Option<u64>,
    /// Published no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<u64>,
}

/// Orders a successor for the key that now signs with an algorithm.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// What the key signs; `statements` if left out.
    #[serde(default)]
    #[schemars(with = "schema::Purpose")]
    pub purpose: KeyPurpose,
    /// Which.
    #[schemars(with = "schema::Algorithm")]
    pub algorithm: SignatureAlgorithm,
    /// For a key that others may hold: the new one signs at once, and every
    /// older one of this algorithm is withdrawn at once. What they signed can
    /// no longer be checked against the published set.
    #[serde(default)]
    pub at_once: bool,
}
