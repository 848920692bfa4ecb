//! Making and dropping a schema: for a demonstration or a test, which are to
//! leave nothing behind.

use super::connect::connect;
use super::open::PostgresError;
use super::options::PostgresOptions;

impl PostgresOptions {
    /// Makes the schema, which must not be there.
    pub async fn make_schema(&self) -> Result<(), PostgresError> {
        self.run(&format!("CREATE SCHEMA \"{}\"", self.schema.as_str()))
            .await
    }

    /// Drops the schema with all that is in it.
    pub async fn drop_schema(&self) -> Result<(), PostgresError> {
        self.run(&format!("DROP SCHEMA \"{}\" CASCADE", self.schema.as_str()))
            .await
    }

    async fn run(&self, sql: &str) -> Result<(), PostgresError> {
        let client = connect(self).await?;
        let quiet = format!("SET client_min_messages = warning; {sql}");
        client
            .batch_execute(&quiet)
            .await
            .map_err(|error| PostgresError::unreachable(self, &error))
    }
}
