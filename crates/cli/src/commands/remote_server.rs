//! Which server to administer over TCP, and who does.

mod credentials;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use avouch_resource_server::{ResourceClient, ResourceIdentifier};
use clap::Args;
use url::Url;

use self::credentials::CredentialsFile;
use crate::admin_client::{AdminClient, Remote, Told};
use crate::input;
use crate::output::Failure;

/// Names the admin API for all commands.
pub(super) const ADMIN_URL: &str = "AVOUCH_ADMIN_URL";
const ADMIN_CREDENTIALS: &str = "AVOUCH_ADMIN_CREDENTIALS";
const CA_FILE: &str = "AVOUCH_CA_FILE";

/// How long getting metadata and a token may take each.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the work itself may take: making an RSA key is the slowest.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// A file for `--admin-credentials` that names every key.
pub(super) const fn example() -> &'static str {
    credentials::EXAMPLE
}

/// A server elsewhere. None of these is a secret.
#[derive(Debug, Args)]
#[command(next_help_heading = "Or which server over TCP")]
pub(crate) struct RemoteServer {
    /// URL of its admin API, as admin.url in its configuration [env: AVOUCH_ADMIN_URL]
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "config"])]
    admin_url: Option<String>,

    /// File that says who administers: issuer, client_id, and the file with the secret or key
    /// [env: AVOUCH_ADMIN_CREDENTIALS]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "config"])]
    admin_credentials: Option<PathBuf>,

    /// PEM file with certificate authorities to trust besides those of the system
    /// [env: AVOUCH_CA_FILE]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "config"])]
    ca_file: Option<PathBuf>,
}

impl RemoteServer {
    /// Whether the command line means a server over TCP.
    pub(super) fn is_meant(&self) -> bool {
        self.admin_url.is_some() || self.admin_credentials.is_some() || self.ca_file.is_some()
    }

    /// A client of its admin API, which was found a moment ago.
    pub(super) async fn client(&self) -> Result<AdminClient, Failure> {
        let url = self.url()?;
        let file = self
            .admin_credentials
            .clone()
            .or_else(|| path(ADMIN_CREDENTIALS));
        let file = file.ok_or_else(|| {
            Failure::new("it is not said who administers").next(format!(
                "name the file that says so with --admin-credentials FILE, or set \
                 {ADMIN_CREDENTIALS}; {}",
                credentials::LEAST
            ))
        })?;
        let ca_file = self.ca_file.clone().or_else(|| path(CA_FILE));
        let read = CredentialsFile::read(&file)?;
        let mut builder = ResourceClient::builder(url.clone(), read.issuer, &*read.client_id)
            .request_timeout(TOKEN_TIMEOUT)
            .call_timeout(CALL_TIMEOUT);
        if let Some(credentials) = read.credentials {
            builder = builder.credentials(credentials);
        }
        if let Some(certificate) = read.certificate {
            builder = builder.client_certificate(certificate);
        }
        if let Some(endpoint) = read.token_endpoint {
            builder = builder.token_endpoint(endpoint);
        }
        if let Some(file) = &ca_file {
            builder = builder.extra_trust_anchors(input::read(file)?.as_bytes());
        }
        let told = Told {
            url: url.to_string(),
            client_id: read.client_id,
            credentials: file,
            ca_file,
        };
        Ok(AdminClient::over_tcp(
            Remote::discover(builder, told).await?,
        ))
    }

    fn url(&self) -> Result<ResourceIdentifier, Failure> {
        let given = self.admin_url.clone().or_else(|| {
            let text = set(ADMIN_URL)?;
            text.into_string().ok()
        });
        let given = given.ok_or_else(|| {
            Failure::new("it is not said which server to administer over TCP").next(format!(
                "name its admin API with --admin-url URL, or set {ADMIN_URL}"
            ))
        })?;
        // Not repeated: there may be a password in it.
        sound(&given).ok_or_else(|| {
            Failure::new("--admin-url is not the URL of a host").next(
                "it takes an https URL, or an http URL of a loopback host, without path: what \
                 admin.url is in the configuration of the server",
            )
        })
    }
}

/// As the server writes it: with or without a slash at the end, in whatever case.
fn sound(given: &str) -> Option<ResourceIdentifier> {
    let url = Url::parse(given.trim()).ok()?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let bare = bare && matches!(url.scheme(), "https" | "http");
    let origin = bare.then(|| url.origin().ascii_serialization())?;
    ResourceIdentifier::parse(&origin).ok()
}

/// What the environment says, if it says something.
pub(super) fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    set(name).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_the_server_writes_it() {
        for (given, read) in [
            ("https://admin.example.com", "https://admin.example.com"),
            (
                "https://Admin.Example.com:443/",
                "https://admin.example.com",
            ),
            (" http://127.0.0.1:8081/ ", "http://127.0.0.1:8081"),
            ("https://[::1]:9443", "https://[::1]:9443"),
        ] {
            assert_eq!(sound(given).unwrap().as_str(), read, "{given}");
        }
        for bad in [
            "",
            "admin.example.com",
            "https://admin.example.com/admin",
            "https://ops:password@admin.example.com",
            "https://ops@admin.example.com",
            "https://admin.example.com?x",
            "https://admin.example.com#x",
            "unix:///data/admin.sock",
        ] {
            assert!(sound(bad).is_none(), "{bad}");
        }
    }
}
