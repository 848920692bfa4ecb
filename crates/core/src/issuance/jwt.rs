//! JWT access tokens (RFC 9068).
//!
//! A JWT can be read by everybody who holds it: the client, its logs, every RS
//! it is for. So it is made for one RS, out of what that RS would be told at
//! introspection, and claims about the subject go in only where an
//! administrator named them for this very use.

use std::sync::Arc;

use avouch_jose::{SignatureAlgorithm, jws};
use avouch_oauth::access_token::AccessTokenClaims;
use avouch_oauth::introspection::{ActiveToken, IntrospectionResponse, MAX_TOKEN_LENGTH};
use avouch_oauth::issuer::Issuer;
use avouch_oauth::secret::IssuedSecret;

use super::IssueError;
use crate::id::ResourceServerId;
use crate::introspection::{Judgement, PairwiseSubjects, compose};
use crate::keys::{KeyRing, Signer};
use crate::records::{
    AccessToken, CallerState, Epochs, FoundToken, KeyPurpose, ResourceServer, Standing,
    UnderlyingGrant,
};
use crate::time::Timestamp;

/// What JWT access tokens are made with.
#[derive(Debug)]
pub struct JwtTokens<'a, K> {
    /// Whose tokens they are.
    pub issuer: &'a Issuer,
    /// The form of subjects.
    pub pairwise: &'a PairwiseSubjects,
    /// Which key signs.
    pub ring: &'a KeyRing,
    /// And signs.
    pub signer: &'a K,
    /// With which algorithm.
    pub algorithm: SignatureAlgorithm,
}

/// What can be read in a token that was given out, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// The RS it was made for.
    pub resource_server: ResourceServerId,
    /// The revision of its release policy.
    pub policy: u32,
    /// The revision of its access token profile.
    pub profile: u32,
    /// The claims about the subject, by name.
    pub claims: Vec<String>,
}

impl<K: Signer> JwtTokens<'_, K> {
    /// The token that this record is to be kept of.
    pub(super) async fn sign(
        &self,
        grant: &UnderlyingGrant,
        record: &AccessToken,
        servers: &[Arc<ResourceServer>],
        now: Timestamp,
    ) -> Result<(IssuedSecret, Disclosure), IssueError> {
        let [server] = servers else {
            return Err(IssueError::SeveralServers);
        };
        let claims = self.claims(grant, record, server)?;
        let disclosure = Disclosure {
            resource_server: server.id.clone(),
            policy: server.policy.number,
            profile: server.access_tokens.number,
            claims: claims.claims.names().map(str::to_owned).collect(),
        };
        let key = self
            .ring
            .active(KeyPurpose::AccessTokens, self.algorithm, now)
            .ok_or(IssueError::NoKey(self.algorithm))?;
        let signing_input = jws::signing_input(key.header(), &claims.to_json());
        let signature = self
            .signer
            .sign(key.kid(), signing_input.as_bytes())
            .await?;
        let token = IssuedSecret::new(jws::append_signature(signing_input, &signature));
        if token.expose().len() > MAX_TOKEN_LENGTH {
            return Err(IssueError::TooLong);
        }
        Ok((token, disclosure))
    }

    /// What this RS would be told about the token, less the claims that are
    /// not to travel.
    fn claims(
        &self,
        grant: &UnderlyingGrant,
        record: &AccessToken,
        server: &ResourceServer,
    ) -> Result<AccessTokenClaims, IssueError> {
        if let (Standing::Suspended { .. }, Some(resource)) =
            (&server.standing, record.audience.first())
        {
            return Err(IssueError::Suspended(resource.clone()));
        }
        let found = FoundToken {
            token: record.clone(),
            grant: grant.clone(),
            client: CallerState::Registered,
            issued_in: Epochs::default(),
            current: Epochs::default(),
            all_revoked_until: None,
        };
        // `judge` has no say here: a token that is good from tomorrow on is
        // issued today.
        let judgement = Judgement::Active(&found);
        let response = compose(&judgement, server, self.issuer, self.pairwise);
        let IntrospectionResponse::Active(released) = response else {
            return Err(IssueError::Withheld(server.id.clone()));
        };
        let ActiveToken {
            aud,
            scope,
            sub,
            authorization_details,
            acr,
            auth_time,
            claims,
            ..
        } = *released;
        let embedded = &server.access_tokens.value.claims;
        Ok(AccessTokenClaims {
            iss: self.issuer.as_str().to_owned(),
            // RFC 9068 section 2.2 wants a subject. Where the RS is to see
            // none, it is another for every token, as section 6 has it: one
            // that names the token and nobody.
            sub: sub.unwrap_or_else(|| record.id.to_string()),
            aud: aud.ok_or_else(|| IssueError::Withheld(server.id.clone()))?,
            client_id: record.client.to_string(),
            exp: record.expires_at.numeric_date(),
            nbf: record.not_before.map(Timestamp::numeric_date),
            iat: record.issued_at.numeric_date(),
            jti: record.id.to_string(),
            scope: scope.unwrap_or_default(),
            auth_time,
            acr,
            // Never narrowed: without it a bound token would pass for one that
            // is good in anybody's hand (RFC 8705 section 3).
            cnf: record.confirmation.clone(),
            authorization_details: authorization_details.unwrap_or_default(),
            claims: claims.filter(|name| embedded.contains(name)),
        })
    }
}

#[cfg(test)]
mod tests;
