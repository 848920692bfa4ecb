//! The shop: the client, and the key its token is bound to.

use avouch_crypto::random::SystemRandom;
use avouch_jose::SigningKey;
use avouch_oauth::PresentedToken;
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use avouch_resource_server::{Clock, SignatureAlgorithm, SystemClock};
use http::Request;
use http::header::AUTHORIZATION;

use crate::output::Failure;

/// The header a proof travels in (RFC 9449, section 4.1).
pub(super) const DPOP: &str = "DPoP";

/// A key of the client's own, which it shows to nobody.
pub(super) struct ClientKey(SigningKey);

impl ClientKey {
    /// A fresh one.
    pub(super) fn generate() -> Result<Self, Failure> {
        let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
        Ok(Self(key))
    }

    /// What a token has to say to be good with this key alone.
    pub(super) fn confirmation(&self) -> Confirmation {
        Confirmation::jkt(Sha256Thumbprint::from_bytes(
            self.0.public_jwk().thumbprint(),
        ))
    }

    /// A request with a token, and a proof made for the two of them.
    pub(super) fn post(&self, url: &str, token: &str) -> Result<Request<()>, Failure> {
        let (target, shown) = (TargetUri::parse(url)?, PresentedToken::new(token));
        let proof = NewDpopProof::new("POST", &target)
            .access_token(&shown)
            .sign(&self.0, SystemClock.now(), &SystemRandom)?;
        let request = Request::post(url)
            .header(AUTHORIZATION, format!("DPoP {token}"))
            .header(DPOP, proof.expose());
        Ok(request.body(())?)
    }
}
