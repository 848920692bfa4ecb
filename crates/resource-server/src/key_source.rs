//! Where the keys of one authorization server (AS) come from: shared by all that verify with them.

use crate::clock::Clock;
use crate::discovery;
use crate::endpoint::Endpoint;
use crate::error::ExchangeError;
use crate::http::Http;
use crate::keys::KeyCache;
use avouch_jose::{JwkSet, SelectError};
use avouch_oauth::access_token::AccessTokenError;
use avouch_oauth::introspection::StatementError;
use std::time::Duration;

/// The keys held, and all it takes to have them anew.
pub(crate) struct KeySource<H> {
    pub(crate) cache: KeyCache,
    pub(crate) endpoint: Endpoint,
    pub(crate) http: H,
    pub(crate) timeout: Duration,
    pub(crate) clock: Box<dyn Clock>,
}

/// What a check by keys can fail by.
pub(crate) trait MissesKey {
    /// Whether a key is missing that a newer set might hold.
    fn misses_key(&self) -> bool;
}

impl<H: Http> KeySource<H> {
    /// Checks with the keys at hand, and once more with newer ones if none of them was meant.
    pub(crate) async fn check<T, E: MissesKey>(
        &self,
        now: u64,
        check: impl Fn(&JwkSet) -> Result<T, E>,
    ) -> Result<Result<T, E>, ExchangeError> {
        let held = self.cache.current(now, self.fetch()).await?;
        let checked = check(&held.set);
        if checked.as_ref().is_err_and(MissesKey::misses_key)
            && let Some(newer) = self.cache.newer_than(&held, now, self.fetch()).await?
        {
            return Ok(check(&newer.set));
        }
        Ok(checked)
    }

    async fn fetch(&self) -> Result<JwkSet, ExchangeError> {
        discovery::keys(&self.http, &self.endpoint, self.timeout).await
    }
}

impl MissesKey for StatementError {
    fn misses_key(&self) -> bool {
        matches!(self, Self::NoKey(error) if may_be_newer(*error))
    }
}

impl MissesKey for AccessTokenError {
    fn misses_key(&self) -> bool {
        matches!(self, Self::NoKey(error) if may_be_newer(*error))
    }
}

fn may_be_newer(error: SelectError) -> bool {
    matches!(error, SelectError::UnknownKid | SelectError::NoneFits)
}
