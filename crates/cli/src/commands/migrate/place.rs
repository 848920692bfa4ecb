//! Where records come from and go to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use avouch_server::{DATABASE_FILE, config};
use avouch_store::{
    AnyStore, DatabaseUrl, MoveSide, OpenError, PostgresOptions, PostgresStore, SchemaName,
    SqliteOptions, SqliteStore,
};

use crate::output::{self, Failure};

/// How long a statement may take: one that counts millions takes its time.
const PATIENCE: Duration = Duration::from_mins(30);

/// A file or a database.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<DatabaseUrl>),
}

impl Place {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => {
                // As the configuration will have it, wherever the server is started.
                let path = std::path::absolute(path).map_err(|error| error.to_string())?;
                Ok(Self::Sqlite(if path.is_dir() {
                    path.join(DATABASE_FILE)
                } else {
                    path
                }))
            }
            Some(("postgres" | "postgresql", _)) => DatabaseUrl::parse(text)
                .map(|url| Self::Postgres(Box::new(url)))
                .map_err(|error| error.to_string()),
            _ => Err("say sqlite:FILE, sqlite:FOLDER or postgres://USER@HOST/DATABASE".into()),
        }
    }
}

/// A place, and how to get into it.
pub(super) struct Access<'a> {
    pub(super) place: &'a Place,
    pub(super) password_file: Option<&'a Path>,
    pub(super) schema: Option<&'a SchemaName>,
}

impl Access<'_> {
    /// Opens it to take everything from there.
    pub(super) async fn open_source(&self) -> Result<AnyStore, Failure> {
        match self.place {
            Place::Sqlite(file) if !file.exists() => Err(Failure::new(format!(
                "{}: there is no data file; is this the data folder of the server?",
                file.display()
            ))),
            Place::Sqlite(file) => open_file(file, MoveSide::Source),
            Place::Postgres(url) => self.open_database(url, MoveSide::Source).await,
        }
    }

    /// Opens it to bring everything there.
    pub(super) async fn open_target(&self) -> Result<AnyStore, Failure> {
        match self.place {
            Place::Sqlite(file) => open_file(file, MoveSide::Target),
            Place::Postgres(url) => self.open_database(url, MoveSide::Target).await,
        }
    }

    async fn open_database(&self, url: &DatabaseUrl, side: MoveSide) -> Result<AnyStore, Failure> {
        let options = PostgresOptions {
            password: self
                .password_file
                .map(config::database_password)
                .transpose()?,
            schema: self.schema.cloned().unwrap_or_default(),
            connections: 2,
            statement: PATIENCE,
            call: PATIENCE,
            moving: Some(side),
            ..PostgresOptions::new(url.clone())
        };
        let store = PostgresStore::open(&options).await?;
        if store.connections_of_servers().await? > 0 {
            return Err(Failure::new(format!(
                "servers work on the {}, in the schema {}; nothing was moved",
                url.place(),
                options.schema.as_str()
            ))
            .next("stop all of them, and start none before the move is through"));
        }
        Ok(store.into())
    }

    /// What to change in the configuration of the servers.
    pub(super) fn say_how_to_switch_over(&self, from: &Self) -> Result<(), Failure> {
        output::line("Now change the configuration of the server, and start it:")?;
        match self.place {
            Place::Postgres(url) => {
                output::line("")?;
                output::line("  [database]")?;
                output::line(format!("  url = {:?}", url.as_str()))?;
                if let Some(file) = self.password_file {
                    let file = std::path::absolute(file)?;
                    output::line(format!(
                        "  password_file = {:?}",
                        file.display().to_string()
                    ))?;
                }
                if let Some(schema) = self.schema {
                    output::line(format!("  schema = {:?}", schema.as_str()))?;
                }
            }
            Place::Sqlite(file) => {
                let folder = file.parent().unwrap_or(Path::new("."));
                output::line("")?;
                output::line("  take [database] out, and under [data]:")?;
                output::line(format!("  folder = {:?}", folder.display().to_string()))?;
                if file.file_name().is_none_or(|name| name != DATABASE_FILE) {
                    output::line(format!("  where the file must be called {DATABASE_FILE}"))?;
                }
            }
        }
        output::line("")?;
        output::note("leave [sealing] as it is: the same key opens what is sealed")?;
        let old = match from.place {
            Place::Sqlite(file) => file.display().to_string(),
            Place::Postgres(url) => url.place(),
        };
        output::note(format!(
            "{old} is as it was; start no server on it any more, for it will not know what is \
             revoked from now on"
        ))
    }
}

fn open_file(file: &Path, side: MoveSide) -> Result<AnyStore, Failure> {
    let options = SqliteOptions {
        moving: Some(side),
        // Read once, from one end to the other: what is mapped would only look like memory in use.
        mapped: 0,
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(file, &options).map_err(|error| {
        let failure = Failure::new(error.of_file(file));
        match error {
            OpenError::InUse(_) => failure.next("nothing was moved"),
            _ => failure,
        }
    })?;
    Ok(store.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_a_folder_or_a_database() {
        let folder = tempfile::tempdir().unwrap();
        let named = |text: &str| match Place::parse(text) {
            Ok(Place::Sqlite(path)) => path.display().to_string(),
            Ok(Place::Postgres(url)) => url.as_str().to_owned(),
            Err(error) => error,
        };
        let at = folder.path().display();
        assert_eq!(
            named(&format!("sqlite:{at}")),
            format!("{at}/avouch.sqlite3")
        );
        assert_eq!(named("sqlite:/a/b.sqlite3"), "/a/b.sqlite3");
        let url = "postgres://avouch@127.0.0.1/tokens";
        assert_eq!(named(url), url);
        assert!(named("postgres://avouch:hush@127.0.0.1/tokens").contains("password"));
        for text in ["", "sqlite:", "/a/b.sqlite3", "mysql://a@b/c"] {
            assert!(named(text).starts_with("say sqlite:FILE"), "{text}");
        }
    }
}
