//! A client assertion: `private_key_jwt` and `client_secret_jwt` (RFC 7523, as
//! narrowed by RFC 10070).

use std::sync::Arc;

use avouch_jose::{JwkSet, MacAlgorithm, SignatureAlgorithm};
use avouch_oauth::client_assertion::{
    ClientAssertion, ClientAssertionError, ClientKeys, VerifiedClientAssertion,
};

use super::{AuthenticationError, AuthenticationFailure, AuthenticationMeans};
use crate::keys::{CallerKeys, KeysUnavailable};
use crate::records::{ClientAuthentication, Credentials, KeySource, UsedProof};
use crate::secret::{KeptSecret, SealedSecret};
use crate::storage::{CallerRecord, CallerStore, ReplayStore, Used};
use crate::time::Timestamp;

/// Checks the assertion against what the caller that it names registered, and
/// uses it up.
pub(super) async fn check(
    assertion: &ClientAssertion,
    means: &AuthenticationMeans<'_, impl CallerStore + ReplayStore, impl CallerKeys>,
    now: Timestamp,
) -> Result<CallerRecord, AuthenticationError> {
    let id = assertion.claimed_client_id();
    let Some(record) = means.store.find_caller(id).await? else {
        return Err(AuthenticationFailure::UnknownCaller.into());
    };
    let credentials = record.credentials();
    let verified = match &credentials.authentication {
        ClientAuthentication::PrivateKeyJwt { keys, algorithm } => {
            let check = SignatureCheck {
                assertion,
                id,
                algorithms: allowed(algorithm.as_ref(), means.signing_algorithms),
                now,
            };
            check.with_keys_of(keys, means).await?
        }
        ClientAuthentication::ClientSecretJwt { algorithm } => {
            with_secret(assertion, id, credentials, *algorithm, means, now)?
        }
        ClientAuthentication::ClientSecretBasic
        | ClientAuthentication::ClientSecretPost
        | ClientAuthentication::TlsClientAuth { .. }
        | ClientAuthentication::SelfSignedTlsClientAuth { .. } => {
            return Err(AuthenticationFailure::WrongMethod.into());
        }
    };
    let end = Timestamp::from_numeric_date(verified.expires_at());
    let proof = UsedProof::client_assertion(id, verified.jti(), end);
    match means.store.use_once(&proof, means.proof_quota, now).await? {
        Used::First => Ok(record),
        Used::Again => Err(AuthenticationFailure::AssertionReplayed.into()),
        Used::OverQuota => Err(AuthenticationFailure::TooManyAssertions.into()),
    }
}

/// Those of the server, and where the caller registered one that one alone.
fn allowed<'a>(
    registered: Option<&'a SignatureAlgorithm>,
    offered: &'a [SignatureAlgorithm],
) -> &'a [SignatureAlgorithm] {
    match registered {
        None => offered,
        Some(one) if offered.contains(one) => std::slice::from_ref(one),
        Some(_) => &[],
    }
}

struct SignatureCheck<'a> {
    assertion: &'a ClientAssertion,
    id: &'a str,
    algorithms: &'a [SignatureAlgorithm],
    now: Timestamp,
}

impl SignatureCheck<'_> {
    async fn with_keys_of<S>(
        &self,
        keys: &KeySource,
        means: &AuthenticationMeans<'_, S, impl CallerKeys>,
    ) -> Result<VerifiedClientAssertion, AuthenticationFailure> {
        let uri = match keys {
            KeySource::Keys(set) => return self.with(set, means),
            KeySource::Uri(uri) => uri,
        };
        let held = fetched(means.published_keys.keys(uri).await)?;
        match self.with(&held, means) {
            // Perhaps the owner has published a new key since: asked once in a while.
            Err(AuthenticationFailure::Assertion(ClientAssertionError::NoKey(_))) => {
                let newer = means.published_keys.newer_keys(uri).await;
                self.with(&*fetched(newer)?, means)
            }
            outcome => outcome,
        }
    }

    fn with<S, K>(
        &self,
        keys: &JwkSet,
        means: &AuthenticationMeans<'_, S, K>,
    ) -> Result<VerifiedClientAssertion, AuthenticationFailure> {
        let keys = ClientKeys::Public {
            keys,
            algorithms: self.algorithms,
        };
        means
            .assertions
            .verify(self.assertion, self.id, keys, self.now.numeric_date())
            .map_err(AuthenticationFailure::Assertion)
    }
}

fn fetched(
    keys: Result<Arc<JwkSet>, KeysUnavailable>,
) -> Result<Arc<JwkSet>, AuthenticationFailure> {
    keys.map_err(|KeysUnavailable| AuthenticationFailure::KeysUnavailable)
}

/// Tries every live secret: while rotating there are several.
fn with_secret<S, K>(
    assertion: &ClientAssertion,
    id: &str,
    credentials: &Credentials,
    algorithm: MacAlgorithm,
    means: &AuthenticationMeans<'_, S, K>,
    now: Timestamp,
) -> Result<VerifiedClientAssertion, AuthenticationFailure> {
    let live = credentials
        .secrets
        .iter()
        .rev()
        .filter(|secret| secret.is_live(now));
    let sealed = live.filter_map(|secret| match &secret.kept {
        KeptSecret::Sealed(sealed) => Some(sealed),
        KeptSecret::Hash(_) => None,
    });
    let verify = |sealed: &SealedSecret| {
        let key = means.client_secrets.mac_key(id, sealed, algorithm);
        let key = key.map_err(|_| AuthenticationFailure::UnusableSecret)?;
        means
            .assertions
            .verify(assertion, id, ClientKeys::Secret(&key), now.numeric_date())
            .map_err(AuthenticationFailure::Assertion)
    };
    let mut outcome = Err(AuthenticationFailure::WrongSecret);
    for sealed in sealed {
        outcome = verify(sealed);
        match &outcome {
            Err(AuthenticationFailure::Assertion(ClientAssertionError::Mac(_))) => {}
            _ => break,
        }
    }
    outcome
}
