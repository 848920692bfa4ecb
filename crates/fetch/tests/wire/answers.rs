//! What is an answer, and what is none.

use std::time::Duration;

use avouch_fetch::PrivateCause;

use crate::server::{Server, http, json};

async fn cause_of(answer: impl Into<String>) -> PrivateCause {
    Server::answering(answer).await.cause().await
}

#[tokio::test]
async fn row_8725_3_10_01_only_200_is_an_answer() {
    for status in [201, 203, 204, 206, 400, 401, 404, 418, 500, 503] {
        let head = format!("{status} X\r\nContent-Type: application/json");
        let cause = cause_of(http(&head, "")).await;
        assert!(
            matches!(cause, PrivateCause::Status(found) if found == status),
            "{cause}"
        );
    }
}

#[tokio::test]
async fn row_8725_3_10_01_only_json_is_an_answer() {
    for header in [
        "X: y",
        "Content-Type:",
        "Content-Type: text/html",
        "Content-Type: text/json",
        "Content-Type: application/jwk+json",
        "Content-Type: application/json, text/html",
        "Content-Type: application/json; charset=utf-16",
        "Content-Type: application/json\r\nContent-Type: application/json",
    ] {
        let cause = cause_of(http(&format!("200 OK\r\n{header}"), "{}")).await;
        assert!(
            matches!(cause, PrivateCause::ContentType { .. }),
            "{header}: {cause}"
        );
    }
    let cause = cause_of(http("200 OK\r\nContent-Type: text/html; x=y", "{}")).await;
    assert_eq!(
        cause.to_string(),
        "the document has the content type \"text/html; x=y\"; application/jwk-set+json or \
         application/json is needed"
    );
    let long = format!("200 OK\r\nContent-Type: text/{}", "x".repeat(5_000));
    let cause = cause_of(http(&long, "{}")).await.to_string();
    assert!(cause.len() < 250, "{cause}");
    for header in [
        "Content-Type: application/json",
        "content-type: Application/JSON",
        "Content-Type: application/json; charset=utf-8",
        "Content-Type: application/jwk-set+json",
        "Content-Type: application/jwk-set+json;version=1",
    ] {
        let server = Server::answering(http(&format!("200 OK\r\n{header}"), "{}")).await;
        assert_eq!(server.fetch().await.unwrap().body, "{}", "{header}");
    }
}

#[tokio::test]
async fn row_8725_3_10_01_an_encoded_document_is_refused() {
    for coding in ["gzip", "br", "deflate, gzip", "identity"] {
        let head =
            format!("200 OK\r\nContent-Type: application/json\r\nContent-Encoding: {coding}");
        let cause = cause_of(http(&head, "{}")).await;
        assert!(matches!(cause, PrivateCause::Encoded), "{coding}: {cause}");
    }
}

#[tokio::test]
async fn what_is_not_whole_is_no_answer() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "",
    ] {
        let cause = cause_of(answer).await;
        assert!(matches!(cause, PrivateCause::Http(_)), "{answer}: {cause}");
    }
}

#[tokio::test]
async fn a_document_may_come_in_chunks() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
         1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    )
    .await;
    assert_eq!(server.fetch().await.unwrap().body, "{}");
}

#[tokio::test]
async fn how_long_it_stays_fresh_is_passed_on() {
    let fresh = "200 OK\r\nContent-Type: application/json\r\nCache-Control: max-age=90";
    let document = Server::answering(http(fresh, "{}"))
        .await
        .fetch()
        .await
        .unwrap();
    assert_eq!(document.max_age, Some(Duration::from_secs(90)));
    let document = Server::answering(json("{}")).await.fetch().await.unwrap();
    assert_eq!(document.max_age, None);
}
