//! Access tokens by the million.
//!
//! They are issued as the server would, through the contract of the store, with as many writes
//! waiting as it takes: its writer then puts hundreds into one transaction. They are made in the
//! order of what they are found by, so that the indexes grow at their ends; found they are in any
//! order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use avouch_core::id::{ClientId, GrantId, SubjectId, TokenId};
use avouch_core::opaque_token::{OpaqueToken, TokenKind, TokenMint};
use avouch_core::records::{AccessToken, Grant, LegalBasis};
use avouch_core::storage::TokenStore;
use avouch_core::time::Timestamp;
use avouch_crypto::random::SystemRandom;
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Failure, say};

/// How many writes wait at one time: below what the store lets wait.
const WAITING: usize = 2_000;
/// Between two lines about how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// A token's life: long enough for every run.
const LIFETIME: Duration = Duration::from_hours(24);

/// The scope of every token.
pub const SCOPE: &str = "openid payment read";

/// What all tokens have in common: a payment that somebody allowed, with the claims that it takes.
#[derive(Clone)]
pub struct Pattern {
    token: AccessToken,
    grant: Grant,
}

/// Tokens in the clear, side by side: a `String` each would take twice the room.
#[derive(Default)]
pub struct Tokens {
    text: String,
    length: usize,
}

impl Pattern {
    /// Tokens of `client` that are good at `resource` from `now` on.
    pub fn new(
        client: &ClientId,
        resource: &ResourceIdentifier,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let details =
            json!([{"type": "payment", "account": "DE02120300000000202051", "amount": "99.00"}]);
        let claims = claims().as_object().cloned().unwrap_or_default();
        let grant = Grant {
            id: GrantId::new("g")?,
            client: client.clone(),
            subject: None,
            scope: Scope::parse(SCOPE)?,
            resources: vec![resource.clone()],
            claims: FurtherClaims::new(claims)?,
            authorization_details: AuthorizationDetails::from_value(details.clone())?,
            legal_basis: Some(LegalBasis::new("consent 2026-11/4711")?),
            authentication: None,
            created_at: now,
        };
        let token = AccessToken {
            hash: avouch_core::opaque_token::TokenHash::of(""),
            id: TokenId::new("t")?,
            grant: grant.id.clone(),
            client: client.clone(),
            scope: grant.scope.clone(),
            audience: vec![resource.clone()],
            authorization_details: grant.authorization_details.clone(),
            confirmation: None,
            issued_at: now,
            not_before: None,
            expires_at: now.after(LIFETIME),
            revoked_at: None,
        };
        Ok(Self { token, grant })
    }

    /// The records of one token; `number` tells it, its grant and its subject from all others.
    pub fn records(
        &self,
        token: &OpaqueToken,
        number: usize,
    ) -> Result<(Grant, AccessToken), Failure> {
        let grant = Grant {
            id: GrantId::new(&format!("g-{number:08}"))?,
            subject: Some(SubjectId::new(&subject_of(number))?),
            ..self.grant.clone()
        };
        let token = AccessToken {
            hash: token.hash(),
            id: TokenId::new(&name_of(number))?,
            grant: grant.id.clone(),
            ..self.token.clone()
        };
        Ok((grant, token))
    }
}

/// What every token tells about its subject.
pub fn claims() -> Value {
    json!({
        "family_name": "Mustermann",
        "given_name": "Erika",
        "birthdate": "1964-08-12",
        "iban": "DE02120300000000202051",
    })
}

/// The subject of the token with this number.
pub fn subject_of(number: usize) -> String {
    format!("s-{number:08}")
}

/// The `jti` of the token with this number.
pub fn name_of(number: usize) -> String {
    format!("t-{number:08}")
}

/// Issues `count` live tokens.
pub async fn issue<S>(
    store: &Arc<S>,
    mint: &TokenMint,
    pattern: &Pattern,
    count: usize,
) -> Result<Tokens, Failure>
where
    S: TokenStore + Send + Sync + 'static,
{
    let mut made = (0..count)
        .map(|_| mint.mint(TokenKind::Access, &SystemRandom))
        .collect::<Result<Vec<_>, _>>()?;
    made.sort_by_key(OpaqueToken::hash);

    let mut tokens = Tokens::default();
    for token in &made {
        tokens.push(token);
    }
    let started = Instant::now();
    let records = made.iter().enumerate();
    issue_all(
        store,
        records.map(|(number, token)| pattern.records(token, number)),
    )
    .await?;
    let took = started.elapsed().as_secs_f64();
    say(&format!("  {count} tokens seeded in {took:.1} s"));
    Ok(tokens)
}

/// Issues tokens that are not all alike.
pub async fn issue_all<S>(
    store: &Arc<S>,
    records: impl IntoIterator<Item = Result<(Grant, AccessToken), Failure>>,
) -> Result<(), Failure>
where
    S: TokenStore + Send + Sync + 'static,
{
    let mut told = Instant::now();
    let mut waiting = JoinSet::new();
    for (number, records) in records.into_iter().enumerate() {
        let (grant, token) = records?;
        if waiting.len() >= WAITING
            && let Some(done) = waiting.join_next().await
        {
            done??;
        }
        let store = Arc::clone(store);
        waiting.spawn(async move { store.issue(&grant, &token).await });
        if told.elapsed() > TOLD_EVERY {
            told = Instant::now();
            say(&format!("  {number} tokens seeded"));
        }
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(())
}

impl Tokens {
    /// Tokens that somebody else made: one a line, all of one length.
    pub fn of_lines(lines: &str) -> Result<Self, Failure> {
        let length = lines.lines().next().map_or(0, str::len);
        if length == 0 || lines.lines().any(|line| line.len() != length) {
            return Err("the tokens are not all of one length".into());
        }
        let text = lines.lines().collect();
        Ok(Self { text, length })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.text.len().checked_div(self.length).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// One of them.
    pub fn get(&self, index: usize) -> &str {
        let start = index * self.length;
        self.text.get(start..start + self.length).unwrap_or("")
    }

    fn push(&mut self, token: &OpaqueToken) {
        self.length = token.expose().len();
        self.text.push_str(token.expose());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_others_keep_their_order() {
        let tokens = Tokens::of_lines("abc\ndef\n").unwrap();
        assert_eq!((tokens.len(), tokens.get(1)), (2, "def"));
        for wrong in ["", "\n", "abc\nde\n"] {
            assert!(Tokens::of_lines(wrong).is_err(), "{wrong:?}");
        }
    }
}
