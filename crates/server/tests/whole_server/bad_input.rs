//! Requests that are broken, too large, or not what the endpoint takes.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Answer, Caller, Running, STATEMENT, Setup, Token};

const FORM: &str = "application/x-www-form-urlencoded";
const POSTED: [&str; 4] = ["/introspect", "/token", "/revoke", "/register"];

async fn desk() -> (Running, Caller, Token) {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    (setup.start().await, sign, token)
}

#[tokio::test]
async fn row_9110_15_5_6_01_a_wrong_method_is_405_and_says_which_is_right() {
    let (server, _, _) = desk().await;
    for endpoint in POSTED {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            let answer = server.request(method, endpoint).send().await;
            answer.is_error(405, "invalid_request");
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {endpoint}");
        }
        let answer = server.request("HEAD", endpoint).send().await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.header("allow"), Some("POST"));
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn what_is_only_read_takes_get_and_head() {
    let (server, _, _) = desk().await;
    for endpoint in ["/jwks.json", "/.well-known/oauth-authorization-server"] {
        let answer = server.request("POST", endpoint).send().await;
        answer.is_error(405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("GET,HEAD"));
        let head = server.request("HEAD", endpoint).send().await;
        assert_eq!(head.status, 200);
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_json() {
    let (server, sign, token) = desk().await;
    for path in [
        "/",
        "/introspect/",
        "/INTROSPECT",
        "/introspect%00",
        "//introspect",
        "/.well-known/",
    ] {
        let asked = server.post(path).by(&sign).form(&[("token", &token.text)]);
        asked.send().await.is_error(404, "invalid_request");
    }
}

#[tokio::test]
async fn row_cors_01_introspection_has_no_cors_headers() {
    let (server, sign, token) = desk().await;
    let preflight = server
        .request("OPTIONS", "/introspect")
        .header("Origin", "https://evil.example")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization");
    let real = server.about(&token.text).by(&sign);
    let real = real.header("Origin", "https://evil.example");
    for (asked, status) in [(preflight, 405), (real, 200)] {
        let answer = asked.send().await;
        assert_eq!(answer.status, status);
        let cors = |name: &str| name.starts_with("access-control-");
        assert!(
            !answer.headers.iter().any(|(name, _)| cors(name)),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn row_9110_15_5_16_01_a_wrong_or_missing_type_is_415_and_utf_8_is_fine() {
    let (server, sign, token) = desk().await;
    let body = format!("token={}", token.text);
    for content_type in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=latin1",
        "application/x-www-form-urlencoded, text/plain",
        "",
    ] {
        let asked = server.post("/introspect").by(&sign);
        let answer = asked.body(content_type, body.as_bytes()).send().await;
        answer.is_error(415, "invalid_request");
    }
    let untyped = server
        .post("/introspect")
        .by(&sign)
        .untyped(body.as_bytes());
    untyped.send().await.is_error(415, "invalid_request");
    for content_type in [
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-Urlencoded;charset=\"UTF-8\"",
    ] {
        let asked = server.post("/introspect").by(&sign);
        let answer = asked.body(content_type, body.as_bytes()).send().await;
        assert_eq!(answer.is_json(200)["active"], true);
    }
}

#[tokio::test]
async fn row_9110_15_5_14_01_a_body_that_says_it_is_too_long_is_not_waited_for() {
    let (server, sign, _) = desk().await;
    for endpoint in POSTED {
        let content_type = if endpoint == "/register" {
            "application/json"
        } else {
            FORM
        };
        let head = format!(
            "POST {endpoint} HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\n\
             Content-Type: {content_type}\r\nContent-Length: 65537\r\n\r\n",
            sign.basic()
        );
        let answer = server.raw(head.as_bytes()).await;
        if endpoint == "/register" {
            // Who may not register at all learns nothing about bodies.
            answer.is_error(401, "invalid_token");
        } else {
            answer.is_error(413, "invalid_request");
        }
    }
}

#[tokio::test]
async fn row_9110_15_5_14_01_a_body_without_a_length_is_cut_off_at_the_limit() {
    let (server, sign, _) = desk().await;
    let head = format!(
        "POST /introspect HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nContent-Type: {FORM}\r\n\
         Transfer-Encoding: chunked\r\n\r\n10001\r\n",
        sign.basic()
    );
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // One octet above the limit, and no end in sight.
    stream.write_all(&vec![b'a'; 65_537]).await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    Answer::read(&received).is_error(413, "invalid_request");
}

#[tokio::test]
async fn row_9110_15_5_14_01_a_body_at_the_limit_is_read_and_its_parameters_are_counted() {
    let (server, sign, token) = desk().await;
    let mut body = format!("token={}&filler=", token.text);
    body.push_str(&"a".repeat(65_536 - body.len()));
    let asked = server.post("/introspect").by(&sign);
    let answer = asked.form_body(body.as_bytes()).send().await;
    assert_eq!(answer.is_json(200)["active"], true);

    let many: Vec<_> = (0..10_000).map(|name| name.to_string()).collect();
    let many = many.join("&");
    assert!(many.len() < 65_536);
    let asked = server.post("/introspect").by(&sign);
    let answer = asked.form_body(many.as_bytes()).send().await;
    answer.is_error(400, "invalid_request");
    assert!(
        answer.text().contains("more than 64 parameters"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn row_6749_3_1_01_a_parameter_comes_once() {
    let (server, sign, token) = desk().await;
    for body in [
        "token=a&token=b".to_owned(),
        format!("token={0}&token={0}", token.text),
        "token=a&%74oken=b".to_owned(),
        "token=a&token=".to_owned(),
        "token=a&colour=blue&colour=red".to_owned(),
        "token=a&token_type_hint=x&token_type_hint=y".to_owned(),
    ] {
        let asked = server.post("/introspect").by(&sign);
        let answer = asked.form_body(body.as_bytes()).send().await;
        answer.is_error(400, "invalid_request");
    }
    for body in ["token=", "token", "token=&token_type_hint="] {
        let asked = server.post("/introspect").by(&sign);
        let answer = asked.form_body(body.as_bytes()).send().await;
        answer.is_error(400, "invalid_request");
        assert!(
            answer.text().contains("token is missing"),
            "{}",
            answer.text()
        );
    }
    for body in [
        "token=x&colour=blue",
        "token=x&",
        "&&token=x&&",
        "token=x&=&a",
    ] {
        let asked = server.post("/introspect").by(&sign);
        let answer = asked.form_body(body.as_bytes()).send().await;
        // The empty name twice over is a repetition too; here it comes once.
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    }
}

#[tokio::test]
async fn row_6749_b_01_forms_are_utf_8_with_whole_percent_signs() {
    let (server, sign, _) = desk().await;
    for body in [
        &b"token=%zz"[..],
        b"token=%",
        b"token=%f",
        b"token=%ff",
        b"token=\xff",
        b"token=a&%ff=b",
        b"token=a&colour=\xc3",
        b"token=%ed%a0%80",
    ] {
        for endpoint in ["/introspect", "/token", "/revoke"] {
            let answer = server.post(endpoint).by(&sign).form_body(body).send().await;
            answer.is_error(400, "invalid_request");
        }
    }
    let asked = server.post("/introspect").by(&sign);
    asked
        .form_body(b"token=%F0%9F%94%91")
        .send()
        .await
        .is_inactive();
}

#[tokio::test]
async fn row_6749_5_2_01_errors_have_their_form_and_repeat_nothing_secret() {
    let (server, sign, token) = desk().await;
    let secret = sign.secret.clone();
    let wrong = sign.with_secret("s3cret-of-mine");
    let twice = format!("token={0}&token={0}", token.text);
    let answers = [
        server
            .post("/introspect")
            .form(&[("token", &token.text)])
            .send()
            .await,
        server.about(&token.text).by(&wrong).send().await,
        server
            .about(&token.text)
            .bearer("s3cret-of-mine")
            .send()
            .await,
        server
            .post("/introspect")
            .by(&sign)
            .form_body(twice.as_bytes())
            .send()
            .await,
        server
            .about(&token.text)
            .by(&sign)
            .accept("text/s3cret-of-mine")
            .send()
            .await,
        server
            .post(&format!("/introspect?token={}", token.text))
            .by(&sign)
            .send()
            .await,
        server.post("/s3cret-of-mine").by(&sign).send().await,
        server
            .post("/token")
            .by(&sign)
            .form(&[("grant_type", "s3cret-of-mine")])
            .send()
            .await,
        server
            .post("/revoke")
            .by(&sign)
            .form(&[("token", &token.text)])
            .send()
            .await,
        server
            .post("/register")
            .bearer("s3cret-of-mine")
            .send()
            .await,
    ];
    for answer in answers {
        let code = answer.json()["error"].as_str().unwrap().to_owned();
        answer.is_error(answer.status, &code);
        for hidden in [token.text.as_str(), "s3cret-of-mine", secret.as_str()] {
            assert!(!answer.text().contains(hidden), "{}", answer.text());
            let in_header = answer
                .headers
                .iter()
                .any(|(_, value)| value.contains(hidden));
            assert!(!in_header, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn more_headers_than_anyone_sends_are_refused_before_they_are_looked_at() {
    let (server, sign, token) = desk().await;
    let mut asked = server.about(&token.text).by(&sign).accept(STATEMENT);
    for i in 0..200 {
        asked = asked.header(&format!("X-{i}"), "1");
    }
    let answer = server.raw_lenient(&asked.bytes()).await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_request() {
    let (server, sign, token) = desk().await;
    let head = format!(
        "POST /introspect HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nContent-Type: {FORM}\r\n\
         Content-Length: 500\r\n\r\ntoken={}",
        sign.basic(),
        token.text
    );
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = Vec::new();
    // Whether an answer still gets through is the connection's luck; the
    // token's state never does.
    let _ = stream.read_to_end(&mut received).await;
    assert!(!String::from_utf8_lossy(&received).contains("active"));
    let answer = server.introspect(&sign, &token.text).await;
    assert_eq!(answer.is_json(200)["active"], true);
}

#[tokio::test]
async fn a_body_longer_than_it_says_is_no_second_request() {
    let (server, sign, token) = desk().await;
    let body = format!("token={}", token.text);
    let request = format!(
        "POST /introspect HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: {}\r\n\
         Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
        sign.basic(),
        body.len() - 1,
    );
    // The last character is lost, and with it the token.
    let answer = server.raw_lenient(request.as_bytes()).await;
    answer.is_inactive();
}

#[tokio::test]
async fn two_lengths_or_a_length_beside_chunks_are_refused_or_read_one_way() {
    let (server, sign, token) = desk().await;
    let body = format!("token={}", token.text);
    let head = |lengths: &str| {
        format!(
            "POST /introspect HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: {}\r\n\
             Content-Type: {FORM}\r\n{lengths}\r\n{body}",
            sign.basic()
        )
    };
    let two = format!("Content-Length: {}\r\nContent-Length: 6\r\n", body.len());
    for lengths in [
        two.as_str(),
        "Content-Length: -1\r\n",
        "Content-Length: abc\r\n",
        "Transfer-Encoding: gzip\r\n",
    ] {
        let answer = server.raw_lenient(head(lengths).as_bytes()).await;
        assert_eq!(answer.status, 400, "{lengths}");
    }
}

#[tokio::test]
async fn what_is_no_http_at_all_does_no_harm() {
    let (server, sign, token) = desk().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\r\n\r\n\0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received).await;
        assert!(!received.starts_with(b"HTTP/1.1 2"));
    }
    let answer = server.introspect(&sign, &token.text).await;
    assert_eq!(answer.is_json(200)["active"], true);
}

/// Sends bytes on a connection that stays open as long as the server likes,
/// then says that nothing more comes. Returns all that came back.
async fn converse(server: &Running, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    String::from_utf8(received).unwrap()
}

#[tokio::test]
async fn a_body_that_was_not_read_is_never_taken_for_a_request() {
    let (server, sign, token) = desk().await;
    let body = format!("token={}", token.text);
    let hidden = format!(
        "POST /introspect HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nContent-Type: {FORM}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        sign.basic(),
        body.len(),
    );
    for (endpoint, content_type) in [
        ("/introspect", "text/plain"),
        ("/nowhere", FORM),
        ("/jwks.json", FORM),
        ("/register", "application/json"),
        ("/introspect?token=x", FORM),
    ] {
        let outer = format!(
            "POST {endpoint} HTTP/1.1\r\nHost: a\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n{hidden}",
            hidden.len(),
        );
        let received = converse(&server, outer.as_bytes()).await;
        assert_eq!(received.matches("HTTP/1.1 ").count(), 1, "{received}");
        assert!(!received.contains("\"active\""), "{received}");
    }
}

#[tokio::test]
async fn several_requests_on_one_connection_are_answered_in_order() {
    let (server, sign, token) = desk().await;
    let one = |token: &str| {
        let body = format!("token={token}");
        format!(
            "POST /introspect HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\n\
             Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
            sign.basic(),
            body.len(),
        )
    };
    let all = [one(&token.text), one("unknown"), one(""), one(&token.text)].concat();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(all.as_bytes()).await.unwrap();
    let last = "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(last.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let received = String::from_utf8(received).unwrap();
    let answers: Vec<_> = received.split("HTTP/1.1 ").skip(1).collect();
    let begins: Vec<_> = answers.iter().map(|answer| &answer[..3]).collect();
    assert_eq!(begins, ["200", "200", "400", "200", "404"], "{received}");
    assert!(answers[0].contains("\"active\":true"));
    assert!(answers[1].ends_with("{\"active\":false}"));
    assert!(answers[3].contains("\"active\":true"));
}

#[tokio::test]
async fn targets_of_every_form_are_answered_and_do_no_harm() {
    let (server, sign, token) = desk().await;
    for (line, status) in [
        ("CONNECT as.example:443 HTTP/1.1", "404"),
        ("OPTIONS * HTTP/1.1", "404"),
        ("GET http://elsewhere.example/jwks.json HTTP/1.1", "200"),
        ("GET /jwks.json?a=%ff%zz HTTP/1.1", "200"),
        ("GET /jwks.json HTTP/1.0", "200"),
        ("GET /../jwks.json HTTP/1.1", "404"),
        ("GET /%6awks.json HTTP/1.1", "404"),
        ("GET /{*} HTTP/1.1", "404"),
    ] {
        let request = format!("{line}\r\nHost: a\r\nConnection: close\r\n\r\n");
        let received = server.raw_lenient(request.as_bytes()).await;
        assert_eq!(received.status.to_string(), status, "{line}: {received:?}");
    }
    let answer = server.introspect(&sign, &token.text).await;
    assert_eq!(answer.is_json(200)["active"], true);
}

/// The library below reads the chunks and drops the length (docs/divergences.md): whatever a proxy
/// took for the body, what follows it is not taken for a request.
#[tokio::test]
async fn a_length_beside_chunks_ends_the_connection() {
    let (server, sign, token) = desk().await;
    let body = format!("token={}", token.text);
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let smuggled = "GET /jwks.json HTTP/1.1\r\nHost: a\r\n\r\n";
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let bytes = format!(
            "POST /introspect HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\n\
             Content-Type: {FORM}\r\n{framing}\r\n\r\n{chunks}{smuggled}",
            sign.basic()
        );
        let received = server.raw_bytes(bytes.as_bytes()).await;
        let text = String::from_utf8_lossy(&received);
        assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
    }
}
