//! The file that says who administers over TCP.
//!
//! It names the files with secret and keys and holds none itself, so that it can be kept, shown
//! and changed like any other. It names the issuer too: credentials go there and nowhere else,
//! whatever the admin API says whose tokens it takes.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use avouch_resource_server::{
    ClientCertificate, Credentials, Issuer, MacAlgorithm, SignatureAlgorithm, SigningKey,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::output::Failure;
use crate::{input, private_file};

/// A file that names every key.
pub(super) const EXAMPLE: &str = include_str!("example.toml");

/// How such a file comes to be.
pub(super) const LEAST: &str = "\
with a secret it is, at the least:
    issuer = \"https://as.example.com\"
    client_id = \"ops\"
    secret_file = \"ops.secret\"
  avouch config credentials prints one with every key explained";

/// What it says, with what the files hold that it names.
pub(super) struct CredentialsFile {
    pub(super) issuer: Issuer,
    pub(super) client_id: String,
    /// Nothing where the certificate says it all.
    pub(super) credentials: Option<Credentials>,
    pub(super) certificate: Option<ClientCertificate>,
    pub(super) token_endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    issuer: Issuer,
    client_id: String,
    secret_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    method: Option<Method>,
    authentication_alg: Option<String>,
    certificate_file: Option<PathBuf>,
    certificate_key_file: Option<PathBuf>,
    token_endpoint: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    ClientSecretBasic,
    ClientSecretPost,
    ClientSecretJwt,
    PrivateKeyJwt,
    TlsClientAuth,
    SelfSignedTlsClientAuth,
}

impl CredentialsFile {
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let at = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", file.display()));
        let text = read_trusted(file)?;
        // The message alone: the line that it is about may hold a secret that does not belong there.
        let read: Text =
            toml::from_str(&text).map_err(|error| at(&error.message().trim()).next(LEAST))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let credentials = read
            .credentials(folder)
            .map_err(|failure| failure.within(file))?;
        let certificate = read
            .certificate(folder)
            .map_err(|failure| failure.within(file))?;
        if credentials.is_none() && certificate.is_none() {
            return Err(at(&"nothing in it proves who administers").next(LEAST));
        }
        Ok(Self {
            credentials,
            certificate,
            issuer: read.issuer,
            client_id: read.client_id,
            token_endpoint: read.token_endpoint,
        })
    }
}

impl Text {
    fn credentials(&self, folder: &Path) -> Result<Option<Credentials>, Failure> {
        let algorithm = self.authentication_alg.as_deref();
        let usual = match (&self.secret_file, &self.key_file) {
            (Some(_), Some(_)) => {
                return Err(Failure::new(
                    "secret_file and key_file are both there; it proves itself in one way",
                ));
            }
            (Some(_), None) => Method::ClientSecretBasic,
            (None, Some(_)) => Method::PrivateKeyJwt,
            (None, None) => Method::TlsClientAuth,
        };
        let method = self.method.unwrap_or(usual);
        let assertion = [Method::ClientSecretJwt, Method::PrivateKeyJwt].contains(&method);
        if algorithm.is_some() && !assertion {
            return Err(Failure::new(
                "authentication_alg is for private_key_jwt and client_secret_jwt",
            ));
        }
        let secret = || secret(folder, self.secret_file.as_deref());
        match (method, &self.key_file) {
            (Method::PrivateKeyJwt, Some(file)) => {
                let key = private_key(&folder.join(file), algorithm)?;
                Ok(Some(Credentials::private_key_jwt(key)))
            }
            (Method::PrivateKeyJwt, None) => Err(Failure::new("private_key_jwt needs key_file")),
            (_, Some(_)) => Err(Failure::new("key_file is for private_key_jwt alone")),
            (Method::ClientSecretBasic, None) => {
                Ok(Some(Credentials::client_secret_basic(&*secret()?)))
            }
            (Method::ClientSecretPost, None) => {
                Ok(Some(Credentials::client_secret_post(&*secret()?)))
            }
            (Method::ClientSecretJwt, None) => {
                let algorithm = algorithm.map_or(Ok(MacAlgorithm::Hs256), str::parse);
                let algorithm = algorithm
                    .map_err(|error| Failure::new(format!("authentication_alg: {error}")))?;
                Ok(Some(Credentials::client_secret_jwt(algorithm, &*secret()?)))
            }
            (Method::TlsClientAuth | Method::SelfSignedTlsClientAuth, None) => {
                if self.secret_file.is_some() {
                    return Err(Failure::new("secret_file is not for this method"));
                }
                Ok(None)
            }
        }
    }

    fn certificate(&self, folder: &Path) -> Result<Option<ClientCertificate>, Failure> {
        match (&self.certificate_file, &self.certificate_key_file) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                let certificate = folder.join(certificate);
                let pem = input::read(&certificate)?;
                let key = private_file::read(&folder.join(key))?;
                let read = ClientCertificate::from_pem(pem.as_bytes(), key.as_bytes());
                let read = read
                    .map_err(|error| Failure::new(format!("{}: {error}", certificate.display())))?;
                Ok(Some(read))
            }
            _ => Err(Failure::new(
                "certificate_file and certificate_key_file go together",
            )),
        }
    }
}

fn secret(folder: &Path, file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let file = file.ok_or_else(|| Failure::new("this method needs secret_file"))?;
    let file = folder.join(file);
    if is_pasted(&file) && !file.exists() {
        return Err(Failure::new(
            "secret_file takes the name of a file, and this looks like the secret itself",
        )
        .next("put it into a file of its own, of mode 0600; if others have seen it, have a new one made"));
    }
    let text = private_file::read(&file)?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(Failure::new(format!("{} is empty", file.display())));
    }
    Ok(Zeroizing::new(secret.to_owned()))
}

/// As long as a secret, and of nothing but its characters.
fn is_pasted(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().as_encoded_bytes();
    let of_secret = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    name.len() >= 40 && name.iter().all(of_secret)
}

fn private_key(file: &Path, algorithm: Option<&str>) -> Result<SigningKey, Failure> {
    let jwk = private_file::read(file)?;
    let key = match algorithm {
        None => SigningKey::from_private_jwk(jwk.as_bytes()),
        Some(name) => {
            let algorithm = name
                .parse::<SignatureAlgorithm>()
                .map_err(|error| Failure::new(format!("authentication_alg: {error}")))?;
            SigningKey::from_private_jwk_for(algorithm, jwk.as_bytes())
        }
    };
    key.map_err(|error| input::no_private_jwk(file, &jwk, &error))
}

/// Who may write it says to whom the secret goes.
fn read_trusted(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let at = file.display();
    let unreadable = |error: io::Error| Failure::new(format!("{at}: {error}"));
    let opened = File::open(file).map_err(unreadable)?;
    let mode = opened.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o022 == 0 {
        return input::read_from(opened, file);
    }
    Err(Failure::new(format!(
        "{at}: others than its owner may write it (its mode is {:04o}), and it says to whom \
         secrets are sent",
        mode & 0o7777
    ))
    .next(format!("chmod go-w {at}, after a look at what it says")))
}
