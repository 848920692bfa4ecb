//! Metadata and keys of the authorization server (RFC 8414).

use crate::credentials::Credentials;
use crate::endpoint::{Endpoint, EndpointError};
use crate::error::{ExchangeError, Names, ServerError, SetupError};
use crate::exchange::{Exchange, body_of, exchange, get};
use crate::http::Http;
use avouch_jose::{JwkSet, MacAlgorithm, SignatureAlgorithm};
use avouch_oauth::client_assertion::AssertionAlgorithm;
use avouch_oauth::media_type::JSON;
use avouch_oauth::metadata::{ServerMetadata, WELL_KNOWN_OAUTH};
use avouch_oauth::{AuthenticationMethod, Issuer};
use std::time::Duration;

/// RFC 7517, section 8.5.
const JWK_SET: &str = "application/jwk-set+json";

/// Fetches the metadata from where RFC 8414, section 3.1, puts it.
///
/// What comes back is of the issuer asked for, to the last slash, or an error.
pub(crate) async fn metadata<H: Http>(
    http: &H,
    issuer: &Issuer,
    timeout: Duration,
) -> Result<ServerMetadata, ExchangeError> {
    let url = issuer.well_known(WELL_KNOWN_OAUTH);
    let url = endpoint("issuer", Some(&url), issuer)?;
    let request = get(url.uri(), JSON);
    let answer = exchange(http, Exchange::Metadata, request, timeout).await?;
    let body = body_of(Exchange::Metadata, answer, &[JSON], &[])?;
    Ok(ServerMetadata::parse(&body, issuer).map_err(ServerError::from)?)
}

/// Fetches the keys. Those that are not understood or not sound are left out.
pub(crate) async fn keys<H: Http>(
    http: &H,
    jwks: &Endpoint,
    timeout: Duration,
) -> Result<JwkSet, ExchangeError> {
    let request = get(jwks.uri(), "application/jwk-set+json, application/json");
    let answer = exchange(http, Exchange::Keys, request, timeout).await?;
    let body = body_of(Exchange::Keys, answer, &[JWK_SET, JSON], &[])?;
    Ok(JwkSet::parse_published(&body).map_err(ServerError::from)?)
}

/// Where to ask.
pub(crate) fn introspection_endpoint(
    metadata: &ServerMetadata,
    issuer: &Issuer,
) -> Result<Endpoint, ServerError> {
    let url = metadata.introspection_endpoint.as_deref();
    endpoint("introspection_endpoint", url, issuer)
}

/// Where the keys are.
pub(crate) fn keys_endpoint(
    metadata: &ServerMetadata,
    issuer: &Issuer,
) -> Result<Endpoint, ServerError> {
    endpoint("jwks_uri", metadata.jwks_uri.as_deref(), issuer)
}

/// Compares what was set up with what the server says it can, where it says so: better told at
/// start than at the first request.
pub(crate) fn check_setup(
    metadata: &ServerMetadata,
    credentials: &Credentials,
    algorithms: &[SignatureAlgorithm],
) -> Result<(), SetupError> {
    let method = credentials.method();
    let methods = &metadata.introspection_endpoint_auth_methods_supported;
    if !takes(methods, method.as_str()) {
        let known = AuthenticationMethod::ALL.iter();
        let supported = known_of(methods, known.map(|method| method.as_str()));
        return Err(SetupError::MethodNotSupported { method, supported });
    }
    let secured_with = &metadata.introspection_endpoint_auth_signing_alg_values_supported;
    if let Some(algorithm) = credentials.assertion_algorithm()
        && !takes(secured_with, &algorithm.to_string())
    {
        let supported = match algorithm {
            AssertionAlgorithm::Signature(_) => known_of(
                secured_with,
                SignatureAlgorithm::ALL.iter().map(|known| known.name()),
            ),
            AssertionAlgorithm::Mac(_) => known_of(
                secured_with,
                MacAlgorithm::ALL.iter().map(|known| known.name()),
            ),
        };
        return Err(SetupError::AssertionAlgorithmNotSupported {
            algorithm,
            supported,
        });
    }
    let signed_with = &metadata.introspection_signing_alg_values_supported;
    let common = |name: &String| algorithms.iter().any(|allowed| allowed.name() == name);
    if !signed_with.is_empty() && !signed_with.iter().any(common) {
        return Err(SetupError::NoCommonAlgorithm);
    }
    Ok(())
}

/// Whether a list in the metadata has a name. One that is not there says nothing.
fn takes(listed: &[String], name: &str) -> bool {
    listed.is_empty() || listed.iter().any(|own| own == name)
}

fn known_of(listed: &[String], known: impl Iterator<Item = &'static str>) -> Names {
    Names(
        known
            .filter(|name| listed.iter().any(|own| own == name))
            .collect(),
    )
}

fn endpoint(
    member: &'static str,
    url: Option<&str>,
    issuer: &Issuer,
) -> Result<Endpoint, ServerError> {
    url.ok_or(EndpointError::Missing)
        .and_then(|url| Endpoint::parse(url, issuer))
        .map_err(|reason| ServerError::Endpoint { member, reason })
}
