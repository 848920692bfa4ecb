//! HTTP by hand: one request a connection, so that a killed server shows at once.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends one request and reads the whole answer.
pub(crate) fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    write!(stream, "{request}\r\n{body}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_off)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    // An answer that was cut off acknowledges nothing.
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    // 204 has no body, and says no length (RFC 9110 section 8.6).
    if length != Some(body.len()) && status != Some(204) {
        return Err(cut_off());
    }
    Ok(Answer {
        status: status.ok_or_else(cut_off)?,
        body: body.to_owned(),
    })
}

/// Posts a form in a caller's name.
pub(crate) fn post_form(to: SocketAddr, path: &str, basic: &str, form: &str) -> io::Result<Answer> {
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Authorization", basic),
    ];
    send(to, "POST", path, &headers, form)
}
