//! What every new connection is told, and what it must say of its server.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::error::SqlState;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::open::PostgresError;
use super::options::PostgresOptions;
use super::timeline::Timeline;

/// The oldest version that is used: 15.
const OLDEST: u32 = 150_000;

/// Sets a connection up, and judges the server behind it, but for its timeline,
/// which is returned. Two round trips.
pub(super) async fn begin(
    client: &ClientWrapper,
    options: &PostgresOptions,
) -> Result<Option<Timeline>, PostgresError> {
    let millis = options.statement.as_millis().max(1);
    // The schema alone, so that no other's tables are meant by chance.
    let sql = format!(
        "SET search_path = \"{schema}\", pg_temp;
         SET statement_timeout = {millis};
         SET idle_in_transaction_session_timeout = {idle};
         SET client_min_messages = warning;
         SET default_transaction_isolation = 'read committed';
         SELECT set_config('synchronous_commit',
             CASE current_setting('synchronous_commit')
                 WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false);
         SELECT current_setting('server_version_num') AS version,
                current_setting('server_encoding') AS encoding,
                current_setting('transaction_read_only') AS read_only,
                current_setting('fsync', true) AS fsync,
                current_setting('full_page_writes', true) AS full_page_writes,
                current_setting('synchronous_commit') AS synchronous_commit,
                has_schema_privilege(to_regnamespace('{schema}')::oid, 'USAGE') AS may_use",
        schema = options.schema.as_str(),
        idle = options.call.as_millis().max(1),
    );
    let told = |error| PostgresError::unreachable(options, &error);
    let answers = client.simple_query(&sql).await.map_err(told)?;
    let mut found = Found::default();
    for answer in &answers {
        if let SimpleQueryMessage::Row(row) = answer
            && row
                .columns()
                .iter()
                .any(|column| column.name() == "version")
        {
            let text = |name: &str| row.get(name).unwrap_or_default().to_owned();
            found = Found {
                version: text("version"),
                encoding: text("encoding"),
                read_only: text("read_only"),
                fsync: text("fsync"),
                full_page_writes: text("full_page_writes"),
                synchronous_commit: text("synchronous_commit"),
                may_use: text("may_use"),
            };
        }
    }
    found.judge(options)?;
    timeline(client).await.map_err(told)
}

/// The history that the server goes on with; `None` if it is of a kind that
/// knows no such thing, or does not tell it to its user.
async fn timeline(client: &ClientWrapper) -> Result<Option<Timeline>, tokio_postgres::Error> {
    // Not the one of the last checkpoint, which may be older than a promotion.
    let sql = "SELECT (pg_control_system()).system_identifier AS system,
                      left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline";
    let answers = match client.simple_query(sql).await {
        Ok(answers) => answers,
        Err(error) => {
            let is_no_fault = [
                SqlState::UNDEFINED_FUNCTION,
                SqlState::FEATURE_NOT_SUPPORTED,
                SqlState::INSUFFICIENT_PRIVILEGE,
            ];
            return match error.code() {
                Some(code) if is_no_fault.contains(code) => Ok(None),
                _ => Err(error),
            };
        }
    };
    let row = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.and_then(read_timeline))
}

fn read_timeline(row: &SimpleQueryRow) -> Option<Timeline> {
    Some(Timeline {
        system: row.get("system")?.to_owned(),
        number: u32::from_str_radix(row.get("timeline")?, 16).ok()?,
    })
}

/// What a server says of itself. Empty is what it does not know.
#[derive(Clone, Debug, Default)]
struct Found {
    version: String,
    encoding: String,
    read_only: String,
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    may_use: String,
}

impl Found {
    /// Refuses a server on which acknowledged writes could be lost, or that
    /// this program does not know.
    ///
    /// `fsync` and `full_page_writes` are the server's: a crash of the machine
    /// would leave a database that is not whole. `synchronous_commit` was set
    /// for this session and is read back: `on` waits for the disk, and for the
    /// standbys that the server's administrator says must have it, too.
    fn judge(&self, options: &PostgresOptions) -> Result<(), PostgresError> {
        if self
            .version
            .parse()
            .is_ok_and(|version: u32| version < OLDEST)
        {
            return Err(PostgresError::TooOld(self.version.clone()));
        }
        if self.encoding != "UTF8" {
            return Err(PostgresError::Encoding(self.encoding.clone()));
        }
        if self.read_only != "off" {
            return Err(PostgresError::ReadOnly);
        }
        for (setting, found, wanted, cure) in [
            (
                "fsync",
                &self.fsync,
                &["on"][..],
                "set fsync = on in postgresql.conf and reload",
            ),
            (
                "full_page_writes",
                &self.full_page_writes,
                &["on"][..],
                "set full_page_writes = on in postgresql.conf and reload",
            ),
            (
                "synchronous_commit",
                &self.synchronous_commit,
                &["on", "remote_apply"][..],
                "let the server's user set synchronous_commit to on",
            ),
        ] {
            if !wanted.contains(&found.as_str()) {
                let found = if found.is_empty() {
                    "not known there"
                } else {
                    found
                };
                return Err(PostgresError::NotDurable {
                    setting,
                    found: found.to_owned(),
                    cure,
                });
            }
        }
        if self.may_use != "t" {
            return Err(PostgresError::NoSchema(options.schema.as_str().to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::url::DatabaseUrl;
    use super::*;

    fn good() -> Found {
        Found {
            version: "150004".into(),
            encoding: "UTF8".into(),
            read_only: "off".into(),
            fsync: "on".into(),
            full_page_writes: "on".into(),
            synchronous_commit: "on".into(),
            may_use: "t".into(),
        }
    }

    fn judged(change: impl FnOnce(&mut Found)) -> Result<(), String> {
        let url = DatabaseUrl::parse("postgres://avouch@127.0.0.1/tokens").unwrap();
        let mut found = good();
        change(&mut found);
        let judged = found.judge(&PostgresOptions::new(url));
        judged.map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_server_that_keeps_what_it_acknowledged_is_used() {
        judged(|_| ()).unwrap();
        judged(|found| found.synchronous_commit = "remote_apply".into()).unwrap();
        judged(|found| found.version = "180001".into()).unwrap();
    }

    #[test]
    fn a_server_that_could_lose_what_it_acknowledged_is_refused() {
        for lost in ["off", ""] {
            let refused = judged(|found| found.fsync = lost.into()).unwrap_err();
            assert!(refused.contains("could be lost: fsync"), "{refused}");
            assert!(refused.contains("set fsync = on"), "{refused}");
            let refused = judged(|found| found.full_page_writes = lost.into()).unwrap_err();
            assert!(refused.contains("full_page_writes = on"), "{refused}");
        }
        for weak in ["off", "local", "remote_write"] {
            let refused = judged(|found| found.synchronous_commit = weak.into()).unwrap_err();
            assert!(refused.contains("synchronous_commit"), "{refused}");
        }
    }

    #[test]
    fn a_server_that_cannot_be_worked_with_is_refused_with_a_cure() {
        let refused = judged(|found| found.version = "140012".into()).unwrap_err();
        assert!(refused.contains("15"), "{refused}");
        let refused = judged(|found| found.encoding = "SQL_ASCII".into()).unwrap_err();
        assert!(refused.contains("ENCODING 'UTF8'"), "{refused}");
        let refused = judged(|found| found.read_only = "on".into()).unwrap_err();
        assert!(refused.contains("primary"), "{refused}");
        for no in ["f", ""] {
            let refused = judged(|found| found.may_use = no.into()).unwrap_err();
            assert!(refused.contains("CREATE SCHEMA"), "{refused}");
        }
    }
}
