//! The configuration file: one struct per section, whose field docs are the
//! manual.
//!
//! Every section but `[data]` and `[sealing]` may be left out. A [`Config`]
//! that was read is sound: each value lies within its limits, and the values
//! go together. It holds no secret, only where secrets are.

mod admin;
mod algorithm;
mod bounded;
mod client_authentication;
mod conflict;
mod data;
mod database;
mod dpop;
mod fetch;
mod introspection;
mod issuer;
mod keys;
mod limits;
mod listen;
mod log;
mod manual;
mod metrics;
mod mtls;
mod problem;
mod rates;
mod reader;
mod registration;
mod sealing;
mod section;
pub(crate) mod software_statements;
mod suggestion;
mod text;
mod tls;
mod tokens;
mod trusted_proxies;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use admin::AdminConfig;
pub use algorithm::AlgorithmName;
pub use avouch_store::{DatabaseUrl, SchemaName};
pub use bounded::{OutOfRange, Seconds, Whole};
pub use client_authentication::{ClientAuthenticationConfig, MethodName};
pub use data::DataConfig;
pub use database::{DatabaseConfig, DatabasePasswordError, database_password};
pub use dpop::DpopConfig;
pub use fetch::FetchConfig;
pub use introspection::IntrospectionConfig;
pub use issuer::{Issuer, IssuerError};
pub use keys::KeysConfig;
pub use limits::LimitsConfig;
pub use listen::ListenConfig;
pub use log::{LogConfig, LogFormat, LogLevel, LogLevelError};
pub use manual::{example, reference};
pub use metrics::MetricsConfig;
pub use mtls::MtlsConfig;
pub use problem::{ConfigError, Position, Problem, Refused};
pub use rates::RatesConfig;
pub use registration::RegistrationConfig;
pub use sealing::{
    KeyFileError, KeyTextError, NoSealingKey, SealingConfig, SealingKey, SealingKeyError,
};
pub use software_statements::{ApprovedKinds, SoftwareStatementIssuer, StatementKeysError};
pub use tls::TlsConfig;
pub use tokens::{AccessTokenFormat, TokensConfig};
pub use trusted_proxies::TrustedProxies;

use conflict::Conflict;

/// The most bytes a configuration file may have.
const LONGEST_FILE: u64 = 1 << 20;

/// Who this server is. These keys stand above the first section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The issuer identifier: the URL under which clients and resource servers
    /// reach this server, the `iss` of everything it signs. https, or http on
    /// a loopback host; no query, no fragment, no slash at the end. It is
    /// compared character by character, so changing it makes a new issuer.
    #[schemars(example = "https://as.example.com")]
    pub issuer: Issuer,
    /// Where the server listens.
    #[serde(default)]
    pub listen: ListenConfig,
    /// The certificate that the server shows.
    #[serde(default)]
    pub tls: TlsConfig,
    /// The certificates that callers show.
    #[serde(default)]
    pub mtls: MtlsConfig,
    /// The admin API over TCP.
    #[serde(default)]
    pub admin: AdminConfig,
    /// Where the server keeps its data.
    pub data: DataConfig,
    /// A PostgreSQL database in the place of the file.
    #[serde(default)]
    pub database: DatabaseConfig,
    /// The key that seals signing keys at rest.
    #[serde(default)]
    pub sealing: SealingConfig,
    /// How long access tokens live, and what they look like.
    #[serde(default)]
    pub tokens: TokensConfig,
    /// The keys that sign, and how they come and go.
    #[serde(default)]
    pub keys: KeysConfig,
    /// In which form introspection answers.
    #[serde(default)]
    pub introspection: IntrospectionConfig,
    /// How callers prove who they are.
    #[serde(default)]
    pub client_authentication: ClientAuthenticationConfig,
    /// Proofs of possession.
    #[serde(default)]
    pub dpop: DpopConfig,
    /// Registration over HTTP.
    #[serde(default)]
    pub registration: RegistrationConfig,
    /// Where published keys are fetched.
    #[serde(default)]
    pub fetch: FetchConfig,
    /// Bounds on requests.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// How often callers may call, and anybody may fail.
    #[serde(default)]
    pub rates: RatesConfig,
    /// What is logged.
    #[serde(default)]
    pub log: LogConfig,
    /// Metrics and health.
    #[serde(default)]
    pub metrics: MetricsConfig,
}

/// Reads the configuration file at `path`.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(ConfigError::TooLong {
            path: path.to_owned(),
            limit: LONGEST_FILE,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        unreadable(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not UTF-8 text",
        ))
    })?;
    Config::parse(&text, &path.display().to_string())
}

/// The JSON Schema of the configuration file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Config).to_value()
}

impl Config {
    /// The configuration with nothing but what cannot be left out, all else at
    /// its default.
    pub fn new(issuer: Issuer, data: DataConfig, sealing: SealingConfig) -> Self {
        Self {
            issuer,
            listen: ListenConfig::default(),
            tls: TlsConfig::default(),
            mtls: MtlsConfig::default(),
            admin: AdminConfig::default(),
            data,
            database: DatabaseConfig::default(),
            sealing,
            tokens: TokensConfig::default(),
            keys: KeysConfig::default(),
            introspection: IntrospectionConfig::default(),
            client_authentication: ClientAuthenticationConfig::default(),
            dpop: DpopConfig::default(),
            registration: RegistrationConfig::default(),
            fetch: FetchConfig::default(),
            limits: LimitsConfig::default(),
            rates: RatesConfig::default(),
            log: LogConfig::default(),
            metrics: MetricsConfig::default(),
        }
    }

    /// Reads a configuration from TOML text; `origin` is what messages call
    /// it, such as a file name.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        Ok(reader::read(text, origin)?)
    }

    /// Checks a configuration put together in code the way a file is checked.
    pub fn check(&self, origin: &str) -> Result<(), ConfigError> {
        let problems: Vec<_> = self
            .conflicts()
            .into_iter()
            .map(|conflict| Problem {
                origin: origin.to_owned(),
                position: None,
                message: conflict.message,
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Refused::new(problems).into())
        }
    }

    /// Whether there are certificate files, which may change while the server runs.
    pub fn has_certificates(&self) -> bool {
        self.tls.is_on() || self.mtls.ca_file.is_some()
    }

    /// The configuration in effect as TOML, defaults filled in. Reads back as
    /// the same configuration, and holds no secret, only where they are.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// All that does not go together.
    fn conflicts(&self) -> Vec<Conflict> {
        let mut found = Vec::new();
        self.listen.conflicts(&self.tls, &mut found);
        self.tls.conflicts(&self.issuer, &mut found);
        self.mtls.conflicts(self, &mut found);
        self.admin.conflicts(self, &mut found);
        self.database.conflicts(&mut found);
        self.sealing.conflicts(&mut found);
        self.tokens.conflicts(&mut found);
        self.keys.conflicts(&self.tokens, &mut found);
        self.introspection.conflicts(&mut found);
        self.client_authentication.conflicts(&self.mtls, &mut found);
        self.fetch.conflicts(&mut found);
        self.registration.conflicts(&self.issuer, &mut found);
        self.metrics.conflicts(&self.listen, &mut found);
        found
    }
}
