//! Signing keys and server secrets. What is private arrives here sealed.

use avouch_core::records::{KeySchedule, SigningKeyRecord};
use avouch_core::storage::{KeyStore, KeysRevision, ServerSecret, StoreError, Taken};
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::fault::{Damage, Fault, OrTaken};
use super::rows::{
    Columns, all, first, from_json, from_optional_time, from_time, from_word, json, number, octets,
    time, word,
};
use super::writer::Done;
use crate::cache::Stale;

impl KeyStore for SqliteStore {
    async fn insert_signing_key(
        &self,
        key: &SigningKeyRecord,
        rescheduled: &[(String, KeySchedule)],
        planned_on: KeysRevision,
    ) -> Result<(), StoreError> {
        let key = columns(key)?;
        let rescheduled = rescheduled.to_vec();
        self.write(move |connection| {
            if revision(connection)? != planned_on {
                return Err(Fault::Conflict(Taken::Record));
            }
            insert(connection, key)?;
            for (kid, schedule) in &rescheduled {
                reschedule(connection, kid, schedule)?;
            }
            Ok(Done {
                value: (),
                stale: Stale::Keys,
            })
        })
        .await
    }

    async fn signing_keys_revision(&self) -> Result<KeysRevision, StoreError> {
        let cache = &self.caches.keys;
        if let Some(revision) = cache.get(&()) {
            return Ok(revision);
        }
        let ticket = cache.ticket();
        let revision = self.readers.read(revision)?;
        cache.fill(ticket, (), revision, 0);
        Ok(revision)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        let sql = "SELECT public_details, algorithm, purpose, sealed_private,
                       created_at, active_at, retiring_at, retired_at
                   FROM signing_key ORDER BY created_at, kid";
        Ok(self
            .readers
            .read(|connection| all(connection, sql, (), key))?)
    }

    async fn server_secret_or_insert(
        &self,
        secret: ServerSecret,
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let sealed = sealed.to_vec();
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO server_secret (name, sealed) VALUES (?1, ?2)
                     ON CONFLICT (name) DO NOTHING",
                )?
                .execute(params![secret.name(), sealed])?;
            let kept = kept(connection, secret)?.ok_or(Damage::Missing("server secret"))?;
            Ok(Done::fresh(kept))
        })
        .await
    }

    async fn server_secret(&self, secret: ServerSecret) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.readers.read(|connection| kept(connection, secret))?)
    }

    async fn reseal(
        &self,
        signing_keys: &[(String, Vec<u8>)],
        secrets: &[(ServerSecret, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let (signing_keys, secrets) = (signing_keys.to_vec(), secrets.to_vec());
        self.write(move |connection| {
            let mut key = connection
                .prepare_cached("UPDATE signing_key SET sealed_private = ?2 WHERE kid = ?1")?;
            for (kid, sealed) in &signing_keys {
                found(key.execute(params![kid, sealed])?, "signing key")?;
            }
            let mut secret = connection
                .prepare_cached("UPDATE server_secret SET sealed = ?2 WHERE name = ?1")?;
            for (name, sealed) in &secrets {
                found(
                    secret.execute(params![name.name(), sealed])?,
                    "server secret",
                )?;
            }
            Ok(Done::fresh(()))
        })
        .await
    }
}

/// Keeps a new key.
pub(super) fn insert(connection: &Connection, key: [Value; 9]) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO signing_key (number, kid, algorithm, purpose, public_details,
                 sealed_private, created_at, active_at, retiring_at, retired_at)
             VALUES ((SELECT count(*) + 1 FROM signing_key),
                 ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(key)
        .or_taken(Taken::Record)?;
    Ok(())
}

fn revision(connection: &Connection) -> Result<KeysRevision, Fault> {
    let sql = "SELECT coalesce(max(number), 0) FROM signing_key";
    let keys = first(connection, sql, (), |row| row.take(number))?;
    Ok(KeysRevision::new(keys.unwrap_or_default()))
}

fn reschedule(connection: &Connection, kid: &str, schedule: &KeySchedule) -> Result<(), Fault> {
    let changed = connection
        .prepare_cached(
            "UPDATE signing_key
             SET created_at = ?2, active_at = ?3, retiring_at = ?4, retired_at = ?5
             WHERE kid = ?1",
        )?
        .execute(params![
            kid,
            from_time(schedule.created_at),
            from_time(schedule.active_at),
            from_optional_time(schedule.retiring_at),
            from_optional_time(schedule.retired_at),
        ])?;
    found(changed, "signing key")
}

/// Keys and secrets are never removed, so one that is not there is damage; the
/// whole write is undone.
fn found(changed: usize, what: &'static str) -> Result<(), Fault> {
    if changed == 0 {
        Err(Damage::Missing(what).into())
    } else {
        Ok(())
    }
}

fn kept(connection: &Connection, secret: ServerSecret) -> Result<Option<Vec<u8>>, Fault> {
    let sql = "SELECT sealed FROM server_secret WHERE name = ?1";
    first(connection, sql, [secret.name()], |row| row.take(octets))
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

pub(super) fn columns(key: &SigningKeyRecord) -> Result<[Value; 9], Fault> {
    Ok([
        key.kid().to_owned().into(),
        from_word("signature algorithm", &key.algorithm)?,
        from_word("key purpose", &key.purpose)?,
        from_json("public key", &key.public)?,
        key.sealed_private.clone().into(),
        from_time(key.schedule.created_at),
        from_time(key.schedule.active_at),
        from_optional_time(key.schedule.retiring_at),
        from_optional_time(key.schedule.retired_at),
    ])
}
