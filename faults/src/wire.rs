//! HTTP by hand: one request a connection, so that a killed server shows at once.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

/// Longer than a server may take to say that it cannot: who gets no answer in this time never gets one.
const PATIENCE: Duration = Duration::from_mins(1);

/// The type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Where one server is reached.
#[derive(Clone, Debug)]
pub struct Door {
    /// By clients and resource servers.
    pub public: SocketAddr,
    /// By its administrator.
    pub admin: PathBuf,
}

/// An answer that came whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status code.
    pub status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Its body, which is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A member of it, which is text.
    pub fn text(&self, member: &str) -> String {
        let body = self.json();
        let text = body[member].as_str();
        text.unwrap_or_else(|| panic!("no {member} in an answer with {}", self.status))
            .to_owned()
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

impl Door {
    /// Sends one request and reads the whole answer.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Answer> {
        let stream = TcpStream::connect(self.public)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let host = self.public.to_string();
        exchange(stream, &host, method, path, headers, body)
    }

    /// Posts a form in a caller's name.
    pub fn post_form(&self, path: &str, basic: &str, form: &str) -> io::Result<Answer> {
        let headers = [("Content-Type", FORM), ("Authorization", basic)];
        self.send("POST", path, &headers, form)
    }

    /// Sends JSON with a bearer token.
    pub fn send_json(
        &self,
        method: &str,
        path: &str,
        bearer: &str,
        body: &Value,
    ) -> io::Result<Answer> {
        let authorization = format!("Bearer {bearer}");
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", authorization.as_str()),
        ];
        self.send(method, path, &headers, &body.to_string())
    }

    /// Asks the admin API.
    pub fn administer(&self, method: &str, path: &str, body: &Value) -> io::Result<Answer> {
        let stream = connect(&self.admin)?;
        let headers = [("Content-Type", "application/json")];
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        exchange(stream, "admin", method, path, &headers, &body)
    }

    /// Whether the server says that it can serve.
    pub fn is_ready(&self) -> bool {
        let answer = self.administer("GET", "/readyz", &Value::Null);
        answer.is_ok_and(|answer| answer.status == 200)
    }
}

fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn exchange(
    mut stream: impl Read + Write,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
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
    let status = head.split(' ').nth(1);
    let status = status.and_then(|status| status.parse().ok());
    // An answer that was cut off acknowledges nothing.
    let length = field(head, "content-length").and_then(|length| length.parse().ok());
    // 204 has no body, and says no length (RFC 9110 section 8.6).
    if length != Some(body.len()) && status != Some(204) {
        return Err(cut_off());
    }
    Ok(Answer {
        status: status.ok_or_else(cut_off)?,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

fn field<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}
