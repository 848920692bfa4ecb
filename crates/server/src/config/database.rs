//! `[database]`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use avouch_core::time::MonotonicClock;
use avouch_store::{CacheSizes, Caching, DatabaseUrl, PostgresOptions, SchemaName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::bounded::Whole;
use super::conflict::Conflict;
use super::text;
use crate::private_file::{self, NotUsable};

/// More than any password has.
const LONGEST_PASSWORD: u16 = 4096;

/// A PostgreSQL database that keeps the data, for several servers at once, and
/// what of the data is kept in memory.
///
/// Without `url` the data is in an SQLite file in `data.folder`, and one server
/// works on it. PostgreSQL must have version 15 or later and must sync what it
/// acknowledges (`fsync` and `full_page_writes` on), or the server does not
/// start; `docs/storage.md` says more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Where the database is: `postgres://USER@HOST/DATABASE`, several hosts
    /// separated by commas, or `postgres://USER@/DATABASE?host=/FOLDER` for a
    /// Unix socket. No password stands in it. To a host that is not this
    /// machine the connection is encrypted and its certificate checked, by the
    /// authorities in the file `?sslrootcert=FILE`, unless `?sslmode=disable`
    /// says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        example = &"postgres://avouch@db.example/avouch?sslrootcert=/etc/avouch/db-ca.pem"
    )]
    pub url: Option<DatabaseUrl>,
    /// File that holds the password, for a database that asks for one. It must
    /// be readable by its owner alone.
    #[serde(
        deserialize_with = "text::optional_path",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = "/etc/avouch/database.password")]
    pub password_file: Option<PathBuf>,
    /// The schema within the database. It must be there and belong to the
    /// server's user; the server makes its tables in it.
    #[schemars(with = "String")]
    pub schema: SchemaName,
    /// The most connections that this server has at one time, beside the one
    /// over which it follows what other servers change.
    pub connections: Whole<1, 1_000>,
    /// Milliseconds that what is kept in memory is believed after the database
    /// was last asked what other servers changed, which it is forty times a
    /// second. A revocation, or another change, that one server acknowledged
    /// is honoured by every other after this time at the latest; a server that
    /// cannot ask for longer looks everything up in the database. With 0
    /// nothing is kept in memory, and every look-up asks.
    pub cache_lease: Whole<0, 60_000>,
    /// Bytes of memory for access tokens that were found lately, about; in
    /// memory they are found without the database. Holds for the SQLite file,
    /// too.
    pub cache_tokens: Whole<0, 1_099_511_627_776>,
    /// The same for clients and resource servers.
    pub cache_callers: Whole<0, 1_099_511_627_776>,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: None,
            password_file: None,
            schema: SchemaName::default(),
            connections: const { Whole::literal(16) },
            cache_lease: const { Whole::literal(1_000) },
            cache_tokens: const { Whole::literal(67_108_864) },
            cache_callers: const { Whole::literal(16_777_216) },
        }
    }
}

/// Why the password cannot be had. Nothing here repeats it.
#[derive(Debug, thiserror::Error)]
#[error("{}, named by `database.password_file`: {what}", path.display())]
pub struct DatabasePasswordError {
    /// The file.
    path: PathBuf,
    /// What is wrong with it, and what to do.
    what: String,
}

impl DatabaseConfig {
    /// How to reach the database, the password read; `None` where there is none.
    pub fn options(&self) -> Result<Option<PostgresOptions>, DatabasePasswordError> {
        let Some(url) = &self.url else {
            return Ok(None);
        };
        let password = self
            .password_file
            .as_deref()
            .map(database_password)
            .transpose()?;
        Ok(Some(PostgresOptions {
            password,
            schema: self.schema.clone(),
            connections: self.connections.as_usize(),
            ..PostgresOptions::new(url.clone())
        }))
    }

    /// How much is kept in memory, of a database or of the file.
    pub fn cache_sizes(&self) -> CacheSizes {
        CacheSizes {
            tokens: self.cache_tokens.get(),
            callers: self.cache_callers.get(),
        }
    }

    /// What is kept in memory of a database, and for how long it is believed by
    /// this clock; `None` where every look-up is to ask.
    pub fn caching(&self, clock: Arc<dyn MonotonicClock>) -> Option<Caching> {
        let lease = Duration::from_millis(self.cache_lease.get());
        (!lease.is_zero()).then(|| Caching {
            sizes: self.cache_sizes(),
            lease,
            ..Caching::new(clock)
        })
    }

    pub(super) fn conflicts(&self, found: &mut Vec<Conflict>) {
        let of_a_file = Self {
            cache_tokens: self.cache_tokens,
            cache_callers: self.cache_callers,
            ..Self::default()
        };
        if self.url.is_none() && *self != of_a_file {
            found.push(Conflict {
                keys: &[
                    "database.password_file",
                    "database.schema",
                    "database.connections",
                    "database.cache_lease",
                ],
                message: "this is for a database, and none is named; add `url` to [database]"
                    .into(),
            });
        }
    }
}

/// The password in a file, which only its owner may read.
pub fn database_password(path: &Path) -> Result<Zeroizing<Vec<u8>>, DatabasePasswordError> {
    let refused = |what: String| DatabasePasswordError {
        path: path.to_owned(),
        what,
    };
    let mut text = private_file::read(path, LONGEST_PASSWORD).map_err(|reason| {
        refused(match reason {
            NotUsable::Unreadable(error) => error.to_string(),
            NotUsable::NotAFile => "it is not a regular file".into(),
            NotUsable::OpenToOthers(mode) => format!(
                "it is open to others than its owner (mode {mode:04o}); run: chmod 600 '{}'",
                path.display()
            ),
        })
    })?;
    // The end of the line that an editor or `echo` adds.
    for end in [b'\n', b'\r'] {
        if text.last() == Some(&end) {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(refused("it is empty; write the password into it".into()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn with_password(content: &str, mode: u32) -> Result<Option<PostgresOptions>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let url = DatabaseUrl::parse("postgres://avouch@127.0.0.1/tokens").unwrap();
        let config = DatabaseConfig {
            url: Some(url),
            password_file: Some(path),
            ..DatabaseConfig::default()
        };
        config.options().map_err(|error| error.to_string())
    }

    #[test]
    fn the_password_is_the_file_without_the_end_of_its_line() {
        for (content, password) in [
            ("hush", "hush"),
            ("hush\n", "hush"),
            ("hush\r\n", "hush"),
            (" hu sh \n\n", " hu sh \n"),
        ] {
            let options = with_password(content, 0o600).unwrap().unwrap();
            assert_eq!(&**options.password.unwrap(), password.as_bytes());
        }
    }

    #[test]
    fn a_password_that_others_may_read_or_that_is_none_is_refused() {
        let refused = with_password("hush", 0o640).unwrap_err();
        assert!(refused.contains("chmod 600"), "{refused}");
        assert!(!refused.contains("hush"), "{refused}");
        let refused = with_password("\n", 0o600).unwrap_err();
        assert!(refused.contains("it is empty"), "{refused}");
    }

    #[test]
    fn without_a_lease_nothing_is_kept_in_memory() {
        let clock = Arc::new(crate::clock::SystemMonotonicClock);
        let caching = |millis| {
            let config = DatabaseConfig {
                cache_lease: Whole::new(millis).unwrap(),
                cache_callers: Whole::new(7).unwrap(),
                ..DatabaseConfig::default()
            };
            config.caching(Arc::clone(&clock) as _)
        };
        assert!(caching(0).is_none());
        let caching = caching(300).unwrap();
        assert_eq!(caching.lease, Duration::from_millis(300));
        assert_eq!((caching.sizes.tokens, caching.sizes.callers), (64 << 20, 7));
    }

    #[test]
    fn without_a_url_there_is_no_database() {
        assert!(DatabaseConfig::default().options().unwrap().is_none());
    }
}
