//! The fault shim `faults/shims/unsynced.c` keeps what was synced, and only that.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a test helper may panic: that is how a test fails"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;

use xtask::tree;

/// A data folder, its shadow, and a program at work under the shim.
struct Stage {
    dir: PathBuf,
    shadow: PathBuf,
}

impl Stage {
    fn new(name: &str) -> Self {
        let stage = scratch().join(name);
        let _ = fs::remove_dir_all(&stage);
        let this = Self {
            dir: stage.join("data"),
            shadow: stage.join("shadow"),
        };
        fs::create_dir_all(&this.dir).unwrap();
        fs::create_dir_all(&this.shadow).unwrap();
        this
    }

    /// Runs the driver in the data folder, with these operations.
    fn run(&self, operations: &str) {
        let status = self.run_to_the_end(operations);
        assert!(status.success(), "{operations}: {status}");
    }

    fn run_to_the_end(&self, operations: &str) -> ExitStatus {
        let Built { shim, driver } = built();
        Command::new(driver)
            .args(operations.split_whitespace())
            .current_dir(&self.dir)
            .env("LD_PRELOAD", shim)
            .env("AVOUCH_FAULT_DIR", &self.dir)
            .env("AVOUCH_FAULT_SHADOW", &self.shadow)
            .status()
            .unwrap()
    }

    /// What the file holds after the power failed, if it is there at all.
    fn durable(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.shadow.join(file)).ok()
    }

    fn live(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(file)).ok()
    }
}

struct Built {
    shim: PathBuf,
    driver: PathBuf,
}

/// Compiles the shim and its driver where they are older than their sources.
fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let faults = tree::root().join("faults/shims");
        let built = Built {
            shim: scratch().join("unsynced.so"),
            driver: scratch().join("driver"),
        };
        cc(
            &["-shared", "-fPIC", "-ldl", "-lpthread"],
            &faults.join("unsynced.c"),
            &built.shim,
        );
        cc(&["-lpthread"], &faults.join("driver.c"), &built.driver);
        built
    })
}

/// Renamed into place, for a test runner may give every test its own process.
fn cc(flags: &[&str], source: &Path, target: &Path) {
    let changed = |file: &Path| fs::metadata(file).and_then(|metadata| metadata.modified());
    if changed(target).is_ok_and(|built| built > changed(source).unwrap()) {
        return;
    }
    let fresh = target.with_extension(std::process::id().to_string());
    let mut command = Command::new("cc");
    command
        .args(["-O2", "-Wall", "-Wextra"])
        .arg(source)
        .arg("-o")
        .arg(&fresh)
        .args(flags);
    assert!(command.status().unwrap().success(), "{command:?}");
    fs::rename(&fresh, target).unwrap();
}

fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn a_write_without_a_sync_is_lost() {
    let stage = Stage::new("unsynced-write");
    stage.run("create f write hello writev more sync-range");
    assert_eq!(stage.live("f").as_deref(), Some("hellomore"));
    assert_eq!(stage.durable("f").as_deref(), Some(""));
}

#[test]
fn a_synced_write_is_kept() {
    for sync in ["fsync", "fdatasync"] {
        let stage = Stage::new(&format!("synced-write-{sync}"));
        stage.run(&format!(
            "create f write hello {sync} create-write-only g write there {sync}"
        ));
        assert_eq!(stage.durable("f").as_deref(), Some("hello"));
        assert_eq!(stage.durable("g").as_deref(), Some("there"));
        let mode = fs::metadata(stage.shadow.join("f"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}

#[test]
fn only_what_came_before_the_sync_is_kept() {
    let stage = Stage::new("sync-then-write");
    stage.run("create f write hello fsync pwrite 0 J write more");
    assert_eq!(stage.live("f").as_deref(), Some("Jellomore"));
    assert_eq!(stage.durable("f").as_deref(), Some("hello"));
}

#[test]
fn a_sync_covers_the_file_whichever_descriptor_wrote() {
    let stage = Stage::new("two-descriptors");
    stage.run("create f write one dup write two open f fsync");
    assert_eq!(stage.durable("f").as_deref(), Some("onetwo"));
}

#[test]
fn a_descriptor_that_syncs_by_itself_needs_no_call() {
    let stage = Stage::new("dsync");
    stage.run("create-dsync f write a pwrite 1 b writev c");
    assert_eq!(stage.durable("f").as_deref(), stage.live("f").as_deref());
    assert_ne!(stage.durable("f").as_deref(), Some(""));
}

#[test]
fn truncation_waits_for_a_sync_too() {
    let stage = Stage::new("truncate");
    stage.run("create f write hello fsync truncate 1 create g write there fsync open-truncate g");
    assert_eq!(stage.live("f").as_deref(), Some("h"));
    assert_eq!(stage.durable("f").as_deref(), Some("hello"));
    assert_eq!(stage.durable("g").as_deref(), Some("there"));
    stage.run("open f fsync");
    assert_eq!(stage.durable("f").as_deref(), Some("h"));
}

#[test]
fn renaming_what_was_never_synced_replaces_good_data_by_nothing() {
    let stage = Stage::new("rename-unsynced");
    stage.run("create f write good fsync create f.new write better rename f.new f");
    assert_eq!(stage.live("f").as_deref(), Some("better"));
    assert_eq!(stage.durable("f").as_deref(), Some(""));
    assert_eq!(stage.durable("f.new"), None);
}

#[test]
fn names_follow_at_once() {
    let stage = Stage::new("names");
    stage.run("create f write hello fsync rename f g write more fsync link g h unlink g");
    assert_eq!(stage.durable("f"), None);
    assert_eq!(stage.durable("g"), None);
    assert_eq!(stage.durable("h").as_deref(), Some("hellomore"));
}

#[test]
fn what_was_there_before_counts_as_synced() {
    let stage = Stage::new("baseline");
    fs::create_dir(stage.dir.join("sub")).unwrap();
    fs::write(stage.dir.join("sub/f"), "old").unwrap();
    stage.run("open sub/f pwrite 0 new");
    assert_eq!(stage.live("sub/f").as_deref(), Some("new"));
    assert_eq!(stage.durable("sub/f").as_deref(), Some("old"));
    // A second start finds a shadow and leaves it alone.
    stage.run("create g");
    assert_eq!(stage.durable("sub/f").as_deref(), Some("old"));
}

#[test]
fn files_elsewhere_are_left_alone() {
    let stage = Stage::new("elsewhere");
    stage.run("create ../outside write x fsync");
    assert_eq!(fs::read_dir(&stage.shadow).unwrap().count(), 0);
}

#[test]
fn a_killed_process_leaves_what_it_synced() {
    let stage = Stage::new("killed");
    let status = stage.run_to_the_end("create f write kept fsync write lost die");
    assert_eq!(status.signal(), Some(9));
    assert_eq!(stage.durable("f").as_deref(), Some("kept"));
}

#[test]
fn threads_lose_nothing_they_synced() {
    let stage = Stage::new("threads");
    stage.run("threads");
    for own in ["t0", "t1", "t2", "t3"] {
        assert_eq!(stage.durable(own), Some("x".repeat(50)));
    }
    assert_eq!(stage.durable("common"), Some("y".repeat(200)));
}

/// SQLite keeps other processes out with fcntl locks, which end when any
/// descriptor of the file is closed.
#[test]
fn syncing_keeps_the_locks_of_the_process() {
    let stage = Stage::new("locks");
    stage.run("create f write hello lock fsync still-locked");
}
