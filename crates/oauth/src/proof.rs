//! What client assertions and `DPoP` proofs have in common: both are small JWTs, made afresh by a
//! client for one request, and used once.

use avouch_crypto::random::{self, RandomError, SecureRandom};
use avouch_jose::strict_json::{self, JsonError};
use avouch_jose::{SignError, base64url};
use serde_json::{Map, Value};

/// How long an assertion or proof may be, in bytes: room for the largest keys and signatures.
pub const MAX_PROOF_LENGTH: usize = 16 * 1024;
/// How long a `jti` may be, in bytes. It is kept until the JWT expires.
pub const MAX_JTI_LENGTH: usize = 256;
/// How many seconds a `nbf` or `iat` may lie in the future. FAPI 2.0, section 5.3.2.1, has 10
/// accepted and more than 60 refused; between them, so that a client whose clock is 10 seconds
/// fast is not refused for a second of ours.
pub const MAX_CLOCK_SKEW: u64 = 30;

/// Why a claim cannot be used. Shows no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// It is not there.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// It has to be a string.
    #[error("the claim {0} is not a string")]
    NotAString(&'static str),
    /// RFC 7519, section 2, and no fractions.
    #[error("the claim {0} is not a whole number of seconds since 1970")]
    NotSeconds(&'static str),
    /// `jti` is empty or longer than [`MAX_JTI_LENGTH`].
    #[error("jti is not 1 to {MAX_JTI_LENGTH} bytes long: a random one of 22 characters will do")]
    Jti,
}

/// Why no assertion or proof was made. None of them is the fault of the one it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MakeProofError {
    /// There is no `jti` without chance.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Claims that were not looked at yet; each is taken out as it is read.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, JsonError> {
        strict_json::object(payload).map(Self)
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub(crate) fn string(&mut self, name: &'static str) -> Result<String, ClaimError> {
        self.optional_string(name)?.ok_or(ClaimError::Missing(name))
    }

    pub(crate) fn optional_string(
        &mut self,
        name: &'static str,
    ) -> Result<Option<String>, ClaimError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ClaimError::NotAString(name)),
        }
    }

    pub(crate) fn seconds(&mut self, name: &'static str) -> Result<u64, ClaimError> {
        self.optional_seconds(name)?
            .ok_or(ClaimError::Missing(name))
    }

    pub(crate) fn optional_seconds(
        &mut self,
        name: &'static str,
    ) -> Result<Option<u64>, ClaimError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or(ClaimError::NotSeconds(name)),
        }
    }

    pub(crate) fn jti(&mut self) -> Result<String, ClaimError> {
        let jti = self.string("jti")?;
        if jti.is_empty() || jti.len() > MAX_JTI_LENGTH {
            return Err(ClaimError::Jti);
        }
        Ok(jti)
    }
}

/// How many seconds an instant lies in the future, if that is more than clocks may differ.
pub(crate) fn too_far_ahead(instant: u64, now: u64) -> Option<u64> {
    Some(instant.saturating_sub(now)).filter(|&ahead| ahead > MAX_CLOCK_SKEW)
}

/// A `jti` of 128 bits, which nobody meets twice.
pub(crate) fn fresh_jti(rng: &dyn SecureRandom) -> Result<String, RandomError> {
    random::octets::<16>(rng).map(base64url::encode)
}
