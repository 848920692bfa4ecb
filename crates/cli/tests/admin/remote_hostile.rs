//! Over TCP, whoever answers may be anybody: what must not be sent there, and not be said.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use crate::remote_stage::write_private;
use crate::stage::{Done, avouch};

const SECRET: &str = "s3cret-that-nobody-else-sees";
const TOKEN: &str = "t0ken-that-is-shown-to-one";

/// What is answered at a path: status, further headers, body.
type Answers = Box<dyn Fn(&str) -> (u16, String, String) + Send + Sync>;

/// A server on loopback that answers as it likes, and keeps what it was sent.
#[derive(Clone)]
struct Hostile {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Answers>>,
}

impl Hostile {
    fn on(host: &str) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let hostile = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::default(),
            answers: Arc::new(Mutex::new(Box::new(|_| {
                (404, String::new(), String::new())
            }))),
        };
        let serving = hostile.clone();
        // Ends with the process of the test.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(&stream));
            }
        });
        hostile
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let lower = head.to_lowercase();
        let length = lower.split("content-length: ").nth(1);
        let length = length.map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        self.seen.lock().unwrap().push(format!("{head}{body}"));
        let path = head.split(' ').nth(1).unwrap();
        let (status, headers, body) = self.answers.lock().unwrap()(path);
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{headers}\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        // It may have gone away in the middle.
        _ = (&*stream).write_all(answer.as_bytes());
    }

    fn answer(&self, answers: impl Fn(&str) -> (u16, String, String) + Send + Sync + 'static) {
        *self.answers.lock().unwrap() = Box::new(answers);
    }

    fn saw(&self, text: &str) -> bool {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .any(|seen| seen.contains(text))
    }

    fn was_asked(&self) -> bool {
        !self.seen.lock().unwrap().is_empty()
    }
}

/// One that is both the admin API and its authorization server, well-behaved but for `changed`.
fn both(
    changed: impl Fn(&str, &str) -> Option<(u16, String, String)> + Send + Sync + 'static,
) -> Hostile {
    let hostile = Hostile::on("127.0.0.1");
    let url = hostile.url.clone();
    hostile.answer(move |path| {
        if let Some(answer) = changed(path, &url) {
            return answer;
        }
        let body = match path {
            "/.well-known/oauth-protected-resource" => {
                json!({"resource": url, "authorization_servers": [url]})
            }
            "/.well-known/oauth-authorization-server" => {
                json!({"issuer": url, "token_endpoint": format!("{url}/token")})
            }
            "/token" => json!({"access_token": TOKEN, "token_type": "DPoP", "expires_in": 60}),
            _ => json!({"keys": []}),
        };
        (200, String::new(), body.to_string())
    });
    hostile
}

/// `avouch key list`, with credentials for this issuer.
fn list(admin: &str, issuer: &str) -> Done {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.toml");
    write_private(
        &file,
        &format!(
            "issuer = \"{issuer}\"\nclient_id = \"ops\"\nsecret_file = \"ops.secret\"\n\
                  method = \"client_secret_post\"\n"
        ),
    );
    write_private(&folder.path().join("ops.secret"), SECRET);
    let who = ["--admin-credentials", file.to_str().unwrap()];
    let list = ["key", "list", "--admin-url", admin];
    let done = avouch(&[&list[..], &who].concat(), &[], "");
    for hidden in [SECRET, TOKEN, "\u{1b}", "\u{7}"] {
        assert!(
            !done.err.contains(hidden) && !done.out.contains(hidden),
            "{done:?}"
        );
    }
    done
}

fn error(text: &str) -> (u16, String, String) {
    let body = json!({"error": "invalid_token", "error_description": text});
    (401, String::new(), body.to_string())
}

#[test]
fn a_good_one_is_sent_the_secret_where_tokens_are_and_the_token_where_it_counts() {
    let server = both(|_, _| None);
    list(&server.url, &server.url).well();
    let seen = server.seen.lock().unwrap();
    let [_, _, token, call] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert!(token.starts_with("POST /token ") && token.contains(SECRET));
    assert!(call.starts_with("GET /admin/v1/keys ") && call.contains(TOKEN));
    assert!(!call.contains(SECRET));
}

#[test]
fn an_admin_api_that_names_another_issuer_gets_no_secret_there() {
    let good = both(|_, _| None);
    let thief = both(|_, _| None);
    // It says that its own tokens are wanted; the credentials are for another issuer.
    let said = list(&thief.url, &good.url).badly();
    assert!(said.contains("they were sent nowhere"), "{said}");
    assert!(
        said.contains(&thief.url) && said.contains("ops.toml has to name it"),
        "{said}"
    );
    assert!(!thief.saw(SECRET) && !good.was_asked());

    // It gives itself out as the right one: tokens for it are not what the right one issues.
    let other = good.url.clone();
    let posing = both(move |path, _| {
        let body = json!({"resource": other, "authorization_servers": [other]});
        (path == "/.well-known/oauth-protected-resource")
            .then(|| (200, String::new(), body.to_string()))
    });
    let said = list(&posing.url, &good.url).badly();
    assert!(said.contains("another protected resource"), "{said}");
    assert!(!posing.saw(SECRET) && !good.was_asked());
}

#[test]
fn metadata_that_leads_elsewhere_is_not_followed() {
    let stranger = Hostile::on("127.0.0.2");
    for endpoint in [
        format!("{}/token", stranger.url),
        "http://192.0.2.1/token".to_owned(),
        "https://as.example.com/token".to_owned(),
        "http://user@127.0.0.1/token".to_owned(),
    ] {
        let told = endpoint.clone();
        let server = both(move |path, url| {
            let body = json!({"issuer": url, "token_endpoint": told});
            (path == "/.well-known/oauth-authorization-server")
                .then(|| (200, String::new(), body.to_string()))
        });
        let said = list(&server.url, &server.url).badly();
        assert!(
            said.contains("token_endpoint") || said.contains("token endpoint"),
            "{said}"
        );
        assert!(!server.saw(SECRET));
    }
    for at in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server",
        "/token",
        "/admin/v1/keys",
    ] {
        let location = format!("location: {}{at}\r\n", stranger.url);
        let server =
            both(move |path, _| (path == at).then(|| (307, location.clone(), String::new())));
        let said = list(&server.url, &server.url).badly();
        assert!(
            said.contains("a redirect (307), which is not followed"),
            "{said}"
        );
    }
    assert!(!stranger.was_asked());
}

#[test]
fn refused_and_odd_answers_are_told_without_what_they_hide() {
    for (at, answer, part) in [
        (
            "/admin/v1/keys",
            error("who are you?"),
            "does not take the access token of ops: who are",
        ),
        (
            "/admin/v1/keys",
            error(&format!("so {TOKEN} is bad")),
            "status 401",
        ),
        ("/admin/v1/keys", error("\u{1b}[2J\u{7}gone"), "gone"),
        (
            "/admin/v1/keys",
            (403, String::new(), "{".to_owned()),
            "status 403",
        ),
        (
            "/admin/v1/keys",
            (429, "retry-after: 7\r\n".to_owned(), String::new()),
            "again in 7 s",
        ),
        (
            "/admin/v1/keys",
            (200, String::new(), "[]".to_owned()),
            "does not understand",
        ),
        (
            "/admin/v1/keys",
            (500, String::new(), "<html>".to_owned()),
            "does not understand",
        ),
        (
            "/token",
            error(&format!("no {SECRET}")),
            "ops gets no access token",
        ),
        (
            "/token",
            (200, String::new(), "{}".to_owned()),
            "not acceptable",
        ),
        (
            "/token",
            (200, String::new(), "x".repeat(70_000)),
            "longer than",
        ),
        (
            "/token",
            (
                200,
                String::new(),
                json!({"access_token": TOKEN, "token_type": "Bearer"}).to_string(),
            ),
            "is not sent",
        ),
        (
            "/.well-known/oauth-protected-resource",
            (200, String::new(), "x".repeat(140_000)),
            "longer than",
        ),
        (
            "/admin/v1/keys",
            (200, String::new(), "x".repeat(17 << 20)),
            "longer than",
        ),
    ] {
        let server = both(move |path, _| (path == at).then(|| answer.clone()));
        let said = list(&server.url, &server.url).badly();
        assert!(said.contains(part), "{part} in {said}");
    }
}
