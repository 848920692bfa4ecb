//! Where a fetch goes, and where it never goes.

use avouch_fetch::{
    AddressKind, DocumentUrl, Fetch as _, FetchError, GuardedFetcher, Policy, PrivateCause,
    UrlError,
};

use crate::server::{Answers, HOST, Server, cause, http, json, this_server_alone};

#[tokio::test]
async fn row_8725_3_10_01_a_document_is_asked_for_and_nothing_is_sent_along() {
    let server = Server::answering(json(r#"{"keys":[]}"#)).await;
    let document = server.fetch().await.unwrap();
    assert_eq!(document.body, r#"{"keys":[]}"#);
    let request = format!(
        "GET /jwks?x=1 HTTP/1.1\r\nhost: {HOST}:{}\r\n\
         accept: application/jwk-set+json, application/json\r\nconnection: close\r\n\r\n",
        server.port
    );
    assert_eq!(server.requests(), [request]);
}

#[tokio::test]
async fn row_8725_3_10_01_no_address_of_a_closed_network_is_connected_to() {
    let server = Server::answering(json("{}")).await;
    for (address, kind) in [
        ("0.0.0.0", AddressKind::NoHost),
        ("0.1.2.3", AddressKind::NoHost),
        ("10.0.0.1", AddressKind::Private),
        ("100.64.0.1", AddressKind::Private),
        ("127.0.0.1", AddressKind::Loopback),
        ("127.255.255.254", AddressKind::Loopback),
        ("169.254.169.254", AddressKind::LinkLocal),
        ("168.63.129.16", AddressKind::LinkLocal),
        ("172.16.0.1", AddressKind::Private),
        ("192.0.0.192", AddressKind::Reserved),
        ("192.0.2.1", AddressKind::Reserved),
        ("192.88.99.1", AddressKind::Reserved),
        ("192.168.0.1", AddressKind::Private),
        ("198.18.0.1", AddressKind::Reserved),
        ("198.51.100.1", AddressKind::Reserved),
        ("203.0.113.1", AddressKind::Reserved),
        ("224.0.0.1", AddressKind::NoHost),
        ("240.0.0.1", AddressKind::Reserved),
        ("255.255.255.255", AddressKind::NoHost),
        ("::", AddressKind::NoHost),
        ("::1", AddressKind::Loopback),
        ("::127.0.0.1", AddressKind::Reserved),
        ("::ffff:127.0.0.1", AddressKind::Loopback),
        ("::ffff:10.0.0.1", AddressKind::Private),
        ("64:ff9b::127.0.0.1", AddressKind::Loopback),
        ("64:ff9b::169.254.169.254", AddressKind::LinkLocal),
        ("64:ff9b:1::127.0.0.1", AddressKind::Reserved),
        ("100::1", AddressKind::Reserved),
        ("2001:0:7f00:1::", AddressKind::Reserved),
        ("2001:db8::1", AddressKind::Reserved),
        ("2002:7f00:1::1", AddressKind::Reserved),
        ("fc00::1", AddressKind::Private),
        ("fd00:ec2::254", AddressKind::Private),
        ("fe80::1", AddressKind::LinkLocal),
        ("fec0::1", AddressKind::Private),
        ("ff02::1", AddressKind::NoHost),
    ] {
        let fetcher = server.fetcher(Policy::public_hosts(), Answers::always(address));
        match cause(fetcher.fetch(&server.url()).await) {
            PrivateCause::Address {
                address: found,
                kind: found_kind,
            } => assert_eq!((found, found_kind), (address.parse().unwrap(), kind)),
            other => panic!("{address}: {other}"),
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn row_8725_3_10_01_one_closed_address_among_open_ones_closes_the_host() {
    let server = Server::answering(json("{}")).await;
    for answer in ["127.0.0.1 10.0.0.1", "10.0.0.1 127.0.0.1", "127.0.0.1 ::1"] {
        let fetcher = server.fetcher(this_server_alone(), Answers::always(answer));
        let cause = cause(fetcher.fetch(&server.url()).await);
        assert!(matches!(cause, PrivateCause::Address { .. }), "{cause}");
    }
    assert_eq!(server.connections(), 0);
}

/// DNS rebinding: the name means another host as soon as it was checked.
#[tokio::test]
async fn row_8725_3_10_01_the_address_that_was_checked_is_the_one_connected_to() {
    let server = Server::answering(json("{}")).await;
    let answers = Answers::in_turn(&["127.0.0.1", "127.0.0.2"]);
    let fetcher = server.fetcher(this_server_alone(), answers.clone());
    fetcher.fetch(&server.url()).await.unwrap();
    assert_eq!(answers.asked(), [HOST]);
    assert_eq!(server.requests().len(), 1);
    // The next fetch asks again, and checks again.
    let cause = cause(fetcher.fetch(&server.url()).await);
    assert!(matches!(cause, PrivateCause::Address { .. }), "{cause}");
    assert_eq!(answers.asked(), [HOST, HOST]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn row_8725_3_10_01_a_redirect_is_not_followed() {
    let inside = Server::answering(json("{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: https://127.0.0.1:{}/", inside.port);
        let answer = format!("{status} Away\r\n{location}\r\nContent-Type: application/json");
        let server = Server::answering(http(&answer, "{}")).await;
        let answers = Answers::always("127.0.0.1");
        let fetcher = server.fetcher(this_server_alone(), answers.clone());
        let cause = cause(fetcher.fetch(&server.url()).await);
        assert!(
            matches!(cause, PrivateCause::Redirect(found) if found == status),
            "{cause}"
        );
        assert_eq!((server.connections(), answers.asked().len()), (1, 1));
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn row_8725_3_10_01_an_address_in_the_url_is_checked_without_any_resolver() {
    let server = Server::answering(json("{}")).await;
    // As if it had been read under a laxer policy than the fetcher's.
    let lax = Policy::dangerous_for_development();
    for host in ["127.0.0.1", "127.1", "0x7f000001", "[::ffff:127.0.0.1]"] {
        let answers = Answers::always("1.1.1.1");
        let fetcher = server.fetcher(Policy::public_hosts(), answers.clone());
        let url = DocumentUrl::parse(&format!("https://{host}:{}/", server.port), &lax).unwrap();
        let refused = fetcher.fetch(&url).await;
        assert!(
            matches!(refused, Err(FetchError::Url(UrlError::NotPublic))),
            "{host}"
        );
        assert!(answers.asked().is_empty());
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn row_8725_3_10_01_plain_http_is_for_development_and_loopback_alone() {
    let server = Server::plain(json("{}")).await;
    let lax = Policy::dangerous_for_development();
    let text = format!("http://{HOST}:{}/", server.port);
    let url = DocumentUrl::parse(&text, &lax).unwrap();

    let strict = server.fetcher(this_server_alone(), Answers::always("127.0.0.1"));
    let refused = strict.fetch(&url).await;
    assert!(matches!(refused, Err(FetchError::Url(UrlError::NotHttps))));
    assert_eq!(server.connections(), 0);

    let fetcher = server.fetcher(lax.clone(), Answers::always("127.0.0.1"));
    assert_eq!(fetcher.fetch(&url).await.unwrap().body, "{}");

    let private = lax.and_network("10.0.0.0/8".parse().unwrap());
    let fetcher = server.fetcher(private, Answers::always("10.0.0.1"));
    let cause = cause(fetcher.fetch(&url).await);
    assert!(matches!(cause, PrivateCause::Address { .. }), "{cause}");
}

#[tokio::test]
async fn the_next_address_is_tried_where_nobody_listens() {
    let server = Server::answering(json("{}")).await;
    let policy = Policy::public_hosts().and_network("127.0.0.0/8".parse().unwrap());
    let fetcher = server.fetcher(policy, Answers::always("127.0.0.2 ::ffff:127.0.0.1"));
    assert_eq!(fetcher.fetch(&server.url()).await.unwrap().body, "{}");
}

#[tokio::test]
async fn hosts_that_are_nowhere_or_everywhere_are_told_to_logs() {
    let server = Server::answering(json("{}")).await;
    let everywhere = "127.0.0.1 ".repeat(33);
    for (answers, expected) in [
        (
            Answers::in_turn(&[]),
            "the host could not be resolved: no such name",
        ),
        (Answers::always(""), "the host has no address"),
        (
            Answers::always(&everywhere),
            "the host has more than 32 addresses",
        ),
    ] {
        let fetcher = server.fetcher(this_server_alone(), answers);
        let cause = cause(fetcher.fetch(&server.url()).await);
        assert_eq!(cause.to_string(), expected);
    }
}

#[tokio::test]
async fn nobody_there_is_told_to_logs() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let policy = Policy::dangerous_for_development();
    let url = DocumentUrl::parse(&format!("https://127.0.0.1:{port}/"), &policy).unwrap();
    let fetcher = GuardedFetcher::builder(policy).build().unwrap();
    let cause = cause(fetcher.fetch(&url).await);
    assert!(matches!(cause, PrivateCause::Connect(_)), "{cause}");
}
