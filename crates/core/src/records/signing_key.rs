//! Signing keys and their life.

use avouch_jose::{Jwk, SignatureAlgorithm};
use avouch_oauth::media_type;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A signing key as it is stored: the private half only sealed.
#[derive(Clone, Debug)]
pub struct SigningKeyRecord {
    /// The public half, with its `kid`, `use` and `alg`.
    pub public: Jwk,
    /// The one algorithm it signs with (RFC 8725 section 3.1).
    pub algorithm: SignatureAlgorithm,
    /// The one purpose it signs for.
    pub purpose: KeyPurpose,
    /// PKCS#8, sealed under the server's sealing key.
    pub sealed_private: Vec<u8>,
    /// When its life changes.
    pub schedule: KeySchedule,
}

impl SigningKeyRecord {
    /// The `kid`: the key's RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        self.public.kid().unwrap_or_default()
    }
}

/// What a key signs. A key has one purpose, so that one kind of JWT never
/// verifies as another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Introspection answers (RFC 9701).
    #[default]
    Statements,
    /// JWT access tokens (RFC 9068).
    AccessTokens,
}

impl KeyPurpose {
    /// The name it is stored and shown under.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::AccessTokens => "access_tokens",
        }
    }

    /// The `typ` of what it signs: a key of one purpose has no other header to
    /// sign under.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Statements => media_type::TOKEN_INTROSPECTION_JWT_TYP,
            Self::AccessTokens => media_type::ACCESS_TOKEN_JWT_TYP,
        }
    }
}

/// The instants at which a key's life changes. The life itself is a function
/// of these and the clock, so that every node sees the change at the same
/// instant and nothing has to run for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySchedule {
    /// Published from here on.
    pub created_at: Timestamp,
    /// Signs from here on.
    pub active_at: Timestamp,
    /// Signs no longer, is still published.
    pub retiring_at: Option<Timestamp>,
    /// Published no longer.
    pub retired_at: Option<Timestamp>,
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLife {
    /// Published, so that verifiers know it before it is used.
    Next,
    /// Signs.
    Active,
    /// Published, so that what it signed can still be checked.
    Retiring,
    /// Gone from the published set; kept for the record.
    Retired,
}

impl KeySchedule {
    /// A key that signs from its first instant: right only where no verifier
    /// can hold an older set, at the first start.
    pub const fn at_once(now: Timestamp) -> Self {
        Self {
            created_at: now,
            active_at: now,
            retiring_at: None,
            retired_at: None,
        }
    }

    /// Where the key stands at this instant.
    pub fn life(&self, now: Timestamp) -> KeyLife {
        if self.retired_at.is_some_and(|at| at <= now) {
            KeyLife::Retired
        } else if self.retiring_at.is_some_and(|at| at <= now) {
            KeyLife::Retiring
        } else if self.active_at <= now {
            KeyLife::Active
        } else {
            KeyLife::Next
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KeyLife::{Active, Next, Retired, Retiring};
    use super::*;

    #[test]
    fn a_key_lives_through_four_states() {
        let at = Timestamp::from_secs;
        let schedule = KeySchedule {
            created_at: at(0),
            active_at: at(10),
            retiring_at: Some(at(20)),
            retired_at: Some(at(30)),
        };
        let lives: Vec<_> = [0, 9, 10, 19, 20, 29, 30]
            .map(|s| schedule.life(at(s)))
            .into();
        assert_eq!(
            lives,
            [Next, Next, Active, Active, Retiring, Retiring, Retired]
        );
    }
}
