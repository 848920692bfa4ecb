//! A schema for one telling of the story.

use avouch_crypto::random::{SystemRandom, octets};
use avouch_server::config::{DatabaseConfig, DatabaseUrl, SchemaName};

use super::Arguments;
use crate::output::Failure;

/// Where the demo keeps its data, if not in its folder.
pub(super) struct Database {
    pub(super) config: DatabaseConfig,
}

impl Database {
    /// Makes a schema that nobody else has, where a database is named.
    pub(super) async fn make(arguments: &Arguments) -> Result<Option<Self>, Failure> {
        let Some(url) = &arguments.store else {
            return Ok(None);
        };
        let name: [u8; 8] = octets(&SystemRandom)?;
        let name = format!("avouch_demo_{:016x}", u64::from_be_bytes(name));
        let config = DatabaseConfig {
            url: Some(DatabaseUrl::parse(url)?),
            password_file: arguments.store_password_file.clone(),
            schema: SchemaName::parse(&name)?,
            ..DatabaseConfig::default()
        };
        if let Some(options) = config.options()? {
            options.make_schema().await?;
        }
        Ok(Some(Self { config }))
    }

    /// Drops it with all that is in it.
    pub(super) async fn drop(self) -> Result<(), Failure> {
        if let Some(options) = self.config.options()? {
            options.drop_schema().await?;
        }
        Ok(())
    }
}
