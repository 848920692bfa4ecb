//! A development server as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use avouch_server::config::AlgorithmName;
use serde_json::Value;

/// Where it is, who may register there, and whom it is to be trusted by.
pub(crate) struct Announced {
    pub(crate) issuer: String,
    pub(crate) initial_access_token: String,
    pub(crate) data_dir: String,
    /// Over TLS alone.
    pub(crate) ca_file: Option<String>,
    /// Where certificates are asked for and one was made.
    pub(crate) client: Option<AnnouncedClient>,
}

/// How to come with a certificate.
pub(crate) struct AnnouncedClient {
    pub(crate) mtls_url: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) subject: String,
}

impl Announced {
    fn parse(line: &str) -> Self {
        let announced: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| announced[name].as_str().map(str::to_owned);
        Self {
            issuer: text("issuer").unwrap(),
            initial_access_token: text("initial_access_token").unwrap(),
            data_dir: text("data_dir").unwrap(),
            ca_file: text("ca_file"),
            client: text("mtls_url").map(|mtls_url| AnnouncedClient {
                mtls_url,
                certificate: text("client_certificate").unwrap(),
                key: text("client_key").unwrap(),
                subject: text("client_subject").unwrap(),
            }),
        }
    }

    pub(crate) fn wait_for_every_key(&self) {
        while !self.has_every_key() {
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Keys that take long are made after the start, and advertised when they are published.
    fn has_every_key(&self) -> bool {
        let mut curl = Command::new("curl");
        curl.arg("-q");
        if let Some(authority) = &self.ca_file {
            curl.args(["--cacert", authority]);
        }
        let url = format!("{}/.well-known/oauth-authorization-server", self.issuer);
        let output = curl
            .args(["-sS", "--max-time", "10", &url])
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let usual = AlgorithmName::USUAL.map(|name| Value::from(name.algorithm().name()));
        let advertised = metadata["introspection_signing_alg_values_supported"].as_array();
        usual.iter().all(|name| advertised.unwrap().contains(name))
    }
}

/// A development server that goes when the test does.
pub(crate) struct DevServer {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl DevServer {
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avouch"));
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0"]);
        Self::run(command.args(options))
    }

    /// Whatever this command serves.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// One that says for scripts where it is, with every key it is to have.
    pub(crate) fn announced(options: &[&str]) -> (Self, Announced) {
        let mut server = Self::start(&[&["--json"], options].concat());
        let announced = Announced::parse(&server.line());
        announced.wait_for_every_key();
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

    /// The commands it prints, joined into one script: all that is set in, after the invitation.
    pub(crate) fn commands(&mut self) -> String {
        let mut script = String::new();
        let mut invited = false;
        loop {
            let line = self.line();
            if line.contains("logged below") {
                return script;
            }
            invited |= line.starts_with("To be run in this order");
            if invited && line.starts_with("  ") {
                script.push_str(&line);
            }
        }
    }

    /// Ends it without a chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
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
