//! `GET /.well-known/oauth-authorization-server`: what this server can do
//! (RFC 8414), listing what really works and nothing else.

use std::sync::Arc;

use avouch_core::records::{GrantType, KeyPurpose};
use avouch_jose::{ContentEncryption, KeyManagementAlgorithm, MacAlgorithm, SignatureAlgorithm};
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::authorization::Scheme;
use avouch_oauth::media_type;
use avouch_oauth::metadata::{EndpointAliases, ServerMetadata, method_names};
use axum::extract::State;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use crate::app::App;
use crate::paths;

/// The document, as true as of this instant.
pub(crate) async fn metadata(State(app): State<Arc<App>>) -> Response {
    let now = app.clock.now();
    let keys = app.keys_to_publish().await;
    let algorithms = keys.ring.algorithms(KeyPurpose::Statements, now);
    let methods = method_names(&app.settings.methods);
    let assertion_algorithms = assertion_algorithms(&app.settings.methods);
    let endpoint = |path: &str| Some(app.issuer.endpoint(path));
    let document = ServerMetadata {
        token_endpoint: endpoint(paths::TOKEN),
        jwks_uri: endpoint(paths::JWKS),
        registration_endpoint: if app.settings.registration {
            endpoint(paths::REGISTRATION)
        } else {
            None
        },
        introspection_endpoint: endpoint(paths::INTROSPECTION),
        revocation_endpoint: endpoint(paths::REVOCATION),
        grant_types_supported: GrantType::ALL
            .iter()
            .map(|grant| grant.name().to_owned())
            .collect(),
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: assertion_algorithms.clone(),
        introspection_endpoint_auth_methods_supported: with_tokens(&methods),
        introspection_endpoint_auth_signing_alg_values_supported: assertion_algorithms.clone(),
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms,
        introspection_signing_alg_values_supported: algorithms
            .iter()
            .map(|algorithm| algorithm.name().to_owned())
            .collect(),
        introspection_encryption_alg_values_supported: KeyManagementAlgorithm::ALL
            .iter()
            .map(|algorithm| algorithm.name().to_owned())
            .collect(),
        introspection_encryption_enc_values_supported: ContentEncryption::ALL
            .iter()
            .map(|encryption| encryption.name().to_owned())
            .collect(),
        dpop_signing_alg_values_supported: app
            .dpop
            .algorithms()
            .iter()
            .map(|algorithm| algorithm.name().to_owned())
            .collect(),
        tls_client_certificate_bound_access_tokens: app.mtls_url.is_some().then_some(true),
        mtls_endpoint_aliases: app.mtls_url.as_deref().map(aliases),
        ..ServerMetadata::new(&app.issuer)
    };
    let mut response = Response::new(document.to_json().into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type::JSON));
    headers.insert(CACHE_CONTROL, app.keys_cache_control(&keys));
    response
}

/// What client assertions may be secured with, by the methods on offer.
fn assertion_algorithms(methods: &[AuthenticationMethod]) -> Vec<String> {
    let mut names = Vec::new();
    if methods.contains(&AuthenticationMethod::PrivateKeyJwt) {
        names.extend(SignatureAlgorithm::ALL.map(SignatureAlgorithm::name));
    }
    if methods.contains(&AuthenticationMethod::ClientSecretJwt) {
        names.extend(MacAlgorithm::ALL.map(MacAlgorithm::name));
    }
    names.into_iter().map(str::to_owned).collect()
}

/// Every endpoint at which callers authenticate (RFC 8705 section 5).
fn aliases(url: &str) -> EndpointAliases {
    let endpoint = |path| Some(format!("{url}{path}"));
    EndpointAliases {
        token_endpoint: endpoint(paths::TOKEN),
        introspection_endpoint: endpoint(paths::INTROSPECTION),
        revocation_endpoint: endpoint(paths::REVOCATION),
    }
}

/// At introspection a resource server may also present a token of its own, by
/// these schemes (RFC 8414 section 2).
fn with_tokens(methods: &[String]) -> Vec<String> {
    let schemes = [Scheme::Bearer, Scheme::DPoP].map(|scheme| scheme.as_str().to_owned());
    [methods, &schemes].concat()
}
