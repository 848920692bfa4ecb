//! The line to the authorization server: all it takes to send something.

use crate::clock::Clock;
use crate::error::ExchangeError;
use crate::exchange::{Exchange, exchange};
use crate::http::Http;
use avouch_crypto::random::SecureRandom;
use bytes::Bytes;
use http::{Request, Response};
use std::time::Duration;

pub(crate) struct Line<'a, H> {
    pub(crate) http: &'a H,
    pub(crate) timeout: Duration,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) random: &'a dyn SecureRandom,
}

impl<H: Http> Line<'_, H> {
    pub(crate) async fn send(
        &self,
        what: Exchange,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ExchangeError> {
        exchange(self.http, what, request, self.timeout).await
    }
}
