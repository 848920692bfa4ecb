//! Tokens that are dead, for every reason.

use std::time::Duration;

use avouch_core::opaque_token::{OpaqueToken, TokenKind, TokenMint};
use avouch_core::records::AccessToken;
use avouch_core::storage::{CallerStore, Revoked, StoreError, TokenStore};
use avouch_core::time::Timestamp;
use avouch_crypto::random::{SecureRandom, SystemRandom};
use avouch_jose::base64url;
use avouch_oauth::resource::ResourceIdentifier;
use futures_util::future::try_join_all;

use crate::Failure;
use crate::parties::{OTHER_RESOURCE, RESOURCE, register_client};
use crate::site::Seeding;
use crate::tokens::{Pattern, issue_all, load};

/// Why a token is dead for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dead {
    /// It never was a token.
    Junk,
    /// It was one until a character was changed.
    Changed,
    /// It was made here and is not kept.
    NotKept,
    Expired,
    /// The same again: what two samples of one kind differ by.
    ExpiredToo,
    NotYetValid,
    Revoked,
    GrantRevoked,
    ClientRevoked,
    ClientRemoved,
    SubjectRevoked,
    ForeignAudience,
    /// Of another audience, where it was asked about just now.
    InUseElsewhere,
}

/// Tokens that are dead for one reason.
pub(super) struct Group {
    pub(super) dead: Dead,
    /// Whether there are only a few, asked about again and again.
    pub(super) asked_again: bool,
    tokens: Vec<OpaqueToken>,
    changed: Vec<String>,
}

/// All groups.
pub(super) struct Seeds {
    pub(super) groups: Vec<Group>,
}

/// How many are asked about again and again.
const FEW: usize = 20;
/// How long ago the expired ones expired: not so long that they are cleaned away.
const AGO: Duration = Duration::from_mins(10);

impl Dead {
    const FIRST: [Self; 13] = [
        Self::Junk,
        Self::Changed,
        Self::NotKept,
        Self::Expired,
        Self::ExpiredToo,
        Self::NotYetValid,
        Self::Revoked,
        Self::GrantRevoked,
        Self::ClientRevoked,
        Self::ClientRemoved,
        Self::SubjectRevoked,
        Self::ForeignAudience,
        Self::InUseElsewhere,
    ];
    const AGAIN: [Self; 4] = [
        Self::NotKept,
        Self::Expired,
        Self::Revoked,
        Self::ForeignAudience,
    ];

    /// Whether the strings were made by this server.
    pub(super) const fn is_genuine(self) -> bool {
        !matches!(self, Self::Junk | Self::Changed)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Junk => "never issued: junk",
            Self::Changed => "never issued: a character changed",
            Self::NotKept => "not kept",
            Self::Expired => "expired",
            Self::ExpiredToo => "expired (a second sample)",
            Self::NotYetValid => "not yet valid",
            Self::Revoked => "revoked",
            Self::GrantRevoked => "grant revoked",
            Self::ClientRevoked => "tokens of the client revoked",
            Self::ClientRemoved => "client removed",
            Self::SubjectRevoked => "tokens of the subject revoked",
            Self::ForeignAudience => "another audience",
            Self::InUseElsewhere => "another audience, in use there",
        }
    }
}

impl Group {
    pub(super) fn name(&self) -> String {
        let name = self.dead.name();
        if self.asked_again {
            format!("{name}, asked again")
        } else {
            name.to_owned()
        }
    }

    pub(super) fn tokens(&self) -> usize {
        self.tokens.len().max(self.changed.len())
    }

    pub(super) fn token(&self, at: usize) -> &str {
        let changed = self.changed.get(at).map(String::as_str);
        let token = self.tokens.get(at).map(OpaqueToken::expose);
        changed.or(token).unwrap_or("")
    }
}

impl Seeds {
    /// Makes `each` dead tokens for every reason and both forms of answer, among `live` others.
    pub(super) async fn sow(seeding: &Seeding, live: usize, each: usize) -> Result<Self, Failure> {
        let client = register_client(seeding, "shop").await?;
        let here = ResourceIdentifier::parse(RESOURCE)?;
        let pattern = Pattern::new(&client, &here, seeding.now)?;
        load(seeding, &pattern, live).await?;
        let mut sower = Sower {
            seeding,
            number: live,
        };
        let mut groups = Vec::new();
        for dead in Dead::FIRST {
            groups.push(sower.group(dead, false, 2 * each).await?);
        }
        for dead in Dead::AGAIN {
            groups.push(sower.group(dead, true, FEW).await?);
        }
        Ok(Self { groups })
    }
}

struct Sower<'a> {
    seeding: &'a Seeding,
    /// Tokens issued so far.
    number: usize,
}

impl Sower<'_> {
    async fn group(
        &mut self,
        dead: Dead,
        asked_again: bool,
        count: usize,
    ) -> Result<Group, Failure> {
        let mint = &self.seeding.mint;
        let mut tokens = Vec::new();
        let mut changed = Vec::new();
        match dead {
            Dead::Junk => changed = junk(count)?,
            Dead::Changed => {
                for token in minted(mint, count)? {
                    changed.push(with_another_end(token.expose()));
                }
            }
            Dead::NotKept => tokens = minted(mint, count)?,
            _ => {
                tokens = minted(mint, count)?;
                self.issue(dead, asked_again, &tokens).await?;
            }
        }
        Ok(Group {
            dead,
            asked_again,
            tokens,
            changed,
        })
    }

    /// Issues tokens, and has them die.
    async fn issue(
        &mut self,
        dead: Dead,
        asked_again: bool,
        tokens: &[OpaqueToken],
    ) -> Result<(), Failure> {
        let store = &self.seeding.store;
        let now = self.seeding.now;
        let of = if asked_again { "again" } else { "once" };
        let client = register_client(self.seeding, &format!("{dead:?}-{of}")).await?;
        let resource = match dead {
            Dead::ForeignAudience | Dead::InUseElsewhere => OTHER_RESOURCE,
            _ => RESOURCE,
        };
        let resource = ResourceIdentifier::parse(resource)?;
        let pattern = Pattern::new(&client, &resource, now)?;
        let mut records: Vec<Result<_, Failure>> = Vec::new();
        let (mut subjects, mut grants) = (Vec::new(), Vec::new());
        for token in tokens {
            self.number += 1;
            let (grant, mut token) = pattern.records(token, self.number)?;
            kill(dead, &mut token, now)?;
            subjects.extend(grant.subject.clone());
            grants.push(grant.id.clone());
            records.push(Ok((grant, token)));
        }
        issue_all(store, records).await?;
        // What kills many at once does so afterwards.
        let later = now.after(Duration::from_secs(1));
        match dead {
            Dead::ClientRevoked => drop(store.revoke_client(&client, later).await?),
            Dead::ClientRemoved => {
                let registered = store.find_caller(client.as_str()).await?;
                let registered = registered.ok_or("a client that was just registered is gone")?;
                store.remove_caller(&registered, later).await?;
            }
            Dead::GrantRevoked => {
                all(grants.iter().map(|grant| store.revoke_grant(grant, later))).await?;
            }
            Dead::SubjectRevoked => {
                let revoking = subjects
                    .iter()
                    .map(|subject| store.revoke_subject(subject, later));
                all(revoking).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a dead token's own record says of it.
fn kill(dead: Dead, token: &mut AccessToken, now: Timestamp) -> Result<(), Failure> {
    let ago = i64::try_from(AGO.as_micros())?;
    let before = Timestamp::from_micros(now.as_micros() - ago);
    match dead {
        Dead::Expired | Dead::ExpiredToo => {
            token.issued_at = Timestamp::from_micros(before.as_micros() - ago);
            token.expires_at = before;
        }
        Dead::NotYetValid => token.not_before = Some(now.after(Duration::from_hours(12))),
        Dead::Revoked => token.revoked_at = Some(now),
        _ => {}
    }
    Ok(())
}

/// Revokes all of them, fewer at one time than may wait for the writer.
async fn all(
    mut revoking: impl Iterator<Item = impl Future<Output = Result<Revoked, StoreError>>>,
) -> Result<(), Failure> {
    loop {
        let some: Vec<_> = revoking.by_ref().take(1_000).collect();
        if some.is_empty() {
            return Ok(());
        }
        try_join_all(some).await?;
    }
}

fn minted(mint: &TokenMint, count: usize) -> Result<Vec<OpaqueToken>, Failure> {
    let mint = |_| mint.mint(TokenKind::Access, &SystemRandom);
    Ok((0..count).map(mint).collect::<Result<_, _>>()?)
}

/// Strings of the length of a token, of nobody's making.
fn junk(count: usize) -> Result<Vec<String>, Failure> {
    let one = |_| {
        let mut octets = [0; 54];
        SystemRandom.fill(&mut octets)?;
        Ok(base64url::encode(octets))
    };
    (0..count).map(one).collect()
}

fn with_another_end(token: &str) -> String {
    let (rest, last) = token.split_at(token.len().saturating_sub(1));
    let other = if last == "A" { "B" } else { "A" };
    format!("{rest}{other}")
}
