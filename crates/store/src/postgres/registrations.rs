//! Registrations: what a caller was registered with, and its tokens.

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{Allowance, Registration, RegistrationTokens};
use avouch_core::storage::{
    CallerRecord, Changed, RegisteredCaller, RegistrationStore, StoreError, Taken,
};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;

use super::fault::{Damage, Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{
    Column, Columns, Conversation, execute, first, from_json, from_text, from_word, hash, json,
    number, params, text, word,
};
use super::{PostgresStore, callers, changes, initial_access_tokens};
use crate::cache::Stale;

impl RegistrationStore for PostgresStore {
    async fn register(
        &self,
        registered: &RegisteredCaller,
        initial_access_token: Option<&TokenHash>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        in_transaction!(self, Kind::Change, |transaction| register(
            transaction,
            registered,
            initial_access_token,
            now
        ))
    }

    async fn find_registration(
        &self,
        token: &TokenHash,
    ) -> Result<Option<RegisteredCaller>, StoreError> {
        let sql = "SELECT caller FROM registration_token WHERE hash = $1";
        let key = token.as_bytes().as_slice();
        in_transaction!(self, Kind::Snapshot, |transaction| async {
            let caller = first(transaction, sql, &[&key], |row| row.take(text)).await?;
            let Some(caller) = caller else {
                return Ok(None);
            };
            let found = select_with_caller(transaction, &caller).await?;
            // A token goes with its registration, and that with its caller.
            found
                .map(Some)
                .ok_or_else(|| Damage::Missing("registered caller").into())
        })
    }

    async fn registration_of(&self, id: &str) -> Result<Option<Registration>, StoreError> {
        if !callers::can_be_kept(id) {
            return Ok(None);
        }
        asking!(self, Repeat::IfLost, |client| select(client, id))
    }

    async fn change_registration(
        &self,
        from: &RegisteredCaller,
        to: &RegisteredCaller,
    ) -> Result<Changed, StoreError> {
        let stale = if to.caller == from.caller {
            Stale::Nothing
        } else {
            Stale::Caller(from.caller.id().into())
        };
        let changed = in_transaction!(self, Kind::Change, |transaction| async {
            let changed = change(transaction, from, to).await?;
            if changed == Changed::Done {
                changes::tell(transaction, &stale).await?;
            }
            Ok(changed)
        });
        self.forget(changed, &Stale::Caller(from.caller.id().into()))
    }

    async fn give_registration(
        &self,
        caller: &CallerRecord,
        from: Option<&Registration>,
        to: &Registration,
    ) -> Result<Changed, StoreError> {
        let given = in_transaction!(self, Kind::Change, |transaction| async {
            let id = caller.id();
            let compared = callers::compare(transaction, caller).await?;
            if compared != Changed::Done {
                return Ok(compared);
            }
            if select(transaction, id).await?.as_ref() != from {
                return Ok(Changed::Meanwhile);
            }
            remove(transaction, id).await?;
            insert(transaction, id, to).await?;
            Ok(Changed::Done)
        });
        // Whoever comes too late has to see why.
        self.forget(given, &Stale::Caller(caller.id().into()))
    }
}

async fn register(
    transaction: &Transaction<'_>,
    new: &RegisteredCaller,
    initial_access_token: Option<&TokenHash>,
    now: Timestamp,
) -> Result<bool, Fault> {
    if let Some(token) = initial_access_token
        && !initial_access_tokens::take_use(transaction, token, now).await?
    {
        return Ok(false);
    }
    match &new.caller {
        CallerRecord::Client(client) => callers::insert_client(transaction, client).await?,
        CallerRecord::ResourceServer(server) => {
            let sharing = new.registration.allowance.sharing;
            callers::insert_resource_server(transaction, server, sharing).await?;
        }
    }
    insert(transaction, new.caller.id(), &new.registration).await?;
    Ok(true)
}

/// What is compared stays as it is until the end, for the caller is locked and
/// nobody changes it or its registration without that.
async fn change(
    transaction: &Transaction<'_>,
    from: &RegisteredCaller,
    to: &RegisteredCaller,
) -> Result<Changed, Fault> {
    let id = from.caller.id();
    callers::lock(transaction, id).await?;
    let Some(kept) = select_with_caller(transaction, id).await? else {
        return Ok(Changed::Gone);
    };
    if kept != *from {
        return Ok(Changed::Meanwhile);
    }
    if to.caller != from.caller {
        let sharing = to.registration.allowance.sharing;
        callers::update(transaction, &from.caller, &to.caller, sharing).await?;
    }
    if to.registration != from.registration {
        remove(transaction, id).await?;
        insert(transaction, id, &to.registration).await?;
    }
    Ok(Changed::Done)
}

/// Forgets the registration of a caller, tokens and all. The caller must be
/// locked.
pub(super) async fn remove(transaction: &Transaction<'_>, caller: &str) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM registration_token WHERE caller = $1",
        "DELETE FROM registration WHERE caller = $1",
    ] {
        execute(transaction, sql, &[&caller]).await?;
    }
    Ok(())
}

pub(super) async fn insert(
    transaction: &Transaction<'_>,
    caller: &str,
    new: &Registration,
) -> Result<(), Fault> {
    let sql = "INSERT INTO registration
                   (caller, approval_details, kind, resources, sharing, narrowed,
                    software_details)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    execute(transaction, sql, &params(&columns(caller, new)?))
        .await
        .or_taken(Taken::Record)?;
    let sql = "INSERT INTO registration_token (hash, caller, position) VALUES ($1, $2, $3)";
    for (position, token) in (0_i64..).zip(new.tokens.hashes()) {
        let key = token.as_bytes().as_slice();
        execute(transaction, sql, &[&key, &caller, &position])
            .await
            .or_taken(Taken::Record)?;
    }
    Ok(())
}

/// The transaction must be a snapshot, or the caller locked.
async fn select_with_caller(
    transaction: &Transaction<'_>,
    id: &str,
) -> Result<Option<RegisteredCaller>, Fault> {
    let Some(caller) = callers::select(transaction, id).await? else {
        return Ok(None);
    };
    let registration = select(transaction, id).await?;
    Ok(registration.map(|registration| RegisteredCaller {
        caller,
        registration,
    }))
}

/// In one statement: true of one instant.
async fn select(client: &impl Conversation, caller: &str) -> Result<Option<Registration>, Fault> {
    let sql = "SELECT approval_details, kind, resources, sharing, narrowed, software_details,
                   ARRAY(SELECT hash FROM registration_token WHERE caller = $1
                         ORDER BY position) AS hashes
               FROM registration WHERE caller = $1";
    first(client, sql, &[&caller], read).await
}

pub(super) fn read(row: &mut Columns<'_>) -> Result<Registration, Fault> {
    Ok(Registration {
        approval: row.take(json)?,
        allowance: Allowance {
            kinds: row.take(word)?,
            resources: row.take(json)?,
            sharing: row.take(word)?,
        },
        narrowed: row.take(number::<i64>)? == 1,
        software: row.take(json)?,
        tokens: RegistrationTokens::from_hashes(
            row.take_all(hash)?
                .into_iter()
                .map(TokenHash::from_bytes)
                .collect(),
        ),
    })
}

fn columns(caller: &str, registration: &Registration) -> Result<[Column; 7], Fault> {
    let Registration {
        approval,
        allowance,
        narrowed,
        software,
        tokens: _,
    } = registration;
    Ok([
        from_text(caller),
        from_json("approval", approval)?,
        from_word("kind of registration", &allowance.kinds)?,
        from_json("list of resources", &allowance.resources)?,
        from_word("sharing", &allowance.sharing)?,
        Column::Number(i64::from(*narrowed)),
        from_json("set of software details", software)?,
    ])
}
