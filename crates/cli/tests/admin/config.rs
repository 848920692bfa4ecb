//! `avouch config`: without any server.

use crate::stage::avouch;

#[test]
fn a_file_is_checked_printed_and_explained() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("avouch.toml");
    let file = path.to_str().unwrap();
    let example = avouch(&["config", "example"], &[], "").well();
    std::fs::write(&path, &example).unwrap();
    let checked = avouch(&["config", "check", file], &[], "");
    // Sound, and yet the sealing key that the example names is not here.
    assert_eq!(checked.code, 1);
    let said = &checked.out;
    assert!(said.starts_with(&format!("{file}: sound\n")), "{said}");
    assert!(said.contains("openssl rand -hex 32"), "{said}");
    let checked = avouch(&["config", "check"], &[("AVOUCH_CONFIG", &path)], "");
    assert_eq!(checked.code, 1);
    let elsewhere = avouch(&["config", "check", "--elsewhere", file], &[], "").well();
    assert_eq!(elsewhere, format!("{file}: sound\n"));
    let printed = avouch(&["config", "print", file], &[], "").well();
    assert!(printed.contains("keep_after_use = 2592000"), "{printed}");
    let schema = avouch(&["config", "schema"], &[], "").json();
    assert_eq!(schema["additionalProperties"], false);

    std::fs::write(&path, example.replace("issuer =", "isuer =")).unwrap();
    let error = avouch(&["config", "check", file], &[], "").badly();
    assert!(error.contains("did you mean `issuer`?"), "{error}");
}

#[test]
fn a_first_folder_is_made_for_its_owner_alone_and_never_over_another() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::TempDir::new().unwrap();
    let folder = parent.path().join("my avouch");
    let named = folder.to_str().unwrap();
    let init = ["config", "init", named, "--issuer", "https://as.example"];
    let said = avouch(&init, &[], "").well();
    assert!(said.contains("next: avouch serve --config"), "{said}");
    let file = folder.join("avouch.toml");
    let checked = avouch(&["config", "check", file.to_str().unwrap()], &[], "").well();
    assert_eq!(checked, format!("{}: sound\n", file.display()));
    let printed = avouch(&["config", "print", file.to_str().unwrap()], &[], "").well();
    assert!(printed.contains("https://as.example"), "{printed}");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("sealing.key")), 0o600);

    let key = std::fs::read(folder.join("sealing.key")).unwrap();
    let error = avouch(&init, &[], "").badly();
    assert!(error.contains("not there yet"), "{error}");
    assert_eq!(std::fs::read(folder.join("sealing.key")).unwrap(), key);
    let wrong = [
        "config",
        "init",
        "elsewhere",
        "--issuer",
        "ftp://as.example",
    ];
    avouch(&wrong, &[], "").badly();
}

#[test]
fn a_key_that_is_gone_is_to_be_found_again_where_there_is_something_sealed() {
    let parent = tempfile::TempDir::new().unwrap();
    let folder = parent.path().join("mine");
    avouch(&["config", "init", folder.to_str().unwrap()], &[], "").well();
    let key = folder.join("sealing.key");
    std::fs::rename(&key, folder.join("moved.key")).unwrap();
    let config = folder.join("avouch.toml");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--config"];
    let serve = [&serve[..], &[config.to_str().unwrap()]].concat();
    let check = || avouch(&["config", "check"], &[("AVOUCH_CONFIG", &config)], "");

    // At the first start there is none yet, and a start that failed leaves no database behind.
    for _ in 0..2 {
        let failed = avouch(&serve, &[], "").badly();
        assert!(failed.contains("openssl rand -hex 32"), "{failed}");
    }
    assert!(!folder.join("data/avouch.sqlite3").exists());

    std::fs::create_dir_all(folder.join("data")).unwrap();
    std::fs::write(folder.join("data/avouch.sqlite3"), "").unwrap();
    let failed = avouch(&serve, &[], "").badly();
    let checked = check();
    assert_eq!(checked.code, 1);
    for said in [failed, checked.out] {
        assert!(!said.contains("openssl"), "{said}");
        assert!(said.contains("a fresh one cannot open it"), "{said}");
        assert!(said.contains("sealing.key_file"), "{said}");
    }
}
