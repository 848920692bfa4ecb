//! `avouch client registration-token` and `avouch resource-server registration-token`: a
//! registration access token (RFC 7592) for one that an administrator registered, or that lost
//! its own.

use avouch_server::admin::api::FreshRegistrationToken;
use clap::Args;

use super::fresh_secret::SecretOption;
use super::renew_secret::caller_id;
use super::running_server::RunningServer;
use crate::admin_client::{AdminClient, AdminClientError};
use crate::output::{self, Failure};

/// Options of both commands.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  avouch resource-server registration-token pay --secret-file pay.rat

With it pay reads, changes and removes its own registration (RFC 7592), within what it was
approved for. Earlier registration access tokens end now.")]
pub(crate) struct RegistrationToken {
    /// Its client_id
    #[arg(value_name = "ID", value_parser = caller_id)]
    id: String,

    #[command(flatten)]
    secret: SecretOption,

    /// Print the answer as JSON
    #[arg(long, conflicts_with = "secret_file")]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

impl RegistrationToken {
    /// Has `ask` make the token, and puts it where it was asked for.
    pub(super) async fn run(
        self,
        ask: impl AsyncFn(&AdminClient, &str) -> Result<FreshRegistrationToken, AdminClientError>,
    ) -> Result<(), Failure> {
        let server = self.server.client().await?;
        let place = self.secret.prepare()?;
        match ask(&server, &self.id).await {
            Ok(fresh) if self.json => output::json(&fresh),
            Ok(fresh) => {
                place.put(fresh.registration_access_token.expose())?;
                output::note(format!(
                    "it manages the registration at {}",
                    fresh.registration_client_uri
                ))
            }
            Err(error) => {
                place.give_up();
                Err(error.into())
            }
        }
    }
}
