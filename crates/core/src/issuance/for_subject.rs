//! Tokens for a subject, ordered by a login system that the operator runs.

use std::time::Duration;

use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::confirmation::Confirmation;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;

use super::{Issuance, IssueError, Issued, TokenTerms, binding, granted_scope};
use crate::id::{ClientId, SubjectId};
use crate::keys::Signer;
use crate::records::{Authentication, Grant, LegalBasis};
use crate::storage::{CallerRecord, CallerStore, TokenStore};
use crate::time::Timestamp;

/// What the login system orders. The subject has logged in and agreed there.
#[derive(Clone)]
pub struct SubjectOrder {
    /// The client the token is for.
    pub client: ClientId,
    /// The resource owner.
    pub subject: SubjectId,
    /// What it may allow; `None` for all the client is registered for.
    pub scope: Option<Scope>,
    /// The resources it is good for. If none is named: those of whom the scope means; if it means
    /// nobody, all the client is registered for.
    pub resources: Vec<ResourceIdentifier>,
    /// Verified claims about the subject.
    pub claims: FurtherClaims,
    /// What was agreed in detail (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// Why claims may be released; needed where there are any.
    pub legal_basis: Option<LegalBasis>,
    /// The login behind it.
    pub authentication: Option<Authentication>,
    /// The key to bind the token to.
    pub confirmation: Option<Confirmation>,
    /// From when on it is good, if not at once.
    pub not_before: Option<Timestamp>,
    /// How long it lives; `None` for the client's or the server's default.
    pub lifetime: Option<Duration>,
}

/// Issues a token for a subject.
pub async fn issue_for_subject<S: TokenStore + CallerStore, K: Signer>(
    issuance: &Issuance<'_, S, K>,
    order: SubjectOrder,
) -> Result<Issued, IssueError> {
    let Some(CallerRecord::Client(client)) =
        issuance.store.find_caller(order.client.as_str()).await?
    else {
        return Err(IssueError::UnknownClient(order.client.to_string()));
    };
    if !order.claims.is_empty() && order.legal_basis.is_none() {
        return Err(IssueError::NoLegalBasis);
    }
    let scope = granted_scope(&client, order.scope.as_ref())?;
    let audience = issuance.audience(&client, &order.resources, &scope).await?;
    if let Some(admin) = issuance
        .admin
        .filter(|admin| audience.resources.contains(admin))
    {
        // A client administers in its own name, and nobody orders a token for it.
        return Err(IssueError::Resource(admin.clone()));
    }
    let lifetime = issuance.lifetime(&client, order.lifetime)?;
    binding::check(
        client.token_binding,
        issuance.sender_constrained,
        order.confirmation.as_ref(),
    )?;
    let grant = Grant {
        id: issuance.fresh_grant_id()?,
        client: order.client,
        subject: Some(order.subject),
        scope: scope.clone(),
        resources: audience.resources.clone(),
        claims: order.claims,
        authorization_details: order.authorization_details.clone(),
        legal_basis: order.legal_basis,
        authentication: order.authentication,
        created_at: issuance.now,
    };
    let terms = TokenTerms {
        scope,
        audience,
        authorization_details: order.authorization_details,
        confirmation: order.confirmation,
        not_before: order.not_before,
        lifetime,
    };
    issuance.issue(&grant, &client, terms).await
}
