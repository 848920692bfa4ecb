//! A development server as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use avouch_server::config::AlgorithmName;
use serde_json::Value;

/// Where it is, and who may register there.
pub(crate) struct Announced {
    pub(crate) issuer: String,
    pub(crate) initial_access_token: String,
}

impl Announced {
    /// Keys that take long are made after the start, and advertised when they are published.
    fn has_every_key(&self) -> bool {
        let address = self.issuer.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let path = "/.well-known/oauth-authorization-server";
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
        let mut metadata = String::new();
        stream.read_to_string(&mut metadata).unwrap();
        let usual = AlgorithmName::USUAL.map(AlgorithmName::algorithm);
        usual
            .iter()
            .all(|algorithm| metadata.contains(&format!("\"{algorithm}\"")))
    }
}

/// A development server that goes when the test does.
pub(crate) struct DevServer {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl DevServer {
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_avouch"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// One that says for scripts where it is, with every key it is to have.
    pub(crate) fn announced() -> (Self, Announced) {
        let mut server = Self::start(&["--json"]);
        let announced: Value = serde_json::from_str(&server.line()).unwrap();
        let text = |name: &str| announced[name].as_str().unwrap().to_owned();
        let announced = Announced {
            issuer: text("issuer"),
            initial_access_token: text("initial_access_token"),
        };
        while !announced.has_every_key() {
            thread::sleep(Duration::from_millis(50));
        }
        (server, announced)
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(
            self.output.read_line(&mut line).unwrap(),
            0,
            "the server ended early"
        );
        line
    }

    /// The commands it prints, up to the one with `last` in it, joined into one script.
    pub(crate) fn commands(&mut self, last: &str) -> String {
        let mut script = String::new();
        let mut in_command = false;
        while !script.contains(last) || in_command {
            let line = self.line();
            in_command = match line.trim() {
                "" => false,
                text => {
                    in_command
                        || ["RS=", "TOKEN=", "BY_CERTIFICATE=", "curl "]
                            .iter()
                            .any(|s| text.starts_with(s))
                }
            };
            if in_command {
                script.push_str(&line);
            }
        }
        script
    }

    pub(crate) fn stop(mut self) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for DevServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
