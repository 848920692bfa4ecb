//! Where the database is, as an operator writes it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio_postgres::config::{Host, SslMode};
use url::form_urlencoded;

/// A URL of a PostgreSQL database: `postgres://USER@HOST:PORT/DATABASE`, with
/// several hosts where there are several (the first that takes writes is used),
/// or `postgres://USER@/DATABASE?host=/FOLDER` for a Unix socket.
///
/// After `?` may stand `sslmode` (`verify-full`, which checks certificate and
/// name of the server, or `disable`; without it, `disable` on a Unix socket or
/// a loopback host and `verify-full` elsewhere), `sslrootcert` (the file with
/// the authorities that `verify-full` trusts), `host` and `port`.
///
/// There is no password in it, so it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatabaseUrl {
    text: String,
    config: tokio_postgres::Config,
    /// The authorities that the server's certificate must come from; `None`
    /// for a connection that is not encrypted.
    authorities: Option<PathBuf>,
}

/// Why a text is not such a URL. None repeats it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DatabaseUrlError {
    /// Not of this form.
    #[error(
        "this is not the URL of a database; write one such as \
         postgres://avouch@db.example:5432/avouch, with an IPv6 address in brackets and a port up \
         to 65535"
    )]
    Form,
    /// A password in the URL would be shown with it.
    #[error("the URL has a password in it; take it out and name a file that holds it")]
    Password,
    /// It leaves out what is not to be guessed.
    #[error("the URL names no {0}; write it out: postgres://USER@HOST/DATABASE")]
    Missing(&'static str),
    /// One of its hosts is none.
    #[error(
        "one of the hosts in the URL is no name, no address and no folder: write one, or several \
         with a comma between them and none at the end"
    )]
    Host,
    /// It is not said which port is whose.
    #[error("the URL names several ports: name one for all hosts, or one for each")]
    Ports,
    /// Something after `?` that is not known here.
    #[error("after `?` may stand sslmode, sslrootcert, host and port, and nothing else")]
    Parameter,
    /// A mode that does not keep what it seems to promise.
    #[error(
        "sslmode must be verify-full, which checks who answers, or disable; the modes between them \
         let another answer in the database's place"
    )]
    SslMode,
    /// Nobody to trust.
    #[error(
        "the connection is to be encrypted and checked, but it is not said which authorities to \
         trust; add sslrootcert=FILE, with their certificates in PEM, or sslmode=disable if nobody \
         else can reach the way to the database"
    )]
    Authorities,
}

impl DatabaseUrl {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        if !(base.starts_with("postgres://") || base.starts_with("postgresql://")) {
            return Err(DatabaseUrlError::Form);
        }
        let mut config: tokio_postgres::Config =
            base.parse().map_err(|_| DatabaseUrlError::Form)?;
        let mut mode = None;
        let mut authorities = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => authorities = Some(PathBuf::from(value.into_owned())),
                "host" => {
                    config.host(&*value);
                }
                "port" => {
                    config.port(value.parse().map_err(|_| DatabaseUrlError::Form)?);
                }
                "password" | "passfile" => return Err(DatabaseUrlError::Password),
                _ => return Err(DatabaseUrlError::Parameter),
            }
        }
        if config.get_password().is_some() {
            return Err(DatabaseUrlError::Password);
        }
        for (missing, what) in [
            (config.get_user().is_none_or(str::is_empty), "user"),
            (config.get_hosts().is_empty(), "host"),
            (config.get_dbname().is_none_or(str::is_empty), "database"),
        ] {
            if missing {
                return Err(DatabaseUrlError::Missing(what));
            }
        }
        if !config.get_hosts().iter().all(can_be) {
            return Err(DatabaseUrlError::Host);
        }
        // One port for all hosts, or one for each.
        let ports = config.get_ports();
        if ports.len() > 1 && ports.len() != config.get_hosts().len() {
            return Err(DatabaseUrlError::Ports);
        }
        if ports.contains(&0) {
            return Err(DatabaseUrlError::Form);
        }
        let near = config.get_hosts().iter().all(is_near);
        let authorities = match mode.as_deref() {
            Some("disable") => None,
            None if near && authorities.is_none() => None,
            None | Some("verify-full") => Some(authorities.ok_or(DatabaseUrlError::Authorities)?),
            Some(_) => return Err(DatabaseUrlError::SslMode),
        };
        // Never the "prefer" of libpq, which whoever is in between can turn off.
        config.ssl_mode(if authorities.is_some() {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self {
            text: text.to_owned(),
            config,
            authorities,
        })
    }

    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether others than this machine could listen on the way to it.
    pub(super) fn is_open_to_listeners(&self) -> bool {
        self.authorities.is_none() && !self.config.get_hosts().iter().all(is_near)
    }

    /// The file of those that the server's certificate must come from.
    pub(super) fn authorities(&self) -> Option<&Path> {
        self.authorities.as_deref()
    }

    /// The same for the client library.
    pub(super) fn config(&self) -> &tokio_postgres::Config {
        &self.config
    }

    /// The port of one of the hosts, by its number, if one was named.
    pub(super) fn port(&self, host: usize) -> Option<u16> {
        let ports = self.config.get_ports();
        // One for all of them, or one for each.
        ports.get(host).or_else(|| ports.first()).copied()
    }

    /// Whom an error is about: hosts, with the ports that were named, and database.
    pub fn place(&self) -> String {
        let hosts = self.config.get_hosts().iter().enumerate();
        let hosts: Vec<_> = hosts
            .map(|(number, host)| match (host, self.port(number)) {
                (Host::Tcp(name), Some(port)) if name.contains(':') => format!("[{name}]:{port}"),
                (Host::Tcp(name), Some(port)) => format!("{name}:{port}"),
                (Host::Tcp(name), None) => name.clone(),
                #[cfg(unix)]
                (Host::Unix(folder), _) => folder.display().to_string(),
            })
            .collect();
        let database = self.config.get_dbname().unwrap_or_default();
        format!("database {database} on {}", hosts.join(", "))
    }
}

/// Whether there can be such a host.
fn can_be(host: &Host) -> bool {
    match host {
        Host::Tcp(name) if name.contains(':') => {
            // With the interface that it is reached by, where that has to be said.
            let address = name.split_once('%').map_or(name.as_str(), |(ip, _)| ip);
            address.parse::<Ipv6Addr>().is_ok()
        }
        Host::Tcp(name) => {
            let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
            !name.is_empty() && name.bytes().all(fits)
        }
        #[cfg(unix)]
        Host::Unix(folder) => folder.is_absolute() || folder.starts_with("@"),
    }
}

/// On this machine.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = DatabaseUrlError;

    fn try_from(text: String) -> Result<Self, DatabaseUrlError> {
        Self::parse(&text)
    }
}

impl From<DatabaseUrl> for String {
    fn from(url: DatabaseUrl) -> Self {
        url.text
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> DatabaseUrlError {
        DatabaseUrl::parse(text).unwrap_err()
    }

    #[test]
    fn a_database_is_named_by_user_host_and_name() {
        let url = DatabaseUrl::parse("postgres://avouch@127.0.0.1:5433/tokens").unwrap();
        assert_eq!(url.config().get_user(), Some("avouch"));
        assert_eq!(url.config().get_ports(), [5433]);
        assert_eq!(url.place(), "database tokens on 127.0.0.1:5433");
        let url = DatabaseUrl::parse("postgresql://avouch@/tokens?host=/run/postgresql").unwrap();
        assert_eq!(url.place(), "database tokens on /run/postgresql");
        let two = "postgres://avouch@one:5432,two:5433/tokens?sslmode=disable";
        let url = DatabaseUrl::parse(two).unwrap();
        assert_eq!(url.place(), "database tokens on one:5432, two:5433");
        assert_eq!(url.config().get_ports(), [5432, 5433]);
        for (text, what) in [
            ("postgres://127.0.0.1/tokens", "user"),
            ("postgres://avouch@/tokens", "host"),
            ("postgres://avouch@127.0.0.1", "database"),
            ("postgres://avouch@127.0.0.1/", "database"),
        ] {
            assert_eq!(refused(text), DatabaseUrlError::Missing(what), "{text}");
        }
        for text in [
            "postgres://a@/d?host=localhost&port=1&port=2",
            "postgres://a@localhost/d?port=7",
        ] {
            assert_eq!(refused(text), DatabaseUrlError::Ports, "{text}");
        }
        for text in ["", "host=127.0.0.1", "mysql://avouch@127.0.0.1/tokens"] {
            assert_eq!(refused(text), DatabaseUrlError::Form, "{text}");
        }
    }

    #[test]
    fn what_can_be_no_host_is_refused_and_named_as_what_is_wrong() {
        for host in [
            ",",
            "localhost,",
            ",localhost",
            "%zz",
            "%00",
            "a%20b",
            "[1::zz]",
        ] {
            for rest in ["", "?sslmode=disable", "?sslrootcert=/ca.pem"] {
                let text = format!("postgres://a@{host}/d{rest}");
                assert_eq!(refused(&text), DatabaseUrlError::Host, "{text}");
            }
        }
        for text in [
            "postgres://a@127.0.0.1:0/d",
            "postgres://a@127.0.0.1:99999/d",
            "postgres://a@[::1/d",
        ] {
            let error = refused(text);
            assert_eq!(error, DatabaseUrlError::Form, "{text}");
            assert!(error.to_string().contains("65535"), "{error}");
        }
        for host in [
            "db_1",
            "xn--bcher-kva.example",
            "[fe80::1%25eth0]",
            "[::1]:7",
        ] {
            let text = format!("postgres://a@{host}/d?sslmode=disable");
            assert!(DatabaseUrl::parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_connection_is_checked_unless_it_stays_on_the_machine_or_is_said_to_be_open() {
        let mode = |text: &str| {
            let url = DatabaseUrl::parse(text).unwrap();
            (url.config().get_ssl_mode(), url.is_open_to_listeners())
        };
        let open = (SslMode::Disable, false);
        assert_eq!(mode("postgres://a@localhost/d"), open);
        assert_eq!(mode("postgres://a@[::1]/d"), open);
        assert_eq!(mode("postgres://a@/d?host=/run"), open);
        assert_eq!(
            mode("postgres://a@db.example/d?sslmode=disable"),
            (SslMode::Disable, true)
        );
        let checked = (SslMode::Require, false);
        assert_eq!(
            mode("postgres://a@db.example/d?sslrootcert=/ca.pem"),
            checked
        );
        assert_eq!(
            mode("postgres://a@localhost/d?sslrootcert=/ca.pem"),
            checked
        );
        assert_eq!(
            refused("postgres://a@db.example/d"),
            DatabaseUrlError::Authorities
        );
        // One host that is far is enough.
        assert_eq!(
            refused("postgres://a@localhost,db.example/d"),
            DatabaseUrlError::Authorities
        );
        for mode in ["prefer", "allow", "require", "verify-ca", "VERIFY-FULL", ""] {
            let text = format!("postgres://a@localhost/d?sslmode={mode}");
            assert_eq!(refused(&text), DatabaseUrlError::SslMode, "{mode}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in [
            "postgres://avouch:hush@127.0.0.1/tokens",
            "postgres://avouch@127.0.0.1/tokens?password=hush",
        ] {
            let error = refused(text);
            assert_eq!(error, DatabaseUrlError::Password);
            assert!(!format!("{error} {error:?}").contains("hush"));
        }
        let error = refused("postgres://avouch@127.0.0.1/tokens?options=hush");
        assert_eq!(error, DatabaseUrlError::Parameter);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_password_comes_through(text in "(postgres://)?.{0,60}") {
            if let Ok(url) = DatabaseUrl::parse(&text) {
                prop_assert!(url.config().get_password().is_none());
                prop_assert_eq!(url.as_str(), text);
            }
        }
    }
}
