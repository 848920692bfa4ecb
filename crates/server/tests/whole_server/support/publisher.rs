//! Whoever publishes keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A resource server's own web server, with the keys it publishes.
pub(crate) struct Publisher {
    pub(crate) uri: String,
    document: Arc<Mutex<Option<Value>>>,
    pub(crate) content_type: Arc<Mutex<&'static str>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    pub(crate) async fn start(document: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
        let document = Arc::new(Mutex::new(Some(document)));
        let content_type = Arc::new(Mutex::new("application/jwk-set+json"));
        let asked = Arc::new(AtomicUsize::new(0));
        let named = Arc::clone(&content_type);
        let (held, counted) = (Arc::clone(&document), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = match held.lock().unwrap().as_ref() {
                    None => "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n".to_owned(),
                    Some(document) => {
                        let body = document.to_string();
                        let length = body.len();
                        let content_type = *named.lock().unwrap();
                        format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n\
                             content-length: {length}\r\n\r\n{body}"
                        )
                    }
                };
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self {
            uri,
            document,
            content_type,
            asked,
        }
    }

    pub(crate) fn publish(&self, document: Option<Value>) {
        *self.document.lock().unwrap() = document;
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
