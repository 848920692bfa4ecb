//! A wall clock that is set while servers look at it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shims;

/// The clock of whoever is started under it.
pub struct WallClock {
    path: PathBuf,
    file: File,
}

impl WallClock {
    /// Right at first, and kept in this folder.
    pub fn make(folder: &Path) -> Self {
        let path = folder.join("clock");
        fs::write(&path, 0_i64.to_ne_bytes()).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        Self { path, file }
    }

    /// Has a process read this clock.
    pub fn under(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", shims::clock())
            .env("AVOUCH_FAULT_CLOCK", &self.path);
    }

    /// Sets it so many seconds before or after the right time.
    pub fn set(&self, off: i64) {
        // In one write of eight octets: nobody sees half of it.
        self.file.write_all_at(&off.to_ne_bytes(), 0).unwrap();
    }
}
