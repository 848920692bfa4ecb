//! Records for the tests of the steps.

use std::collections::BTreeSet;
use std::sync::Arc;

use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde_json::json;

use super::Sought;
use crate::id::{ClientId, GrantId, ResourceServerId, SubjectId, TokenId};
use crate::opaque_token::TokenHash;
use crate::records::{
    AccessToken, AccessTokenProfile, CallerState, ClientAuthentication, Credentials, Epochs,
    FoundToken, Grant, JwtProfile, LegalBasis, PublicDetails, ReleasePolicy, ResourceServer,
    Revision, Standing, UnderlyingGrant,
};
use crate::time::Timestamp;

pub(crate) const SIGN: &str = "https://sign.example";

pub(crate) fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn resource(text: &str) -> ResourceIdentifier {
    ResourceIdentifier::parse(text).unwrap()
}

pub(crate) fn resource_server(id: &str, serves: &str) -> ResourceServer {
    ResourceServer {
        id: ResourceServerId::new(id).unwrap(),
        details: PublicDetails::default(),
        credentials: Credentials {
            authentication: ClientAuthentication::ClientSecretBasic,
            secrets: vec![],
        },
        resources: BTreeSet::from([resource(serves)]),
        grant_types: BTreeSet::new(),
        standing: Standing::Good,
        profile: Revision::first(JwtProfile::default(), seconds(0)),
        policy: Revision::first(ReleasePolicy::default(), seconds(0)),
        access_tokens: Revision::first(AccessTokenProfile::default(), seconds(0)),
        registered_at: seconds(0),
    }
}

/// A token for Erika, issued at 1,000 and good until 1,600, at one resource.
pub(crate) fn found(audience: &str) -> FoundToken {
    let details = json!([
        {"type": "payment", "account": "DE02", "amount": "99.00"},
        {"type": "signature", "document": "contract"}
    ]);
    let claims = json!({"family_name": "Mustermann", "birthdate": "1964-08-12", "iban": "DE02"});
    let grant = Grant {
        id: GrantId::new("g-1").unwrap(),
        client: ClientId::new("shop").unwrap(),
        subject: Some(SubjectId::new("erika").unwrap()),
        scope: Scope::parse("sign pay").unwrap(),
        resources: vec![resource(audience)],
        claims: FurtherClaims::new(claims.as_object().unwrap().clone()).unwrap(),
        authorization_details: AuthorizationDetails::from_value(details.clone()).unwrap(),
        legal_basis: Some(LegalBasis::new("consent 4711").unwrap()),
        authentication: None,
        created_at: seconds(1_000),
    };
    FoundToken {
        token: AccessToken {
            hash: TokenHash::of("token"),
            id: TokenId::new("jti-1").unwrap(),
            grant: grant.id.clone(),
            client: grant.client.clone(),
            scope: grant.scope.clone(),
            audience: vec![resource(audience)],
            authorization_details: AuthorizationDetails::from_value(details).unwrap(),
            confirmation: None,
            issued_at: seconds(1_000),
            not_before: None,
            expires_at: seconds(1_600),
            revoked_at: None,
        },
        grant: UnderlyingGrant::from(&grant),
        client: CallerState::Registered,
        issued_in: Epochs::default(),
        current: Epochs::default(),
        all_revoked_until: None,
    }
}

pub(crate) fn sought(found: FoundToken) -> Sought {
    Sought::Found(Arc::new(found))
}
