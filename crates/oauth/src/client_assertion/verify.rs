//! The check of a client assertion by the authorization server (RFC 7523, section 3).

use super::{AssertionAlgorithm, ClientAssertion, ClientAssertionError};
use crate::auth_method::AuthenticationMethod;
use crate::issuer::Issuer;
use crate::proof::{Claims, MAX_CLOCK_SKEW, MAX_PROOF_LENGTH, too_far_ahead};
use avouch_jose::jws::UnverifiedJws;
use avouch_jose::mac::UnverifiedMac;
use avouch_jose::{JwkSet, MacKey, SignatureAlgorithm, VerificationKey};
use serde_json::Value;

/// How many seconds an assertion may live, unless told.
const MAX_LIFETIME: u64 = 300;

/// What a server expects of the assertions it gets. Set up once, used for every one.
#[derive(Debug, Clone)]
pub struct ClientAssertionVerifier {
    issuer: Issuer,
    older_audiences: Vec<String>,
    string_audience_only: bool,
    max_lifetime: u64,
}

/// What one client authenticates with.
#[derive(Debug, Clone, Copy)]
pub enum ClientKeys<'a> {
    /// `private_key_jwt`.
    Public {
        /// The public keys of this client and no other.
        keys: &'a JwkSet,
        /// The algorithms it may use: the one it registered, or those of the server.
        algorithms: &'a [SignatureAlgorithm],
    },
    /// `client_secret_jwt`: the secret, with the one algorithm it is used with.
    Secret(&'a MacKey),
}

/// A client assertion that passed every check but one: whether its `jti` was seen before is for a
/// replay guard to say. [`ClientAssertionVerifier::verify`] alone makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedClientAssertion {
    client_id: String,
    method: AuthenticationMethod,
    kid: Option<String>,
    jti: String,
    expires_at: u64,
    issued_at: Option<u64>,
}

impl ClientAssertionVerifier {
    /// Expects assertions for `issuer` that live 5 minutes at most.
    pub fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            older_audiences: Vec::new(),
            string_audience_only: false,
            max_lifetime: MAX_LIFETIME,
        }
    }

    /// Takes one of these for an audience too: endpoint URLs, as clients used them before
    /// RFC 10070. Whoever runs another server that takes such a URL can use the assertion here.
    #[must_use]
    pub fn older_audiences(mut self, urls: impl Into<Vec<String>>) -> Self {
        self.older_audiences = urls.into();
        self
    }

    /// Refuses an `aud` that is an array of one (FAPI 2.0, section 5.3.2.1).
    #[must_use]
    pub fn string_audience_only(mut self) -> Self {
        self.string_audience_only = true;
        self
    }

    /// Sets how many seconds ahead `exp` may be; 300 unless told. [`MAX_CLOCK_SKEW`] comes on top,
    /// for a client whose clock is fast.
    #[must_use]
    pub fn max_lifetime(mut self, seconds: u64) -> Self {
        self.max_lifetime = seconds;
        self
    }

    /// Checks an assertion with the keys of the client that has `client_id`; `now` is in seconds.
    pub fn verify(
        &self,
        assertion: &ClientAssertion,
        client_id: &str,
        keys: ClientKeys<'_>,
        now: u64,
    ) -> Result<VerifiedClientAssertion, ClientAssertionError> {
        if assertion.claimed_client_id() != client_id {
            return Err(ClientAssertionError::OtherClient);
        }
        // The very text that iss and sub were read from, so they are proven with the rest.
        let payload = verified_payload(assertion, keys)?;
        let mut claims = Claims::parse(&payload).map_err(ClientAssertionError::Claims)?;
        self.check_audience(&mut claims)?;
        let expires_at = claims.seconds("exp")?;
        let not_before = claims.optional_seconds("nbf")?;
        let issued_at = claims.optional_seconds("iat")?;
        self.check_times(expires_at, not_before, issued_at, now)?;
        Ok(VerifiedClientAssertion {
            client_id: client_id.to_owned(),
            method: keys.method(),
            kid: assertion.kid().map(str::to_owned),
            jti: claims.jti()?,
            expires_at,
            issued_at,
        })
    }

    fn check_audience(&self, claims: &mut Claims) -> Result<(), ClientAssertionError> {
        let (audience, is_array) = match claims.take("aud") {
            Some(Value::Array(values)) if values.len() > 1 => {
                return Err(ClientAssertionError::SeveralAudiences {
                    expected: self.issuer.clone(),
                });
            }
            Some(Value::Array(values)) => (values.into_iter().next(), true),
            other => (other, false),
        };
        let audience = audience.as_ref().and_then(Value::as_str);
        if !audience.is_some_and(|audience| self.is_audience(audience)) {
            return Err(ClientAssertionError::WrongAudience {
                expected: self.issuer.clone(),
            });
        }
        if is_array && self.string_audience_only {
            return Err(ClientAssertionError::AudienceNotAString);
        }
        Ok(())
    }

    fn is_audience(&self, audience: &str) -> bool {
        audience == self.issuer.as_str() || self.older_audiences.iter().any(|url| url == audience)
    }

    fn check_times(
        &self,
        expires_at: u64,
        not_before: Option<u64>,
        issued_at: Option<u64>,
        now: u64,
    ) -> Result<(), ClientAssertionError> {
        // No leeway here: until this instant, and not longer, the guard has to remember the jti.
        if now >= expires_at {
            return Err(ClientAssertionError::Expired {
                ago: now - expires_at,
            });
        }
        if expires_at - now > self.max_lifetime.saturating_add(MAX_CLOCK_SKEW) {
            return Err(ClientAssertionError::LivesTooLong {
                max: self.max_lifetime,
            });
        }
        if let Some(ahead) = not_before.and_then(|nbf| too_far_ahead(nbf, now)) {
            return Err(ClientAssertionError::NotYetValid { ahead });
        }
        match issued_at.and_then(|iat| too_far_ahead(iat, now)) {
            Some(ahead) => Err(ClientAssertionError::FromTheFuture { ahead }),
            None => Ok(()),
        }
    }
}

/// The claims, once the signature or tag over them is known to be the client's.
fn verified_payload(
    assertion: &ClientAssertion,
    keys: ClientKeys<'_>,
) -> Result<Vec<u8>, ClientAssertionError> {
    match (assertion.algorithm(), keys) {
        (AssertionAlgorithm::Signature(algorithm), ClientKeys::Public { keys, algorithms })
            if algorithms.contains(&algorithm) =>
        {
            let jwk = keys.select(assertion.kid(), algorithm)?;
            let key = VerificationKey::from_jwk(jwk, algorithm)?;
            let jws = UnverifiedJws::parse_bounded(assertion.jwt(), MAX_PROOF_LENGTH)?;
            Ok(jws.verify(&key)?.into_payload())
        }
        (AssertionAlgorithm::Mac(algorithm), ClientKeys::Secret(key))
            if algorithm == key.algorithm() =>
        {
            let mac = UnverifiedMac::parse_bounded(assertion.jwt(), MAX_PROOF_LENGTH)?;
            Ok(mac.verify(key)?.payload().to_vec())
        }
        (algorithm, _) => Err(ClientAssertionError::AlgorithmNotAllowed(algorithm)),
    }
}

impl ClientKeys<'_> {
    fn method(self) -> AuthenticationMethod {
        match self {
            Self::Public { .. } => AuthenticationMethod::PrivateKeyJwt,
            Self::Secret(_) => AuthenticationMethod::ClientSecretJwt,
        }
    }
}

impl VerifiedClientAssertion {
    /// The client that authenticated.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// How: `private_key_jwt` or `client_secret_jwt`.
    pub fn method(&self) -> AuthenticationMethod {
        self.method
    }

    /// The `kid` of the key that signed, if the assertion names one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What the client called the assertion: good once for this client.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// From this instant on it is refused anyway, in seconds. Until then the `jti` is to be
    /// remembered.
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// When the client says it made it, in seconds.
    pub fn issued_at(&self) -> Option<u64> {
        self.issued_at
    }
}
