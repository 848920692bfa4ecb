//! Where the data is: a file, or PostgreSQL, which runs on the core of the load.

use std::fmt::Write as _;
use std::path::Path;

use avouch_store::{DatabaseUrl, PostgresOptions, SchemaName};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Failure;
use crate::cores::{self, Core};

/// What keeps the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Engine {
    /// A file, within the server.
    Sqlite,
    /// A database, beside it.
    Postgres,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A PostgreSQL server of its own, with the settings it comes with. Stopped when dropped.
pub struct Postgres(xtask::postgres::Server);

/// A schema there, empty at first.
#[derive(Clone, Serialize, Deserialize)]
pub struct Schema {
    url: String,
    /// What its user shows.
    pub password: String,
    name: String,
}

impl Postgres {
    /// Starts one on the core of the load, where the calling thread ends up.
    pub fn start() -> Result<Self, Failure> {
        cores::pin(Core::Load)?;
        Ok(Self(xtask::postgres::Server::start("bench", &[])?))
    }

    /// Makes a schema.
    pub fn schema(&self, name: &str) -> Result<Schema, Failure> {
        let name = SchemaName::parse(name)?;
        self.0.query(&format!("CREATE SCHEMA {}", name.as_str()))?;
        Ok(Schema {
            url: self.0.url(),
            password: self.0.password().to_owned(),
            name: name.as_str().to_owned(),
        })
    }

    /// Does now what it would do by itself some time after so many rows were written: it is not to
    /// happen while something is measured.
    pub fn settle(&self) -> Result<(), Failure> {
        // Not within one transaction, so not within one query.
        self.0.query("VACUUM (FREEZE, ANALYZE)")?;
        self.0.query("CHECKPOINT")?;
        Ok(())
    }
}

impl Schema {
    /// How it is opened; nothing is kept in memory.
    pub fn options(&self) -> Result<PostgresOptions, Failure> {
        let mut options = PostgresOptions::new(DatabaseUrl::parse(&self.url)?);
        options.password = Some(Zeroizing::new(self.password.clone().into_bytes()));
        options.schema = SchemaName::parse(&self.name)?;
        Ok(options)
    }

    /// Its lines of the section `[database]`.
    pub(crate) fn config(&self, password: &Path) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "url = \"{}\"\npassword_file = \"{}\"\nschema = \"{}\"\n",
            self.url,
            password.display(),
            self.name,
        );
        text
    }
}
