//! `avouch client`, `avouch resource-server`, `avouch initial-access-token`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::stage::Stage;

#[test]
fn a_client_is_added_listed_shown_and_removed() {
    let it = Stage::set();
    let added = it.run(&[
        "client",
        "add",
        "robot",
        "--name",
        "Robot",
        "--any-resource",
        "--grant-type",
        "client_credentials",
        "--access-token-lifetime",
        "60",
        "--access-token-format",
        "opaque",
    ]);
    assert!(added.err.contains("shown once"), "{}", added.err);
    assert_eq!(added.well().trim().len(), 43, "the secret alone");

    let listed = it.run(&["client", "list"]).well();
    let mut lines = listed.lines();
    assert!(
        lines.next().unwrap().starts_with("ID     REGISTERED"),
        "{listed}"
    );
    assert!(lines.next().unwrap().starts_with("robot  20"), "{listed}");
    let shown = it.run(&["client", "show", "robot"]).well();
    assert!(shown.contains("[[client]]\nid = \"robot\"\n"), "{shown}");
    assert!(shown.contains("access_token_lifetime = 60"), "{shown}");
    assert!(
        shown.contains("access_token_format = \"opaque\""),
        "{shown}"
    );
    let file = it.write("robot.toml", &shown);
    let same = it.run(&["apply", "-f", &file]);
    assert!(same.err.contains("everything is as described"), "{same:?}");

    let error = it.run(&["client", "add", "robot"]).badly();
    assert!(error.contains("taken"), "{error}");
    assert_eq!(
        it.run(&["client", "remove", "robot", "--yes"]).well(),
        "removed: the client robot\n"
    );
    it.run(&["client", "remove", "robot"]).badly();
    assert_eq!(
        it.run(&["client", "list", "--json"]).json(),
        json!({"clients": []})
    );
}

#[test]
fn a_secret_is_renewed_with_a_time_for_the_older_one() {
    let it = Stage::set();
    let first = it.run(&["client", "add", "shop"]).well();
    let second = it
        .run(&["client", "secret", "shop", "--overlap", "3600"])
        .well();
    assert_ne!(first, second);
    let shown = it.run(&["client", "show", "shop"]).well();
    assert!(shown.contains("# 2 secret(s), one until 20"), "{shown}");
    it.run(&["client", "secret", "shop"]).well();
    let shown = it.run(&["client", "show", "shop"]).well();
    assert!(shown.contains("# 1 secret(s)\n"), "{shown}");
    it.run(&["resource-server", "secret", "shop"]).badly();
    it.run(&["client", "secret", "nobody"]).badly();
    assert_eq!(it.run(&["client", "secret", "../x"]).code, 2);
    let gone = it.run(&["client", "remove", "shop", "-y", "--json"]).json();
    assert_eq!(gone, json!({"removed": "shop"}));
}

#[test]
fn a_secret_goes_into_a_new_file_for_its_owner_alone() {
    let it = Stage::set();
    let path = it.path("shop.secret");
    let add = |id: &str| it.run(&["client", "add", id, "--secret-file", path.to_str().unwrap()]);
    assert_eq!(add("shop").well(), "");
    let secret = fs::read_to_string(&path).unwrap();
    assert_eq!(secret.trim().len(), 43);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );

    // One that is there is never written over, and then nothing is added.
    let error = add("other").badly();
    assert!(error.contains("nothing was done"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), secret);
    it.run(&["client", "show", "other"]).badly();

    // One that was made for nothing goes away again.
    fs::remove_file(&path).unwrap();
    add("shop").badly();
    assert!(!path.exists());
}

#[test]
fn a_resource_server_is_added_listed_shown_and_removed() {
    let it = Stage::set();
    it.run(&[
        "resource-server",
        "add",
        "pay",
        "--resource",
        "https://pay.example",
        "--signing-alg",
        "ES256",
        "--forms",
        "jwt_only",
        "--release-claim",
        "iban",
        "--release-details",
        "payment",
        "--release-scope",
        "pay",
        "--subject",
        "public",
        "--authentication",
        "client_secret_post",
    ])
    .well();
    let shown = it.run(&["resource-server", "show", "pay", "--json"]).json();
    let described = &shown["description"];
    assert_eq!(described["authentication"], "client_secret_post");
    assert_eq!(
        described["profile"],
        json!({"signing_algorithm": "ES256", "forms": "jwt_only", "legacy": "off"})
    );
    assert_eq!(
        described["policy"],
        json!({
            "scopes": {"only": "pay"}, "claims": ["iban"],
            "authorization_details_types": ["payment"], "subject": "public",
        })
    );
    let text = it.run(&["resource-server", "show", "pay"]).well();
    assert!(
        text.contains("# profile revision 1, policy revision 1"),
        "{text}"
    );
    let file = it.write("pay.toml", &text);
    assert!(
        it.run(&["apply", "-f", &file])
            .err
            .contains("everything is as described")
    );
    let listed = it.run(&["resource-server", "list"]).well();
    assert!(
        listed.contains("ES256   good      https://pay.example"),
        "{listed}"
    );
    it.run(&["resource-server", "remove", "pay", "-y"]).well();
    let error = it.run(&["resource-server", "show", "pay"]).badly();
    assert!(error.contains("no resource server pay"), "{error}");
}

#[test]
fn an_initial_access_token_is_created_listed_and_removed() {
    let it = Stage::set();
    let create = [
        "initial-access-token",
        "create",
        "--kinds",
        "both",
        "--any-resource",
    ];
    let token = it
        .run(&[&create[..], &["--uses", "unlimited"]].concat())
        .well();
    assert!(token.starts_with("avi_"));
    let made = it
        .run(&[&create[..], &["--expires-in", "60", "--json"]].concat())
        .json();
    let narrow = [
        "initial-access-token",
        "create",
        "--kinds",
        "resource_servers",
        "--resource",
        "https://a.example",
        "--resource",
        "https://b.example",
        "--shared",
    ];
    let narrow_id = {
        let made = it.run(&[&narrow[..], &["--json"]].concat()).json();
        made["id"].as_str().unwrap().to_owned()
    };
    let listed = it.run(&["initial-access-token", "list"]).well();
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let line = listed.lines().find(|line| line.starts_with(&narrow_id));
    let line = line.unwrap();
    assert!(
        line.contains("resource servers")
            && line.ends_with("yes     https://a.example https://b.example"),
        "{line}"
    );
    assert!(
        listed.contains("unlimited") && listed.contains("never"),
        "{listed}"
    );
    let id = made["id"].as_str().unwrap();
    it.run(&["initial-access-token", "remove", id]).well();
    it.run(&["initial-access-token", "remove", id]).badly();
    assert_eq!(it.run(&[&create[..], &["--uses", "0"]].concat()).code, 2);
    let reach = it.run(&["initial-access-token", "create", "--kinds", "both"]);
    assert_eq!(reach.code, 2, "how far it reaches must be said");
}

#[test]
fn a_registration_access_token_is_handed_out_and_who_approved_is_shown() {
    let it = Stage::set();
    it.run(&["client", "add", "shop"]).well();
    it.run(&[
        "resource-server",
        "add",
        "pay",
        "--resource",
        "https://pay.example",
        "--signing-alg",
        "ES256",
    ])
    .well();
    let shown = it.run(&["client", "show", "shop"]).well();
    assert!(shown.contains(" by an administrator\n"), "{shown}");
    assert!(!shown.contains("manages its registration"), "{shown}");

    let first = it.run(&["client", "registration-token", "shop"]);
    assert!(first.err.contains("/register/shop"), "{}", first.err);
    let first = first.well();
    assert!(
        first.starts_with("avr_") && first.lines().count() == 1,
        "{first}"
    );
    let second = it
        .run(&["client", "registration-token", "shop", "--json"])
        .json();
    assert_ne!(second["registration_access_token"], first.trim());
    let path = it.path("pay.rat");
    let file = path.to_str().unwrap();
    let put = it.run(&[
        "resource-server",
        "registration-token",
        "pay",
        "--secret-file",
        file,
    ]);
    assert_eq!(put.well(), "");
    assert!(fs::read_to_string(&path).unwrap().starts_with("avr_"));
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let shown = it.run(&["resource-server", "show", "pay"]).well();
    let reach = "# manages its registration itself; the approval reaches these resources: \
                 https://pay.example\n";
    assert!(shown.contains(reach), "{shown}");
    // What is shown is a description still.
    let described = it.write("pay.toml", &shown);
    it.run(&["apply", "-f", &described]).well();

    it.run(&["resource-server", "registration-token", "shop"])
        .badly();
    it.run(&["client", "registration-token", "nobody"]).badly();
    let usage = it.run(&["client", "registration-token", "../x"]);
    assert_eq!(usage.code, 2);
}

#[test]
fn an_id_that_is_none_is_refused_before_anything_is_asked() {
    let it = Stage::set();
    for id in ["a b", "a/b", "ä", ""] {
        let usage = it.run(&["client", "show", id]);
        assert_eq!(usage.code, 2, "{usage:?}");
    }
}

#[test]
fn nobody_is_removed_without_a_yes() {
    let it = Stage::set();
    it.shop_and_pay();
    for named in [["client", "shop"], ["resource-server", "pay"]] {
        let [kind, id] = named;
        let refused = it.run_with(&[kind, "remove", id], "y\n").badly();
        assert!(
            refused.contains("nothing was changed") && refused.contains("--yes"),
            "{refused}"
        );
        it.run(&[kind, "show", id]).well();
        it.run(&[kind, "remove", id, "--yes"]).well();
        it.run(&[kind, "show", id]).badly();
    }
}

/// The public key of RFC 8037 appendix A.
const KEYS: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "mine",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

#[test]
fn keys_that_nothing_would_use_are_refused_with_what_to_add() {
    let it = Stage::set();
    let keys = it.write("keys.json", KEYS);
    let add = ["resource-server", "add", "pay", "--jwks", &keys];
    let add = [&add[..], &["--resource", "https://pay.example"]].concat();
    let error = it.run(&add).badly();
    for option in ["--encryption-alg", "--authentication private_key_jwt"] {
        assert!(error.contains(option), "{error}");
    }
    it.run(&["resource-server", "show", "pay"]).badly();
    let signs = ["--authentication", "private_key_jwt"];
    let signing = ["--signing-alg", "ES256"];
    it.run(&[&add[..], &signs, &signing].concat()).well();

    let add = ["client", "add", "shop", "--jwks", &keys];
    let error = it.run(&add).badly();
    assert!(
        error.contains("--authentication private_key_jwt") && !error.contains("--encryption"),
        "{error}"
    );
    let uri = [
        "client",
        "add",
        "shop",
        "--jwks-uri",
        "https://shop.example/k",
    ];
    it.run(&uri).badly();
    it.run(&["client", "show", "shop"]).badly();
    it.run(&[&add[..], &signs].concat()).well();
}

#[test]
fn an_algorithm_that_is_none_is_told_those_there_are() {
    let it = Stage::set();
    let add = [
        "resource-server",
        "add",
        "pay",
        "--resource",
        "https://p.example",
    ];
    for (options, known) in [
        (&["--signing-alg", "rs256"][..], "PS256"),
        (&["--encryption-alg", "RSA1_5"], "RSA-OAEP-256"),
        (
            &["--encryption-alg", "ECDH-ES", "--encryption-enc", "A1"],
            "A256GCM",
        ),
    ] {
        let usage = it.run(&[&add[..], options].concat());
        assert_eq!(usage.code, 2);
        assert!(usage.err.contains(known), "{}", usage.err);
    }
    let usage = it.run(&["key", "rotate", "none"]);
    assert_eq!(usage.code, 2);
    assert!(usage.err.contains("ES256, ES384"), "{}", usage.err);
    let help = it.run(&["key", "rotate", "--help"]).well();
    assert!(help.contains("ES256, ES384"), "{help}");
}
