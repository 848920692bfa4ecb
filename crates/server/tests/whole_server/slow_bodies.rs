//! Request bodies that do not arrive.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Authority, Running, Setup, TlsClient, TlsFiles};

/// The least there is of both.
const NARROW: &str = "[limits]\nrequest_timeout = 1\nconnections = 4\n";

/// Asks without end.
async fn silent<S: AsyncWrite + Unpin>(mut stream: S, endpoint: &str, framing: &str) -> S {
    let head = format!(
        "POST {endpoint} HTTP/1.1\r\nHost: a\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{framing}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Told that it took too long, and then the connection ends.
async fn is_cut_off(mut stream: impl AsyncRead + Unpin) {
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let answer = Answer::read(&received);
    answer.is_error(408, "invalid_request");
    assert_eq!(answer.header("connection"), Some("close"));
}

async fn connect(server: &Running) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

#[tokio::test]
async fn as_many_silent_bodies_as_connections_do_not_keep_others_out() {
    let setup = Setup::new().await.configured(NARROW);
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let mut waiting = Vec::new();
    for (endpoint, framing) in [
        ("/introspect", "Content-Length: 60000\r\n\r\n"),
        ("/introspect", "Content-Length: 60000\r\n\r\ntoken=a"),
        ("/token", "Transfer-Encoding: chunked\r\n\r\n"),
        ("/revoke", "Transfer-Encoding: chunked\r\n\r\n5\r\ntok"),
    ] {
        waiting.push(silent(connect(&server).await, endpoint, framing).await);
    }
    // Waits for one of their places.
    let answer = server.introspect(&sign, &token.text).await;
    assert_eq!(answer.is_json(200)["active"], true);
    for stream in waiting {
        is_cut_off(stream).await;
    }
}

#[tokio::test]
async fn over_tls_it_is_the_same() {
    let authority = Authority::new();
    let files = TlsFiles::new(&authority);
    let setup = Setup::new().await;
    let setup = setup.configured(&format!("{}{NARROW}", files.section()));
    let server = setup.start().await;
    let client = TlsClient::trusting(&authority);
    let stream = client.connect(server.address()).await.unwrap();
    let framing = "Content-Length: 60000\r\n\r\n";
    is_cut_off(silent(stream, "/introspect", framing).await).await;
}

/// Nothing is read where no body is taken, and nothing is waited for either.
#[tokio::test]
async fn a_body_that_nobody_reads_is_not_waited_for() {
    let server = Setup::new().await.start().await;
    for (endpoint, status) in [("/jwks.json", 405), ("/nowhere", 404)] {
        let framing = "Content-Length: 60000\r\n\r\n";
        let mut stream = silent(connect(&server).await, endpoint, framing).await;
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        Answer::read(&received).is_error(status, "invalid_request");
    }
}

/// The stop is what is waited for here: it does not return before the server is closed.
#[tokio::test]
async fn a_server_with_a_silent_body_stops_and_starts_again() {
    let setup = Setup::new().await.configured(NARROW);
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let framing = "Content-Length: 60000\r\nExpect: 100-continue\r\n\r\n";
    let mut stream = silent(connect(&server).await, "/introspect", framing).await;
    // It is being read.
    let mut going_on = [0; 25];
    stream.read_exact(&mut going_on).await.unwrap();
    assert_eq!(&going_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let server = server.restart().await;
    is_cut_off(stream).await;
    let answer = server.introspect(&sign, &token.text).await;
    assert_eq!(answer.is_json(200)["active"], true);
}
