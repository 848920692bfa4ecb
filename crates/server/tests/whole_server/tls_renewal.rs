//! Certificates that change while the server runs.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Authority, Running, Setup, TlsClient, TlsFiles};
use crate::tls::client_hello;

async fn desk() -> (Running, TlsFiles, Authority, TlsClient) {
    let authority = Authority::new();
    let files = TlsFiles::new(&authority);
    let setup = Setup::new().await.configured(&files.section());
    let client = TlsClient::trusting(&authority);
    (setup.start().await, files, authority, client)
}

#[tokio::test]
async fn a_new_certificate_serves_new_connections_and_leaves_the_open_ones_alone() {
    let (server, files, authority, client) = desk().await;
    let address = server.address();
    let first = client.sees(address).await;
    let mut open = client.connect(address).await.unwrap();

    files.renew(&authority);
    assert_eq!(client.sees(address).await, first, "nobody has looked yet");
    server.server.look_at_certificates().await;
    let second = client.sees(address).await;
    assert_ne!(second, first);
    let taken = r#"avouch_tls_certificate_reads_total{what="certificate",result="taken"}"#;
    assert_eq!(server.metric(taken).await.as_deref(), Some("1"));

    open.write_all(&server.request("GET", "/jwks.json").bytes())
        .await
        .unwrap();
    let mut received = Vec::new();
    open.read_to_end(&mut received).await.unwrap();
    assert!(received.starts_with(b"HTTP/1.1 200"));

    server.server.look_at_certificates().await;
    assert_eq!(client.sees(address).await, second);
    assert_eq!(server.metric(taken).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_broken_certificate_leaves_the_old_one_in_place_and_is_told() {
    let (server, files, authority, client) = desk().await;
    let address = server.address();
    let first = client.sees(address).await;
    let expiry = r#"avouch_tls_certificate_expiry_timestamp_seconds{of="server"}"#;
    let until = server.metric(expiry).await.unwrap();

    files.write_certificate("nothing of the kind");
    server.server.look_at_certificates().await;
    server.server.look_at_certificates().await;
    assert_eq!(client.sees(address).await, first);
    let refused = r#"avouch_tls_certificate_reads_total{what="certificate",result="refused"}"#;
    assert_eq!(server.metric(refused).await.as_deref(), Some("1"));
    assert_eq!(server.metric(expiry).await.unwrap(), until);

    files.renew(&authority);
    server.server.look_at_certificates().await;
    assert_ne!(client.sees(address).await, first);
}

#[tokio::test]
async fn a_server_does_not_start_with_a_broken_certificate() {
    let (server, files, _, _) = desk().await;
    let stopped = server.stop().await;
    files.write_certificate("nothing of the kind");
    let message = stopped.fails_to_start().await;
    assert!(
        message.contains("is not PEM with a certificate in it"),
        "{message}"
    );
}

#[tokio::test]
async fn handshakes_that_fail_are_counted_by_reason() {
    let (server, _files, _, _) = desk().await;
    let plain = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
    for (bytes, reason) in [
        (plain, "not_tls"),
        (client_hello([3, 2], &[0x002f]), "version"),
        (client_hello([3, 3], &[0x002f]), "cipher_suite"),
        (vec![22, 3, 1, 0, 4, 1, 0, 0, 0], "malformed"),
    ] {
        server.raw_bytes(&bytes).await;
        let name = format!("avouch_tls_handshake_failures_total{{reason=\"{reason}\"}}");
        assert_eq!(server.metric(&name).await.as_deref(), Some("1"), "{reason}");
    }
}
