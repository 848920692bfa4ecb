//! A PostgreSQL server of a run's own, on a disk that forgets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::postgres::Server;

use crate::disk::{Disk, Power};
use crate::shims;

/// What it is run with, besides the defaults.
const SETTINGS: &[&str] = &[
    // After a crash everything is synced anew: at once, not file by file.
    "recovery_init_sync_method=syncfs",
];
/// What it is made with.
const INITDB: &[&str] = &[
    // To prove the password costs both ends much, for every connection that is made anew.
    "--auth=password",
    // The shim copies what is synced, and the log is synced with every commit: in files of a megabyte.
    "--wal-segsize=1",
];

/// The server and its disk.
pub struct Database {
    server: Server,
    disk: Disk,
    shim: PathBuf,
}

impl Database {
    /// Starts one of this name, on a disk that forgets nothing yet.
    pub fn start(name: &str) -> Result<Self, String> {
        let server = Server::start_with(name, SETTINGS, INITDB)?;
        let folder = server.folder();
        let disk = Disk::of(folder.join("data"), folder.join("shadow"));
        // Where the user can read it whom the server runs as.
        let shim = folder.join("unsynced.so");
        fs::copy(shims::unsynced(), &shim).map_err(|error| error.to_string())?;
        let database = Self { server, disk, shim };
        database.give_to_its_user(&["unsynced.so"]);
        Ok(database)
    }

    /// The server, to be asked.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// In good order.
    pub fn stop(&mut self) {
        self.server.stop().unwrap();
    }

    /// `kill -9`, of the server and of every process it started.
    pub fn kill(&mut self) {
        self.server.kill().unwrap();
    }

    /// The power has failed: the disk holds what was synced and nothing else.
    pub fn lose_what_was_not_synced(&self) {
        self.disk.lose_what_was_not_synced();
        // Cut off or whole, it names a process of before: an operator takes it away.
        let _ = fs::remove_file(self.disk.folder().join("postmaster.pid"));
    }

    /// Starts it on what the disk holds, or says why it does not start.
    pub fn restart(&mut self, power: Power) -> Result<(), String> {
        let environment = self.disk.environment(&self.shim, power);
        self.give_to_its_user(&["data", "shadow"]);
        self.server.restart(&environment)
    }

    fn give_to_its_user(&self, names: &[&str]) {
        let folder: &Path = self.server.folder();
        let mut command = Command::new("chown");
        command
            .arg("-R")
            .arg("--reference")
            .arg(folder.join("password"));
        command.args(names.iter().map(|name| folder.join(name)));
        assert!(command.status().unwrap().success());
        let mut command = Command::new("chmod");
        // Nobody else's, or it does not start.
        command.arg("700").arg(folder.join("data"));
        assert!(command.status().unwrap().success());
    }
}
