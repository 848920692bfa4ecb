//! `avouch token`: issue for a subject, show, revoke.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use avouch_core::id::{ClientId, GrantId, IdError, SubjectId};
use avouch_core::records::{Authentication, LegalBasis, LegalBasisError};
use avouch_core::time::Timestamp;
use avouch_jose::strict_json;
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use avouch_oauth::secret::IssuedSecret;
use avouch_server::admin::api::{
    IssueToken, IssuedBefore, Outcome, RevokeAll, RevokeEverything, TokenEntry, TokenReference,
    TokenState,
};
use clap::{ArgGroup, Args, Subcommand};

use super::consent::{Consent, nothing_changed};
use super::human::{count, instant, read_instant};
use super::running_server::RunningServer;
use crate::admin_client::AdminClient;
use crate::input;
use crate::output::{self, Failure, Style};

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Issue an access token for a subject who has logged in and agreed elsewhere
    Issue(Box<Issue>),
    /// Revoke a token, all tokens of a grant, client or subject, or everything
    Revoke(Revoke),
    /// Show what a token is worth and what it hangs on
    Show(Show),
}

/// Options of `avouch token issue`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch token issue --client shop --subject erika --scope pay > token.txt
  echo '{\"iban\": \"DE02120300000000202051\"}' |
    avouch token issue --client shop --subject erika --claims - \\
      --legal-basis 'contract 4711' --resource https://pay.example

The token alone goes to standard output; keep it like a password.")]
pub(crate) struct Issue {
    /// The client the token is for
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: ClientId,

    /// The resource owner, as your login system knows them
    #[arg(long, value_name = "ID", value_parser = subject_id)]
    subject: SubjectId,

    /// What it may allow, values separated by spaces [default: all the client may]
    #[arg(long)]
    scope: Option<Scope>,

    /// A resource it is good for; repeat for several [default: all the client may]
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<ResourceIdentifier>,

    /// File with verified claims about the subject, a JSON object; - for standard input
    #[arg(long, value_name = "FILE", requires = "legal_basis")]
    claims: Option<PathBuf>,

    /// File with what was agreed in detail, a JSON array (RFC 9396); - for standard input
    #[arg(long, value_name = "FILE")]
    authorization_details: Option<PathBuf>,

    /// What allows the claims to be released: a consent, a contract, a law
    #[arg(long, value_name = "REFERENCE", value_parser = legal_basis)]
    legal_basis: Option<LegalBasis>,

    /// Seconds it lives [default: the client's or the server's]
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<u64>,

    /// From when on it is good, in seconds since 1970 UTC [default: at once]
    #[arg(long, value_name = "SECONDS")]
    not_before: Option<u64>,

    /// Authentication context class of the login behind it
    #[arg(long)]
    acr: Option<String>,

    /// When the subject logged in, in seconds since 1970 UTC
    #[arg(long, value_name = "SECONDS")]
    auth_time: Option<u64>,

    /// Bind it to the DPoP key with this RFC 7638 thumbprint
    #[arg(long, value_name = "THUMBPRINT", value_parser = Sha256Thumbprint::parse)]
    jkt: Option<Sha256Thumbprint>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch token revoke`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["token", "grant", "client", "subject", "issued_before"]),
    after_help = "\
Examples:
  avouch token revoke --token token.txt
  avouch token revoke --subject erika      every token of a person, in one write
  avouch token revoke --client shop        every token of a client that was broken into
  avouch token revoke --client shop --yes  for scripts: for more than one token it asks
  avouch token revoke --issued-before now  everything there is, whosever it is: the last resort
  avouch token revoke --issued-before 2026-11-22T02:00:00Z

Tokens issued later are good; when this returns, nobody sees the others active. (Other servers on
one database within a second.) Which was first is told by the database and by no clock, unless you
name an instant: that is compared with the one that each token bears.

--issued-before ends tokens of resource servers and initial access tokens, too, and the token of
whoever does it over TCP. Clients, resource servers, their secrets and registrations stay."
)]
pub(crate) struct Revoke {
    /// File with one token; - for standard input
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,

    /// Everything under this grant
    #[arg(long, value_name = "ID", value_parser = grant_id)]
    grant: Option<GrantId>,

    /// Everything issued to this client
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client: Option<ClientId>,

    /// Everything issued for this subject; that there is one is not checked
    #[arg(long, value_name = "ID", value_parser = subject_id)]
    subject: Option<SubjectId>,

    /// Everything issued to anybody until then: `now`, or an instant such as 2026-11-22T02:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = issued_before)]
    issued_before: Option<IssuedBefore>,

    #[command(flatten)]
    consent: Consent,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch token show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  avouch token show --token token.txt

Shows the names of claims, never their values. To see what a resource server is told, ask as
one: avouch introspect")]
pub(crate) struct Show {
    /// File with the token; - for standard input
    #[arg(long, value_name = "FILE")]
    token: PathBuf,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Does it.
pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Issue(issue) => issue.run().await?,
        Command::Revoke(revoke) => return revoke.run().await,
        Command::Show(show) => show.run().await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Issue {
    async fn run(self) -> Result<(), Failure> {
        let (server, json) = (self.server.client(), self.json);
        let server = server.await?;
        let issued = server.issue_token(&self.order()?).await?;
        if json {
            return output::json(&issued);
        }
        output::line(issued.access_token.expose())?;
        if io::stdout().is_terminal() {
            output::note(format!(
                "{} token for {} s, scope {:?}, grant {}",
                issued.token_type,
                issued.expires_in,
                issued.scope.to_string(),
                issued.grant
            ))?;
        }
        Ok(())
    }

    fn order(self) -> Result<IssueToken, Failure> {
        let standard_input = |file: &Option<PathBuf>| file.as_deref() == Some(Path::new("-"));
        if standard_input(&self.claims) && standard_input(&self.authorization_details) {
            return Err(Failure::new(
                "only one of two documents can come from standard input",
            ));
        }
        let authentication = Authentication {
            acr: self.acr,
            auth_time: self.auth_time,
        };
        let has_login = authentication.acr.is_some() || authentication.auth_time.is_some();
        Ok(IssueToken {
            scope: self.scope,
            resources: self.resources,
            claims: self
                .claims
                .as_deref()
                .map(claims)
                .transpose()?
                .unwrap_or_default(),
            authorization_details: self
                .authorization_details
                .as_deref()
                .map(details)
                .transpose()?
                .unwrap_or_default(),
            legal_basis: self.legal_basis,
            authentication: has_login.then_some(authentication),
            lifetime: self.lifetime,
            not_before: self.not_before,
            cnf: self.jkt.map(Confirmation::jkt),
            ..IssueToken::new(self.client, self.subject)
        })
    }
}

fn claims(file: &Path) -> Result<FurtherClaims, Failure> {
    let members = strict_json::object(input::read(file)?.as_bytes())
        .map_err(|error| Failure::new(format!("the claims are {error}")))?;
    Ok(FurtherClaims::new(members)?)
}

fn details(file: &Path) -> Result<AuthorizationDetails, Failure> {
    Ok(AuthorizationDetails::parse(&input::read(file)?)?)
}

impl Revoke {
    async fn run(self) -> Result<ExitCode, Failure> {
        let server = self.server.client().await?;
        if let Some(issued_before) = self.issued_before {
            return revoke_everything(&server, issued_before, &self.consent, self.json).await;
        }
        let order = match (self.grant, self.client, self.subject) {
            (Some(grant), _, _) => RevokeAll::Grant(grant),
            (_, Some(client), _) => RevokeAll::Client(client),
            (_, _, Some(subject)) => RevokeAll::Subject(subject),
            (None, None, None) => {
                let revoked = server
                    .revoke_token(&reference(self.token.as_deref())?)
                    .await?;
                if self.json {
                    output::json(&revoked)?;
                    return Ok(ExitCode::SUCCESS);
                }
                output::line(match revoked.outcome {
                    Outcome::Now => format!("revoked: the token {}", revoked.jti),
                    Outcome::Already => format!("was revoked before: the token {}", revoked.jti),
                })?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        let whose = match &order {
            RevokeAll::Grant(id) => format!("under the grant {id}"),
            RevokeAll::Client(id) => format!("of the client {id}"),
            RevokeAll::Subject(id) => format!("of the subject {}", id.as_str()),
        };
        let what = format!("every token {whose} that was issued until now is revoked for good");
        if !self.consent.given(&what)? {
            return nothing_changed();
        }
        let revoked = server.revoke_all(&order).await?;
        if self.json {
            output::json(&revoked)?;
            return Ok(ExitCode::SUCCESS);
        }
        let at = instant(revoked.at);
        output::line(format!("revoked: every token {whose} issued until {at}"))?;
        if matches!(order, RevokeAll::Subject(_)) {
            output::note("that there is such a subject is not checked: was it spelt right?")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn revoke_everything(
    server: &AdminClient,
    issued_before: IssuedBefore,
    consent: &Consent,
    json: bool,
) -> Result<ExitCode, Failure> {
    let until = match issued_before {
        IssuedBefore::Now(_) => "now".to_owned(),
        IssuedBefore::Instant(second) => instant(second),
    };
    let what = format!(
        "every token of every client and subject that was issued until {until} is revoked for \
         good, with the tokens of resource servers and the initial access tokens"
    );
    if !consent.given(&what)? {
        return nothing_changed();
    }
    let revoked = server
        .revoke_everything(&RevokeEverything { issued_before })
        .await?;
    if json {
        output::json(&revoked)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format!(
        "revoked: every access token issued until {until}, {} tokens of resource servers, {} \
         initial access tokens",
        count(revoked.caller_tokens),
        count(revoked.initial_access_tokens),
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn reference(file: Option<&Path>) -> Result<TokenReference, Failure> {
    let token = input::secret(file.unwrap_or(Path::new("-")))?;
    Ok(TokenReference {
        token: IssuedSecret::new(token.as_str()),
    })
}

impl Show {
    async fn run(self) -> Result<(), Failure> {
        let server = self.server.client().await?;
        let state = server.show_token(&reference(Some(&self.token))?).await?;
        if self.json {
            output::json(&state)
        } else {
            Ok(show(&state)?)
        }
    }
}

fn show(state: &TokenState) -> io::Result<()> {
    let style = Style::of(&io::stdout());
    match &state.reason {
        None => output::line(style.good("active"))?,
        Some(reason) => {
            output::line(format!(
                "{}: {}",
                style.bad("inactive"),
                reason.replace('_', " ")
            ))?;
        }
    }
    state.token.as_ref().map_or(Ok(()), show_entry)
}

fn show_entry(token: &TokenEntry) -> io::Result<()> {
    let resources: Vec<_> = token
        .resources
        .iter()
        .map(ResourceIdentifier::as_str)
        .collect();
    let rows = [
        ("jti", Some(token.jti.to_string())),
        ("grant", Some(token.grant.to_string())),
        ("client", Some(token.client.to_string())),
        (
            "subject",
            token
                .subject
                .as_ref()
                .map(|subject| subject.as_str().to_owned()),
        ),
        ("type", Some(token.token_type.clone())),
        ("scope", Some(token.scope.to_string())),
        ("resources", Some(resources.join(", "))),
        ("claims", list(&token.claims)),
        ("details", list(&token.authorization_details_types)),
        ("legal basis", token.legal_basis.clone()),
        ("issued", Some(instant(token.issued_at))),
        ("good from", token.not_before.map(instant)),
        ("expires", Some(instant(token.expires_at))),
        ("revoked", token.revoked_at.map(instant)),
    ];
    rows.into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("  {name:11}  {value}")))
        .try_for_each(output::line)
}

fn list(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

fn client_id(text: &str) -> Result<ClientId, IdError> {
    ClientId::new(text)
}

fn subject_id(text: &str) -> Result<SubjectId, IdError> {
    SubjectId::new(text)
}

fn issued_before(text: &str) -> Result<IssuedBefore, String> {
    if text == "now" {
        return Ok(IssuedBefore::NOW);
    }
    // Tokens say no more than the second.
    let at = read_instant(text).filter(|at| *at == Timestamp::from_secs(at.as_secs()));
    at.map(|at| IssuedBefore::Instant(at.numeric_date()))
        .ok_or_else(|| "say now, or a whole second such as 2026-11-22T02:00:00Z".to_owned())
}

fn grant_id(text: &str) -> Result<GrantId, IdError> {
    GrantId::new(text)
}

fn legal_basis(text: &str) -> Result<LegalBasis, LegalBasisError> {
    LegalBasis::new(text)
}
