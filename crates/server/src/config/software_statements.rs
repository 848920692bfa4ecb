//! `[[registration.software_statement_issuers]]`

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use avouch_core::records::{Allowance, AllowedResources, RegistrationKinds, ResourceSharing};
use avouch_core::registration::{StatementIssuer, TrustedStatements};
use avouch_jose::{JwkError, JwkSet};
use avouch_oauth::resource::ResourceIdentifier;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::algorithm::AlgorithmName;
use super::conflict::Conflict;
use super::issuer::Issuer;
use super::text;
use crate::paths;

/// The most issuers that are trusted.
const MOST: usize = 64;
/// The longest file of keys.
const LONGEST_FILE: u64 = avouch_jose::jwk::MAX_SET_LEN as u64;

/// Somebody whose software statements are trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoftwareStatementIssuer {
    /// The `iss` of its statements, compared character by character. Not this
    /// server itself.
    pub issuer: String,
    /// File with the JWK Set of the keys that sign its statements, and nothing
    /// else: no type tells a statement from other JWTs of the same issuer, only
    /// that it speaks of software. It is read at start.
    #[serde(deserialize_with = "text::path")]
    pub jwks_file: PathBuf,
    /// The algorithms it may sign with.
    #[serde(default = "all_algorithms")]
    pub algorithms: Vec<AlgorithmName>,
    /// Whom its statements may register. The right to introspect comes from
    /// here alone: with `clients` no statement makes a resource server.
    #[serde(default)]
    pub kinds: ApprovedKinds,
    /// The resource identifiers its statements may give away to resource
    /// servers; for clients, those their tokens may be good for.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub resources: Vec<ResourceIdentifier>,
    /// Any resource, instead of those in `resources`.
    #[serde(default)]
    pub any_resource: bool,
    /// Whether a resource that another resource server serves already may be
    /// given again.
    #[serde(default)]
    pub shared: bool,
}

/// Whom a software statement may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ApprovedKinds {
    // No docs on the variants: a schema of plain names is what the reader knows.
    #[default]
    #[expect(missing_docs, reason = "the name says it")]
    Clients,
    #[expect(missing_docs, reason = "the name says it")]
    ResourceServers,
    #[expect(missing_docs, reason = "the name says it")]
    Both,
}

/// Why the keys of an issuer of software statements cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StatementKeysError {
    /// The file cannot be read.
    #[error("the keys of the software statement issuer {issuer}, {}: {error}", file.display())]
    Unreadable {
        /// Whose.
        issuer: String,
        /// Which file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It holds something else than sound public keys.
    #[error("the keys of the software statement issuer {issuer}, {}: {error}", file.display())]
    Keys {
        /// Whose.
        issuer: String,
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        error: JwkError,
    },
    /// It holds no key at all.
    #[error(
        "the keys of the software statement issuer {issuer}, {}: there is no key in the set",
        file.display()
    )]
    NoKeys {
        /// Whose.
        issuer: String,
        /// Which file.
        file: PathBuf,
    },
}

fn all_algorithms() -> Vec<AlgorithmName> {
    AlgorithmName::ALL.to_vec()
}

/// Reads the keys of all whose statements are trusted by `own`.
pub(crate) fn load(
    trusted: &[SoftwareStatementIssuer],
    own: &Issuer,
) -> Result<TrustedStatements, StatementKeysError> {
    let own = own.on_the_wire();
    let issuers = trusted.iter().map(SoftwareStatementIssuer::load);
    Ok(TrustedStatements {
        issuers: issuers.collect::<Result<_, _>>()?,
        // Not the token endpoint: what is meant for that is an assertion.
        audiences: vec![own.as_str().to_owned(), own.endpoint(paths::REGISTRATION)],
    })
}

impl SoftwareStatementIssuer {
    fn load(&self) -> Result<StatementIssuer, StatementKeysError> {
        let (issuer, file) = (self.issuer.clone(), self.jwks_file.clone());
        let mut bytes = Vec::new();
        let read = File::open(&file)
            .and_then(|opened| opened.take(LONGEST_FILE + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            return Err(StatementKeysError::Unreadable {
                issuer,
                file,
                error,
            });
        }
        let keys = match JwkSet::parse_registered(&bytes) {
            Ok(keys) if keys.keys.is_empty() => {
                return Err(StatementKeysError::NoKeys { issuer, file });
            }
            Ok(keys) => keys,
            Err(error) => {
                return Err(StatementKeysError::Keys {
                    issuer,
                    file,
                    error,
                });
            }
        };
        let algorithms = self.algorithms.iter().map(|name| name.algorithm());
        Ok(StatementIssuer {
            issuer,
            keys,
            algorithms: algorithms.collect(),
            allowance: self.allowance(),
        })
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            kinds: match self.kinds {
                ApprovedKinds::Clients => RegistrationKinds::Clients,
                ApprovedKinds::ResourceServers => RegistrationKinds::ResourceServers,
                ApprovedKinds::Both => RegistrationKinds::Both,
            },
            resources: if self.any_resource {
                AllowedResources::Any
            } else {
                AllowedResources::Only(self.resources.clone())
            },
            sharing: if self.shared {
                ResourceSharing::Shared
            } else {
                ResourceSharing::Exclusive
            },
        }
    }

    /// What is wrong with it by itself.
    fn complaint(&self, own: &Issuer) -> Option<&'static str> {
        if self.issuer.is_empty() {
            Some("an issuer without a name can sign nothing; write the `iss` of its statements")
        } else if self.issuer == own.as_str() {
            // Access tokens and introspection answers must never count.
            Some("this server itself is no issuer of software statements; leave it out")
        } else if self.algorithms.is_empty() {
            Some("no algorithm is allowed; name one at least, or leave `algorithms` out")
        } else if self.any_resource && !self.resources.is_empty() {
            Some("`any_resource` and `resources` contradict each other; leave one of them out")
        } else if self.kinds != ApprovedKinds::Clients
            && !self.any_resource
            && self.resources.is_empty()
        {
            Some(
                "a resource server that serves nothing cannot be registered; name what may be \
                 given away in `resources`, or set `any_resource`",
            )
        } else {
            None
        }
    }
}

pub(super) fn conflicts(
    issuers: &[SoftwareStatementIssuer],
    own: &Issuer,
    found: &mut Vec<Conflict>,
) {
    const KEYS: &[&str] = &["registration.software_statement_issuers"];
    let mut report = |message: String| {
        found.push(Conflict {
            keys: KEYS,
            message,
        });
    };
    if issuers.len() > MOST {
        report(format!("at most {MOST} issuers can be trusted"));
    }
    let mut seen = BTreeSet::new();
    for issuer in issuers {
        if let Some(complaint) = issuer.complaint(own) {
            report(format!("`{}`: {complaint}", issuer.issuer));
        }
        if !seen.insert(&issuer.issuer) {
            report(format!("`{}` is there twice; name it once", issuer.issuer));
        }
    }
}
