//! Making a proof (RFC 9449, section 4.2).

use super::{TargetUri, access_token_hash};
use crate::media_type::DPOP_JWT_TYP;
use crate::proof::{MakeProofError, fresh_jti};
use crate::secret::{PresentedToken, SignedProof};
use avouch_crypto::random::SecureRandom;
use avouch_jose::jws::self_signed;
use avouch_jose::{SigningKey, base64url};
use serde::Serialize;

/// A proof to be made for one request. Each call to sign makes another one, with a `jti` of its
/// own.
#[derive(Debug, Clone, Copy)]
pub struct NewDpopProof<'a> {
    method: &'a str,
    url: &'a TargetUri,
    access_token: Option<&'a PresentedToken>,
    nonce: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl<'a> NewDpopProof<'a> {
    /// For a request with this method to this URL.
    pub fn new(method: &'a str, url: &'a TargetUri) -> Self {
        Self {
            method,
            url,
            access_token: None,
            nonce: None,
        }
    }

    /// Ties it to the access token that is sent along.
    #[must_use]
    pub fn access_token(mut self, token: &'a PresentedToken) -> Self {
        self.access_token = Some(token);
        self
    }

    /// Shows the nonce that the server sent last.
    #[must_use]
    pub fn nonce(mut self, nonce: &'a str) -> Self {
        self.nonce = Some(nonce);
        self
    }

    /// Signs it; `now` is in seconds. The result goes into the `DPoP` header.
    pub fn sign(
        &self,
        key: &SigningKey,
        now: u64,
        rng: &dyn SecureRandom,
    ) -> Result<SignedProof, MakeProofError> {
        let claims = Claims {
            jti: fresh_jti(rng)?,
            htm: self.method,
            htu: self.url.as_str(),
            iat: now,
            ath: self
                .access_token
                .map(|token| base64url::encode(access_token_hash(token))),
            nonce: self.nonce,
        };
        let claims = crate::json::to_vec(&claims, 256);
        let proof = self_signed::sign(key, DPOP_JWT_TYP, &claims)?;
        Ok(SignedProof::new(proof))
    }
}
