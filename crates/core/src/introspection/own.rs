//! What a client may know of its own token, where that is switched on (reading
//! L-11): what it asked for, and nothing that is for a resource server.

use avouch_oauth::introspection::{ActiveToken, Audience, FurtherClaims, IntrospectionResponse};
use avouch_oauth::issuer::Issuer;

use crate::introspection::{InactiveReason, Sought, reason_against};
use crate::records::{Client, FoundToken};
use crate::time::Timestamp;

/// Judges a token for the client that asks about it. Another's is as good as
/// none.
pub fn judge_own<'a>(
    sought: &'a Sought,
    client: &Client,
    now: Timestamp,
) -> Result<&'a FoundToken, InactiveReason> {
    let found = match sought {
        Sought::Found(found) => found,
        Sought::NeverIssued => return Err(InactiveReason::NeverIssued),
        Sought::NotKept => return Err(InactiveReason::NotKept),
    };
    match reason_for(client, found, now) {
        Some(reason) => Err(reason),
        None => Ok(found),
    }
}

/// Whether a token is the client's, and good.
pub fn is_good_own(client: &Client, found: &FoundToken, now: Timestamp) -> bool {
    reason_for(client, found, now).is_none()
}

fn reason_for(client: &Client, found: &FoundToken, now: Timestamp) -> Option<InactiveReason> {
    if found.token.client != client.id {
        return Some(InactiveReason::ForeignAudience);
    }
    reason_against(found, now)
}

/// Renders it: neither subject nor claims nor details, whose release is decided
/// for each resource server.
pub fn compose_own(
    judged: Result<&FoundToken, InactiveReason>,
    issuer: &Issuer,
) -> IntrospectionResponse {
    let Ok(FoundToken { token, .. }) = judged else {
        return IntrospectionResponse::Inactive;
    };
    let audience = token
        .audience
        .iter()
        .map(|resource| resource.as_str().to_owned());
    IntrospectionResponse::Active(Box::new(ActiveToken {
        iss: Some(issuer.as_str().to_owned()),
        aud: Audience::several(audience.collect()),
        iat: Some(token.issued_at.numeric_date()),
        exp: Some(token.expires_at.numeric_date()),
        nbf: token.not_before.map(Timestamp::numeric_date),
        client_id: Some(token.client.to_string()),
        scope: Some(token.scope.clone()),
        sub: None,
        username: None,
        token_type: Some(token.token_type().to_owned()),
        jti: Some(token.id.to_string()),
        cnf: token.confirmation.clone(),
        authorization_details: None,
        acr: None,
        auth_time: None,
        claims: FurtherClaims::default(),
    }))
}
