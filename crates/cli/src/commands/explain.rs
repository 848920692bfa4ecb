//! `avouch explain`: why a resource server is told what it is told.

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_core::id::{IdError, ResourceServerId};
use avouch_core::introspection::MemberKind;
use avouch_oauth::secret::IssuedSecret;
use avouch_server::admin::api::{Explain, Explanation};
use clap::Args;

use super::human::instant;
use super::running_server::RunningServer;
use crate::input;
use crate::output::{self, Failure, Style};

/// Options of `avouch explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  avouch explain --token - --resource-server pay < token.txt

Shows the answer that the resource server would get now, one line for each thing the token could
tell: + it is told, - it is not, and because of what. Nothing is asked in its name.")]
pub(crate) struct Arguments {
    /// File with the token, or - for standard input
    #[arg(long, value_name = "FILE")]
    token: PathBuf,

    /// The resource server that would ask
    #[arg(long, value_name = "ID", value_parser = resource_server_id)]
    resource_server: ResourceServerId,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Asks and shows.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let token = input::secret(&arguments.token)?;
    let server = arguments.server.client().await?;
    let question = Explain {
        token: IssuedSecret::new(token.as_str()),
        resource_server: arguments.resource_server,
    };
    let explanation = server.explain(&question).await?;
    if arguments.json {
        output::json(&explanation)?;
    } else {
        show(question.resource_server.as_str(), &explanation)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(id: &str, explanation: &Explanation) -> Result<(), Failure> {
    let style = Style::of(&std::io::stdout());
    if explanation.suspended {
        output::line(style.bad(format!("{id} is suspended: it is told nothing at all")))?;
    }
    match &explanation.reason {
        None => output::line(format!("{} for {id}", style.good("active")))?,
        Some(reason) => output::line(format!(
            "{} for {id}: {}; it is told no more than that",
            style.bad("not active"),
            reason.replace('_', " ")
        ))?,
    }
    for member in &explanation.members {
        let kind = match member.kind {
            MemberKind::Scope => "scope",
            MemberKind::Claim => "claim",
            MemberKind::AuthorizationDetails => "details",
            MemberKind::Subject => "subject",
            MemberKind::Audience => "audience",
        };
        let sign = if member.released {
            style.good("+")
        } else {
            style.bad("-")
        };
        let (name, because) = (output::plain(&member.name), member.because.words());
        output::line(format!("  {sign} {kind:8}  {name}: {because}"))?;
    }
    output::line(format!(
        "policy revision {} since {}, profile revision {} since {}: {}",
        explanation.policy_revision,
        instant(explanation.policy_since),
        explanation.profile_revision,
        instant(explanation.profile_since),
        explanation.secured_with.join(", "),
    ))?;
    if let Some(uri) = &explanation.encryption_jwks_uri {
        output::line(format!(
            "its answers are encrypted to a key at {uri}; without that key it gets none, and this \
             explanation did not look for it"
        ))?;
    }
    Ok(())
}

fn resource_server_id(text: &str) -> Result<ResourceServerId, IdError> {
    ResourceServerId::new(text)
}
