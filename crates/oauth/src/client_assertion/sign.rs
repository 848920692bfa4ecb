//! Making a client assertion.

use crate::issuer::Issuer;
use crate::media_type::CLIENT_AUTHENTICATION_JWT_TYP;
use crate::proof::{MakeProofError, fresh_jti};
use crate::secret::SignedProof;
use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_jose::{MacKey, ProtectedHeader, SigningKey, jws, mac};
use serde::Serialize;

/// How many seconds an assertion lives, unless told.
const LIFETIME: u64 = 60;

/// A client assertion to be made, as RFC 10070 wants it: under its own `typ`, and for the issuer
/// alone, given as a string. Each call to sign makes another one, with a `jti` of its own.
#[derive(Debug, Clone, Copy)]
pub struct NewClientAssertion<'a> {
    client_id: &'a str,
    issuer: &'a Issuer,
    lifetime: u64,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: u64,
    iat: u64,
    jti: String,
}

impl<'a> NewClientAssertion<'a> {
    /// For the server with this issuer, to live for a minute.
    pub fn new(client_id: &'a str, issuer: &'a Issuer) -> Self {
        Self {
            client_id,
            issuer,
            lifetime: LIFETIME,
        }
    }

    /// Sets how many seconds it lives. A server refuses what lives for long.
    #[must_use]
    pub fn lifetime(mut self, seconds: u64) -> Self {
        self.lifetime = seconds;
        self
    }

    /// Signs it with the private key of the client (`private_key_jwt`); `now` is in seconds.
    pub fn sign(
        &self,
        key: &SigningKey,
        now: u64,
        rng: &dyn SecureRandom,
    ) -> Result<SignedProof, MakeProofError> {
        let header = ProtectedHeader::new(key.algorithm())
            .typ(CLIENT_AUTHENTICATION_JWT_TYP)
            .kid(key.kid())
            .encode();
        let jwt = jws::sign(key, &header, &self.claims(now, rng)?)?;
        Ok(SignedProof::new(jwt))
    }

    /// Authenticates it with the secret of the client (`client_secret_jwt`); `now` is in seconds.
    pub fn authenticate(
        &self,
        key: &MacKey,
        now: u64,
        rng: &dyn SecureRandom,
    ) -> Result<SignedProof, MakeProofError> {
        let jwt = mac::sign(key, CLIENT_AUTHENTICATION_JWT_TYP, &self.claims(now, rng)?);
        Ok(SignedProof::new(jwt))
    }

    fn claims(&self, now: u64, rng: &dyn SecureRandom) -> Result<Vec<u8>, RandomError> {
        let claims = Claims {
            iss: self.client_id,
            sub: self.client_id,
            aud: self.issuer.as_str(),
            exp: now.saturating_add(self.lifetime),
            iat: now,
            jti: fresh_jti(rng)?,
        };
        Ok(crate::json::to_vec(&claims, 256))
    }
}
