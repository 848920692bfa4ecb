//! How the resource server says who it is, as options.

use std::path::{Path, PathBuf};

use avouch_resource_server::{
    ClientCertificate, Credentials, MacAlgorithm, SignatureAlgorithm, SigningKey, SystemRandom,
};
use clap::{Args, ValueEnum};

use crate::input;
use crate::output::Failure;

/// The method, and the secret or key it uses.
#[derive(Debug, Args)]
pub(super) struct CredentialOptions {
    /// File with the resource server's secret, or - for standard input
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["key", "certificate"],
        conflicts_with_all = ["key", "certificate"]
    )]
    secret_file: Option<PathBuf>,

    /// File with the resource server's private key, a JWK, or - for standard input; its kid must
    /// be the registered one, or be left out if that is its RFC 7638 thumbprint
    #[arg(long, value_name = "FILE", conflicts_with = "certificate")]
    key: Option<PathBuf>,

    /// File with the resource server's certificate, and those of the authorities between, in PEM
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    certificate: Option<PathBuf>,

    /// File with the private key of the certificate, in PEM, or - for standard input
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,

    /// How it proves itself, as registered [default: private_key_jwt with --key, tls_client_auth
    /// with --certificate, else client_secret_basic]
    #[arg(long, value_enum)]
    method: Option<Method>,

    /// The algorithm of its assertions [default: the alg of the key; HS256 for a secret]
    #[arg(long, value_name = "ALG")]
    authentication_alg: Option<String>,

    /// Use them to get an access token that is good for introspection alone, and ask with that;
    /// the resource server has to be registered with the grant client_credentials
    #[arg(long)]
    own_token: bool,

    /// With --own-token: bind the token to a key made for this question (DPoP, RFC 9449)
    #[arg(long, requires = "own_token")]
    dpop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Method {
    /// The secret in the Authorization header
    ClientSecretBasic,
    /// The secret in the body
    ClientSecretPost,
    /// An assertion signed with its private key
    PrivateKeyJwt,
    /// An assertion under its secret, which is not sent
    ClientSecretJwt,
    /// A certificate that an authority vouches for
    TlsClientAuth,
    /// A certificate that is registered itself
    SelfSignedTlsClientAuth,
}

impl CredentialOptions {
    /// The file that is read.
    pub(super) fn file(&self) -> Option<&Path> {
        let files = [&self.key, &self.certificate_key, &self.secret_file];
        files.into_iter().find_map(Option::as_deref)
    }

    /// Whether they are for getting a token to ask with.
    pub(super) fn own_token(&self) -> bool {
        self.own_token
    }

    /// Reads the file and makes of it what the method needs.
    pub(super) fn read(&self) -> Result<Credentials, Failure> {
        let credentials = self.of_method()?;
        Ok(match (self.own_token, self.dpop) {
            (false, _) => credentials,
            (true, false) => Credentials::access_token(credentials),
            (true, true) => {
                let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
                Credentials::dpop_access_token(credentials, key)
            }
        })
    }

    fn of_method(&self) -> Result<Credentials, Failure> {
        let usual = match (&self.key, &self.certificate) {
            (Some(_), _) => Method::PrivateKeyJwt,
            (None, Some(_)) => Method::TlsClientAuth,
            (None, None) => Method::ClientSecretBasic,
        };
        let method = self.method.unwrap_or(usual);
        let algorithm = self.authentication_alg.as_deref();
        if !matches!(method, Method::PrivateKeyJwt | Method::ClientSecretJwt) && algorithm.is_some()
        {
            return Err(Failure::new(
                "--authentication-alg is for private_key_jwt and client_secret_jwt",
            ));
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.certificate_key) {
            let certificate = client_certificate(certificate, key)?;
            return match method {
                Method::TlsClientAuth => Ok(Credentials::tls_client_auth(certificate)),
                Method::SelfSignedTlsClientAuth => {
                    Ok(Credentials::self_signed_tls_client_auth(certificate))
                }
                _ => Err(Failure::new(
                    "--certificate goes with --method tls_client_auth or \
                     self_signed_tls_client_auth alone",
                )),
            };
        }
        match (method, &self.key, &self.secret_file) {
            (Method::TlsClientAuth | Method::SelfSignedTlsClientAuth, ..) => Err(Failure::new(
                "this method needs --certificate and --certificate-key",
            )),
            (Method::PrivateKeyJwt, Some(file), _) => {
                Ok(Credentials::private_key_jwt(private_key(file, algorithm)?))
            }
            (Method::PrivateKeyJwt, None, _) => Err(Failure::new("private_key_jwt needs --key")),
            (_, Some(_), _) => Err(Failure::new(
                "--key goes with --method private_key_jwt alone",
            )),
            (_, None, None) => Err(Failure::new("this method needs --secret-file")),
            (method, None, Some(file)) => {
                let secret = input::secret(file)?;
                let secret = secret.as_str();
                Ok(match method {
                    Method::ClientSecretPost => Credentials::client_secret_post(secret),
                    Method::ClientSecretJwt => {
                        Credentials::client_secret_jwt(mac_algorithm(algorithm)?, secret)
                    }
                    _ => Credentials::client_secret_basic(secret),
                })
            }
        }
    }
}

fn client_certificate(file: &Path, key: &Path) -> Result<ClientCertificate, Failure> {
    let (certificates, key) = (input::read(file)?, input::secret(key)?);
    ClientCertificate::from_pem(certificates.as_bytes(), key.as_bytes())
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

fn private_key(file: &Path, algorithm: Option<&str>) -> Result<SigningKey, Failure> {
    let jwk = input::secret(file)?;
    let key = match algorithm {
        None => SigningKey::from_private_jwk(jwk.as_bytes()),
        Some(name) => {
            let algorithm = name
                .parse::<SignatureAlgorithm>()
                .map_err(|error| Failure::new(format!("--authentication-alg: {error}")))?;
            SigningKey::from_private_jwk_for(algorithm, jwk.as_bytes())
        }
    };
    key.map_err(|error| {
        input::no_private_jwk(file, &jwk, &error)
            .next("it has to be one private JWK with its alg, or give --authentication-alg")
    })
}

fn mac_algorithm(name: Option<&str>) -> Result<MacAlgorithm, Failure> {
    name.map_or(Ok(MacAlgorithm::Hs256), |name| {
        name.parse()
            .map_err(|error| Failure::new(format!("--authentication-alg: {error}")))
    })
}
