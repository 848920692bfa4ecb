//! Who the server is, is for its certificate to show.

use avouch_fetch::{DocumentUrl, Fetch as _, GuardedFetcher, Policy, PrivateCause};
use rcgen::date_time_ymd;
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{
    Answers, HOST, Server, authority, cause, certificate_for, json, this_server_alone,
};

async fn assert_distrusted(server: &Server) {
    let cause = server.cause().await;
    assert!(matches!(cause, PrivateCause::Tls(_)), "{cause}");
    assert_eq!((server.connections(), server.requests().len()), (1, 0));
}

#[tokio::test]
async fn row_8725_3_10_01_a_certificate_for_another_name_fails() {
    assert_distrusted(&Server::showing(certificate_for("other.example"), authority()).await).await;
    // The address is not the name.
    assert_distrusted(&Server::showing(certificate_for("127.0.0.1"), authority()).await).await;
}

#[tokio::test]
async fn row_8725_3_10_01_an_expired_certificate_fails() {
    let mut certificate = certificate_for(HOST);
    certificate.not_after = date_time_ymd(2020, 1, 1);
    assert_distrusted(&Server::showing(certificate, authority()).await).await;
}

#[tokio::test]
async fn row_8725_3_10_01_a_certificate_of_an_unknown_authority_fails() {
    let server = Server::answering(json("{}")).await;
    let stranger = Server::answering(json("{}")).await;
    let fetcher = server.fetcher(this_server_alone(), Answers::always("127.0.0.1"));
    let cause = cause(fetcher.fetch(&stranger.url()).await);
    assert!(matches!(cause, PrivateCause::Tls(_)), "{cause}");
    assert_eq!(stranger.requests().len(), 0);
}

#[tokio::test]
async fn row_8725_3_10_01_a_server_without_tls_gets_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://127.0.0.1:{}/",
        listener.local_addr().unwrap().port()
    );
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(json("{}").as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        // How the client hangs up is all the same.
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let policy = Policy::dangerous_for_development();
    let url = DocumentUrl::parse(&url, &policy).unwrap();
    let fetcher = GuardedFetcher::builder(policy).build().unwrap();
    let cause = cause(fetcher.fetch(&url).await);
    assert!(matches!(cause, PrivateCause::Tls(_)), "{cause}");
    let heard = serving.await.unwrap();
    // The record type of a handshake (RFC 8446 section 5.1).
    assert_eq!(heard.first(), Some(&22));
    assert!(!heard.windows(3).any(|window| window == b"GET"));
}

/// A ticket of one server's choosing must not reach whatever its name means next.
#[tokio::test]
async fn row_8725_3_10_01_sessions_are_not_resumed_and_nothing_but_http_is_offered() {
    let server = Server::answering(json("{}")).await;
    let fetcher = server.fetcher(this_server_alone(), Answers::always("127.0.0.1"));
    for _ in 0..3 {
        fetcher.fetch(&server.url()).await.unwrap();
    }
    let full = (HandshakeKind::Full, Some(b"http/1.1".to_vec()));
    assert_eq!(server.handshakes(), [full.clone(), full.clone(), full]);
}

#[tokio::test]
async fn an_address_can_be_certified_like_a_name() {
    let server = Server::showing(certificate_for("127.0.0.1"), authority()).await;
    let policy = this_server_alone();
    let url = format!("https://127.1:{}/", server.port);
    let url = DocumentUrl::parse(&url, &policy).unwrap();
    let fetcher = server.fetcher(policy, Answers::in_turn(&[]));
    assert_eq!(fetcher.fetch(&url).await.unwrap().body, "{}");
}
