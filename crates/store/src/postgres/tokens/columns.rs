//! Tokens, grants and epochs to columns and back.

use avouch_core::id::{ClientId, GrantId, SubjectId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{AccessToken, Epoch, Epochs, Grant, LegalBasis, UnderlyingGrant};
use avouch_core::time::Timestamp;
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;

use crate::kept;
use crate::postgres::fault::Fault;
use crate::postgres::rows::{
    Column, Columns, Value, from_json, from_optional_json, from_optional_time, from_text,
    from_time, json, number, read, time, word,
};

pub(in crate::postgres) fn epochs(row: &mut Columns<'_>) -> Result<Epochs, Fault> {
    Ok(Epochs {
        server: row.take(epoch)?,
        client: row.take(epoch)?,
        subject: row.take(epoch)?,
    })
}

pub(in crate::postgres) fn epoch(value: Value<'_>) -> Option<Epoch> {
    number(value).map(Epoch::new)
}

pub(in crate::postgres) fn token(
    row: &mut Columns<'_>,
    hash: TokenHash,
    grant: GrantId,
    client: ClientId,
) -> Result<AccessToken, Fault> {
    Ok(AccessToken {
        hash,
        id: row.take(read(kept::id))?,
        grant,
        client,
        scope: row.take(read(kept::scope))?,
        audience: row.take(read(kept::resources))?,
        authorization_details: row.take(read(AuthorizationDetails::from_kept))?,
        confirmation: row.take_optional(json)?,
        issued_at: row.take(time)?,
        not_before: row.take_optional(time)?,
        expires_at: row.take(time)?,
        revoked_at: row.take_optional(time)?,
    })
}

/// What a look-up of a token brings back of its grant.
pub(in crate::postgres) fn underlying_grant(
    row: &mut Columns<'_>,
) -> Result<UnderlyingGrant, Fault> {
    Ok(UnderlyingGrant {
        subject: row.take_optional(read(kept::id))?,
        claims: row.take(read(FurtherClaims::from_kept))?,
        legal_basis: row.take_optional(word)?,
        authentication: row.take_optional(json)?,
        revoked_at: row.take_optional(time)?,
    })
}

pub(in crate::postgres) fn grant(
    row: &mut Columns<'_>,
    id: GrantId,
    client: ClientId,
) -> Result<Grant, Fault> {
    Ok(Grant {
        id,
        client,
        subject: row.take_optional(word)?,
        scope: row.take(word)?,
        resources: row.take(json)?,
        claims: row.take(read(FurtherClaims::from_kept))?,
        authorization_details: row.take(read(AuthorizationDetails::from_kept))?,
        legal_basis: row.take_optional(word)?,
        authentication: row.take_optional(json)?,
        created_at: row.take(time)?,
    })
}

pub(in crate::postgres) fn from_epoch(epoch: Epoch) -> Column {
    // The layout has no larger numbers.
    Column::Number(i64::try_from(epoch.get()).unwrap_or(i64::MAX))
}

pub(in crate::postgres) fn grant_columns(
    grant: &Grant,
    revoked_at: Option<Timestamp>,
) -> Result<[Column; 11], Fault> {
    let optional = |text: Option<&str>| text.map_or(Column::Null, from_text);
    Ok([
        from_text(grant.id.as_str()),
        from_text(grant.client.as_str()),
        optional(grant.subject.as_ref().map(SubjectId::as_str)),
        from_text(&grant.scope.to_string()),
        from_json("list of resources", &grant.resources)?,
        from_json("set of claims", &grant.claims)?,
        from_json(
            "list of authorization details",
            &grant.authorization_details,
        )?,
        optional(grant.legal_basis.as_ref().map(LegalBasis::as_str)),
        from_optional_json("login", grant.authentication.as_ref())?,
        from_time(grant.created_at),
        from_optional_time(revoked_at),
    ])
}

pub(in crate::postgres) fn token_columns(token: &AccessToken) -> Result<[Column; 11], Fault> {
    Ok([
        Column::Octets(token.hash.as_bytes().to_vec()),
        from_text(token.id.as_str()),
        from_text(token.grant.as_str()),
        from_text(&token.scope.to_string()),
        from_json("audience", &token.audience)?,
        from_json(
            "list of authorization details",
            &token.authorization_details,
        )?,
        from_optional_json("confirmation", token.confirmation.as_ref())?,
        from_time(token.issued_at),
        from_optional_time(token.not_before),
        from_time(token.expires_at),
        from_optional_time(token.revoked_at),
    ])
}
