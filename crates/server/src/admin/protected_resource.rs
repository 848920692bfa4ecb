//! The admin API over TCP as a protected resource of its own server, and what
//! it says of itself (RFC 9728).

use std::sync::Arc;

use avouch_core::administration::{ADMIN_ISSUE_SCOPE, ADMIN_READ_SCOPE, ADMIN_SCOPE};
use avouch_oauth::media_type;
use avouch_oauth::protected_resource::{ProtectedResourceMetadata, WELL_KNOWN};
use avouch_oauth::resource::ResourceIdentifier;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::app::App;
use crate::respond::respond;

/// What is settled at start.
#[derive(Debug)]
pub(crate) struct ProtectedResource {
    /// By which tokens are asked for. An origin: scheme, host and port.
    pub(crate) resource: ResourceIdentifier,
    /// Whether tokens that are bound to nothing are taken.
    pub(super) bearer_tokens: bool,
    /// Whether callers can show a certificate.
    certificates: bool,
}

impl ProtectedResource {
    pub(crate) const fn new(
        resource: ResourceIdentifier,
        bearer_tokens: bool,
        certificates: bool,
    ) -> Self {
        Self {
            resource,
            bearer_tokens,
            certificates,
        }
    }

    /// Where its metadata is, for challenges (RFC 9728 section 5.1).
    pub(super) fn metadata_url(&self) -> String {
        format!("{}/.well-known/{WELL_KNOWN}", self.resource)
    }
}

/// `GET /.well-known/oauth-protected-resource`.
pub(super) async fn metadata(
    State((app, own)): State<(Arc<App>, Arc<ProtectedResource>)>,
) -> Response {
    let algorithms = app.dpop.algorithms().iter();
    let document = ProtectedResourceMetadata {
        resource: own.resource.clone(),
        authorization_servers: vec![app.issuer.clone()],
        scopes_supported: [ADMIN_SCOPE, ADMIN_READ_SCOPE, ADMIN_ISSUE_SCOPE]
            .map(str::to_owned)
            .to_vec(),
        bearer_methods_supported: vec!["header".to_owned()],
        resource_name: Some("avouch admin API".to_owned()),
        tls_client_certificate_bound_access_tokens: own.certificates,
        dpop_signing_alg_values_supported: algorithms.map(|one| one.name().to_owned()).collect(),
        // Else a certificate will do, or nothing.
        dpop_bound_access_tokens_required: !own.certificates && !own.bearer_tokens,
    };
    respond(StatusCode::OK, media_type::JSON, document.to_json())
}
