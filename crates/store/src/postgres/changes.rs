//! The change feed: how it is written and cleaned up. [`super::follower`] reads it.
//!
//! **What must hold.** Whatever changes a record that another server may have
//! in memory says so in the feed, in the same transaction; and no reader steps
//! over an entry, however late its transaction commits.
//!
//! **How.** A number from a sequence is given before the commit, and commits
//! come in another order: a reader that has seen number 8 does not know whether
//! 7 is still to come. So numbers are given out by a row, `change_lane.last`.
//! The one who takes the next one holds that row to the end of its transaction;
//! the next one waits for that, and reads what it left. Hence, within a lane:
//!
//! - whoever has number `n` took it after `n - 1` was committed: no snapshot
//!   shows `n` without `n - 1`;
//! - a transaction that is undone gives its number back: none is missing but
//!   what was cleaned up from below. A reader that finds a gap knows that it
//!   came too late, or that the table is not what it was.
//!
//! It needs row locks and nothing else that only PostgreSQL has.
//!
//! **Lanes.** One row would have all changes wait for each other's syncing, so
//! there are several; each change is in one, and no order between lanes is
//! needed, for an entry says only what to look up anew. The row is taken last,
//! when everything else that could be waited for is done. Where the change is
//! one statement, the database finishes it whatever becomes of this process.
//! Where it is several, a process that stops before the commit keeps its lane
//! until the database ends the session: these share lane 0, so that no
//! revocation waits for them.
//!
//! **Clean-up.** Of each lane the newest [`KEPT`] entries stay, an hour at most;
//! the very newest always does, so that readers can tell where they are. A
//! reader that was away for longer finds its place gone, and forgets
//! everything.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use avouch_core::opaque_token::TokenHash;
use avouch_core::storage::StoreError;
use deadpool_postgres::Transaction;

use super::PostgresStore;
use super::fault::{Damage, Fault};
use super::pool::{Repeat, asking};
use super::rows::{Columns, execute, hash, text};
use crate::cache::Stale;

/// All lanes. The first is that of changes that take several statements.
pub(super) const LANES: [i64; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const SLOW_LANE: i64 = LANES[0];
/// How many lanes there are for changes of one statement, from 1 on.
const FAST_LANES: i64 = 8;

/// How many entries of each lane are kept.
const KEPT: i64 = 4096;
/// How long the others are.
const KEPT_FOR: Duration = Duration::from_hours(1);
/// Entries that go in one transaction.
const TRIMMED_AT_ONCE: i64 = 1000;

/// The clock of the database, in microseconds since 1970.
macro_rules! database_now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    };
}

/// A statement that changes something and tells of it, both or neither.
/// `$change` returns the rows it changed; `$known` counts what it could have
/// changed. The parameters of [`Told::params`] come first, from `$1` to `$4`;
/// nothing is told where nothing changed. Returns how many changed and how many
/// there are, as of one instant: what is made in between is not taken for
/// changed before. What is done `also` are further parts of the statement, each
/// with a comma at its end.
macro_rules! telling {
    ($change:literal, $known:literal) => {
        telling!(also "", $change, $known)
    };
    (also $also:literal, $change:expr, $($known:literal),+) => {
        concat!(
            "WITH ",
            $also,
            "changed AS (",
            $change,
            "), lane AS (
                 UPDATE change_lane SET last = last + 1 FROM changed WHERE lane = $1::bigint
                 RETURNING last),
             told AS (
                 INSERT INTO change (lane, number, made_at, kind, name, tokens)
                 SELECT $1::bigint, (SELECT last FROM lane), ",
            $crate::postgres::changes::database_now!(),
            ", $2::text, $3::text, $4::bytea[] FROM changed)
             SELECT (SELECT count(*) FROM changed)",
            $(", (", $known, ")"),+
        )
    };
}
pub(super) use {database_now, telling};

/// Where the next change of one statement goes.
#[derive(Debug, Default)]
pub(super) struct Lanes(AtomicI64);

impl Lanes {
    pub(super) fn next(&self) -> i64 {
        1 + self
            .0
            .fetch_add(1, Ordering::Relaxed)
            .rem_euclid(FAST_LANES)
    }
}

/// An entry as its columns.
pub(super) struct Told<'a> {
    pub(super) lane: i64,
    pub(super) kind: &'static str,
    pub(super) name: Option<&'a str>,
    pub(super) tokens: Option<Vec<&'a [u8]>>,
}

impl<'a> Told<'a> {
    /// `None` if there is nothing to tell.
    pub(super) fn of(stale: &'a Stale, lane: i64) -> Option<Self> {
        let (kind, name) = match stale {
            Stale::Nothing => return None,
            Stale::Tokens(_) => ("tokens", None),
            Stale::TokensOfGrant(id) => ("tokens of grant", Some(&**id)),
            Stale::TokensOfClient(id) => ("tokens of client", Some(&**id)),
            Stale::TokensOfSubject(id) => ("tokens of subject", Some(&**id)),
            Stale::Caller(id) => ("caller", Some(&**id)),
            Stale::Client(id) => ("caller and its tokens", Some(&**id)),
            Stale::Keys => ("signing keys", None),
            Stale::Everything => ("everything", None),
        };
        let tokens = match stale {
            Stale::Tokens(hashes) => Some(hashes.iter().map(|hash| &hash.as_bytes()[..]).collect()),
            _ => None,
        };
        Some(Self {
            lane,
            kind,
            name,
            tokens,
        })
    }
}

/// What an entry says. One that a later release has written may concern
/// anything.
pub(super) fn read(row: &mut Columns<'_>) -> Result<Stale, Fault> {
    let kind = row.take(text)?;
    let name = row.take_optional(text)?;
    let tokens = row.take_all(hash)?;
    Ok(match (&*kind, name) {
        ("tokens", None) => Stale::Tokens(tokens.into_iter().map(TokenHash::from_bytes).collect()),
        ("tokens of grant", Some(id)) => Stale::TokensOfGrant(id.into()),
        ("tokens of client", Some(id)) => Stale::TokensOfClient(id.into()),
        ("tokens of subject", Some(id)) => Stale::TokensOfSubject(id.into()),
        ("caller", Some(id)) => Stale::Caller(id.into()),
        ("caller and its tokens", Some(id)) => Stale::Client(id.into()),
        ("signing keys", None) => Stale::Keys,
        _ => Stale::Everything,
    })
}

/// Tells of what a transaction has changed: its last statement.
pub(super) async fn tell(transaction: &Transaction<'_>, stale: &Stale) -> Result<(), Fault> {
    let Some(told) = Told::of(stale, SLOW_LANE) else {
        return Ok(());
    };
    let sql = concat!(
        "WITH lane AS (UPDATE change_lane SET last = last + 1 WHERE lane = $1 RETURNING last)
         INSERT INTO change (lane, number, made_at, kind, name, tokens)
         SELECT $1, last, ",
        database_now!(),
        ", $2::text, $3::text, $4::bytea[] FROM lane"
    );
    let params: super::rows::Params<'_> = &[&told.lane, &told.kind, &told.name, &told.tokens];
    match execute(transaction, sql, params).await? {
        0 => Err(Damage::Missing("lane of the change feed").into()),
        _ => Ok(()),
    }
}

impl PostgresStore {
    /// See [`avouch_core::storage::Storage::trim_changes`].
    pub(super) async fn trim(&self) -> Result<u32, StoreError> {
        let mut gone = 0;
        for lane in LANES {
            let kept_for = i64::try_from(KEPT_FOR.as_micros()).unwrap_or(i64::MAX);
            loop {
                let portion = asking!(self, Repeat::IfUndone, |client| execute(
                    client,
                    TRIM,
                    &[&lane, &KEPT, &kept_for, &TRIMMED_AT_ONCE]
                ))?;
                gone += u32::try_from(portion).unwrap_or(u32::MAX);
                if i64::try_from(portion).is_ok_and(|portion| portion < TRIMMED_AT_ONCE) {
                    break;
                }
            }
        }
        Ok(gone)
    }
}

/// What another server cleans up is passed over.
const TRIM: &str = concat!(
    "DELETE FROM change WHERE lane = $1 AND number IN (
         SELECT old.number
         FROM change old, (SELECT max(number) AS number FROM change WHERE lane = $1) newest
         WHERE old.lane = $1 AND old.number < newest.number
           AND (old.number <= newest.number - $2 OR old.made_at < ",
    database_now!(),
    " - $3)
         ORDER BY old.number LIMIT $4 FOR UPDATE OF old SKIP LOCKED)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_one_statement_are_spread_over_their_lanes() {
        let lanes = Lanes(AtomicI64::new(i64::MAX - 3));
        let mut taken: Vec<_> = (0..FAST_LANES).map(|_| lanes.next()).collect();
        taken.sort_unstable();
        assert_eq!(taken, LANES[1..]);
    }
}
