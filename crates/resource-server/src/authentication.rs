//! A question sent so that the authorization server knows who asks.

use crate::credentials::Prepared;
use crate::error::{IntrospectError, RequestError};
use crate::exchange::Exchange;
use crate::http::Http;
use crate::line::Line;
use crate::own_token::OwnToken;
use avouch_oauth::PresentedSecret;
use bytes::Bytes;
use http::{Response, Uri};

/// What every question is sent with.
pub(crate) enum Authentication {
    /// The credentials themselves.
    Credentials(Prepared),
    /// An access token that was had for them.
    Token(Box<OwnToken>),
}

/// A question without who asks it.
pub(crate) struct Question<'a> {
    pub(crate) url: &'a Uri,
    pub(crate) media_type: &'static str,
    /// The form.
    pub(crate) form: String,
}

/// An answer, and what was sent that must not be repeated from it.
pub(crate) struct Answered {
    pub(crate) answer: Response<Bytes>,
    pub(crate) hidden: PresentedSecret,
}

impl Authentication {
    pub(crate) async fn ask<H: Http>(
        &self,
        line: &Line<'_, H>,
        question: &Question<'_>,
    ) -> Result<Answered, IntrospectError> {
        match self {
            Self::Credentials(prepared) => {
                let credentials = prepared
                    .for_one_request(line.clock.now(), line.random)
                    .map_err(RequestError::Proof)?;
                let (request, hidden) = credentials.post(question);
                let answer = line.send(Exchange::Introspection, request).await?;
                Ok(Answered { answer, hidden })
            }
            Self::Token(token) => token.ask(line, question).await,
        }
    }
}
