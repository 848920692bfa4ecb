//! Access tokens by the grant `client_credentials` (RFC 6749, section 4.4).

use crate::authentication::Question;
use crate::credentials::Prepared;
use crate::endpoint::Endpoint;
use crate::error::{ExchangeError, RequestError, ServerError};
use crate::exchange::{Exchange, body_of};
use crate::http::Http;
use crate::line::Line;
use crate::proofs::Proofs;
use avouch_jose::strict_json;
use avouch_oauth::PresentedToken;
use avouch_oauth::authorization::{Authorization, Scheme};
use avouch_oauth::media_type::JSON;
use avouch_oauth::token::{TokenGrant, TokenResponse};
use http::HeaderValue;
use zeroize::Zeroizing;

/// Seconds before its end from which on a token is fetched anew, at most.
const MARGIN: u64 = 30;

/// Where tokens are had, and by which credentials.
pub(crate) struct TokenEndpoint {
    credentials: Prepared,
    endpoint: Endpoint,
}

/// A token, ready to be shown.
pub(crate) struct HeldToken {
    pub(crate) token: PresentedToken,
    /// The value of `Authorization`.
    pub(crate) header: HeaderValue,
    fetched_at: u64,
    /// From when on it is to be fetched anew.
    renew_at: u64,
}

impl TokenEndpoint {
    pub(crate) fn new(credentials: Prepared, endpoint: Endpoint) -> Self {
        Self {
            credentials,
            endpoint,
        }
    }

    /// Asks for a token with these form parameters, a `&` before each. With proofs it has to be
    /// bound to their key; one that is not is not taken.
    pub(crate) async fn fetch<H: Http, E>(
        &self,
        line: &Line<'_, H>,
        proofs: Option<&Proofs>,
        parameters: &str,
    ) -> Result<HeldToken, E>
    where
        E: From<RequestError> + From<ServerError> + From<ExchangeError>,
    {
        let grant = TokenGrant::ClientCredentials.as_str();
        let wanted = Question {
            url: self.endpoint.uri(),
            media_type: JSON,
            form: format!("grant_type={grant}{parameters}"),
        };
        // Made anew for each attempt: an assertion is good once.
        let request = || {
            let now = line.clock.now();
            let credentials = self.credentials.for_one_request(now, line.random);
            Ok(credentials.map_err(RequestError::Proof)?.post(&wanted))
        };
        let fetched_at = line.clock.now();
        let what = Exchange::OwnToken;
        let (answer, hidden) = if let Some(proofs) = proofs {
            proofs.send::<_, E, _>(line, what, None, request).await?
        } else {
            let (request, hidden) = request()?;
            (line.send(what, request).await?, hidden)
        };
        let body =
            body_of(what, answer, &[JSON], &[hidden.expose()]).map_err(ServerError::blame::<E>)?;
        let answer: TokenResponse =
            strict_json::from_slice(&body).map_err(ServerError::OwnToken)?;
        let scheme = match proofs {
            Some(_) => Scheme::DPoP,
            None => Scheme::Bearer,
        };
        Ok(HeldToken::new(&answer, scheme, fetched_at)?)
    }
}

impl HeldToken {
    fn new(answer: &TokenResponse, scheme: Scheme, fetched_at: u64) -> Result<Self, ServerError> {
        if !answer.token_type.eq_ignore_ascii_case(scheme.as_str()) {
            return Err(ServerError::OwnTokenType { expected: scheme });
        }
        let lifetime = answer.expires_in.unwrap_or(u64::MAX);
        let margin = (lifetime / 10).min(MARGIN);
        Ok(Self {
            token: PresentedToken::new(answer.access_token.expose()),
            header: authorization(scheme, answer.access_token.expose())?,
            fetched_at,
            renew_at: fetched_at.saturating_add(lifetime - margin),
        })
    }

    /// Whether it need not be fetched anew yet.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        (self.fetched_at..self.renew_at).contains(&now)
    }

    /// How many seconds ago it was fetched.
    pub(crate) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.fetched_at)
    }
}

/// The header that shows a token, if it is one that a header can show.
fn authorization(scheme: Scheme, token: &str) -> Result<HeaderValue, ServerError> {
    let text = Zeroizing::new(format!("{scheme} {token}"));
    let unusable = ServerError::UnusableOwnToken;
    Authorization::parse(text.as_bytes()).map_err(|_| unusable.clone())?;
    let mut value = HeaderValue::from_str(&text).map_err(|_| unusable)?;
    value.set_sensitive(true);
    Ok(value)
}
