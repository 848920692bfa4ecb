//! What goes wrong inside the engine, and which of the contract's errors it is.
//!
//! PostgreSQL's own messages may repeat values ("Key (subject)=(…) already
//! exists"), which may be personal data. What leaves here never does: see
//! [`account`].

use std::error::Error;
use std::io;
use std::time::Duration;

use avouch_core::storage::{StoreError, Taken};
use deadpool::managed::{PoolError, TimeoutType};
use thiserror::Error;
use tokio_postgres::error::SqlState;

use super::open::PostgresError;

/// A failure on its way out. Becomes a [`StoreError`] at the trait.
#[derive(Debug)]
pub(super) enum Fault {
    /// What was to be made is there already.
    Conflict(Taken),
    /// A row cannot be read, or does not fit its neighbours.
    Damaged(Damage),
    /// No connection can be had, or it does not answer.
    Away(Away),
    /// What PostgreSQL or the way to it says.
    Engine(tokio_postgres::Error),
}

/// What is wrong with what is kept. Names tables and columns, never values:
/// those may be personal data.
#[derive(Debug, Error)]
pub(super) enum Damage {
    /// A value that no writer of ours has written.
    #[error("column {0} holds a value that cannot be read")]
    Column(String),
    /// A record that should be there is not.
    #[error("there is no {0} to go with it")]
    Missing(&'static str),
    /// The record cannot be written down.
    #[error("a {0} cannot be encoded")]
    Unencodable(&'static str),
    /// PostgreSQL finds the data or the layout broken.
    #[error("PostgreSQL: {0}; look at the database server's log")]
    Engine(String),
}

/// Why the database was not asked, or did not answer.
#[derive(Debug, Error)]
pub(super) enum Away {
    /// Nothing came back.
    #[error("the database did not answer within {} ms", .0.as_millis())]
    Silent(Duration),
    /// While it was asked, another took its place.
    #[error("the database server was replaced before it answered")]
    Replaced,
    /// Back-pressure.
    #[error("every connection to the database is in use")]
    AllInUse,
    /// A new connection was made, but the server behind it is not to be used.
    #[error("{0}")]
    Refused(String),
    /// A failure that may pass, with advice.
    #[error("PostgreSQL: {account}; {advice}")]
    Trouble {
        account: String,
        advice: &'static str,
    },
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Away> for Fault {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<PoolError<PostgresError>> for Fault {
    fn from(error: PoolError<PostgresError>) -> Self {
        Self::Away(match error {
            PoolError::Timeout(TimeoutType::Wait) => Away::AllInUse,
            PoolError::Backend(PostgresError::Unreachable {
                account, advice, ..
            }) => Away::Trouble { account, advice },
            PoolError::Backend(refused) => Away::Refused(refused.to_string()),
            PoolError::Timeout(_)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => Away::Trouble {
                account: error.to_string(),
                advice: UNREACHABLE,
            },
        })
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Conflict(taken) => Self::Conflict(taken),
            Fault::Damaged(damage) => Self::Damaged(Box::new(damage)),
            Fault::Away(away) => Self::Unavailable(Box::new(away)),
            Fault::Engine(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {
                Self::Damaged(Box::new(Damage::Missing("record")))
            }
            Fault::Engine(error) => {
                let account = account(&error);
                match advice(&error) {
                    Some(advice) => Self::Unavailable(Box::new(Away::Trouble { account, advice })),
                    None => Self::Damaged(Box::new(Damage::Engine(account))),
                }
            }
        }
    }
}

impl Fault {
    /// Nothing was done, for others were at the same rows: try again.
    pub(super) fn is_crowded(&self) -> bool {
        let Self::Engine(error) = self else {
            return false;
        };
        matches!(
            error.code(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
        )
    }

    /// Nothing was done, for the server takes no writes (any more).
    pub(super) fn is_read_only(&self) -> bool {
        let Self::Engine(error) = self else {
            return false;
        };
        error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
    }

    /// The connection broke; whether anything was done is not known.
    pub(super) fn is_lost(&self) -> bool {
        let error = match self {
            Self::Engine(error) => error,
            Self::Away(Away::Replaced) => return true,
            _ => return false,
        };
        match error.code() {
            Some(code) => {
                matches!(class(code), "08")
                    || [
                        SqlState::ADMIN_SHUTDOWN,
                        SqlState::CRASH_SHUTDOWN,
                        SqlState::IDLE_SESSION_TIMEOUT,
                        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                    ]
                    .contains(code)
            }
            None => is_of_the_network(error),
        }
    }
}

const UNREACHABLE: &str = "see that the database server runs and can be reached from here";
const READ_ONLY: &str = "this database server takes no writes: see that the primary is named, or \
                         that a fail-over ends";

/// What is told of an error: its message, or where that may repeat values, what
/// it is about.
pub(super) fn account(error: &tokio_postgres::Error) -> String {
    let Some(told) = error.as_db_error() else {
        let mut account = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            account.push_str(": ");
            account.push_str(&cause.to_string());
            source = cause.source();
        }
        return account;
    };
    let code = told.code().code();
    match class(told.code()) {
        // Data exceptions, violated constraints, and what functions raise.
        "22" | "23" | "P0" => {
            let about = [told.table(), told.column(), told.constraint()];
            let about: Vec<_> = about.into_iter().flatten().collect();
            format!("SQLSTATE {code} {}", about.join(" "))
                .trim_end()
                .to_owned()
        }
        _ => format!("{} (SQLSTATE {code})", told.message()),
    }
}

/// What to do about an error that may pass; `None` if it says that data or
/// layout are broken.
pub(super) fn advice(error: &tokio_postgres::Error) -> Option<&'static str> {
    let Some(code) = error.code() else {
        if error.is_closed() {
            return Some(UNREACHABLE);
        }
        return of_the_network(error).map(|cause| {
            // The client library's own word, not the system's: it asked for one that takes writes.
            let own = cause.kind() == io::ErrorKind::PermissionDenied;
            if own && cause.raw_os_error().is_none() {
                READ_ONLY
            } else {
                UNREACHABLE
            }
        });
    };
    Some(match class(code) {
        "08" => UNREACHABLE,
        "28" => "check user and password, and pg_hba.conf on the database server",
        "3D" => "make the database, or correct its name",
        "40" => "too many changes to one record at once: try again",
        "53" => match *code {
            SqlState::DISK_FULL => "make room on the database server's disk",
            SqlState::TOO_MANY_CONNECTIONS => {
                "raise max_connections of the database server, or have fewer servers or connections"
            }
            _ => "give the database server more of what it lacks",
        },
        "57" => match *code {
            SqlState::QUERY_CANCELED => "it took too long: look at the database's load and locks",
            _ => "the database server is stopping or starting: try again",
        },
        "58" => "look at the database server's disk and log",
        _ => match *code {
            SqlState::LOCK_NOT_AVAILABLE => "look for a transaction that was left open",
            SqlState::READ_ONLY_SQL_TRANSACTION => READ_ONLY,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => "look at the load of this server",
            SqlState::INSUFFICIENT_PRIVILEGE => {
                "make the server's user the owner of the schema and its tables"
            }
            SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => {
                "a proxy that hands one connection to several clients stands in between: go around \
                 it, or have it pool sessions"
            }
            _ => return None,
        },
    })
}

fn class(code: &SqlState) -> &str {
    code.code().get(..2).unwrap_or_default()
}

fn is_of_the_network(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || of_the_network(error).is_some()
}

fn of_the_network(error: &tokio_postgres::Error) -> Option<&io::Error> {
    std::iter::successors(error.source(), |&cause| cause.source())
        .find_map(|cause| cause.downcast_ref())
}

/// Reads a violated uniqueness as "taken".
pub(super) trait OrTaken<T> {
    /// The same, with a violated unique index as [`Fault::Conflict`].
    fn or_taken(self, taken: Taken) -> Result<T, Fault>;
}

impl<T> OrTaken<T> for Result<T, Fault> {
    fn or_taken(self, taken: Taken) -> Result<T, Fault> {
        self.map_err(|fault| match fault {
            Fault::Engine(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                Fault::Conflict(taken)
            }
            other => other,
        })
    }
}
