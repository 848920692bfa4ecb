//! A server in this process, and the binary that administers it.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use avouch_crypto::random::SystemRandom;
use avouch_server::config::{AlgorithmName, Config, DataConfig, SealingConfig};
use avouch_server::{Server, Surroundings, SystemClock, start};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) struct Stage {
    // Dropped in this order: the server before its folder.
    server: Option<Server>,
    runtime: Runtime,
    folder: TempDir,
}

/// What the binary did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    /// Standard output of a run that went well.
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// Standard error of one that did not.
    pub(crate) fn badly(self) -> String {
        assert_eq!(self.code, 1, "{self:?}");
        assert_eq!(self.out, "", "nothing goes to standard output");
        self.err
    }

    pub(crate) fn json(self) -> Value {
        let out = self.well();
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("not JSON: {out}"))
    }
}

/// By which commands find a server.
pub(crate) const VARIABLES: [&str; 5] = [
    "AVOUCH_DATA",
    "AVOUCH_CONFIG",
    "AVOUCH_ADMIN_URL",
    "AVOUCH_ADMIN_CREDENTIALS",
    "AVOUCH_CA_FILE",
];

/// Runs the binary without a terminal and without a server.
pub(crate) fn avouch(arguments: &[&str], environment: &[(&str, &Path)], input: &str) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_avouch"));
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end without having read; that is no failure of the test.
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Stage {
    pub(crate) fn set() -> Self {
        Self::set_with(|_| {})
    }

    /// A server whose configuration is changed before it starts.
    pub(crate) fn set_with(change: impl FnOnce(&mut Config)) -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = TempDir::new().unwrap();
        let server = runtime.block_on(async {
            let key = folder.path().join("sealing.key");
            fs::write(&key, format!("{}b2", "a1".repeat(31))).unwrap();
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let issuer = format!("http://{}", listener.local_addr().unwrap());
            let mut config = Config::new(
                issuer.try_into().unwrap(),
                DataConfig {
                    folder: folder.path().join("data"),
                },
                SealingConfig {
                    key_file: Some(key),
                    ..SealingConfig::default()
                },
            );
            config.keys.algorithms = vec![AlgorithmName::ES256];
            change(&mut config);
            fs::write(folder.path().join("avouch.toml"), config.to_toml().unwrap()).unwrap();
            let surroundings = Surroundings::new(Arc::new(SystemClock), Arc::new(SystemRandom));
            start(&config, listener, surroundings).await.unwrap()
        });
        Self {
            server: Some(server),
            runtime,
            folder,
        }
    }

    /// Stops the server; what it kept stays.
    pub(crate) fn stop(&mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.stop());
    }

    /// Starts it again as its configuration says by now, where it was.
    pub(crate) fn start_again(&mut self) {
        let config = avouch_server::config::load(&self.path("avouch.toml")).unwrap();
        let address = config.issuer.as_str().strip_prefix("http://").unwrap();
        let address = address.to_owned();
        let server = self.runtime.block_on(async {
            let listener = TcpListener::bind(address).await.unwrap();
            let surroundings = Surroundings::new(Arc::new(SystemClock), Arc::new(SystemRandom));
            start(&config, listener, surroundings).await.unwrap()
        });
        self.server = Some(server);
    }

    /// The published keys, in a file.
    pub(crate) fn keys_in_a_file(&self) -> String {
        self.write("keys.json", &self.published_keys())
    }

    /// Waits for a key that is made after the start.
    pub(crate) fn wait_for_key(&self, algorithm: &str) {
        self.wait_for_published(&format!("\"alg\":\"{algorithm}\""));
    }

    /// Waits until this is part of the published keys.
    pub(crate) fn wait_for_published(&self, text: &str) {
        while !self.published_keys().contains(text) {
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn published_keys(&self) -> String {
        let mut connection = TcpStream::connect(self.address()).unwrap();
        let request = "GET /jwks.json HTTP/1.1\r\nhost: as\r\nconnection: close\r\n\r\n";
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        body.to_owned()
    }

    /// The server itself.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Where it serves the public.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server().address()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        avouch(arguments, &[("AVOUCH_DATA", &self.path("data"))], input)
    }

    /// `pay` and `shop`, added by commands.
    pub(crate) fn shop_and_pay(&self) {
        let pay = [
            "resource-server",
            "add",
            "pay",
            "--resource",
            "https://pay.example",
        ];
        self.run(
            &[
                &pay[..],
                &["--signing-alg", "ES256", "--release-claim", "iban"],
            ]
            .concat(),
        )
        .well();
        let shop = ["client", "add", "shop", "--scope", "pay sign"];
        self.run(&[&shop[..], &["--resource", "https://pay.example"]].concat())
            .well();
    }

    /// The runtime the server lives on.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}
