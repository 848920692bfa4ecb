//! A disk that forgets what was never synced.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shims;

/// What happens to the disk when the server is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// The machine goes on: what was written is there.
    Stays,
    /// The power fails with the kill: what was not synced is gone.
    FailsWithTheKill,
    /// The power fails, and syncing never worked.
    FailsAndNothingIsSynced,
}

/// A folder, and what would be left of it.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    shadow: PathBuf,
}

impl Disk {
    /// Two empty folders below `root`.
    pub fn make(root: &Path) -> Self {
        let disk = Self {
            folder: root.join("disk"),
            shadow: root.join("shadow"),
        };
        fs::create_dir(&disk.folder).unwrap();
        fs::create_dir(&disk.shadow).unwrap();
        disk
    }

    /// A folder that is there; the shadow is made beside it.
    pub fn of(folder: PathBuf, shadow: PathBuf) -> Self {
        fs::create_dir(&shadow).unwrap();
        Self { folder, shadow }
    }

    /// Where files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Has what a process writes there from its start on forgotten, unless it is synced.
    pub fn under(&self, command: &mut Command, power: Power) {
        command.envs(self.environment(shims::unsynced(), power));
    }

    /// The environment variables that do so, by a copy of the shim.
    pub fn environment(&self, shim: &Path, power: Power) -> Vec<(String, String)> {
        fs::remove_dir_all(&self.shadow).unwrap();
        fs::create_dir(&self.shadow).unwrap();
        let variable = |name: &str, path: &Path| (name.to_owned(), path.display().to_string());
        let mut variables = Vec::new();
        if power == Power::Stays {
            return variables;
        }
        variables.push(variable("LD_PRELOAD", shim));
        variables.push(variable("AVOUCH_FAULT_DIR", &self.folder));
        variables.push(variable("AVOUCH_FAULT_SHADOW", &self.shadow));
        if power == Power::FailsAndNothingIsSynced {
            variables.push(("AVOUCH_FAULT_DEAF".to_owned(), "1".to_owned()));
        }
        variables
    }

    /// The power has failed: the disk holds what was synced and nothing else.
    pub fn lose_what_was_not_synced(&self) {
        keep_folders(&self.folder, &self.shadow);
        fs::remove_dir_all(&self.folder).unwrap();
        fs::rename(&self.shadow, &self.folder).unwrap();
        fs::create_dir(&self.shadow).unwrap();
    }
}

/// A small file system in memory, which can be full.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one on an empty folder, or says why not.
    pub fn mount(folder: &Path, size: &str) -> Result<Self, String> {
        let output = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size}"),
                "avouch-faults",
            ])
            .arg(folder)
            .output()
            .map_err(|error| format!("`mount` could not be started: {error}"))?;
        if output.status.success() {
            let folder = folder.to_owned();
            return Ok(Self { folder });
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut options = OpenOptions::new();
        let mut filler = options
            .create(true)
            .append(true)
            .open(self.filler())
            .unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            let octets = vec![0; size];
            while filler.write_all(&octets).is_ok() {}
        }
    }

    /// Gives it back.
    pub fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may just be ending.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

/// Folders in which no file was made have no shadow; a disk keeps them.
fn keep_folders(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.metadata().unwrap();
        if kind.is_dir() {
            let kept = to.join(entry.file_name());
            if !kept.exists() {
                fs::create_dir(&kept).unwrap();
            }
            fs::set_permissions(&kept, kind.permissions()).unwrap();
            keep_folders(&entry.path(), &kept);
        }
    }
}
