//! Metadata and keys of the authorization server (RFC 8414).

use crate::client_certificate::ClientCertificate;
use crate::endpoint::{Endpoint, EndpointError};
use crate::error::{ExchangeError, ServerError};
use crate::exchange::{Exchange, body_of, exchange, get};
use crate::http::Http;
use avouch_jose::JwkSet;
use avouch_oauth::Issuer;
use avouch_oauth::media_type::JSON;
use avouch_oauth::metadata::{EndpointAliases, ServerMetadata, WELL_KNOWN_OAUTH};
use avouch_oauth::protected_resource;
use bytes::Bytes;
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

/// Fetches the metadata of the protected resource at `base` from where RFC 9728, section 3.1,
/// puts it: still unread.
pub(crate) async fn resource_metadata<H: Http>(
    http: &H,
    base: &Issuer,
    timeout: Duration,
) -> Result<Bytes, ExchangeError> {
    let url = base.well_known(protected_resource::WELL_KNOWN);
    let url = endpoint("resource", Some(&url), base)?;
    let what = Exchange::ResourceMetadata;
    let answer = exchange(http, what, get(url.uri(), JSON), timeout).await?;
    Ok(body_of(what, answer, &[JSON], &[])?)
}

/// Where to ask.
pub(crate) fn introspection_endpoint(
    metadata: &ServerMetadata,
    issuer: &Issuer,
    way: Way,
) -> Result<Endpoint, ServerError> {
    let alias = way.alias(metadata, |aliases| &aliases.introspection_endpoint);
    if alias.is_some() {
        return endpoint(
            "mtls_endpoint_aliases.introspection_endpoint",
            alias,
            issuer,
        );
    }
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

/// Where the access tokens are.
pub(crate) fn token_endpoint(
    metadata: &ServerMetadata,
    issuer: &Issuer,
    way: Way,
) -> Result<Endpoint, ServerError> {
    let alias = way.alias(metadata, |aliases| &aliases.token_endpoint);
    if alias.is_some() {
        return endpoint("mtls_endpoint_aliases.token_endpoint", alias, issuer);
    }
    endpoint("token_endpoint", metadata.token_endpoint.as_deref(), issuer)
}

/// Whether the connection shows a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    /// To where certificates are asked for, if that is elsewhere (RFC 8705, section 5).
    WithCertificate,
}

impl Way {
    /// With this certificate, or without any.
    pub(crate) fn with(certificate: Option<&ClientCertificate>) -> Self {
        match certificate {
            None => Self::Plain,
            Some(_) => Self::WithCertificate,
        }
    }

    fn alias(
        self,
        metadata: &ServerMetadata,
        of: fn(&EndpointAliases) -> &Option<String>,
    ) -> Option<&str> {
        let aliases = metadata.mtls_endpoint_aliases.as_ref()?;
        of(aliases)
            .as_deref()
            .filter(|_| self == Self::WithCertificate)
    }
}

/// A URL out of the metadata of `issuer`.
pub(crate) fn endpoint(
    member: &'static str,
    url: Option<&str>,
    issuer: &Issuer,
) -> Result<Endpoint, ServerError> {
    url.ok_or(EndpointError::Missing)
        .and_then(|url| Endpoint::parse(url, issuer))
        .map_err(|reason| ServerError::Endpoint { member, reason })
}
