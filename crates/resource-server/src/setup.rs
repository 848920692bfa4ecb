//! What was set up, compared with what the metadata of the authorization server says it can:
//! better told at start than at the first request.

use crate::credentials::{Credentials, OwnTokenKind};
use crate::error::{Names, SetupError};
use avouch_jose::{MacAlgorithm, SignatureAlgorithm};
use avouch_oauth::AuthenticationMethod;
use avouch_oauth::client_assertion::AssertionAlgorithm;
use avouch_oauth::metadata::ServerMetadata;

/// Compares. What the metadata does not speak of is not objected to.
pub(crate) fn check(
    metadata: &ServerMetadata,
    credentials: &Credentials,
    algorithms: &[SignatureAlgorithm],
) -> Result<(), SetupError> {
    match credentials.own_token() {
        None => Listed {
            endpoint: "introspection",
            methods: &metadata.introspection_endpoint_auth_methods_supported,
            algorithms: &metadata.introspection_endpoint_auth_signing_alg_values_supported,
        }
        .check(credentials)?,
        Some(kind) => {
            check_own_token(metadata, kind)?;
            check_token_endpoint(metadata, credentials)?;
        }
    }
    let signed_with = &metadata.introspection_signing_alg_values_supported;
    if signed_with.is_empty() || algorithms.iter().any(|own| lists(signed_with, own.name())) {
        Ok(())
    } else {
        Err(SetupError::NoCommonAlgorithm)
    }
}

/// Compares with what the token endpoint takes.
pub(crate) fn check_token_endpoint(
    metadata: &ServerMetadata,
    credentials: &Credentials,
) -> Result<(), SetupError> {
    Listed {
        endpoint: "token",
        methods: &metadata.token_endpoint_auth_methods_supported,
        algorithms: &metadata.token_endpoint_auth_signing_alg_values_supported,
    }
    .check(credentials)
}

/// RFC 8414, section 2: the names of the schemes stand among the methods.
fn check_own_token(metadata: &ServerMetadata, kind: &OwnTokenKind) -> Result<(), SetupError> {
    let scheme = kind.scheme();
    let methods = &metadata.introspection_endpoint_auth_methods_supported;
    if !takes(methods, scheme.as_str()) {
        return Err(SetupError::OwnTokenNotSupported { scheme });
    }
    let proofs = &metadata.dpop_signing_alg_values_supported;
    match kind {
        OwnTokenKind::Bound(key) if !takes(proofs, key.algorithm().name()) => {
            Err(SetupError::ProofAlgorithmNotSupported {
                algorithm: key.algorithm(),
                supported: known_signatures(proofs),
            })
        }
        OwnTokenKind::Bound(_) | OwnTokenKind::Bearer => Ok(()),
    }
}

/// What one endpoint takes.
struct Listed<'a> {
    endpoint: &'static str,
    methods: &'a [String],
    algorithms: &'a [String],
}

impl Listed<'_> {
    fn check(&self, credentials: &Credentials) -> Result<(), SetupError> {
        let endpoint = self.endpoint;
        let method = credentials.method();
        if !takes(self.methods, method.as_str()) {
            let known = AuthenticationMethod::ALL.iter();
            return Err(SetupError::MethodNotSupported {
                method,
                endpoint,
                supported: known_of(self.methods, known.map(|method| method.as_str())),
            });
        }
        match credentials.assertion_algorithm() {
            Some(algorithm) if !takes(self.algorithms, &algorithm.to_string()) => {
                Err(SetupError::AssertionAlgorithmNotSupported {
                    algorithm,
                    endpoint,
                    supported: match algorithm {
                        AssertionAlgorithm::Signature(_) => known_signatures(self.algorithms),
                        AssertionAlgorithm::Mac(_) => {
                            let known = MacAlgorithm::ALL.iter();
                            known_of(self.algorithms, known.map(|known| known.name()))
                        }
                    },
                })
            }
            _ => Ok(()),
        }
    }
}

/// Whether a list in the metadata has a name. One that is not there says nothing.
pub(crate) fn takes(listed: &[String], name: &str) -> bool {
    listed.is_empty() || lists(listed, name)
}

fn lists(listed: &[String], name: &str) -> bool {
    listed.iter().any(|own| own == name)
}

pub(crate) fn known_signatures(listed: &[String]) -> Names {
    let known = SignatureAlgorithm::ALL.iter();
    known_of(listed, known.map(|known| known.name()))
}

fn known_of(listed: &[String], known: impl Iterator<Item = &'static str>) -> Names {
    Names(known.filter(|name| lists(listed, name)).collect())
}
