//! Plain HTTP requests to the demo's server, for what the libraries do not do.

use std::net::SocketAddr;

use avouch_server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::output::Failure;

/// Where requests go, and in whose name.
#[derive(Clone)]
pub(super) struct Wire {
    address: SocketAddr,
    basic: Option<String>,
}

impl Wire {
    /// To this server, in nobody's name.
    pub(super) fn to(server: &Server) -> Self {
        Self {
            address: server.address(),
            basic: None,
        }
    }

    /// In the name of a client.
    pub(super) fn with_basic(self, id: &str, secret: &str) -> Self {
        Self {
            basic: Some(STANDARD.encode(format!("{id}:{secret}"))),
            ..self
        }
    }

    /// Fetches a document.
    pub(super) async fn get(&self, path: &str) -> Result<Bytes, Failure> {
        self.send(Method::GET, path, String::new()).await
    }

    /// Posts a form.
    pub(super) async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Result<(), Failure> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.send(Method::POST, path, form).await.map(drop)
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Result<Bytes, Failure> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(basic) = &self.basic {
            request = request.header(AUTHORIZATION, format!("Basic {basic}"));
        }
        let answer = sender
            .send_request(request.body(Full::new(Bytes::from(body)))?)
            .await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(Failure::new(format!("{path} answered {status}")))
        }
    }
}
