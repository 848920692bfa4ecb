//! `avouch client secret` and `avouch resource-server secret`: a fresh secret, with or without a
//! time in which the older one still works.

use avouch_core::id::{ClientId, IdError};
use avouch_server::admin::api::{FreshSecret, NewSecret};
use clap::Args;

use super::fresh_secret::SecretOption;
use super::running_server::RunningServer;
use crate::admin_client::{AdminClient, AdminClientError};
use crate::output::{self, Failure};

/// Options of both commands.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch client secret shop --overlap 3600 --secret-file new.secret
  avouch resource-server secret pay > pay.secret      the older one ends now")]
pub(crate) struct RenewSecret {
    /// Its client_id
    #[arg(value_name = "ID", value_parser = caller_id)]
    id: String,

    /// Seconds for which the older secret still works
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    overlap: u64,

    #[command(flatten)]
    secret: SecretOption,

    /// Print the answer as JSON
    #[arg(long, conflicts_with = "secret_file")]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

impl RenewSecret {
    /// Has `ask` make the secret, and puts it where it was asked for.
    pub(super) async fn run(
        self,
        ask: impl AsyncFn(&AdminClient, &str, &NewSecret) -> Result<FreshSecret, AdminClientError>,
    ) -> Result<(), Failure> {
        let server = self.server.client().await?;
        let place = self.secret.prepare()?;
        let order = NewSecret {
            overlap: self.overlap,
        };
        match ask(&server, &self.id, &order).await {
            Ok(renewed) if self.json => output::json(&renewed),
            Ok(renewed) => place.put(renewed.client_secret.expose()),
            Err(error) => {
                place.give_up();
                Err(error.into())
            }
        }
    }
}

/// Clients and resource servers share one name space of ids.
pub(super) fn caller_id(text: &str) -> Result<String, IdError> {
    ClientId::new(text).map(String::from)
}
