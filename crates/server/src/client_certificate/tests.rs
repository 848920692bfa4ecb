use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::Request as AxumRequest;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::*;
use crate::listen::{Bounds, Transport, serve};
use crate::tls::fixtures::Pair;

/// A server that says which certificate a request came with and which headers it still has.
struct Stage {
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

async fn settled(
    axum::extract::State(forwarders): axum::extract::State<Forwarders>,
    mut request: AxumRequest,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().unwrap().clone();
    match settle(&mut request, &peer, &forwarders) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn tell(request: Request<Body>) -> String {
    let headers = [CLIENT_CERT, CLIENT_CERT_CHAIN];
    let left = headers
        .iter()
        .any(|name| request.headers().contains_key(name));
    assert!(!left, "a header is still there");
    let certificate = request.extensions().get::<Arc<PresentedCertificate>>();
    certificate.map_or("none".to_owned(), |one| one.thumbprint().to_string())
}

impl Stage {
    async fn new(believed: bool, proxies: &[&str]) -> Self {
        let proxies: TrustedProxies = serde_json::from_value(serde_json::json!(proxies)).unwrap();
        let forwarders = Forwarders::new(believed, &proxies);
        let router = Router::new()
            .fallback(tell)
            .layer(from_fn_with_state(forwarders, settled));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bounds = Bounds {
            connections: 4,
            header: 16_384,
            answer: std::time::Duration::from_secs(10),
        };
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(
            listener,
            Transport::Plain,
            router,
            bounds,
            || (),
            stopped,
        ));
        Self {
            address,
            _stop: stop,
        }
    }

    /// What the server says to a request with these header lines.
    async fn says(&self, lines: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = &head["HTTP/1.1 ".len()..][..3];
        if status == "200" {
            body.to_owned()
        } else {
            format!("{status} {body}")
        }
    }
}

fn header(pair: &Pair) -> String {
    let certificate = STANDARD.encode(&pair.certificate);
    format!("Client-Cert: :{certificate}:\r\n")
}

fn thumbprint(pair: &Pair) -> String {
    let certificate = PresentedCertificate::new(pair.certificate.to_vec(), Vec::new());
    certificate.unwrap().thumbprint().to_string()
}

#[tokio::test]
async fn row_9700_4_13_01_a_certificate_is_taken_from_a_stated_proxy() {
    let stage = Stage::new(true, &["127.0.0.1"]).await;
    let client = Pair::self_signed("client.example");
    assert_eq!(stage.says(&header(&client)).await, thumbprint(&client));
    let chain = header(&client) + "Client-Cert-Chain: :AQ==:, :Ag==:\r\n";
    assert_eq!(stage.says(&chain).await, thumbprint(&client));
    assert_eq!(stage.says("").await, "none");
}

#[tokio::test]
async fn row_9700_4_13_01_the_header_of_anybody_else_is_taken_away_and_means_nothing() {
    let client = header(&Pair::self_signed("client.example"));
    let broken = "Client-Cert: what is this\r\nClient-Cert-Chain: ???\r\n".to_owned();
    for (believed, proxies) in [
        // Another machine is the proxy; this one is none only for being near.
        (true, &["192.0.2.1"][..]),
        // A proxy, but not for this.
        (false, &["127.0.0.1"]),
        (false, &[]),
    ] {
        let stage = Stage::new(believed, proxies).await;
        for lines in [&client, &broken, &client.repeat(2)] {
            assert_eq!(stage.says(lines).await, "none", "{believed} {proxies:?}");
        }
    }
}

#[tokio::test]
async fn what_a_proxy_forwards_has_to_be_sound() {
    let stage = Stage::new(true, &["127.0.0.1"]).await;
    let client = header(&Pair::self_signed("client.example"));
    for lines in [
        client.repeat(2),
        "Client-Cert: :AQ==:\r\n".to_owned(),
        "Client-Cert: (null)\r\n".to_owned(),
        "Client-Cert-Chain: :AQ==:\r\n".to_owned(),
    ] {
        let answer = stage.says(&lines).await;
        assert!(answer.starts_with("400 "), "{answer}");
        assert!(answer.contains("has to mend it"), "{answer}");
    }
}

#[test]
fn from_a_proxy_that_forwards_its_own_certificate_does_not_count() {
    let (own, client) = (
        Pair::self_signed("proxy.example"),
        Pair::self_signed("client.example"),
    );
    let own_certificate = PresentedCertificate::new(own.certificate.to_vec(), Vec::new());
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let peer = Peer::over_tls(Some(address), Some(Arc::new(own_certificate.unwrap())));
    let proxies: TrustedProxies = serde_json::from_value(serde_json::json!(["192.0.2.1"])).unwrap();
    let counts = |forwarded: Option<&Pair>, believed| {
        let mut request = Request::new(());
        if let Some(pair) = forwarded {
            let value = format!(":{}:", STANDARD.encode(&pair.certificate));
            let value = HeaderValue::from_str(&value).unwrap();
            request.headers_mut().insert(CLIENT_CERT, value);
        }
        settle(&mut request, &peer, &Forwarders::new(believed, &proxies)).unwrap();
        let found = request.extensions().get::<Arc<PresentedCertificate>>();
        found.map(|certificate| certificate.thumbprint().to_string())
    };
    assert_eq!(counts(Some(&client), true), Some(thumbprint(&client)));
    assert_eq!(counts(None, true), None);
    assert_eq!(counts(Some(&client), false), Some(thumbprint(&own)));
}
