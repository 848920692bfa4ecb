//! One question over a fresh connection, and an answer that is a JSON document or none.

use std::sync::Arc;

use avouch_oauth::media_type::{JSON, content_type_is};
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::document_url::DocumentUrl;
use crate::error::PrivateCause;
use crate::fetcher::Document;
use crate::freshness;

/// RFC 7517 section 8.5.
const JWK_SET: &str = "application/jwk-set+json";
const ACCEPT: HeaderValue = HeaderValue::from_static("application/jwk-set+json, application/json");

/// The status line and header of an answer, in bytes.
const MAX_HEADER: usize = 16 * 1024;
const MAX_HEADER_FIELDS: usize = 64;
/// How much of a content type that will not do is shown to the log, in characters.
const MAX_SHOWN: usize = 80;

/// Asks for the document. Whoever drops the future closes the connection.
pub(crate) async fn get<S>(
    stream: S,
    url: &DocumentUrl,
    max_body: usize,
) -> Result<Document, PrivateCause>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sender, connection) = http1::Builder::new()
        .max_headers(MAX_HEADER_FIELDS)
        .max_header_size(MAX_HEADER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let answer = ask(sender, url, max_body);
    tokio::pin!(answer);
    tokio::select! {
        biased;
        document = &mut answer => document,
        // Closed by the other end, perhaps with an answer that is still to be read.
        _ = connection => answer.await,
    }
}

async fn ask(
    mut sender: SendRequest<Empty<Bytes>>,
    url: &DocumentUrl,
    max_body: usize,
) -> Result<Document, PrivateCause> {
    let answer = sender.send_request(request(url)).await.map_err(broken)?;
    let (head, body) = answer.into_parts();
    check_head(&head)?;
    Ok(Document {
        max_age: freshness::max_age(&head.headers),
        body: read(body, max_body).await?,
    })
}

fn request(url: &DocumentUrl) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    request.uri_mut().clone_from(url.target());
    let headers = request.headers_mut();
    headers.insert(header::HOST, url.authority().clone());
    headers.insert(header::ACCEPT, ACCEPT);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    request
}

/// Whether the answer is a JSON document as it stands, by all that comes before its body.
fn check_head(head: &Parts) -> Result<(), PrivateCause> {
    let status = head.status;
    if status.is_redirection() {
        return Err(PrivateCause::Redirect(status.as_u16()));
    }
    if status != StatusCode::OK {
        return Err(PrivateCause::Status(status.as_u16()));
    }
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(PrivateCause::Encoded);
    }
    let mut types = head.headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(found), None) if is_json(found) => Ok(()),
        (Some(found), None) => Err(PrivateCause::ContentType {
            found: found.to_str().ok().map(shortened),
        }),
        _ => Err(PrivateCause::ContentType { found: None }),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

fn is_json(content_type: &HeaderValue) -> bool {
    [JWK_SET, JSON]
        .iter()
        .any(|expected| content_type_is(content_type.as_bytes(), expected))
}

/// Reads up to the limit; a body that says beforehand that it is longer is not read at all.
async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, PrivateCause> {
    let too_long = PrivateCause::TooLong { limit };
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > limit) {
        return Err(too_long);
    }
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        // What is no data is a trailer, and says nothing that we heed.
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            if data.len() > limit - read.len() {
                return Err(too_long);
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read.into())
}

fn broken(error: hyper::Error) -> PrivateCause {
    PrivateCause::Http(Arc::new(error))
}
