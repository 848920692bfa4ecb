//! Servers that say too much, or too slowly.

use std::sync::Arc;
use std::time::Duration;

use avouch_fetch::{Fetch as _, Limits, PrivateCause};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::server::{Answers, Server, cause, json, this_server_alone};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const LIMIT: usize = 64 * 1024;

/// Writes a beginning and then one thing for ever; says so when it is hung up on.
async fn endless(beginning: String, thing: &'static str) -> (Server, mpsc::UnboundedReceiver<()>) {
    let (sender, hung_up) = mpsc::unbounded_channel();
    let server = Server::handling(move |mut stream| {
        let (sender, beginning) = (sender.clone(), beginning.clone());
        async move {
            if stream.write_all(beginning.as_bytes()).await.is_ok() {
                while stream.write_all(thing.as_bytes()).await.is_ok() {}
            }
            sender.send(()).unwrap();
        }
    })
    .await;
    (server, hung_up)
}

#[tokio::test]
async fn row_8725_3_10_01_a_long_document_is_read_up_to_the_limit_alone() {
    let chunk = "400\r\n".to_owned() + &" ".repeat(1024) + "\r\n";
    for (header, thing) in [
        ("\r\n", "                                "),
        ("Transfer-Encoding: chunked\r\n\r\n", chunk.leak()),
        ("Content-Length: 1048576\r\n\r\n", "                "),
    ] {
        let (server, mut hung_up) = endless(format!("{HEAD}{header}"), thing).await;
        let cause = server.cause().await;
        assert!(
            matches!(cause, PrivateCause::TooLong { limit: LIMIT }),
            "{header}: {cause}"
        );
        hung_up.recv().await.unwrap();
    }
}

#[tokio::test]
async fn row_8725_3_10_01_a_document_as_long_as_the_limit_will_do() {
    let server = Server::answering(json(&" ".repeat(LIMIT))).await;
    assert_eq!(server.fetch().await.unwrap().body.len(), LIMIT);
    let server = Server::answering(json(&" ".repeat(LIMIT + 1))).await;
    let cause = server.cause().await;
    assert!(matches!(cause, PrivateCause::TooLong { .. }), "{cause}");
}

#[tokio::test]
async fn row_8725_3_10_01_a_header_is_bounded_too() {
    for thing in ["X: y\r\n", "x"] {
        let (server, mut hung_up) = endless(HEAD.to_owned(), thing).await;
        let cause = server.cause().await;
        assert!(matches!(cause, PrivateCause::Http(_)), "{cause}");
        hung_up.recv().await.unwrap();
    }
    let field = format!("X: {}\r\n", "y".repeat(17 * 1024));
    let cause = Server::answering(format!("{HEAD}{field}\r\n{{}}"))
        .await
        .cause()
        .await;
    assert!(matches!(cause, PrivateCause::Http(_)), "{cause}");
}

/// A byte every second: something always comes, and never enough.
#[tokio::test]
async fn row_8725_3_10_01_a_document_that_drips_meets_the_deadline() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let server = Server::handling(move |mut stream| {
        let sender = sender.clone();
        async move {
            stream.write_all(HEAD.as_bytes()).await.unwrap();
            stream.write_all(b"\r\n").await.unwrap();
            sender.send("dripping").unwrap();
            let mut second = tokio::time::interval(Duration::from_secs(1));
            while stream.write_all(b" ").await.is_ok() && stream.flush().await.is_ok() {
                second.tick().await;
            }
            sender.send("hung up").unwrap();
        }
    })
    .await;
    let server = Arc::new(server);
    let fetching = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.cause().await }
    });
    assert_eq!(told.recv().await, Some("dripping"));
    // From here on time passes by itself whenever everybody waits for it.
    tokio::time::pause();
    let cause = fetching.await.unwrap();
    assert!(matches!(cause, PrivateCause::Timeout), "{cause}");
    assert_eq!(told.recv().await, Some("hung up"));
}

#[tokio::test]
async fn row_8725_3_10_01_a_server_that_never_answers_meets_the_deadline() {
    let (sender, mut asked) = mpsc::unbounded_channel();
    let server = Server::handling(move |stream| {
        let sender = sender.clone();
        async move {
            sender.send(()).unwrap();
            std::future::pending::<()>().await;
            drop(stream);
        }
    })
    .await;
    let fetcher = server.fetcher(this_server_alone(), Answers::always("127.0.0.1"));
    let url = server.url();
    let fetching = tokio::spawn(async move { fetcher.fetch(&url).await });
    asked.recv().await.unwrap();
    tokio::time::pause();
    let cause = cause(fetching.await.unwrap());
    assert!(matches!(cause, PrivateCause::Timeout), "{cause}");
}

#[tokio::test]
async fn limits_can_be_set() {
    let server = Server::answering(json("{ }")).await;
    let limits = Limits {
        max_body: 2,
        ..Limits::default()
    };
    let builder = server.builder(this_server_alone(), Answers::always("127.0.0.1"));
    let fetcher = builder.limits(limits).build().unwrap();
    let cause = cause(fetcher.fetch(&server.url()).await);
    assert_eq!(cause.to_string(), "the document is longer than 2 bytes");
}
