//! The client credentials grant (RFC 6749 section 4.4).

use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;

use super::{Issuance, IssueError, Issued, ShownKeys, TokenTerms, binding, granted_scope};
use crate::keys::Signer;
use crate::records::{Client, Grant};
use crate::storage::{CallerStore, TokenStore};

/// Issues a token to a client acting for itself. `scope` of `None` asks for
/// all the client is registered for. The token is bound to what was shown.
pub async fn issue_for_client<S: TokenStore + CallerStore, K: Signer>(
    issuance: &Issuance<'_, S, K>,
    client: &Client,
    scope: Option<&Scope>,
    resources: &[ResourceIdentifier],
    shown: ShownKeys,
) -> Result<Issued, IssueError> {
    let scope = granted_scope(client, scope)?;
    let audience = issuance.audience(client, resources, &scope).await?;
    let lifetime = issuance.lifetime(client, None)?;
    let confirmation = binding::bind(client.token_binding, issuance.sender_constrained, shown)?;
    let grant = Grant {
        id: issuance.fresh_grant_id()?,
        client: client.id.clone(),
        subject: None,
        scope: scope.clone(),
        resources: audience.resources.clone(),
        claims: FurtherClaims::default(),
        authorization_details: AuthorizationDetails::default(),
        legal_basis: None,
        authentication: None,
        created_at: issuance.now,
    };
    let terms = TokenTerms {
        scope,
        audience,
        authorization_details: AuthorizationDetails::default(),
        confirmation,
        not_before: None,
        lifetime,
    };
    issuance.issue(&grant, client, terms).await
}
