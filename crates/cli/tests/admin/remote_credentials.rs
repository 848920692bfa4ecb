//! The file that says who administers over TCP, and what is wrong with it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::remote_stage::write_private;
use crate::stage::avouch;

const SECRET: &str = "s3cret-that-nobody-says_EzGVIaDNTQGv6k2cYkfL8";

#[test]
fn the_example_is_such_a_file_with_every_key() {
    let example = avouch(&["config", "credentials"], &[], "").well();
    assert!(said(&example).contains("no connection"), "as it stands");
    let every = example.replace("\n#", "\n").replace("\n ", "\n# ");
    let keys = every.lines().filter_map(|line| line.split_once(" = "));
    let keys: Vec<_> = keys
        .map(|(key, _)| key)
        .filter(|key| !key.contains(' '))
        .collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
    for key in keys {
        let error = said(&format!("{key} = 1"));
        assert!(!error.contains("unknown field"), "{error}");
    }
}

/// What is said of such a file. No server is asked: none answers there.
fn said(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.toml");
    write_private(&file, text);
    write_private(&folder.path().join("ops.secret"), SECRET);
    write_private(&folder.path().join("empty"), " \n");
    said_of(&file)
}

fn said_of(file: &Path) -> String {
    let nowhere = ["--admin-url", "http://127.0.0.1:1"];
    let who = ["--admin-credentials", file.to_str().unwrap()];
    let done = avouch(&[&["key", "list"][..], &nowhere, &who].concat(), &[], "");
    let error = done.badly();
    assert!(!error.contains(SECRET), "{error}");
    error
}

#[test]
fn every_mistake_in_the_file_is_told_and_no_secret_is() {
    let head = "issuer = \"https://as.example.com\"\nclient_id = \"ops\"\n";
    let good = format!("{head}secret_file = \"ops.secret\"\n");
    assert!(
        said(&good).contains("no connection"),
        "read, and then nobody answers"
    );
    for (text, part) in [
        ("", "missing field `issuer`"),
        (
            "issuer = \"https://as.example.com\"",
            "missing field `client_id`",
        ),
        (head, "nothing in it proves who administers"),
        (
            &format!("{head}secret_file = \"{SECRET}\""),
            "looks like the secret itself",
        ),
        (
            "issuer = \"http://as.example.com\"\nclient_id = \"x\"",
            "must use https",
        ),
        (
            &format!("{head}secret_file = \"none\""),
            "none: No such file",
        ),
        (&format!("{head}secret_file = \"empty\""), "empty is empty"),
        (
            &format!("{head}client_secret = \"{SECRET}\""),
            "unknown field `client_secret`",
        ),
        (
            &format!("{head}client_secret = {SECRET}"),
            "config credentials",
        ),
        (&format!("{good}key_file = \"ops.secret\""), "both there"),
        (&format!("{head}key_file = \"ops.secret\""), "ops.secret: "),
        (
            &format!("{good}method = \"private_key_jwt\""),
            "needs key_file",
        ),
        (
            &format!("{good}method = \"tls_client_auth\""),
            "is not for this method",
        ),
        (
            &format!("{head}method = \"client_secret_post\""),
            "needs secret_file",
        ),
        (
            &format!("{good}method = \"none\""),
            "unknown variant `none`",
        ),
        (
            &format!("{good}authentication_alg = \"ES256\""),
            "is for private_key_jwt",
        ),
        (
            &format!("{good}certificate_file = \"ops.secret\""),
            "go together",
        ),
        (
            &format!(
                "{good}certificate_file = \"ops.secret\"\ncertificate_key_file = \"ops.secret\""
            ),
            "not a certificate in PEM",
        ),
    ] {
        let error = said(text);
        assert!(error.contains(part), "{part} in {error}");
        assert!(error.contains("ops.toml"), "{error}");
    }
}

#[test]
fn what_others_can_read_is_no_secret_and_what_they_can_write_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (file, secret) = (
        folder.path().join("ops.toml"),
        folder.path().join("ops.secret"),
    );
    let head = "issuer = \"https://as.example.com\"\nclient_id = \"ops\"\n";
    write_private(&file, &format!("{head}secret_file = \"ops.secret\"\n"));
    write_private(&secret, SECRET);
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for open in [0o640, 0o604, 0o666] {
        mode(&secret, open);
        let error = said_of(&file);
        assert!(error.contains(&format!("{open:04o}")), "{error}");
        assert!(error.contains("chmod 600"), "{error}");
    }
    mode(&secret, 0o400);
    for open in [0o620, 0o602] {
        mode(&file, open);
        let error = said_of(&file);
        assert!(error.contains("chmod go-w"), "{error}");
    }
    // It holds no secret itself, so everybody may read it.
    mode(&file, 0o644);
    assert!(said_of(&file).contains("no connection"));
}
