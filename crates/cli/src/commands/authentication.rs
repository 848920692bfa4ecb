//! How a client or resource server that is added proves itself, as options.

use std::path::{Path, PathBuf};

use avouch_core::records::{CertificateName, ClientAuthentication, KeySource, Particulars};
use avouch_jose::JwkSet;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::jwks_uri::JwksUri;
use clap::{Args, ValueEnum};

use crate::input;
use crate::output::Failure;

/// The method, and what belongs to it but its keys.
#[derive(Debug, Args)]
pub(crate) struct AuthenticationOptions {
    /// How it proves itself
    #[arg(long, value_enum, default_value = "client_secret_basic")]
    authentication: Method,

    /// The one algorithm of its assertions [default: HS256 for client_secret_jwt, else any]
    #[arg(long, value_name = "ALG")]
    authentication_alg: Option<String>,

    #[command(flatten)]
    certificate: CertificateOptions,
}

/// The name in its certificate, for `tls_client_auth`.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[expect(
    clippy::struct_field_names,
    reason = "they are the options by name, and those the registered members"
)]
struct CertificateOptions {
    /// The subject of its certificate, such as "CN=shop,O=Shop,C=DE"
    #[arg(long, value_name = "DN")]
    tls_client_auth_subject_dn: Option<String>,

    /// A host among the alternative names in its certificate
    #[arg(long, value_name = "HOST")]
    tls_client_auth_san_dns: Option<String>,

    /// A URI among them
    #[arg(long, value_name = "URI")]
    tls_client_auth_san_uri: Option<String>,

    /// An IP address among them
    #[arg(long, value_name = "ADDR")]
    tls_client_auth_san_ip: Option<String>,

    /// A mail address among them
    #[arg(long, value_name = "ADDRESS")]
    tls_client_auth_san_email: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Method {
    /// A secret in the Authorization header
    ClientSecretBasic,
    /// A secret in the request body
    ClientSecretPost,
    /// An assertion signed with a key of its own: --jwks or --jwks-uri
    PrivateKeyJwt,
    /// An assertion under its secret, where the server offers it
    ClientSecretJwt,
    /// A certificate of a trusted authority with a name: one of --tls-client-auth-...
    TlsClientAuth,
    /// A certificate of its own, in the x5c of its key: --jwks or --jwks-uri
    SelfSignedTlsClientAuth,
}

/// The public keys of a client or resource server: it has one set of them.
#[derive(Debug, Args)]
pub(crate) struct KeyOptions {
    /// File with its public keys: a JWK Set, or - for standard input
    #[arg(long, value_name = "FILE", group = "keys")]
    jwks: Option<PathBuf>,

    /// Where it publishes its keys
    #[arg(long, value_name = "URL", group = "keys")]
    jwks_uri: Option<JwksUri>,
}

/// What keys may be for beside the signatures of their owner.
pub(crate) enum OtherUse {
    /// Nothing.
    None,
    /// Encrypting statements, if that is asked for.
    Encryption(bool),
}

impl AuthenticationOptions {
    /// The method with its keys. Keys that it does not use are refused, unless they have another
    /// use: they would be dropped without a word.
    pub(crate) fn read(
        &self,
        keys: Option<KeySource>,
        other_use: &OtherUse,
    ) -> Result<ClientAuthentication, Failure> {
        let method = AuthenticationMethod::from(self.authentication);
        let uses_keys = matches!(
            method,
            AuthenticationMethod::PrivateKeyJwt | AuthenticationMethod::SelfSignedTlsClientAuth
        );
        if uses_keys && keys.is_none() {
            return Err(Failure::new(format!("{method} needs --jwks or --jwks-uri")));
        }
        if keys.is_some() && !uses_keys {
            let signing = "--authentication private_key_jwt if it signs with them, or \
                           self_signed_tls_client_auth if its certificates are among them";
            let refused = Failure::new("it is not said what its keys are for");
            match other_use {
                OtherUse::Encryption(true) => {}
                OtherUse::Encryption(false) => {
                    return Err(refused.next(format!(
                        "add --encryption-alg ALG if its statements are to be encrypted to one of \
                         them, {signing}, or both"
                    )));
                }
                OtherUse::None => {
                    return Err(refused.next(format!("add {signing}, or leave them out")));
                }
            }
        }
        let certificate = &self.certificate;
        let certificate_name = CertificateName::at_most_one([
            certificate.tls_client_auth_subject_dn.as_deref(),
            certificate.tls_client_auth_san_dns.as_deref(),
            certificate.tls_client_auth_san_uri.as_deref(),
            certificate.tls_client_auth_san_ip.as_deref(),
            certificate.tls_client_auth_san_email.as_deref(),
        ])?;
        let particulars = Particulars {
            algorithm: self.authentication_alg.as_deref(),
            keys,
            certificate_name,
        };
        Ok(ClientAuthentication::new(method, particulars)?)
    }
}

impl KeyOptions {
    /// The keys, if some are named.
    pub(crate) fn read(&self) -> Result<Option<KeySource>, Failure> {
        match (&self.jwks, &self.jwks_uri) {
            (Some(file), _) => Ok(Some(KeySource::Keys(read_set(file)?))),
            (None, Some(uri)) => Ok(Some(KeySource::Uri(uri.clone()))),
            (None, None) => Ok(None),
        }
    }
}

fn read_set(file: &Path) -> Result<JwkSet, Failure> {
    JwkSet::parse_registered(input::read(file)?.as_bytes())
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

impl From<Method> for AuthenticationMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::ClientSecretBasic => Self::ClientSecretBasic,
            Method::ClientSecretPost => Self::ClientSecretPost,
            Method::PrivateKeyJwt => Self::PrivateKeyJwt,
            Method::ClientSecretJwt => Self::ClientSecretJwt,
            Method::TlsClientAuth => Self::TlsClientAuth,
            Method::SelfSignedTlsClientAuth => Self::SelfSignedTlsClientAuth,
        }
    }
}
