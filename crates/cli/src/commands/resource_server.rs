//! `avouch resource-server`: add, list, show, secret, registration-token, remove.

use std::process::ExitCode;

use avouch_core::apply::{Description, ResourceServerDescription};
use avouch_core::id::{IdError, ResourceServerId};
use avouch_core::records::{
    AccessTokenProfile, ClientAuthentication, DEFAULT_ENCRYPTION, GrantType, JwtProfile, KeySource,
    PublicDetails, ReleasePolicy, ReleasedScopes, StatementEncryption, StatementMembers,
    TokenFormat,
};
use avouch_jose::{ContentEncryption, KeyManagementAlgorithm, SignatureAlgorithm};
use avouch_oauth::introspection::StatementTyp;
use avouch_oauth::negotiate::LegacyForm;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use avouch_server::admin::api::{NewSecret, ResourceServerEntry, ResourceServerList};
use clap::{Args, Subcommand};

use super::authentication::{AuthenticationOptions, KeyOptions, OtherUse};
use super::consent::{Consent, nothing_changed};
use super::fresh_secret::SecretOption;
use super::human::{instant, table};
use super::registration_token::RegistrationToken;
use super::renew_secret::RenewSecret;
use super::running_server::RunningServer;
use super::words::{
    Format, Forms, StatementClaim, Subject, content_encryption, key_management_algorithm,
    signature_algorithm,
};
use crate::admin_client::AdminClient;
use crate::output::{self, Failure};

/// What can be done with resource servers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add a resource server and print its fresh secret
    Add(Box<Add>),
    /// List the resource servers
    List(List),
    /// Show one resource server, as avouch apply would take it
    Show(Named),
    /// Remove a resource server for good; its history stays, its id is never given again
    Remove(Removal),
    /// Give it a fresh secret; the older one ends, or works on for an overlap
    Secret(RenewSecret),
    /// Let it manage its own registration, by a fresh token
    RegistrationToken(RegistrationToken),
}

/// Options of `avouch resource-server add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch resource-server add pay --resource https://pay.example --signing-alg ES256 \\
    --forms jwt_only --release-claim iban --release-details payment > pay.secret
  avouch resource-server add log --resource https://log.example --subject withheld

What is not released stays here: without --release-claim it learns no claim at all.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub(crate) struct Add {
    /// The client_id it presents
    #[arg(value_name = "ID", value_parser = resource_server_id)]
    id: ResourceServerId,

    /// A name for people
    #[arg(long)]
    name: Option<String>,

    /// A resource it serves; repeat for several
    #[arg(long = "resource", value_name = "URI", required = true)]
    resources: Vec<ResourceIdentifier>,

    /// It may get itself a token that is good for introspection alone
    #[arg(long)]
    own_token: bool,

    /// Others may serve these resources too
    #[arg(long)]
    shared: bool,

    #[command(flatten)]
    authentication: AuthenticationOptions,

    /// The algorithm its statements are signed with [default: RS256]
    #[arg(long, value_name = "ALG", value_parser = signature_algorithm())]
    signing_alg: Option<SignatureAlgorithm>,

    /// The algorithm its statements are encrypted with
    #[arg(long, value_name = "ALG", requires = "keys", value_parser = key_management_algorithm())]
    encryption_alg: Option<KeyManagementAlgorithm>,

    /// How their content is encrypted [default: A128CBC-HS256]
    #[arg(long, value_name = "ENC", requires = "encryption_alg", value_parser = content_encryption())]
    encryption_enc: Option<ContentEncryption>,

    #[command(flatten)]
    keys: KeyOptions,

    /// Which forms of answer it gets
    #[arg(long, value_enum, default_value = "json_or_jwt")]
    forms: Forms,

    /// The typ of its statements, if it cannot take token-introspection+jwt
    #[arg(long, value_name = "TYP")]
    typ: Option<StatementTyp>,

    /// A claim beside token_introspection in its statements; repeat for several
    #[arg(long = "statement-claim", value_enum, value_name = "NAME")]
    statement_claims: Vec<StatementClaim>,

    /// It may also get the form of draft -08, for application/jwt
    #[arg(long)]
    legacy: bool,

    /// A claim about the subject it may see; repeat for several
    #[arg(long = "release-claim", value_name = "NAME")]
    claims: Vec<String>,

    /// A type of authorization details it may see; repeat for several
    #[arg(long = "release-details", value_name = "TYPE")]
    details: Vec<String>,

    /// The scope values it may see, separated by spaces [default: all]
    #[arg(long, value_name = "SCOPE")]
    release_scope: Option<Scope>,

    /// In which form it sees the subject
    #[arg(long, value_enum, default_value = "pairwise")]
    subject: Subject,

    /// The scope values that mean it, separated by spaces: a token with one of them that is asked
    /// for without a resource is for it
    #[arg(long, value_name = "SCOPE")]
    for_scopes: Option<Scope>,

    /// What its access tokens look like [default: the client's setting, then the server's]
    #[arg(long, value_enum, value_name = "FORMAT")]
    access_token_format: Option<Format>,

    /// A claim that travels inside its tokens where they are JWTs, readable by whoever holds
    /// one; must be released too; repeat for several
    #[arg(long = "embed-claim", value_name = "NAME")]
    embedded: Vec<String>,

    #[command(flatten)]
    secret: SecretOption,

    /// Print the answer as JSON
    #[arg(long, conflicts_with = "secret_file")]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch resource-server list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch resource-server show`.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its client_id
    #[arg(value_name = "ID", value_parser = resource_server_id)]
    id: ResourceServerId,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch resource-server remove`.
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
            let found = server.client().await?.resource_server(id.as_str()).await?;
            if json {
                output::json(&found)?;
            } else {
                show(found)?;
            }
        }
        Command::Secret(renew) => {
            renew
                .run(async |server: &AdminClient, id: &str, order: &NewSecret| {
                    server.renew_resource_server_secret(id, order).await
                })
                .await?;
        }
        Command::RegistrationToken(token) => {
            token
                .run(async |server: &AdminClient, id: &str| {
                    server.resource_server_registration_token(id).await
                })
                .await?;
        }
        Command::Remove(Removal {
            named: Named { id, json, server },
            consent,
        }) => {
            let server = server.client().await?;
            // One that is not there needs no consent.
            server.resource_server(id.as_str()).await?;
            let what = format!(
                "the resource server {id} ends for good, and others may have its resources"
            );
            if !consent.given(&what)? {
                return nothing_changed();
            }
            server.remove_resource_server(id.as_str()).await?;
            super::removed("resource server", id.as_str(), json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Add {
    async fn run(self) -> Result<(), Failure> {
        let server = self.server.client().await?;
        let keys = self.keys.read()?;
        let other_use = OtherUse::Encryption(self.encryption_alg.is_some());
        let authentication = self.authentication.read(keys.clone(), &other_use)?;
        let encryption = self.encryption(keys)?;
        let place = self.secret.prepare()?;
        let json = self.json;
        match server
            .add_resource_server(&self.description(authentication, encryption))
            .await
        {
            Ok(added) if json => output::json(&added),
            Ok(added) => place.put_if_any(added.client_secret.as_ref()),
            Err(error) => {
                place.give_up();
                Err(error.into())
            }
        }
    }

    fn encryption(&self, keys: Option<KeySource>) -> Result<Option<StatementEncryption>, Failure> {
        let Some(algorithm) = self.encryption_alg else {
            return Ok(None);
        };
        let encryption = self.encryption_enc.unwrap_or(DEFAULT_ENCRYPTION);
        Ok(Some(match keys {
            Some(KeySource::Uri(uri)) => StatementEncryption::to_uri(algorithm, encryption, uri),
            Some(KeySource::Keys(set)) => StatementEncryption::to_keys(algorithm, encryption, set)?,
            None => return Err(Failure::new("encryption needs --jwks or --jwks-uri")),
        }))
    }

    fn description(
        self,
        authentication: ClientAuthentication,
        encryption: Option<StatementEncryption>,
    ) -> ResourceServerDescription {
        let usual = JwtProfile::default();
        ResourceServerDescription {
            id: self.id,
            details: PublicDetails {
                name: self.name,
                ..PublicDetails::default()
            },
            authentication,
            resources: self.resources.into_iter().collect(),
            grant_types: self
                .own_token
                .then_some(GrantType::ClientCredentials)
                .into_iter()
                .collect(),
            shared: self.shared,
            suspended: None,
            profile: JwtProfile {
                encryption,
                signing_algorithm: self.signing_alg.unwrap_or(usual.signing_algorithm),
                forms: self.forms.into(),
                legacy: if self.legacy {
                    LegacyForm::On
                } else {
                    LegacyForm::Off
                },
                typ: self.typ,
                members: members(&self.statement_claims),
            },
            policy: ReleasePolicy {
                scopes: self
                    .release_scope
                    .map_or(ReleasedScopes::All, ReleasedScopes::Only),
                claims: self.claims.into_iter().collect(),
                authorization_details_types: self.details.into_iter().collect(),
                subject: self.subject.into(),
                not_cleared: None,
            },
            access_tokens: AccessTokenProfile {
                for_scopes: self.for_scopes.unwrap_or_default(),
                format: self.access_token_format.map(TokenFormat::from),
                claims: self.embedded.into_iter().collect(),
            },
        }
    }
}

fn members(wanted: &[StatementClaim]) -> StatementMembers {
    StatementMembers {
        jti: wanted.contains(&StatementClaim::Jti),
        ath: wanted.contains(&StatementClaim::Ath),
        nonce: wanted.contains(&StatementClaim::Nonce),
    }
}

/// Every page as one list.
async fn all(server: &AdminClient) -> Result<ResourceServerList, Failure> {
    let mut list = server.resource_servers(None).await?;
    while let Some(after) = list.next.take() {
        let page = server.resource_servers(Some(&after)).await?;
        list.resource_servers.extend(page.resource_servers);
        list.next = page.next;
    }
    Ok(list)
}

fn print(list: &ResourceServerList) -> Result<(), Failure> {
    let row = |server: &ResourceServerEntry| {
        let described = &server.description;
        let resources: Vec<_> = described
            .resources
            .iter()
            .map(ResourceIdentifier::as_str)
            .collect();
        [
            described.id.to_string(),
            instant(server.registered_at),
            described.profile.signing_algorithm.name().to_owned(),
            if described.suspended.is_some() {
                "suspended"
            } else {
                "good"
            }
            .to_owned(),
            resources.join(" "),
        ]
    };
    let rows: Vec<_> = list.resource_servers.iter().map(row).collect();
    Ok(table(
        ["ID", "REGISTERED", "SIGNED", "STANDING", "RESOURCES"],
        &rows,
    )?)
}

fn show(server: ResourceServerEntry) -> Result<(), Failure> {
    super::registered_lines(server.registered_at, server.registration.as_ref())?;
    let (profile, policy) = (server.profile_revision, server.policy_revision);
    let access_tokens = server.access_tokens_revision;
    output::line(format!(
        "# profile revision {profile}, policy revision {policy}, access tokens revision \
         {access_tokens}"
    ))?;
    super::secrets_line(&server.secrets)?;
    let resource_servers = vec![server.description];
    let described = toml::to_string(&Description {
        resource_servers,
        ..Description::default()
    })?;
    Ok(output::line(described.trim_end())?)
}

fn resource_server_id(text: &str) -> Result<ResourceServerId, IdError> {
    ResourceServerId::new(text)
}
