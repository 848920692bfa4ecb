//! `avouch config init`: a folder with all that a first server for keeps needs.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use avouch_crypto::random::{SystemRandom, octets};
use avouch_server::config::{self, Issuer};
use clap::Args;
use zeroize::Zeroizing;

use crate::output::{self, Failure};
use crate::private_file;

const CONFIGURATION: &str = "avouch.toml";
const SEALING_KEY: &str = "sealing.key";
const DATA: &str = "data";

/// Options of `avouch config init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  avouch config init /srv/avouch --issuer https://as.example.com
  avouch serve --config /srv/avouch/avouch.toml

Keep a copy of the sealing key apart from the data: without it the signing keys stay closed.")]
pub(crate) struct Init {
    /// A folder that is not there yet
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// The URL under which clients and resource servers reach the server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    issuer: String,
}

/// Makes the folder, a fresh sealing key and a configuration that names both.
pub(super) fn run(init: &Init) -> Result<(), Failure> {
    let issuer = Issuer::try_from(init.issuer.clone())?;
    let folder = std::path::absolute(&init.folder)?;
    let text = configuration(&issuer, &folder)?;

    let failed =
        |path: &Path, error: io::Error| Failure::new(format!("{}: {error}", path.display()));
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(|error| failed(&folder, error).next("name a folder that is not there yet"))?;
    let key = Zeroizing::new(octets::<32>(&SystemRandom)?);
    let key = Zeroizing::new(avouch_jose::base64url::encode(key.as_slice()));
    for (name, text) in [(SEALING_KEY, key.as_str()), (CONFIGURATION, &text)] {
        let path = folder.join(name);
        private_file::write_new(&path, text).map_err(|error| failed(&path, error))?;
    }

    let at = folder.display();
    output::line(format_args!(
        "{at}/{CONFIGURATION}  every setting, explained\n\
         {at}/{SEALING_KEY}  seals the signing keys at rest: keep a copy elsewhere\n\
         next: avouch serve --config {at}/{CONFIGURATION}"
    ))?;
    Ok(())
}

/// The example, with what has to be said of this very server.
fn configuration(issuer: &Issuer, folder: &Path) -> Result<String, Failure> {
    let path = |name| toml::Value::from(folder.join(name).display().to_string()).to_string();
    let own = [
        (
            "issuer = ",
            toml::Value::from(issuer.to_string()).to_string(),
        ),
        ("folder = ", path(DATA)),
        ("key_file = ", path(SEALING_KEY)),
    ];
    let mut text = String::new();
    for line in config::example().lines() {
        match own.iter().find(|(key, _)| line.starts_with(key)) {
            Some((key, value)) => {
                text.push_str(key);
                text.push_str(value);
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    config::Config::parse(&text, CONFIGURATION)?;
    Ok(text)
}
