//! What a caller was registered with, and may change by itself (RFC 7592).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Allowance;
use crate::id::InitialAccessTokenId;
use crate::opaque_token::TokenHash;

/// The registration of a client or RS, kept beside its record. Who has none was
/// registered by an administrator and manages nothing by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Who approved it.
    pub approval: Approval,
    /// How far the approval reached, for ever.
    pub allowance: Allowance,
    /// Whether an administrator has taken scope values or grant types from the client since: it
    /// keeps what it has and takes none by itself any more.
    pub narrowed: bool,
    /// What software it says it is.
    pub software: Software,
    /// What it is managed with.
    pub tokens: RegistrationTokens,
}

/// Who gave the right to register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// An administrator registered it, and handed a registration access token
    /// out later.
    Administrator,
    /// An administrator, through an initial access token.
    InitialAccessToken(InitialAccessTokenId),
    /// This issuer, through a software statement.
    SoftwareStatement(String),
}

impl Approval {
    /// Its name in events.
    pub fn name(&self) -> &str {
        match self {
            Self::Administrator => "administrator",
            Self::InitialAccessToken(id) => id.as_str(),
            Self::SoftwareStatement(issuer) => issuer,
        }
    }
}

/// What software a registrant runs (RFC 7591 section 2). Self-asserted, but for
/// the statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Software {
    /// `software_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `software_version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The statement about it that was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<SoftwareStatement>,
}

/// A software statement that was verified when it was handed in (RFC 7591
/// section 2.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoftwareStatement {
    /// The statement itself, returned unchanged.
    pub text: String,
    /// Who made it.
    pub issuer: String,
    /// What it says, which beats what the registrant says.
    pub metadata: Map<String, Value>,
}

/// The registration access tokens of one caller, as hashes.
///
/// An update hands out a fresh one. Until one of those handed out is first
/// used the older one stays good, for the answer may have been lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationTokens(Vec<TokenHash>);

impl RegistrationTokens {
    /// The most that are good at a time: the one in use, and some that were
    /// handed out and never seen again.
    pub const MOST: usize = 4;

    /// This one alone.
    pub fn new(token: TokenHash) -> Self {
        Self(vec![token])
    }

    /// None: whoever held one is shut out.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Wraps what was read back from storage, the one in use first.
    pub const fn from_hashes(hashes: Vec<TokenHash>) -> Self {
        Self(hashes)
    }

    /// Every good one, the one in use first.
    pub fn hashes(&self) -> &[TokenHash] {
        &self.0
    }

    /// Whether this one is good.
    pub fn contains(&self, token: &TokenHash) -> bool {
        self.0.contains(token)
    }

    /// What is good after this one was used: if it was handed out by an update,
    /// its owner has it now and needs no other.
    #[must_use]
    pub fn after_use_of(&self, token: &TokenHash) -> Self {
        match self.0.iter().position(|own| own == token) {
            Some(0) | None => self.clone(),
            Some(_) => Self::new(*token),
        }
    }

    /// The same with one more that is handed out now.
    #[must_use]
    pub fn with(&self, fresh: TokenHash) -> Self {
        let mut hashes = self.0.clone();
        if hashes.len() >= Self::MOST {
            // The oldest of those that were never used.
            hashes.remove(1);
        }
        hashes.push(fresh);
        Self(hashes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash(name: usize) -> TokenHash {
        TokenHash::of(&name.to_string())
    }

    #[test]
    fn row_7592_5_01_the_older_token_is_good_until_the_fresh_one_is_used() {
        let tokens = RegistrationTokens::new(hash(0)).with(hash(1));
        let still = tokens.after_use_of(&hash(0));
        assert!(still.contains(&hash(0)) && still.contains(&hash(1)));
        let then = still.after_use_of(&hash(1));
        assert!(!then.contains(&hash(0)) && then.contains(&hash(1)));
    }

    #[test]
    fn two_updates_at_once_leave_both_their_tokens_good_until_one_is_used() {
        let tokens = RegistrationTokens::new(hash(0)).with(hash(1)).with(hash(2));
        assert!(tokens.contains(&hash(1)));
        assert_eq!(
            tokens.after_use_of(&hash(1)),
            RegistrationTokens::new(hash(1))
        );
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Use(usize),
        Update(usize),
    }

    proptest! {
        /// Whoever holds the token it used last is never shut out, however many
        /// answers are lost, and the tokens stay few.
        #[test]
        fn a_lost_answer_shuts_nobody_out(steps in prop::collection::vec(
            (any::<bool>(), any::<prop::sample::Index>()), 0..40
        )) {
            let mut tokens = RegistrationTokens::new(hash(0));
            let mut last_used = hash(0);
            for (number, (update, which)) in steps.into_iter().enumerate() {
                let step = if update { Step::Update(number + 1) } else {
                    Step::Use(which.index(tokens.hashes().len()))
                };
                match step {
                    Step::Use(which) => {
                        last_used = tokens.hashes()[which];
                        tokens = tokens.after_use_of(&last_used);
                    }
                    Step::Update(name) => tokens = tokens.with(hash(name)),
                }
                prop_assert!(tokens.contains(&last_used));
                prop_assert!(tokens.hashes().len() <= RegistrationTokens::MOST);
            }
        }
    }
}
