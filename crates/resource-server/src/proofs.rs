//! `DPoP` proofs of what is sent to one server (RFC 9449).
//!
//! Where the server wants a nonce in them, the request is sent once more with it.

use crate::error::{ExchangeError, RequestError};
use crate::exchange::Exchange;
use crate::http::Http;
use crate::line::Line;
use arc_swap::ArcSwapOption;
use avouch_jose::SigningKey;
use avouch_oauth::PresentedToken;
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use std::sync::Arc;

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Proofs by one key for one server: its nonces are its own.
pub(crate) struct Proofs {
    key: Arc<SigningKey>,
    /// The nonce the server gave last.
    nonce: ArcSwapOption<String>,
}

impl Proofs {
    pub(crate) fn by(key: Arc<SigningKey>) -> Self {
        Self {
            key,
            nonce: ArcSwapOption::empty(),
        }
    }

    /// Sends with a proof, and once more if the server wants a nonce in it. `make` is asked for
    /// each request anew, and what it gives beside the last one comes back with the answer.
    pub(crate) async fn send<H: Http, E, X>(
        &self,
        line: &Line<'_, H>,
        what: Exchange,
        token: Option<&PresentedToken>,
        make: impl Fn() -> Result<(Request<Bytes>, X), RequestError>,
    ) -> Result<(Response<Bytes>, X), E>
    where
        E: From<RequestError> + From<ExchangeError>,
    {
        let shown = self.nonce.load_full();
        let (mut request, beside) = make()?;
        self.prove(&mut request, line, token, shown.as_deref())?;
        let answer = line.send(what, request).await?;
        let wanted = self.note_nonce(&answer);
        if wanted.is_none() || wanted == shown || !wants_another(what, answer.status()) {
            return Ok((answer, beside));
        }
        let (mut request, beside) = make()?;
        self.prove(&mut request, line, token, wanted.as_deref())?;
        let answer = line.send(what, request).await?;
        self.note_nonce(&answer);
        Ok((answer, beside))
    }

    /// Keeps the nonce for the next proofs: it may come with any answer (RFC 9449, section 8.2).
    fn note_nonce(&self, answer: &Response<Bytes>) -> Option<Arc<String>> {
        let nonce = answer.headers().get(DPOP_NONCE)?.to_str().ok()?;
        let nonce = Arc::new(nonce.to_owned());
        self.nonce.store(Some(Arc::clone(&nonce)));
        Some(nonce)
    }

    fn prove<H>(
        &self,
        request: &mut Request<Bytes>,
        line: &Line<'_, H>,
        token: Option<&PresentedToken>,
        nonce: Option<&String>,
    ) -> Result<(), RequestError> {
        let url =
            TargetUri::parse(&request.uri().to_string()).map_err(|_| RequestError::NoTarget)?;
        let mut proof = NewDpopProof::new(request.method().as_str(), &url);
        if let Some(token) = token {
            proof = proof.access_token(token);
        }
        if let Some(nonce) = nonce {
            proof = proof.nonce(nonce);
        }
        let proof = proof.sign(&self.key, line.clock.now(), line.random)?;
        request
            .headers_mut()
            .insert(DPOP, sensitive(proof.expose()));
        Ok(())
    }
}

/// RFC 9449: 400 at the token endpoint (section 8), 401 where tokens are shown (section 9). There
/// a 400 is an answer to what was asked, and asking again might do a thing twice.
fn wants_another(what: Exchange, status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED
        || (what == Exchange::OwnToken && status == StatusCode::BAD_REQUEST)
}

#[expect(clippy::expect_used, reason = "a compact JWT is visible ASCII")]
fn sensitive(jwt: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(jwt).expect("visible ASCII");
    value.set_sensitive(true);
    value
}
