//! `avouch backup`, `avouch check` and `avouch restore`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::stage::{Done, Stage, avouch};

/// A server with the token `token.txt`, backed up to `backup` while it runs.
fn backed_up() -> Stage {
    let it = Stage::set();
    it.shop_and_pay();
    let token = issue(&it);
    it.write("token.txt", &token);
    back_up(&it).well();
    it
}

fn issue(it: &Stage) -> String {
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    it.run(&issue).well()
}

fn back_up(it: &Stage) -> Done {
    it.run(&["backup", it.path("backup").to_str().unwrap()])
}

fn revoke(it: &Stage) {
    let token = it.path("token.txt");
    it.run(&["token", "revoke", "--token", token.to_str().unwrap()])
        .well();
}

fn shown(it: &Stage) -> String {
    let token = it.path("token.txt");
    it.run(&["token", "show", "--token", token.to_str().unwrap()])
        .well()
}

fn restore(it: &Stage, options: &[&str]) -> Done {
    let backup = it.path("backup");
    let arguments = [&["restore", backup.to_str().unwrap()], options].concat();
    let config = it.path("avouch.toml");
    avouch(&arguments, &[("AVOUCH_CONFIG", &config)], "")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_of_a_running_server_says_what_is_in_it_and_what_is_not() {
    let it = Stage::set();
    it.shop_and_pay();
    issue(&it);
    let done = back_up(&it);
    assert!(done.err.contains("without the sealing key"), "{done:?}");
    let out = done.well();
    assert!(out.starts_with("backed up to "), "{out}");
    assert!(
        out.contains("1 access tokens, 1 clients, 1 resource servers"),
        "{out}"
    );
    let mode = it.path("backup").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let again = back_up(&it).badly();
    assert!(again.contains("is there already"), "{again}");

    let other = it.path("other");
    let made = it
        .run(&["backup", other.to_str().unwrap(), "--json"])
        .json();
    assert_eq!(made["file"], json!(other));
    assert_eq!(made["manifest"]["rows"]["client"], json!(1));
    let key = made["manifest"]["sealing_keys"][0].as_str().unwrap();
    let checked = avouch(&["check", other.to_str().unwrap()], &[], "").well();
    assert!(checked.contains(": sound, a backup of "), "{checked}");
    assert!(checked.contains(key), "{checked}");
    let checked = it.run(&["check", "--json"]).json();
    assert_eq!(
        (&checked["sound"], &checked["backup"]),
        (&json!(true), &json!(null))
    );
}

#[test]
fn a_restore_says_what_it_takes_back_and_the_token_is_good_again() {
    let mut it = backed_up();
    revoke(&it);
    it.run(&[
        "client",
        "add",
        "kiosk",
        "--resource",
        "https://pay.example",
    ])
    .well();

    let refused = restore(&it, &["--replace", "--yes"]).badly();
    assert!(
        refused.contains("a server runs on the data folder"),
        "{refused}"
    );
    it.stop();
    let refused = restore(&it, &["--yes"]).badly();
    assert!(refused.contains("--replace"), "{refused}");
    let unasked = restore(&it, &["--replace"]);
    assert!(
        unasked.err.contains("1 revoked tokens are good again"),
        "{unasked:?}"
    );
    assert!(unasked.badly().contains("nobody to ask"));
    it.start_again();
    assert!(
        shown(&it).starts_with("inactive: token revoked"),
        "nothing was changed"
    );
    it.stop();

    let done = restore(&it, &["--replace", "--yes"]);
    for said in [
        "1 revoked tokens are good again",
        "not known any more: kiosk",
        "--revoke-issued-before now",
    ] {
        assert!(done.err.contains(said), "{said}: {done:?}");
    }
    done.well();
    it.start_again();
    assert!(shown(&it).starts_with("active"));
    it.run(&["client", "show", "kiosk"]).badly();
    it.stop();
    let aside = names(&it.path("data"));
    assert!(
        aside
            .iter()
            .any(|name| name.starts_with("avouch.sqlite3.replaced-")),
        "{aside:?}"
    );
    assert!(
        !aside.iter().any(|name| name.contains("staged")),
        "{aside:?}"
    );
}

#[test]
fn with_everything_before_revoked_no_token_of_the_backup_is_good() {
    let mut it = backed_up();
    revoke(&it);
    it.stop();
    let options = [
        "--replace",
        "--yes",
        "--json",
        "--revoke-issued-before",
        "now",
    ];
    let done = restore(&it, &options).json();
    assert_eq!(done["revoked"]["access_tokens"], json!(1));
    assert_eq!(done["rolled_back"]["revoked_tokens"], json!(1));
    it.start_again();
    assert!(
        shown(&it).starts_with("inactive: everything revoked"),
        "{}",
        shown(&it)
    );
    // Who asks now gets one that is good.
    it.write("token.txt", &issue(&it));
    assert!(shown(&it).starts_with("active"));
}

#[test]
fn a_backup_goes_where_there_is_no_data_and_keeps_the_keys() {
    let mut it = backed_up();
    let keys = it.run(&["key", "list", "--json"]).json();
    it.stop();
    fs::remove_dir_all(it.path("data")).unwrap();
    let done = restore(&it, &["--yes"]);
    // There is nothing to compare with.
    assert!(
        done.err
            .contains("tokens that were revoked since are good again"),
        "{done:?}"
    );
    done.well();
    assert_eq!(
        it.path("data").metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    it.start_again();
    assert_eq!(it.run(&["key", "list", "--json"]).json(), keys);
    assert!(shown(&it).starts_with("active"));
}

#[test]
fn a_backup_without_its_sealing_key_is_refused_before_anything_is_touched() {
    let mut it = backed_up();
    it.stop();
    let before = names(&it.path("data"));
    let key = it.path("sealing.key");
    fs::write(&key, format!("{}d4", "c3".repeat(31))).unwrap();
    let done = restore(&it, &["--replace", "--yes"]).badly();
    assert!(done.contains("of no use here"), "{done}");
    assert!(done.contains("sealing.previous_key_files"), "{done}");
    assert!(done.contains("the sealing key with the id"), "{done}");
    assert_eq!(names(&it.path("data")), before);
}

#[test]
fn a_backup_that_was_cut_or_changed_is_refused_before_anything_is_touched() {
    let mut it = backed_up();
    it.stop();
    let before = names(&it.path("data"));
    let whole = fs::read(it.path("backup")).unwrap();
    let mut flipped = whole.clone();
    // In the text of a record: SQLite itself would not notice.
    let at = whole.windows(4).position(|four| four == b"iban").unwrap();
    flipped[at] ^= 1;
    for octets in [&whole[..whole.len() / 2], &flipped] {
        fs::write(it.path("backup"), octets).unwrap();
        let done = restore(&it, &["--replace", "--yes"]).badly();
        assert!(done.contains("the backup cannot be used"), "{done}");
        assert_eq!(names(&it.path("data")), before);
        let backup = it.path("backup");
        assert_eq!(
            avouch(&["check", backup.to_str().unwrap()], &[], "").code,
            1
        );
    }
    // Of a later release: its layout is the number at this place.
    let mut newer = whole;
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(it.path("backup"), newer).unwrap();
    let done = restore(&it, &["--replace", "--yes"]).badly();
    assert!(done.contains("use a newer release"), "{done}");
}

#[test]
fn a_backup_in_the_place_of_the_data_is_no_way_round_a_restore() {
    let mut it = backed_up();
    it.stop();
    fs::copy(it.path("backup"), it.path("data/avouch.sqlite3")).unwrap();
    let config = it.path("avouch.toml");
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--config",
        config.to_str().unwrap(),
    ];
    let refused = avouch(&serve, &[], "").badly();
    assert!(
        refused.contains("put it in place with avouch restore"),
        "{refused}"
    );
    restore(&it, &["--replace", "--yes"]).well();
    it.start_again();
    assert!(shown(&it).starts_with("active"));
}

#[test]
fn what_is_not_there_is_said() {
    let it = Stage::set();
    let nowhere = it.path("nowhere");
    let done = avouch(
        &["backup", "--data", nowhere.to_str().unwrap(), "x"],
        &[],
        "",
    );
    assert!(done.badly().contains("there is no data file"));
    let done = avouch(&["restore", "x"], &[], "").badly();
    assert!(done.contains("--config FILE"), "{done}");
    let done = avouch(&["check", "x"], &[], "").badly();
    assert!(done.contains("No such file"), "{done}");
}

#[test]
fn the_examples_in_the_manual_work_as_printed() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/storage.md");
    let manual = fs::read_to_string(manual).unwrap();
    let examples: Vec<_> = manual
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .filter(|example| example.contains("avouch "))
        .collect();
    let [back_up, restore, revoke, migrate] = examples[..] else {
        panic!("{examples:?}");
    };
    let mut it = Stage::set();
    it.shop_and_pay();
    let binaries = Path::new(env!("CARGO_BIN_EXE_avouch")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let works = |it: &Stage, example: &str| {
        let output = Command::new("sh")
            .args(["-e", "-c", example])
            .current_dir(it.path(""))
            .env_remove("AVOUCH_DATA")
            .env_remove("AVOUCH_CONFIG")
            .env("AVOUCH_DATABASE", "sqlite:moved/avouch.sqlite3")
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{example}\n{output:?}");
    };
    works(&it, back_up);
    it.stop();
    works(&it, restore);
    works(&it, revoke);
    works(&it, migrate);
    assert!(it.path("moved/avouch.sqlite3").exists());
}
