//! The append-only histories of profiles and release policies. The database
//! itself refuses to change or remove a revision.

use avouch_core::records::{AccessTokenProfile, JwtProfile, ReleasePolicy, Revision};
use avouch_core::storage::Taken;
use deadpool_postgres::Transaction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::{Damage, Fault, OrTaken};
use super::rows::{self, Columns, Conversation, execute, first, from_json, json, number, time};

/// What an RS has a history of.
pub(super) trait History:
    Serialize + DeserializeOwned + PartialEq + Send + Sync + Sized
{
    /// For errors.
    const NAME: &'static str;
    /// The newest revision of RS `$1`.
    const CURRENT: &'static str;
    /// Every revision of RS `$1`, oldest first.
    const ALL: &'static str;
    /// Adds revision `$2` to RS `$1`.
    const APPEND: &'static str;
}

macro_rules! history {
    ($history:ty, $name:literal, $table:literal, $details:literal) => {
        impl History for $history {
            const NAME: &'static str = $name;
            const CURRENT: &'static str = concat!(
                "SELECT number, since, ",
                $details,
                " FROM ",
                $table,
                " WHERE resource_server = $1 ORDER BY number DESC LIMIT 1"
            );
            const ALL: &'static str = concat!(
                "SELECT number, since, ",
                $details,
                " FROM ",
                $table,
                " WHERE resource_server = $1 ORDER BY number"
            );
            const APPEND: &'static str = concat!(
                "INSERT INTO ",
                $table,
                " (resource_server, number, since, ",
                $details,
                ")
                 VALUES ($1, $2, $3, $4)"
            );
        }
    };
}

history!(
    JwtProfile,
    "JWT profile",
    "jwt_profile_revision",
    "profile_details"
);
history!(
    ReleasePolicy,
    "release policy",
    "release_policy_revision",
    "policy_details"
);
history!(
    AccessTokenProfile,
    "access token profile",
    "access_token_profile_revision",
    "profile_details"
);

/// Keeps the first revision.
pub(super) async fn begin<T: History>(
    transaction: &Transaction<'_>,
    id: &str,
    revision: &Revision<T>,
) -> Result<(), Fault> {
    if revision.number != 1 {
        return Err(Fault::Conflict(Taken::Record));
    }
    append(transaction, id, revision).await
}

/// Keeps the revision if it is the next one; it may also be the one in force,
/// unchanged. Any other was made from a state that is past. The caller must be
/// locked.
pub(super) async fn carry_on<T: History>(
    transaction: &Transaction<'_>,
    id: &str,
    revision: &Revision<T>,
) -> Result<(), Fault> {
    match first(transaction, T::CURRENT, &[&id], take::<T>).await? {
        Some(kept) if kept == *revision => Ok(()),
        Some(kept) if kept.number.checked_add(1) == Some(revision.number) => {
            append(transaction, id, revision).await
        }
        _ => Err(Fault::Conflict(Taken::Record)),
    }
}

/// Every revision, oldest first.
pub(super) async fn all<T: History>(
    client: &impl Conversation,
    id: &str,
) -> Result<Vec<Revision<T>>, Fault> {
    rows::all(client, T::ALL, &[&id], take::<T>).await
}

pub(super) async fn append<T: History>(
    transaction: &Transaction<'_>,
    id: &str,
    revision: &Revision<T>,
) -> Result<(), Fault> {
    let value = from_json(T::NAME, &revision.value)?;
    let (number, since) = (i64::from(revision.number), revision.since.as_micros());
    execute(transaction, T::APPEND, &[&id, &number, &since, &value])
        .await
        .or_taken(Taken::Record)?;
    Ok(())
}

fn take<T: History>(row: &mut Columns<'_>) -> Result<Revision<T>, Fault> {
    Ok(Revision {
        number: row.take(number)?,
        since: row.take(time)?,
        value: row.take(json)?,
    })
}

/// The revision in force, out of a row that has nothing in its place if there
/// is none.
pub(super) fn in_force<T: History>(row: &mut Columns<'_>) -> Result<Revision<T>, Fault> {
    let (number, since) = (row.take_optional(number)?, row.take_optional(time)?);
    let value = row.take_optional(json)?;
    match (number, since, value) {
        (Some(number), Some(since), Some(value)) => Ok(Revision {
            number,
            since,
            value,
        }),
        _ => Err(Damage::Missing(T::NAME).into()),
    }
}
