//! What metadata comes to for a resource server (RS).

use std::collections::BTreeSet;

use avouch_jose::SignatureAlgorithm;
use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::resource::ResourceIdentifier;

use super::details::too_many;
use super::{
    MAX_ENTRIES, RegistrationContext, RegistrationError, client_authentication, details, encryption,
};
use crate::id::ResourceServerId;
use crate::records::{
    AccessTokenProfile, Allowance, Approval, ClientAuthentication, Credentials, GrantType,
    JwtProfile, PublicDetails, ReleasePolicy, ResourceServer, Revision, SecretKind, Standing,
    StatementEncryption,
};
use crate::secret::StoredSecret;
use crate::time::Timestamp;

/// All that an RS says of itself.
#[derive(Debug)]
pub(super) struct ResourceServerRequest {
    details: PublicDetails,
    authentication: ClientAuthentication,
    resources: BTreeSet<ResourceIdentifier>,
    grant_types: BTreeSet<GrantType>,
    signing_algorithm: SignatureAlgorithm,
    encryption: Option<StatementEncryption>,
}

impl ResourceServerRequest {
    pub(super) fn read(
        metadata: &ClientMetadata,
        context: &RegistrationContext<'_>,
    ) -> Result<Self, RegistrationError> {
        if metadata.resource.is_empty() {
            return Err(RegistrationError::metadata(
                "a resource server names what it serves in resource",
            ));
        }
        if metadata.resource.len() > MAX_ENTRIES {
            return Err(too_many());
        }
        if context
            .reserved
            .is_some_and(|own| metadata.resource.contains(own))
        {
            return Err(RegistrationError::metadata(
                "a resource in resource is this server's own admin API: no resource server serves it",
            ));
        }
        if metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens
        {
            return Err(RegistrationError::metadata(
                "a resource server's own token is bound to the key that it shows when it gets it: \
                 leave out dpop_bound_access_tokens and tls_client_certificate_bound_access_tokens, \
                 and send a DPoP proof to the token endpoint",
            ));
        }
        let response_types = metadata.response_types.as_deref().unwrap_or_default();
        if !response_types.is_empty() {
            return Err(RegistrationError::metadata(
                "a resource server gets no authorization response: send response_types as []",
            ));
        }
        let request = Self {
            details: details::read(metadata)?,
            authentication: client_authentication::read(metadata, context)?,
            resources: metadata.resource.iter().cloned().collect(),
            grant_types: grant_types(metadata)?,
            signing_algorithm: signing_algorithm(metadata, context.signing_algorithms)?,
            encryption: encryption::read(metadata, context)?,
        };
        request.has_a_use_for_its_keys(metadata)?;
        Ok(request)
    }

    /// An RS that sends keys which nothing is done with most likely waits for encrypted answers,
    /// and would get them in the clear. So it has to say what the keys are for.
    fn has_a_use_for_its_keys(&self, metadata: &ClientMetadata) -> Result<(), RegistrationError> {
        let sent = match (&metadata.jwks, &metadata.jwks_uri) {
            (Some(_), _) => "jwks",
            (None, Some(_)) => "jwks_uri",
            (None, None) => return Ok(()),
        };
        if self.encryption.is_some() || self.authentication.keys().is_some() {
            return Ok(());
        }
        Err(RegistrationError::metadata(format!(
            "nothing would be done with the keys of {sent}, and answers would not be encrypted: \
             send introspection_encrypted_response_alg to have them encrypted, or \
             token_endpoint_auth_method private_key_jwt to authenticate with a key, else leave \
             {sent} out"
        )))
    }

    /// Checks that it serves nothing but what it serves already and what the
    /// approval gives away.
    pub(super) fn stays_within(
        &self,
        allowance: &Allowance,
        approval: &Approval,
        already: &BTreeSet<ResourceIdentifier>,
    ) -> Result<(), RegistrationError> {
        let mut wanted = self.resources.difference(already);
        match wanted.find(|resource| !allowance.allows(resource)) {
            None => Ok(()),
            Some(closed) => Err(RegistrationError::beyond(
                approval,
                format!("the approval of this registration does not reach the resource {closed}"),
            )),
        }
    }

    /// The kind of secret that has to be made for it, if it needs one.
    pub(super) const fn secret_kind(&self) -> Option<SecretKind> {
        self.authentication.secret_kind()
    }

    /// The record of a new RS.
    pub(super) fn new_record(
        self,
        id: ResourceServerId,
        secret: Option<StoredSecret>,
        now: Timestamp,
    ) -> ResourceServer {
        let profile = JwtProfile {
            signing_algorithm: self.signing_algorithm,
            encryption: self.encryption,
            ..JwtProfile::default()
        };
        ResourceServer {
            id,
            details: self.details,
            credentials: Credentials::first(self.authentication, secret),
            resources: self.resources,
            grant_types: self.grant_types,
            standing: Standing::Good,
            profile: Revision::first(profile, now),
            // Nobody grants itself a look at personal data: that takes an administrator.
            policy: Revision::first(ReleasePolicy::default(), now),
            access_tokens: Revision::first(AccessTokenProfile::default(), now),
            registered_at: now,
        }
    }

    /// The record of an RS that changes. What is not its own to say stays.
    pub(super) fn changed_record(self, current: &ResourceServer, now: Timestamp) -> ResourceServer {
        let profile = JwtProfile {
            signing_algorithm: self.signing_algorithm,
            encryption: self.encryption,
            ..current.profile.value.clone()
        };
        ResourceServer {
            details: self.details,
            credentials: current.credentials.with_authentication(self.authentication),
            resources: self.resources,
            grant_types: self.grant_types,
            profile: current.profile.follow(profile, now),
            id: current.id.clone(),
            standing: current.standing.clone(),
            policy: current.policy.clone(),
            access_tokens: current.access_tokens.clone(),
            registered_at: current.registered_at,
        }
    }
}

fn signing_algorithm(
    metadata: &ClientMetadata,
    supported: &[SignatureAlgorithm],
) -> Result<SignatureAlgorithm, RegistrationError> {
    let Some(name) = &metadata.introspection_signed_response_alg else {
        return Ok(JwtProfile::default().signing_algorithm);
    };
    match name.parse::<SignatureAlgorithm>() {
        Ok(algorithm) if supported.contains(&algorithm) => Ok(algorithm),
        _ => {
            let names: Vec<_> = supported.iter().map(|algorithm| algorithm.name()).collect();
            Err(RegistrationError::unsupported(
                "introspection_signed_response_alg",
                &names,
            ))
        }
    }
}

/// None unless it asks: an RS that presents its credentials needs none. The one
/// there is gets it a token that is good for introspection alone.
fn grant_types(metadata: &ClientMetadata) -> Result<BTreeSet<GrantType>, RegistrationError> {
    let names = metadata.grant_types.as_deref().unwrap_or_default();
    names
        .iter()
        .map(|name| {
            GrantType::from_name(name).ok_or_else(|| {
                RegistrationError::metadata(
                    "a resource server asks for client_credentials, to get a token that is good \
                     for introspection alone, or for no grant: send grant_types as []",
                )
            })
        })
        .collect()
}
