//! `avouch client`: add, list, show, secret, registration-token, remove.

use std::process::ExitCode;

use avouch_core::apply::{AccessDescription, AnyResource, ClientDescription, Description};
use avouch_core::id::{ClientId, IdError};
use avouch_core::records::{ClientAuthentication, GrantType, PublicDetails, TokenFormat};
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use avouch_server::admin::api::{ClientEntry, ClientList, NewSecret};
use clap::{Args, Subcommand};

use super::authentication::{AuthenticationOptions, KeyOptions, OtherUse};
use super::consent::{Consent, nothing_changed};
use super::fresh_secret::SecretOption;
use super::human::{access, instant, table};
use super::registration_token::RegistrationToken;
use super::renew_secret::RenewSecret;
use super::running_server::RunningServer;
use super::words::{Binding, Format, grant_type};
use crate::admin_client::AdminClient;
use crate::output::{self, Failure};

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add a client and print its fresh secret
    Add(Box<Add>),
    /// List the clients
    List(List),
    /// Show one client, as avouch apply would take it
    Show(Named),
    /// Remove a client for good; its tokens die with it, its id is never given again
    Remove(Removal),
    /// Give it a fresh secret; the older one ends, or works on for an overlap
    Secret(RenewSecret),
    /// Let it manage its own registration, by a fresh token
    RegistrationToken(RegistrationToken),
}

/// Options of `avouch client add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch client add shop --scope 'pay sign' --resource https://pay.example > shop.secret
  avouch client add robot --grant-type client_credentials --any-resource \\
    --secret-file robot.secret

A client without --grant-type gets its tokens by order of your login system:
avouch token issue")]
pub(crate) struct Add {
    /// The client_id it presents
    #[arg(value_name = "ID", value_parser = client_id)]
    id: ClientId,

    /// A name for people
    #[arg(long)]
    name: Option<String>,

    /// The most it may be granted, values separated by spaces
    #[arg(long)]
    scope: Option<Scope>,

    /// A grant it may use by itself; repeat for several
    #[arg(long = "grant-type", value_name = "GRANT", value_parser = grant_type)]
    grant_types: Vec<GrantType>,

    /// A resource its tokens may be good for; repeat for several
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<ResourceIdentifier>,

    /// Its tokens may be good for any resource
    #[arg(long, conflicts_with = "resources")]
    any_resource: bool,

    #[command(flatten)]
    authentication: AuthenticationOptions,

    #[command(flatten)]
    keys: KeyOptions,

    /// Seconds its access tokens live [default: the server's]
    #[arg(long, value_name = "SECONDS")]
    access_token_lifetime: Option<u64>,

    /// What its access tokens look like where the resource server leaves it open [default: the
    /// server's]
    #[arg(long, value_enum, value_name = "FORMAT")]
    access_token_format: Option<Format>,

    /// What its access tokens are always bound to
    #[arg(long, value_enum, value_name = "BINDING", default_value = "optional")]
    token_binding: Binding,

    #[command(flatten)]
    secret: SecretOption,

    /// Print the answer as JSON
    #[arg(long, conflicts_with = "secret_file")]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch client list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch client show`.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its client_id
    #[arg(value_name = "ID", value_parser = client_id)]
    id: ClientId,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch client remove`.
#[derive(Debug, Args)]
pub(crate) struct Removal {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    consent: Consent,
}

/// Does it.
pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Add(add) => add.run().await?,
        Command::List(List { json, server }) => {
            let list = all(&server.client().await?).await?;
            if json {
                output::json(&list)?;
            } else {
                print(&list)?;
            }
        }
        Command::Show(Named { id, json, server }) => {
            let client = server.client().await?.client(id.as_str()).await?;
            if json {
                output::json(&client)?;
            } else {
                show(client)?;
            }
        }
        Command::Secret(renew) => {
            renew
                .run(async |server: &AdminClient, id: &str, order: &NewSecret| {
                    server.renew_client_secret(id, order).await
                })
                .await?;
        }
        Command::RegistrationToken(token) => {
            token
                .run(async |server: &AdminClient, id: &str| {
                    server.client_registration_token(id).await
                })
                .await?;
        }
        Command::Remove(Removal {
            named: Named { id, json, server },
            consent,
        }) => {
            let server = server.client().await?;
            // One that is not there needs no consent.
            server.client(id.as_str()).await?;
            let what = format!("the client {id} and all its tokens end for good");
            if !consent.given(&what)? {
                return nothing_changed();
            }
            server.remove_client(id.as_str()).await?;
            super::removed("client", id.as_str(), json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Add {
    async fn run(self) -> Result<(), Failure> {
        let server = self.server.client().await?;
        let authentication = self
            .authentication
            .read(self.keys.read()?, &OtherUse::None)?;
        let place = self.secret.prepare()?;
        let json = self.json;
        match server.add_client(&self.description(authentication)).await {
            Ok(added) if json => output::json(&added),
            Ok(added) => place.put_if_any(added.client_secret.as_ref()),
            Err(error) => {
                place.give_up();
                Err(error.into())
            }
        }
    }

    fn description(self, authentication: ClientAuthentication) -> ClientDescription {
        ClientDescription {
            id: self.id,
            details: PublicDetails {
                name: self.name,
                ..PublicDetails::default()
            },
            authentication,
            grant_types: self.grant_types.into_iter().collect(),
            scope: self.scope.unwrap_or_default(),
            resources: if self.any_resource {
                AccessDescription::Any(AnyResource::Any)
            } else {
                AccessDescription::Only(self.resources)
            },
            access_token_lifetime: self.access_token_lifetime,
            access_token_format: self.access_token_format.map(TokenFormat::from),
            token_binding: self.token_binding.into(),
        }
    }
}

/// Every page as one list.
async fn all(server: &AdminClient) -> Result<ClientList, Failure> {
    let mut list = server.clients(None).await?;
    while let Some(after) = list.next.take() {
        let page = server.clients(Some(&after)).await?;
        list.clients.extend(page.clients);
        list.next = page.next;
    }
    Ok(list)
}

fn print(list: &ClientList) -> Result<(), Failure> {
    let row = |ClientEntry {
                   description,
                   registered_at,
                   ..
               }: &ClientEntry| {
        [
            description.id.to_string(),
            instant(*registered_at),
            description.scope.to_string(),
            access(&description.resources),
        ]
    };
    let rows: Vec<_> = list.clients.iter().map(row).collect();
    Ok(table(["ID", "REGISTERED", "SCOPE", "RESOURCES"], &rows)?)
}

fn show(client: ClientEntry) -> Result<(), Failure> {
    super::registered_lines(client.registered_at, client.registration.as_ref())?;
    super::secrets_line(&client.secrets)?;
    let clients = vec![client.description];
    let described = toml::to_string(&Description {
        clients,
        ..Description::default()
    })?;
    Ok(output::line(described.trim_end())?)
}

fn client_id(text: &str) -> Result<ClientId, IdError> {
    ClientId::new(text)
}
