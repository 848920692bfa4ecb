//! A data file that cannot be used is refused, and it is said what to do.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::stage::{Stage, avouch};

/// A stopped server, and its data file.
fn stopped() -> Stage {
    let mut it = Stage::set();
    it.shop_and_pay();
    it.stop();
    it
}

fn serve(it: &Stage) -> String {
    let config = it.path("avouch.toml");
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--config",
        config.to_str().unwrap(),
    ];
    avouch(&serve, &[], "").badly()
}

/// Starts on a file with these octets, which must stay as they are.
fn serve_on(it: &Stage, octets: &[u8]) -> String {
    let data = it.path("data/avouch.sqlite3");
    fs::write(&data, octets).unwrap();
    let refused = serve(it);
    assert!(refused.contains(data.to_str().unwrap()), "{refused}");
    assert!(
        fs::read(&data).unwrap() == octets,
        "it was changed: {refused}"
    );
    refused
}

#[test]
fn a_file_that_is_damaged_newer_or_anothers_is_refused_and_left_as_it_is() {
    let it = stopped();
    let whole = fs::read(it.path("data/avouch.sqlite3")).unwrap();

    let refused = serve_on(&it, &whole[..whole.len() / 2]);
    assert!(refused.contains("avouch restore"), "{refused}");

    // The first page after the one that tells of the tables: every client_id that was given.
    let mut flipped = whole.clone();
    for octet in &mut flipped[4_096..4_160] {
        *octet ^= 0x55;
    }
    let refused = serve_on(&it, &flipped);
    assert!(refused.contains("avouch restore"), "{refused}");

    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let refused = serve_on(&it, &newer);
    assert!(refused.contains("use a newer release"), "{refused}");

    let mut others = whole.clone();
    others[68..72].copy_from_slice(&7_u32.to_be_bytes());
    let refused = serve_on(&it, &others);
    assert!(refused.contains("another application"), "{refused}");

    let refused = serve_on(&it, "no database at all ".repeat(300).as_bytes());
    assert!(refused.contains("avouch restore"), "{refused}");

    fs::write(it.path("data/avouch.sqlite3"), whole).unwrap();
    let config = it.path("avouch.toml");
    let check = ["check", "--config", config.to_str().unwrap()];
    let checked = avouch(&check, &[], "").well();
    assert!(checked.contains("sound"), "{checked}");
}

#[test]
fn damage_that_a_start_does_not_look_for_is_found_by_a_check() {
    let it = stopped();
    let data = it.path("data/avouch.sqlite3");
    let mut octets = fs::read(&data).unwrap();
    // The last page: what a check finds is any of it.
    let last = octets.len() - 4_096;
    octets[last..].fill(0xff);
    fs::write(&data, octets).unwrap();
    let config = it.path("avouch.toml");
    let done = avouch(&["check", "--config", config.to_str().unwrap()], &[], "");
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        format!("{}{}", done.out, done.err).contains("avouch restore"),
        "{done:?}"
    );
}

/// Runs a script with a file system of its own at `$1`, of so many octets.
/// `None`, and a word about it, where that is not allowed.
#[expect(clippy::print_stderr, reason = "said to whoever runs the tests")]
fn with_own_file_system(it: &Stage, size: &str, script: &str) -> Option<String> {
    let mount = it.path("mount");
    fs::create_dir_all(&mount).unwrap();
    let run = |script: &str| {
        Command::new("unshare")
            .args(["-rm", "sh", "-c", script, "sh"])
            .arg(&mount)
            .arg(it.path(""))
            .arg(env!("CARGO_BIN_EXE_avouch"))
            .env_remove("AVOUCH_DATA")
            .env_remove("AVOUCH_CONFIG")
            .output()
    };
    let mounting = format!("mount -t tmpfs -o size={size},mode=700 tmpfs \"$1\"");
    if !run(&mounting).is_ok_and(|output| output.status.success()) {
        eprintln!("no file system can be mounted here: skipped");
        return None;
    }
    let output = run(&format!("{mounting} && {{ {script}; }}")).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    Some(said)
}

/// A configuration whose data folder is in the mounted file system.
fn configure(it: &Stage, folder: &Path) {
    let text = fs::read_to_string(it.path("avouch.toml")).unwrap();
    let own = it.path("data").display().to_string();
    it.write(
        "mounted.toml",
        &text.replace(&own, &folder.display().to_string()),
    );
}

const SERVE: &str = "timeout 60 \"$3\" serve --listen 127.0.0.1:0 --config \"$2/mounted.toml\"";

#[test]
fn a_file_system_that_can_only_be_read_is_refused() {
    let it = stopped();
    configure(&it, &it.path("mount/data"));
    let script = format!("cp -r \"$2/data\" \"$1/data\" && mount -o remount,ro \"$1\" && {SERVE}");
    if let Some(said) = with_own_file_system(&it, "8m", &script) {
        assert!(said.contains("Read-only file system"), "{said}");
    }
    // With the locks there already, as a server that ran before leaves them.
    let script = format!(
        "cp -r \"$2/data\" \"$1/data\" && mount --bind -o ro \"$1/data/avouch.sqlite3\" \
         \"$1/data/avouch.sqlite3\" && mount -o remount,ro,bind \"$1/data/avouch.sqlite3\" && {SERVE}"
    );
    if let Some(said) = with_own_file_system(&it, "8m", &script) {
        assert!(said.contains("can only be read"), "{said}");
    }
}

#[test]
fn a_full_disk_is_said_at_start_and_by_a_backup_which_leaves_nothing() {
    let it = stopped();
    configure(&it, &it.path("mount/data"));
    if let Some(said) = with_own_file_system(&it, "64k", SERVE) {
        assert!(said.contains("make room on the disk"), "{said}");
    }
    let script = "\"$3\" backup --data \"$2/data\" \"$1/backup\" || { ls -A \"$1\" >&2; exit 1; }";
    if let Some(said) = with_own_file_system(&it, "64k", script) {
        assert!(said.contains("make room on the disk"), "{said}");
        assert!(!said.contains("unfinished\n"), "{said}");
    }
}
