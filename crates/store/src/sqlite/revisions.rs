//! The append-only histories of profiles and release policies. The file itself
//! refuses to change or remove a revision.

use avouch_core::records::{AccessTokenProfile, JwtProfile, ReleasePolicy, Revision};
use avouch_core::storage::Taken;
use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::{Fault, OrTaken};
use super::rows::{self, Columns, first, from_json, json, number, time};

/// What an RS has a history of.
pub(super) trait History: Serialize + DeserializeOwned + PartialEq + Sized {
    /// For errors.
    const NAME: &'static str;
    /// The newest revision of RS `?1`.
    const CURRENT: &'static str;
    /// Every revision of RS `?1`, oldest first.
    const ALL: &'static str;
    /// Adds revision `?2` to RS `?1`.
    const APPEND: &'static str;

    /// Keeps the first revision.
    fn begin(connection: &Connection, id: &str, revision: &Revision<Self>) -> Result<(), Fault> {
        if revision.number != 1 {
            return Err(Fault::Conflict(Taken::Record));
        }
        append(connection, id, revision)
    }

    /// Keeps the revision if it is the next one; it may also be the one in
    /// force, unchanged. Any other was made from a state that is past.
    fn carry_on(connection: &Connection, id: &str, revision: &Revision<Self>) -> Result<(), Fault> {
        match current::<Self>(connection, id)? {
            Some(kept) if kept == *revision => Ok(()),
            Some(kept) if kept.number.checked_add(1) == Some(revision.number) => {
                append(connection, id, revision)
            }
            _ => Err(Fault::Conflict(Taken::Record)),
        }
    }
}

impl History for JwtProfile {
    const NAME: &'static str = "JWT profile";
    const CURRENT: &'static str = "
        SELECT number, since, profile_details FROM jwt_profile_revision
        WHERE resource_server = ?1 ORDER BY number DESC LIMIT 1";
    const ALL: &'static str = "
        SELECT number, since, profile_details FROM jwt_profile_revision
        WHERE resource_server = ?1 ORDER BY number";
    const APPEND: &'static str = "
        INSERT INTO jwt_profile_revision (resource_server, number, since, profile_details)
        VALUES (?1, ?2, ?3, ?4)";
}

impl History for ReleasePolicy {
    const NAME: &'static str = "release policy";
    const CURRENT: &'static str = "
        SELECT number, since, policy_details FROM release_policy_revision
        WHERE resource_server = ?1 ORDER BY number DESC LIMIT 1";
    const ALL: &'static str = "
        SELECT number, since, policy_details FROM release_policy_revision
        WHERE resource_server = ?1 ORDER BY number";
    const APPEND: &'static str = "
        INSERT INTO release_policy_revision (resource_server, number, since, policy_details)
        VALUES (?1, ?2, ?3, ?4)";
}

impl History for AccessTokenProfile {
    const NAME: &'static str = "access token profile";
    const CURRENT: &'static str = "
        SELECT number, since, profile_details FROM access_token_profile_revision
        WHERE resource_server = ?1 ORDER BY number DESC LIMIT 1";
    const ALL: &'static str = "
        SELECT number, since, profile_details FROM access_token_profile_revision
        WHERE resource_server = ?1 ORDER BY number";
    const APPEND: &'static str = "
        INSERT INTO access_token_profile_revision
            (resource_server, number, since, profile_details)
        VALUES (?1, ?2, ?3, ?4)";
}

/// The revision in force.
pub(super) fn current<T: History>(
    connection: &Connection,
    id: &str,
) -> Result<Option<Revision<T>>, Fault> {
    first(connection, T::CURRENT, [id], revision)
}

/// Every revision, oldest first.
pub(super) fn all<T: History>(
    connection: &Connection,
    id: &str,
) -> Result<Vec<Revision<T>>, Fault> {
    rows::all(connection, T::ALL, [id], revision)
}

pub(super) fn append<T: History>(
    connection: &Connection,
    id: &str,
    revision: &Revision<T>,
) -> Result<(), Fault> {
    let value = from_json(T::NAME, &revision.value)?;
    connection
        .prepare_cached(T::APPEND)?
        .execute(params![
            id,
            revision.number,
            revision.since.as_micros(),
            value
        ])
        .or_taken(Taken::Record)?;
    Ok(())
}

fn revision<T: History>(row: &mut Columns<'_>) -> Result<Revision<T>, Fault> {
    Ok(Revision {
        number: row.take(number)?,
        since: row.take(time)?,
        value: row.take(json)?,
    })
}
