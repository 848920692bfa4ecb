//! Signing keys and server secrets. What is private arrives here sealed.

use avouch_core::records::{KeySchedule, SigningKeyRecord};
use avouch_core::storage::{KeyStore, KeysRevision, ServerSecret, StoreError, Taken};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;

use super::fault::{Damage, Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{
    Column, Columns, Conversation, all, execute, first, from_json, from_optional_time, from_text,
    from_time, from_word, json, number, octets, params, time, word,
};
use super::{PostgresStore, changes};
use crate::cache::Stale;

impl KeyStore for PostgresStore {
    async fn insert_signing_key(
        &self,
        key: &SigningKeyRecord,
        rescheduled: &[(String, KeySchedule)],
        planned_on: KeysRevision,
    ) -> Result<(), StoreError> {
        let columns = columns(key)?;
        let next = i64::try_from(planned_on.get())
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        // In order, so that two that change the same ones wait for each other in one place.
        let mut rescheduled: Vec<_> = rescheduled.iter().collect();
        rescheduled.sort_by(|one, next| one.0.cmp(&next.0));
        let kept = in_transaction!(self, Kind::Change, |transaction| async {
            // Of two that want the same number the second waits, and is refused.
            let number = first(transaction, INSERT, &params(&columns), |row| {
                row.take(number::<i64>)
            })
            .await
            .or_taken(Taken::Record)?;
            if number != Some(next) {
                return Err(Fault::Conflict(Taken::Record));
            }
            for (kid, schedule) in &rescheduled {
                reschedule(transaction, kid, schedule).await?;
            }
            changes::tell(transaction, &Stale::Keys).await
        });
        // Whoever is refused has to see why.
        self.forget_now(&Stale::Keys);
        kept
    }

    async fn signing_keys_revision(&self) -> Result<KeysRevision, StoreError> {
        if let Some(revision) = self.recall(|caches| caches.keys.get(&())) {
            return Ok(revision);
        }
        let filling = self.hot.as_ref().map(|hot| (hot, hot.caches.keys.ticket()));
        let sql = "SELECT coalesce(max(number), 0) FROM signing_key";
        let keys = asking!(self, Repeat::IfLost, |client| first(
            client,
            sql,
            &[],
            |row| { row.take(number::<u64>) }
        ))?;
        let revision = KeysRevision::new(keys.unwrap_or_default());
        if let Some((hot, ticket)) = filling {
            hot.caches.keys.fill(ticket, (), revision, 0);
        }
        Ok(revision)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        let sql = "SELECT public_details, algorithm, purpose, sealed_private,
                       created_at, active_at, retiring_at, retired_at
                   FROM signing_key ORDER BY created_at, kid";
        asking!(self, Repeat::IfLost, |client| all(client, sql, &[], key))
    }

    async fn server_secret_or_insert(
        &self,
        secret: ServerSecret,
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let sql = "INSERT INTO server_secret (name, sealed) VALUES ($1, $2)
                   ON CONFLICT (name) DO NOTHING";
        // The second statement sees what kept the first from inserting.
        in_transaction!(self, Kind::Change, |transaction| async {
            execute(transaction, sql, &[&secret.name(), &sealed]).await?;
            let kept = kept(transaction, secret).await?;
            kept.ok_or_else(|| Damage::Missing("server secret").into())
        })
    }

    async fn server_secret(&self, secret: ServerSecret) -> Result<Option<Vec<u8>>, StoreError> {
        asking!(self, Repeat::IfLost, |client| kept(client, secret))
    }

    async fn reseal(
        &self,
        signing_keys: &[(String, Vec<u8>)],
        secrets: &[(ServerSecret, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let key = "UPDATE signing_key SET sealed_private = $2 WHERE kid = $1";
        let secret = "UPDATE server_secret SET sealed = $2 WHERE name = $1";
        in_transaction!(self, Kind::Change, |transaction| async {
            for (kid, sealed) in signing_keys {
                found(
                    execute(transaction, key, &[kid, sealed]).await?,
                    "signing key",
                )?;
            }
            for (name, sealed) in secrets {
                found(
                    execute(transaction, secret, &[&name.name(), sealed]).await?,
                    "server secret",
                )?;
            }
            Ok(())
        })
    }
}

pub(super) const INSERT: &str = "
    INSERT INTO signing_key (number, kid, algorithm, purpose, public_details, sealed_private,
        created_at, active_at, retiring_at, retired_at)
    VALUES ((SELECT count(*) + 1 FROM signing_key), $1, $2, $3, $4, $5, $6, $7, $8, $9)
    RETURNING number";

async fn reschedule(
    transaction: &Transaction<'_>,
    kid: &str,
    schedule: &KeySchedule,
) -> Result<(), Fault> {
    let sql = "UPDATE signing_key
               SET created_at = $2, active_at = $3, retiring_at = $4, retired_at = $5
               WHERE kid = $1";
    let (created_at, active_at) = (
        schedule.created_at.as_micros(),
        schedule.active_at.as_micros(),
    );
    let retiring_at = schedule.retiring_at.map(Timestamp::as_micros);
    let retired_at = schedule.retired_at.map(Timestamp::as_micros);
    let params: super::rows::Params<'_> =
        &[&kid, &created_at, &active_at, &retiring_at, &retired_at];
    found(execute(transaction, sql, params).await?, "signing key")
}

/// Keys and secrets are never removed, so one that is not there is damage; the
/// whole write is undone.
fn found(changed: u64, what: &'static str) -> Result<(), Fault> {
    if changed == 0 {
        Err(Damage::Missing(what).into())
    } else {
        Ok(())
    }
}

async fn kept(client: &impl Conversation, secret: ServerSecret) -> Result<Option<Vec<u8>>, Fault> {
    let sql = "SELECT sealed FROM server_secret WHERE name = $1";
    first(client, sql, &[&secret.name()], |row| row.take(octets)).await
}

pub(super) fn key(row: &mut Columns<'_>) -> Result<SigningKeyRecord, Fault> {
    Ok(SigningKeyRecord {
        public: row.take(json)?,
        algorithm: row.take(word)?,
        purpose: row.take(word)?,
        sealed_private: row.take(octets)?,
        schedule: KeySchedule {
            created_at: row.take(time)?,
            active_at: row.take(time)?,
            retiring_at: row.take_optional(time)?,
            retired_at: row.take_optional(time)?,
        },
    })
}

pub(super) fn columns(key: &SigningKeyRecord) -> Result<[Column; 9], Fault> {
    Ok([
        from_text(key.kid()),
        from_word("signature algorithm", &key.algorithm)?,
        from_word("key purpose", &key.purpose)?,
        from_json("public key", &key.public)?,
        Column::Octets(key.sealed_private.clone()),
        from_time(key.schedule.created_at),
        from_time(key.schedule.active_at),
        from_optional_time(key.schedule.retiring_at),
        from_optional_time(key.schedule.retired_at),
    ])
}
