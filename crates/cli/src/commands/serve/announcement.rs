//! What a development server says when it is ready.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::output::{self, Failure, Style};

/// Takes `client_id:client_secret` out of a registration answer.
const CREDENTIALS: &str =
    r#"sed 's/.*"client_id":"\([^"]*\)".*"client_secret":"\([^"]*\)".*/\1:\2/'"#;
/// Takes the `client_id` alone out of it.
const CLIENT_ID: &str = r#"sed 's/.*"client_id":"\([^"]*\)".*/\1/'"#;
/// Takes the token out of a token answer.
const ACCESS_TOKEN: &str = r#"sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#;

/// Where the server is and how to begin.
#[derive(Debug, Serialize)]
pub(super) struct Announcement<'a> {
    /// The issuer, which is also where the server listens.
    pub(super) issuer: &'a str,
    /// Registers clients and resource servers: reusable, for any resource. Only made for
    /// development.
    pub(super) initial_access_token: Option<&'a str>,
    /// Where the data is kept until the server stops.
    pub(super) data_dir: &'a Path,
    /// The authority to trust, where the server speaks TLS with a certificate of its own making.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca_file: Option<&'a Path>,
    /// How to come with a certificate, where one is asked for.
    #[serde(flatten)]
    pub(super) client: Option<Certificates<'a>>,
    /// How the command itself is called from anywhere.
    #[serde(skip)]
    pub(super) program: &'a Path,
}

/// A certificate to try things with.
#[derive(Debug, Serialize)]
pub(super) struct Certificates<'a> {
    /// What stands in for the issuer where certificates are asked for.
    pub(super) mtls_url: &'a str,
    /// The certificate.
    pub(super) client_certificate: &'a Path,
    /// Its key.
    pub(super) client_key: &'a Path,
    /// Its subject, for `tls_client_auth_subject_dn`.
    pub(super) client_subject: String,
}

impl Announcement<'_> {
    /// Says it as one JSON object on one line.
    pub(super) fn as_json(&self) -> Result<(), Failure> {
        output::json(self)
    }

    /// Says it to a person.
    pub(super) fn as_text(&self) -> Result<(), Failure> {
        let style = Style::of(&std::io::stdout());
        let heading = style.strong("avouch is serving for development; stop it with Ctrl-C.");
        let hint = style.faint("The requests are logged below, a line each.");
        Ok(output::line(format_args!("{heading}\n\n{self}\n\n{hint}"))?)
    }
}

impl fmt::Display for Announcement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            issuer,
            initial_access_token,
            data_dir,
            ca_file,
            client,
            program,
        } = self;
        let token = initial_access_token.unwrap_or("none");
        let avouch = quoted(program);
        let data = quoted(data_dir);
        let trusted = ca_file.map(quoted);
        let curl = match &trusted {
            Some(file) => format!("curl -s --cacert {file}"),
            None => "curl -s".to_owned(),
        };
        let trusted = trusted.map_or(String::new(), |file| format!(" --ca-file {file}"));
        let authority = ca_file.map_or(String::new(), |file| {
            format!("\n  to trust it           {}", file.display())
        });
        let asks = client.as_ref().map_or(String::new(), |client| {
            format!("\n  asks for certificates {}", client.mtls_url)
        });
        let register = format!(
            "{curl} {issuer}/register -H 'Authorization: Bearer {token}' \\\n    \
             -H 'Content-Type: application/json'"
        );
        write!(
            f,
            r#"  issuer                {issuer}{asks}
  initial access token  {token}
  data folder           {data_dir}{authority}

To be run in this order in another terminal.
Register a resource server, and keep its credentials:

  RS=$({register} \
    -d '{{"client_name":"my API","grant_types":[],"resource":"https://api.example","introspection_signed_response_alg":"ES256"}}' \
    | {CREDENTIALS})

Register a client, and get a token for that resource server:

  TOKEN=$({curl} {issuer}/token -d grant_type=client_credentials -d resource=https://api.example -d scope=read -u "$({register} \
    -d '{{"client_name":"my app","grant_types":["client_credentials"],"scope":"read"}}' \
    | {CREDENTIALS})" \
    | {ACCESS_TOKEN})

Let the resource server ask what the token is worth. The answer is a signed statement:

  {curl} {issuer}/introspect -u "$RS" -H 'Accept: application/token-introspection+jwt' -d token=$TOKEN; echo

The same with every check made:

  umask 077; echo "$RS" | cut -d: -f2 > rs.secret; echo "$TOKEN" > token.txt
  {avouch} introspect --issuer {issuer}{trusted} --client-id "$(echo "$RS" | cut -d: -f1)" --secret-file rs.secret --token token.txt

Administer the server (the command's help tells the rest):

  export AVOUCH_DATA={data}
  {avouch} resource-server list"#,
            data_dir = data_dir.display(),
        )?;
        match client {
            Some(client) => client.write(f, &curl, &register),
            None => Ok(()),
        }
    }
}

impl Certificates<'_> {
    fn write(&self, f: &mut fmt::Formatter<'_>, curl: &str, register: &str) -> fmt::Result {
        let file = quoted;
        write!(
            f,
            r#"

The same for a resource server that proves itself with a certificate, of which one is made:

  BY_CERTIFICATE=$({register} \
    -d '{{"client_name":"my bank","grant_types":[],"resource":"https://api.example","introspection_signed_response_alg":"ES256","token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"{subject}"}}' \
    | {CLIENT_ID})
  {curl} --cert {certificate} --key {key} {url}/introspect -H 'Accept: application/token-introspection+jwt' -d client_id=$BY_CERTIFICATE -d token=$TOKEN; echo"#,
            subject = self.client_subject,
            certificate = file(self.client_certificate),
            key = file(self.client_key),
            url = self.mtls_url,
        )
    }
}

/// A word for a shell, whatever is in it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
