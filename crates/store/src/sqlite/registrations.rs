//! Registrations: what a caller was registered with, and its tokens.

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{Allowance, Registration, RegistrationTokens};
use avouch_core::storage::{
    CallerRecord, Changed, RegisteredCaller, RegistrationStore, StoreError, Taken,
};
use avouch_core::time::Timestamp;
use rusqlite::{Connection, params};

use super::fault::{Damage, Fault, OrTaken};
use super::rows::{Columns, all, first, flag, from_json, from_word, hash, json, text, word};
use super::writer::Done;
use super::{SqliteStore, callers, initial_access_tokens};
use crate::cache::Stale;

impl RegistrationStore for SqliteStore {
    async fn register(
        &self,
        registered: &RegisteredCaller,
        initial_access_token: Option<&TokenHash>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (new, token) = (registered.clone(), initial_access_token.copied());
        self.write(move |connection| {
            if let Some(token) = token
                && !initial_access_tokens::take_use(connection, &token, now)?
            {
                return Ok(Done::fresh(false));
            }
            match &new.caller {
                CallerRecord::Client(client) => callers::insert_client(connection, client)?,
                CallerRecord::ResourceServer(server) => callers::insert_resource_server(
                    connection,
                    server,
                    new.registration.allowance.sharing,
                )?,
            }
            insert(connection, new.caller.id(), &new.registration)?;
            Ok(Done::fresh(true))
        })
        .await
    }

    async fn find_registration(
        &self,
        token: &TokenHash,
    ) -> Result<Option<RegisteredCaller>, StoreError> {
        Ok(self.readers.snapshot(|connection| {
            let sql = "SELECT caller FROM registration_token WHERE hash = ?1";
            let caller = first(connection, sql, [token.as_bytes()], |row| row.take(text))?;
            let Some(caller) = caller else {
                return Ok(None);
            };
            let found = select_with_caller(connection, &caller)?;
            // A token goes with its registration, and that with its caller.
            found
                .map(Some)
                .ok_or_else(|| Damage::Missing("registered caller").into())
        })?)
    }

    async fn registration_of(&self, id: &str) -> Result<Option<Registration>, StoreError> {
        Ok(self.readers.snapshot(|connection| select(connection, id))?)
    }

    async fn change_registration(
        &self,
        from: &RegisteredCaller,
        to: &RegisteredCaller,
    ) -> Result<Changed, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |connection| {
            let id = from.caller.id();
            let Some(kept) = select_with_caller(connection, id)? else {
                return Ok(Done::fresh(Changed::Gone));
            };
            if kept != from {
                return Ok(Done::fresh(Changed::Meanwhile));
            }
            let stale = if to.caller == from.caller {
                Stale::Nothing
            } else {
                let sharing = to.registration.allowance.sharing;
                callers::update(connection, &from.caller, &to.caller, sharing)?;
                Stale::Caller(id.into())
            };
            if to.registration != from.registration {
                remove(connection, id)?;
                insert(connection, id, &to.registration)?;
            }
            Ok(Done {
                value: Changed::Done,
                stale,
            })
        })
        .await
    }

    async fn give_registration(
        &self,
        caller: &CallerRecord,
        from: Option<&Registration>,
        to: &Registration,
    ) -> Result<Changed, StoreError> {
        let (caller, from, to) = (caller.clone(), from.cloned(), to.clone());
        self.write(move |connection| {
            let id = caller.id();
            let compared = callers::compare(connection, &caller)?;
            if compared != Changed::Done {
                return Ok(Done::fresh(compared));
            }
            if select(connection, id)? != from {
                return Ok(Done::fresh(Changed::Meanwhile));
            }
            remove(connection, id)?;
            insert(connection, id, &to)?;
            Ok(Done::fresh(Changed::Done))
        })
        .await
    }
}

/// Forgets the registration of a caller, tokens and all.
pub(super) fn remove(connection: &Connection, caller: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM registration_token WHERE caller = ?1")?
        .execute([caller])?;
    connection
        .prepare_cached("DELETE FROM registration WHERE caller = ?1")?
        .execute([caller])?;
    Ok(())
}

pub(super) fn insert(
    connection: &Connection,
    caller: &str,
    new: &Registration,
) -> Result<(), Fault> {
    let Registration {
        approval,
        allowance,
        narrowed,
        software,
        tokens,
    } = new;
    connection
        .prepare_cached(
            "INSERT INTO registration
                 (caller, approval_details, kind, resources, sharing, narrowed, software_details)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            caller,
            from_json("approval", approval)?,
            from_word("kind of registration", &allowance.kinds)?,
            from_json("list of resources", &allowance.resources)?,
            from_word("sharing", &allowance.sharing)?,
            narrowed,
            from_json("set of software details", software)?,
        ])
        .or_taken(Taken::Record)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO registration_token (hash, caller, position) VALUES (?1, ?2, ?3)",
    )?;
    for (position, token) in (0_i64..).zip(tokens.hashes()) {
        insert
            .execute(params![token.as_bytes(), caller, position])
            .or_taken(Taken::Record)?;
    }
    Ok(())
}

/// The connection must be in a snapshot.
fn select_with_caller(
    connection: &Connection,
    id: &str,
) -> Result<Option<RegisteredCaller>, Fault> {
    let Some((caller, _)) = callers::select(connection, id)? else {
        return Ok(None);
    };
    let registration = select(connection, id)?;
    Ok(registration.map(|registration| RegisteredCaller {
        caller,
        registration,
    }))
}

/// The connection must be in a snapshot.
pub(super) fn select(connection: &Connection, caller: &str) -> Result<Option<Registration>, Fault> {
    let sql = "SELECT hash FROM registration_token WHERE caller = ?1 ORDER BY position";
    let tokens = all(connection, sql, [caller], |row| row.take(hash))?;
    let tokens = tokens.into_iter().map(TokenHash::from_bytes).collect();
    first(
        connection,
        "SELECT approval_details, kind, resources, sharing, narrowed, software_details
         FROM registration WHERE caller = ?1",
        [caller],
        |row: &mut Columns<'_>| {
            Ok(Registration {
                approval: row.take(json)?,
                allowance: Allowance {
                    kinds: row.take(word)?,
                    resources: row.take(json)?,
                    sharing: row.take(word)?,
                },
                narrowed: row.take(flag)?,
                software: row.take(json)?,
                tokens: RegistrationTokens::from_hashes(tokens),
            })
        },
    )
}
