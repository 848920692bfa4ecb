//! A server on a disk that forgets, and the clients that keep it busy.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use avouch_jose::base64url;
use serde_json::Value;
use tempfile::TempDir;

use crate::history::{Entry, State};
use crate::proofs::{Exchanged, Prover, exchange};
use crate::registrations::{Noted, register_and_manage};
use crate::wire::{Answer, post_form, send};

/// Clients that issue and revoke at the same time.
const CLIENTS: usize = 4;
const RESOURCE: &str = "https://api.example";

/// What happens to the disk when the server is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// The machine goes on: what was written is there.
    Stays,
    /// The power fails with the kill: what was not synced is gone.
    FailsWithTheKill,
    /// The power fails, and syncing never worked.
    FailsAndNothingIsSynced,
}

/// The disk, and what it takes to start the server on it.
pub(crate) struct Site {
    root: TempDir,
    data: PathBuf,
    config: PathBuf,
    address: SocketAddr,
    callers: Callers,
}

/// `Authorization` headers.
#[derive(Clone)]
struct Callers {
    client: String,
    resource_server: String,
    /// For further registrations.
    initial_access_token: String,
    /// The one that authenticates with a key.
    prover: Prover,
}

/// A server that runs, to be killed.
pub(crate) struct Running {
    process: Child,
    address: SocketAddr,
    callers: Callers,
}

impl Site {
    /// A server that was set up, with a client and a resource server, then
    /// killed and restarted on what it had synced.
    pub(crate) fn set_up() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["disk", "shadow"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let address = free_address();
        let mut command = avouch(root.path(), Power::FailsWithTheKill);
        command.args(["serve", "--dev", "--json", "--listen", &address.to_string()]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut announcement = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut announcement).unwrap();
        let announcement: Value = serde_json::from_str(&announcement).unwrap();
        let data = PathBuf::from(announcement["data_dir"].as_str().unwrap());
        let callers = register(
            address,
            announcement["initial_access_token"].as_str().unwrap(),
        );
        kill(&mut process);

        let config = root.path().join("avouch.toml");
        let text = format!(
            "issuer = \"http://{address}\"\n\
             [listen]\naddress = \"{address}\"\n\
             [data]\nfolder = \"{}\"\n\
             [sealing]\nkey_file = \"{}\"\n\
             [rates]\ncaller_failures_per_minute = 0\n\
             [log]\nlevel = \"warn\"\n",
            data.display(),
            data.join("sealing.key").display(),
        );
        fs::write(&config, text).unwrap();
        let mut site = Self {
            root,
            data,
            config,
            address,
            callers,
        };
        site.lose_what_was_not_synced();
        site
    }

    /// Starts the server on what the disk holds.
    pub(crate) fn start(&mut self, power: Power) -> Running {
        let shadow = self.root.path().join("shadow");
        fs::remove_dir_all(&shadow).unwrap();
        fs::create_dir(&shadow).unwrap();
        let mut command = avouch(self.root.path(), power);
        let process = command
            .args(["serve", "--config"])
            .arg(&self.config)
            .spawn()
            .unwrap();
        let running = Running {
            process,
            address: self.address,
            callers: self.callers.clone(),
        };
        running.wait_until_ready();
        running
    }

    /// The power has failed: the disk holds what was synced and nothing else.
    pub(crate) fn lose_what_was_not_synced(&mut self) {
        let (disk, shadow) = (
            self.root.path().join("disk"),
            self.root.path().join("shadow"),
        );
        fs::remove_dir_all(&disk).unwrap();
        fs::rename(&shadow, &disk).unwrap();
        fs::create_dir(&shadow).unwrap();
        assert!(self.data.starts_with(&disk));
        fs::create_dir_all(&self.data).unwrap();
    }
}

impl Running {
    /// Clients issue tokens and revoke every second one, all at the same time,
    /// until so many operations were acknowledged; then the server is killed
    /// in the middle of whatever it does.
    pub(crate) fn issue_and_revoke_until_killed(self, operations: usize) -> Vec<Entry> {
        let acknowledged = |entry: &Entry| entry.state != State::Unknown;
        self.until_killed(operations, acknowledged, issue_and_revoke)
    }

    /// The same with clients that register, change and remove their
    /// registration.
    pub(crate) fn register_and_manage_until_killed(self, operations: usize) -> Vec<Noted> {
        self.until_killed(
            operations,
            Noted::is_acknowledged,
            |address, callers, notes| {
                register_and_manage(address, &callers.initial_access_token, notes);
            },
        )
    }

    /// The same with a resource server that gets itself tokens, each for a
    /// fresh assertion.
    pub(crate) fn exchange_until_killed(self, operations: usize) -> Vec<Exchanged> {
        self.until_killed(
            operations,
            |_| true,
            |address, callers, notes| exchange(address, &callers.prover, notes),
        )
    }

    fn until_killed<E: Send + 'static>(
        mut self,
        operations: usize,
        is_acknowledged: impl Fn(&E) -> bool,
        work: fn(SocketAddr, &Callers, &Sender<E>),
    ) -> Vec<E> {
        let (sender, receiver) = channel();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (address, callers, sender) =
                    (self.address, self.callers.clone(), sender.clone());
                thread::spawn(move || work(address, &callers, &sender))
            })
            .collect();
        drop(sender);
        let mut entries = Vec::new();
        let mut killed = false;
        while let Ok(entry) = receiver.recv() {
            entries.push(entry);
            let acknowledged = entries.iter().filter(|entry| is_acknowledged(entry));
            if !killed && acknowledged.count() >= operations {
                kill(&mut self.process);
                killed = true;
            }
        }
        for client in clients {
            client.join().unwrap();
        }
        assert!(killed, "the server failed before it was killed");
        entries
    }

    /// Whether a resource server is told that the token is active; `None` if
    /// it is not told at all.
    pub(crate) fn is_active(&self, token: &str) -> Option<bool> {
        let basic = &self.callers.resource_server;
        let answer = post_form(
            self.address,
            "/introspect",
            basic,
            &format!("token={token}"),
        );
        let answer = answer.unwrap();
        if answer.status == 200 {
            answer.json()["active"].as_bool()
        } else {
            None
        }
    }

    /// What a read of a registration comes to.
    pub(crate) fn read(&self, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send("GET", path, &[("Authorization", &bearer)], "")
    }

    /// The answer to any request.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        send(self.address, method, path, headers, body).unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        kill(&mut self.process);
    }

    fn wait_until_ready(&self) {
        for _ in 0..1_500 {
            let path = "/.well-known/oauth-authorization-server";
            if send(self.address, "GET", path, &[], "").is_ok_and(|answer| answer.status == 200) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the server did not come up");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Goes on until the server is gone.
fn issue_and_revoke(address: SocketAddr, callers: &Callers, entries: &Sender<Entry>) {
    let form = format!("grant_type=client_credentials&resource={RESOURCE}");
    let note = |token: &str, state| {
        entries
            .send(Entry {
                token: token.to_owned(),
                state,
            })
            .unwrap();
    };
    for turn in 0_u64.. {
        let Ok(answer) = post_form(address, "/token", &callers.client, &form) else {
            return;
        };
        assert_eq!(answer.status, 200);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        note(&token, State::Issued);
        if turn % 2 == 0 {
            continue;
        }
        match post_form(
            address,
            "/revoke",
            &callers.client,
            &format!("token={token}"),
        ) {
            Ok(answer) => {
                assert_eq!(answer.status, 200);
                note(&token, State::Revoked);
            }
            Err(_) => return note(&token, State::Unknown),
        }
    }
}

fn register(address: SocketAddr, token: &str) -> Callers {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("Content-Type", "application/json"),
        ("Authorization", authorization.as_str()),
    ];
    let registered = |request: &str| {
        let answer = send(address, "POST", "/register", &headers, request).unwrap();
        assert_eq!(answer.status, 201);
        answer.json()
    };
    let basic = |request: &str| {
        let answer = registered(request);
        let credentials = format!(
            "{}:{}",
            answer["client_id"].as_str().unwrap(),
            answer["client_secret"].as_str().unwrap()
        );
        // The alphabets agree but for two characters, and padding is optional here.
        let encoded = base64url::encode(credentials)
            .replace('-', "+")
            .replace('_', "/");
        let padding = "=".repeat((4 - encoded.len() % 4) % 4);
        format!("Basic {encoded}{padding}")
    };
    Callers {
        client: basic(r#"{"grant_types":["client_credentials"],"scope":"read"}"#),
        resource_server: basic(&format!(r#"{{"grant_types":[],"resource":"{RESOURCE}"}}"#)),
        initial_access_token: token.to_owned(),
        prover: Prover::register(
            |metadata| registered(&metadata.to_string()),
            &format!("http://{address}"),
        ),
    }
}

/// The server, under the shim that keeps what was synced.
fn avouch(root: &Path, power: Power) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_avouch"));
    command
        .env("TMPDIR", root.join("disk"))
        .stderr(Stdio::inherit());
    if power == Power::Stays {
        return command;
    }
    command
        .env("LD_PRELOAD", shim())
        .env("AVOUCH_FAULT_DIR", root.join("disk"))
        .env("AVOUCH_FAULT_SHADOW", root.join("shadow"));
    if power == Power::FailsAndNothingIsSynced {
        command.env("AVOUCH_FAULT_DEAF", "1");
    }
    command
}

/// The shim, compiled once.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/faults/unsynced.c");
        let name = format!("unsynced-{}.so", std::process::id());
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut command = Command::new("cc");
        command
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .arg(&target)
            .arg(source);
        command.args(["-ldl", "-lpthread"]);
        assert!(command.status().unwrap().success());
        target
    })
}

fn kill(process: &mut Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
}
