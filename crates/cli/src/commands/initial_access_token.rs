//! `avouch initial-access-token`: create, list, remove.

use std::process::ExitCode;

use avouch_core::apply::{AccessDescription, AnyResource};
use avouch_core::id::{IdError, InitialAccessTokenId};
use avouch_core::records::{RegistrationKinds, ResourceSharing};
use avouch_oauth::resource::ResourceIdentifier;
use avouch_server::admin::api::{CreateInitialAccessToken, InitialAccessTokenEntry, Uses};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::fresh_secret::SecretOption;
use super::human::{access, instant, table};
use super::running_server::RunningServer;
use crate::output::{self, Failure};

/// What can be done with initial access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an initial access token: the right to register over HTTP
    Create(Create),
    /// List those that were not removed
    List(List),
    /// Withdraw one; what it registered stays
    Remove(Remove),
}

/// Options of `avouch initial-access-token create`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("reach").required(true).args(["resources", "any_resource"]),
    after_help = "\
Example:
  avouch initial-access-token create --kinds resource_servers \\
    --resource https://pay.example --expires-in 86400 --secret-file pay.iat

It goes into the Authorization header of POST /register (RFC 7591)."
)]
pub(crate) struct Create {
    /// Whom it may register
    #[arg(long, value_enum)]
    kinds: Kinds,

    /// A resource it may give away; repeat for several
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<ResourceIdentifier>,

    /// It may give any resource away
    #[arg(long)]
    any_resource: bool,

    /// It may give a resource away that another resource server serves already
    #[arg(long)]
    shared: bool,

    /// How many registrations it is good for: a number, or unlimited
    #[arg(long, default_value = "1", value_parser = uses)]
    uses: Uses,

    /// Seconds it is good for [default: for ever]
    #[arg(long, value_name = "SECONDS")]
    expires_in: Option<u64>,

    #[command(flatten)]
    secret: SecretOption,

    /// Print the answer as JSON
    #[arg(long, conflicts_with = "secret_file")]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Whom an initial access token may register.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Kinds {
    /// Clients only
    Clients,
    /// Resource servers only
    ResourceServers,
    /// Either, told by what the registration asks for
    Both,
}

impl From<Kinds> for RegistrationKinds {
    fn from(kinds: Kinds) -> Self {
        match kinds {
            Kinds::Clients => Self::Clients,
            Kinds::ResourceServers => Self::ResourceServers,
            Kinds::Both => Self::Both,
        }
    }
}

/// Options of `avouch initial-access-token list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch initial-access-token remove`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Its id, from the list
    #[arg(value_name = "ID", value_parser = id)]
    id: InitialAccessTokenId,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Does it.
pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Create(create) => create.run().await?,
        Command::List(List { json, server }) => {
            let list = server.client().await?.initial_access_tokens().await?;
            if json {
                output::json(&list)?;
            } else {
                print(&list.initial_access_tokens)?;
            }
        }
        Command::Remove(Remove { id, json, server }) => {
            server
                .client()
                .await?
                .remove_initial_access_token(id.as_str())
                .await?;
            super::removed("initial access token", id.as_str(), json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let server = self.server.client().await?;
        let place = self.secret.prepare()?;
        let json = self.json;
        match server.create_initial_access_token(&self.order()).await {
            Ok(created) if json => output::json(&created),
            Ok(created) => {
                place.put(created.initial_access_token.expose())?;
                output::note(format!("its id is {}", created.id))
            }
            Err(error) => {
                place.give_up();
                Err(error.into())
            }
        }
    }

    fn order(self) -> CreateInitialAccessToken {
        CreateInitialAccessToken {
            kinds: self.kinds.into(),
            resources: if self.any_resource {
                AccessDescription::Any(AnyResource::Any)
            } else {
                AccessDescription::Only(self.resources)
            },
            sharing: if self.shared {
                ResourceSharing::Shared
            } else {
                ResourceSharing::Exclusive
            },
            uses: self.uses,
            expires_in: self.expires_in,
        }
    }
}

fn print(tokens: &[InitialAccessTokenEntry]) -> Result<(), Failure> {
    let row = |token: &InitialAccessTokenEntry| {
        let kinds = match token.kinds {
            RegistrationKinds::Clients => "clients",
            RegistrationKinds::ResourceServers => "resource servers",
            RegistrationKinds::Both => "both",
        };
        [
            token.id.to_string(),
            kinds.to_owned(),
            token
                .uses_left
                .map_or_else(|| "unlimited".to_owned(), |left| left.to_string()),
            token.expires_at.map_or_else(|| "never".to_owned(), instant),
            match token.sharing {
                ResourceSharing::Exclusive => "no",
                ResourceSharing::Shared => "yes",
            }
            .to_owned(),
            access(&token.resources),
        ]
    };
    let rows: Vec<_> = tokens.iter().map(row).collect();
    let head = [
        "ID",
        "REGISTERS",
        "USES LEFT",
        "EXPIRES",
        "SHARED",
        "RESOURCES",
    ];
    Ok(table(head, &rows)?)
}

fn id(text: &str) -> Result<InitialAccessTokenId, IdError> {
    InitialAccessTokenId::new(text)
}

fn uses(text: &str) -> Result<Uses, String> {
    match (text, text.parse()) {
        ("unlimited", _) => Ok(Uses::UNLIMITED),
        (_, Ok(times)) => Ok(Uses::Times(times)),
        _ => Err("a number from 1 on, or unlimited".to_owned()),
    }
}
