//! One server: the real binary, as its operator would run it, and what is done to it.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use xtask::postgres::free_port;
use xtask::steps::succeeds;

use crate::wire::Door;

/// Between two looks whether something has come about.
pub const PAUSE: Duration = Duration::from_millis(5);
/// How often it is looked before it is given up: two minutes.
pub const TRIES: u32 = 24_000;

/// Waits until something has come about.
///
/// # Panics
///
/// If it does not.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..TRIES {
        if is_so() {
            return;
        }
        thread::sleep(PAUSE);
    }
    panic!("it did not come about that {what}");
}

/// What it takes to start a server.
#[derive(Debug)]
pub struct Node {
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
    door: Door,
}

/// A server that runs. Killed at the latest when this is dropped.
#[derive(Debug)]
pub struct Running {
    process: Child,
    door: Door,
    log: PathBuf,
}

impl Node {
    /// Writes the configuration of a server into `folder`; its data goes to `data`.
    ///
    /// `issuer` is the one that all servers of a site have, `None` for the first; `more` is further configuration.
    pub fn describe(
        binary: &Path,
        folder: &Path,
        data: &Path,
        issuer: Option<&str>,
        more: &str,
    ) -> Self {
        let port = free_port().unwrap();
        let public = ([127, 0, 0, 1], port).into();
        let own = format!("http://{public}");
        let issuer = issuer.unwrap_or(&own);
        // Not on the disk that forgets: it is not the server's to write.
        let key = folder.join("sealing.key");
        fs::write(&key, format!("{}b2", "a1".repeat(31))).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let config = folder.join("avouch.toml");
        let text = format!(
            "issuer = \"{issuer}\"\n\
             [listen]\naddress = \"{public}\"\n\
             [data]\nfolder = \"{}\"\n\
             [sealing]\nkey_file = \"{}\"\n\
             [keys]\nalgorithms = [\"RS256\", \"ES256\"]\n\
             [tokens]\ndefault_lifetime = 86400\nkeep_expired = 0\n\
             [client_authentication]\nlongest_assertion = 3600\n\
             [rates]\ncalls_per_second = 0\ncaller_failures_per_minute = 0\n\
             [log]\nlevel = \"warn\"\n\
             {more}",
            data.display(),
            key.display(),
        );
        fs::write(&config, text).unwrap();
        Self {
            binary: binary.to_owned(),
            config,
            log: folder.join("log"),
            door: Door {
                public,
                admin: data.join("admin.sock"),
            },
        }
    }

    /// Where it is reached while it runs.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// The issuer identifier of a server that is the first of its site.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.door.public)
    }

    /// Starts it, with whatever `prepare` adds, and does not wait.
    pub fn spawn(&self, prepare: impl FnOnce(&mut Command)) -> Running {
        let mut command = Command::new(&self.binary);
        command
            .args(["serve", "--config"])
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.output());
        prepare(&mut command);
        Running {
            process: command.spawn().unwrap(),
            door: self.door.clone(),
            log: self.log.clone(),
        }
    }

    /// Starts it and waits until it serves.
    pub fn start(&self, prepare: impl FnOnce(&mut Command)) -> Running {
        let mut running = self.spawn(prepare);
        running.wait_until_ready();
        running
    }

    /// The end of what it has to say.
    fn output(&self) -> File {
        let mut options = OpenOptions::new();
        options.create(true).append(true).open(&self.log).unwrap()
    }
}

impl Running {
    /// Where it is reached.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.end();
    }

    /// `SIGSTOP`: it stands still, and does not notice.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// `SIGCONT`.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Waits until it says that it can serve.
    pub fn wait_until_ready(&mut self) {
        let door = self.door.clone();
        wait_until("a server is ready", || {
            self.assert_running();
            door.is_ready()
        });
    }

    /// What it has said in its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// It was not to end by itself.
    pub fn assert_running(&mut self) {
        if let Some(status) = self.process.try_wait().unwrap() {
            let log = self.log();
            panic!("the server ended with {status}:\n{log}");
        }
    }

    fn signal(&self, name: &str) {
        assert!(succeeds("kill", &[name, &self.process.id().to_string()]));
    }

    fn end(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
