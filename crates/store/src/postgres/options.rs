//! How to use the database.

use std::fmt;
use std::time::Duration;

use thiserror::Error;
use tokio_postgres::config::{Host, TargetSessionAttrs};
use zeroize::Zeroizing;

use super::hot::Caching;
use super::url::DatabaseUrl;
use crate::MoveSide;

/// Which database, and how patiently. The defaults suit a server of its own.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Where it is.
    pub url: DatabaseUrl,
    /// The password, where the database asks for one.
    pub password: Option<Zeroizing<Vec<u8>>>,
    /// The schema that holds the tables. It must be there.
    pub schema: SchemaName,
    /// The most connections at one time, beside the one over which changes of
    /// other servers are followed.
    pub connections: usize,
    /// How long to wait for a connection to be made, of each host.
    pub connect: Duration,
    /// How long to wait for one that is free.
    pub wait: Duration,
    /// How long the database may take for one statement, waiting for others'
    /// locks included.
    pub statement: Duration,
    /// How long a call may take altogether, tries and all. What the network
    /// swallows is given up then.
    pub call: Duration,
    /// On which side of a move it is; `None` for a server.
    pub moving: Option<MoveSide>,
    /// What is kept in memory. `None` for nothing: every look-up asks.
    pub caching: Option<Caching>,
}

impl PostgresOptions {
    /// The defaults, for this database; nothing is kept in memory.
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            password: None,
            schema: SchemaName::default(),
            connections: 16,
            connect: Duration::from_secs(5),
            wait: Duration::from_secs(5),
            statement: Duration::from_secs(5),
            call: Duration::from_secs(15),
            moving: None,
            caching: None,
        }
    }

    /// The same for the client library, for each host.
    pub(super) fn hosts(&self) -> Vec<tokio_postgres::Config> {
        let url = self.url.config();
        let hosts = url.get_hosts().iter().enumerate();
        let configs = hosts.map(|(number, host)| {
            let mut config = tokio_postgres::Config::new();
            match host {
                Host::Tcp(name) => config.host(name),
                #[cfg(unix)]
                Host::Unix(folder) => config.host_path(folder),
            };
            if let Some(port) = self.url.port(number) {
                config.port(port);
            }
            config
                .user(url.get_user().unwrap_or_default())
                .dbname(url.get_dbname().unwrap_or_default())
                .ssl_mode(url.get_ssl_mode());
            if let Some(password) = &self.password {
                config.password(&**password);
            }
            config
                .application_name(match self.moving {
                    None => self.servers(),
                    Some(_) => "avouch migrate".to_owned(),
                })
                .connect_timeout(self.connect)
                // A peer that is gone without a word is noticed by the system, too.
                .tcp_user_timeout(self.call)
                .keepalives_idle(Duration::from_secs(30))
                // Of several hosts the one that takes writes.
                .target_session_attrs(TargetSessionAttrs::ReadWrite);
            config
        });
        configs.collect()
    }
}

impl PostgresOptions {
    /// What the connections of servers to this schema are called there: as much of it as
    /// PostgreSQL keeps of a name.
    pub(super) fn servers(&self) -> String {
        let mut name = format!("avouch {}", self.schema.as_str());
        name.truncate(63);
        name
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("url", &self.url.as_str())
            .field("schema", &self.schema.as_str())
            .finish_non_exhaustive()
    }
}

/// The name of a schema: a small letter or `_`, then small letters, digits and
/// `_`, 63 characters at most, so that it means the same quoted or not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SchemaName(String);

/// A text that is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the name of a schema begins with a small letter, goes on with small letters, digits and _, and \
     has 63 characters at most; pg_ is PostgreSQL's own beginning"
)]
pub struct SchemaNameError;

impl SchemaName {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, SchemaNameError> {
        let mut octets = text.bytes();
        let begins = octets
            .next()
            .is_some_and(|o| o.is_ascii_lowercase() || o == b'_');
        let goes_on = octets.all(|o| o.is_ascii_lowercase() || o.is_ascii_digit() || o == b'_');
        if begins && goes_on && text.len() <= 63 && !text.starts_with("pg_") {
            Ok(Self(text.to_owned()))
        } else {
            Err(SchemaNameError)
        }
    }

    /// The name. It needs no escaping within quotes of either kind.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SchemaName {
    fn default() -> Self {
        Self("public".into())
    }
}

impl TryFrom<String> for SchemaName {
    type Error = SchemaNameError;

    fn try_from(text: String) -> Result<Self, SchemaNameError> {
        Self::parse(&text)
    }
}

impl From<SchemaName> for String {
    fn from(name: SchemaName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let url = DatabaseUrl::parse("postgres://avouch@127.0.0.1/tokens").unwrap();
        let mut options = PostgresOptions::new(url);
        options.password = Some(Zeroizing::new(b"hush".to_vec()));
        let hosts = options.hosts();
        assert_eq!(hosts[0].get_password(), Some(&b"hush"[..]));
        for shown in [format!("{options:?}"), format!("{hosts:?}")] {
            assert!(!shown.contains("hush"), "{shown}");
        }
    }

    #[test]
    fn each_host_is_asked_by_itself() {
        let hosts = |text: &str| {
            let url = DatabaseUrl::parse(text).unwrap();
            let hosts = PostgresOptions::new(url).hosts();
            let told = hosts.iter().map(|config| {
                assert_eq!(config.get_user(), Some("a"));
                assert_eq!(config.get_dbname(), Some("d"));
                (config.get_hosts().to_vec(), config.get_ports().to_vec())
            });
            told.collect::<Vec<_>>()
        };
        let tcp = |name: &str, port| (vec![Host::Tcp(name.to_owned())], vec![port]);
        assert_eq!(
            hosts("postgres://a@[::1]:5433,localhost/d"),
            [tcp("::1", 5433), tcp("localhost", 5432)]
        );
        assert_eq!(
            hosts("postgres://a@/d?host=/run&host=localhost&port=7"),
            [
                (vec![Host::Unix("/run".into())], vec![7]),
                tcp("localhost", 7)
            ]
        );
    }

    #[test]
    fn a_schema_name_needs_no_escaping() {
        let longest = "a".repeat(63);
        for name in ["public", "_x", "avouch_2", longest.as_str()] {
            assert_eq!(SchemaName::parse(name).unwrap().as_str(), name);
        }
        let too_long = "a".repeat(64);
        for name in [
            "",
            "2a",
            "A",
            "a-b",
            "a\"b",
            "a'b",
            "a b",
            "ä",
            "pg_temp",
            too_long.as_str(),
        ] {
            assert_eq!(SchemaName::parse(name), Err(SchemaNameError), "{name}");
        }
    }
}
