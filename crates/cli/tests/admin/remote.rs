//! The commands over TCP: the same as at the socket, for those who may.

use std::path::Path;

use serde_json::json;

use crate::remote_stage::Elsewhere;
use crate::stage::avouch;

const ISSUE: [&str; 6] = ["token", "issue", "--client", "shop", "--subject", "erika"];

#[test]
fn every_command_does_over_tcp_what_it_does_at_the_socket() {
    let world = Elsewhere::set_with(|config| config.dpop.require_nonce = true);
    world.choose("ops", "admin admin:read admin:issue");
    let run = |arguments: &[&str]| world.run("ops", arguments);
    let input = |arguments: &[&str], input: &str| world.run_with("ops", arguments, input);
    let pay = [
        "resource-server",
        "add",
        "pay",
        "--resource",
        "https://pay.example",
    ];
    let of_pay = ["--signing-alg", "ES256", "--release-claim", "iban"];
    run(&[&pay[..], &of_pay].concat()).well();
    let shop = ["client", "add", "shop", "--scope", "pay"];
    let secret = run(&[&shop[..], &["--resource", "https://pay.example"]].concat()).well();
    assert_eq!(secret.trim().len(), 43);

    let token = run(&[&ISSUE[..], &["--scope", "pay"]].concat()).well();
    assert!(token.starts_with("avt_"));
    let explain = ["explain", "--token", "-", "--resource-server", "pay"];
    let show = ["token", "show", "--token", "-"];
    let right = [
        "initial-access-token",
        "create",
        "--kinds",
        "clients",
        "--any-resource",
    ];
    run(&right).well();
    // What is only looked at is told alike on both ways, to the letter.
    for (looked, with) in [
        (&["client", "list"][..], ""),
        (&["client", "list", "--json"], ""),
        (&["client", "show", "shop"], ""),
        (&["resource-server", "list"], ""),
        (&["resource-server", "show", "pay"], ""),
        (&["key", "list"], ""),
        (&["initial-access-token", "list"], ""),
        (&explain, &token),
        (&show, &token),
    ] {
        let here = world.it.run_with(looked, with).well();
        assert!(!here.is_empty());
        assert_eq!(input(looked, with).well(), here, "{looked:?}");
    }
    let description = "[[client]]\nid = \"till\"\nscope = \"pay\"\n";
    let apply = ["apply", "-f", "-", "--yes"];
    let dry = input(&["apply", "-f", "-", "--dry-run"], description).well();
    assert!(dry.contains("+ client till"), "{dry}");
    let applied = input(&apply, description).well();
    assert!(applied.contains("\ntill "), "{applied}");
    let rotated = run(&["key", "rotate", "ES256", "--json"]).json();
    assert!(rotated["kid"].is_string());
    let again = run(&["key", "rotate", "ES256"]).badly();
    assert!(again.contains("--at-once"), "{again}");
    run(&["client", "secret", "shop", "--overlap", "60"]).well();
    run(&["resource-server", "secret", "pay"]).well();
    run(&["client", "registration-token", "shop"]).well();
    run(&["resource-server", "registration-token", "pay"]).well();
    let rights = run(&["initial-access-token", "list", "--json"]).json();
    let right = rights["initial_access_tokens"][0]["id"].as_str().unwrap();
    run(&["initial-access-token", "remove", right]).well();
    let revoked = input(&["token", "revoke", "--token", "-"], &token).well();
    assert!(revoked.starts_with("revoked: "), "{revoked}");
    run(&["token", "revoke", "--subject", "erika", "--yes"]).well();
    run(&["client", "remove", "till", "--yes"]).well();
    run(&["resource-server", "remove", "pay", "--yes"]).well();
    let error = run(&["client", "show", "shpo"]).badly();
    assert!(error.contains("did you mean shop?"), "{error}");
}

#[test]
fn a_certificate_binds_the_token_and_may_prove_who_comes() {
    let world = Elsewhere::set();
    world.add(
        "ops",
        "admin:read",
        &[
            "--authentication",
            "tls_client_auth",
            "--tls-client-auth-subject-dn",
            "CN=ops",
            "--token-binding",
            "certificate",
        ],
    );
    let with = |name: &str| {
        format!("certificate_file = \"{name}.pem\"\ncertificate_key_file = \"{name}.key\"\n")
    };
    world.credentials("ops", &with("ops"));
    let listed = world.run("ops", &["client", "list"]).well();
    assert!(listed.contains("ops"), "{listed}");
    world.credentials("ops", &with("mallory"));
    let error = world.run("ops", &["client", "list"]).badly();
    assert!(error.contains("invalid_client"), "{error}");
    let other = with("ops").replace("ops.key", "mallory.key");
    world.credentials("ops", &other);
    let error = world.run("ops", &["client", "list"]).badly();
    assert!(
        error.contains("not that of the client certificate"),
        "{error}"
    );

    // A secret says who comes; the certificate is what the token is bound to.
    let secret = world.file("desk.secret");
    let options = ["--secret-file", secret.to_str().unwrap()];
    let bound = ["--token-binding", "certificate"];
    world.add("desk", "admin:read", &[options, bound].concat());
    let how = "secret_file = \"desk.secret\"\n";
    world.credentials("desk", &format!("{how}{}", with("mallory")));
    world.run("desk", &["key", "list"]).well();
    world.credentials("desk", how);
    let error = world.run("desk", &["key", "list"]).badly();
    assert!(error.contains("certificate"), "{error}");
}

#[test]
fn a_key_of_its_own_proves_who_comes() {
    let world = Elsewhere::set();
    // The key of RFC 8037 appendix A.
    let public = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "kid": "mine",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let secret = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    let mut private = public.clone();
    private["d"] = json!(secret);
    let set = world.write("ops.jwks", &json!({"keys": [public]}).to_string());
    let options = [
        "--authentication",
        "private_key_jwt",
        "--jwks",
        set.to_str().unwrap(),
    ];
    world.add("ops", "admin:issue admin", &options);
    world.write("ops.private.jwk", &private.to_string());
    world.credentials("ops", "key_file = \"ops.private.jwk\"");
    world.run("ops", &["key", "list"]).well();
    private["kid"] = json!("other");
    world.write("ops.private.jwk", &private.to_string());
    let error = world.run("ops", &["key", "list"]).badly();
    assert!(error.contains("invalid_client"), "{error}");
    assert!(!error.contains(secret));
}

#[test]
fn each_scope_does_its_part_and_what_is_missing_is_named() {
    let world = Elsewhere::set();
    world.it.shop_and_pay();
    world.choose("reader", "admin:read");
    world.choose("login", "admin:issue");
    world.choose("all", "admin");
    world.choose("none", "pay");
    let issue = [&ISSUE[..], &["--scope", "pay"]].concat();
    let (list, rotate) = (["client", "list"], ["key", "rotate", "ES256"]);
    for (id, command, needed) in [
        ("reader", &list[..], None),
        ("reader", &issue, Some("admin:issue or admin")),
        ("reader", &rotate, Some("the scope admin\n")),
        ("login", &issue, None),
        ("login", &list, Some("admin:read or admin")),
        ("login", &rotate, Some("the scope admin\n")),
        ("all", &list, None),
        ("all", &issue, None),
        ("all", &rotate, None),
        ("none", &list, Some("admin:read or admin")),
    ] {
        let done = world.run(id, command);
        match needed {
            None => assert!(!done.well().is_empty()),
            Some(needed) => {
                let error = done.badly();
                assert!(error.contains(needed), "{id} {command:?}: {error}");
                assert!(
                    error.contains(&format!("scope of the client {id} there")),
                    "{error}"
                );
            }
        }
    }
    // Whom nobody chose.
    let secret = world.file("shop.secret");
    let renew = [
        "client",
        "secret",
        "shop",
        "--secret-file",
        secret.to_str().unwrap(),
    ];
    world.it.run(&renew).well();
    world.credentials("shop", "secret_file = \"shop.secret\"");
    let error = world.run("shop", &list).badly();
    assert!(
        error.contains("client_credentials into grant_types"),
        "{error}"
    );
    let robot = [
        "client",
        "add",
        "robot",
        "--grant-type",
        "client_credentials",
    ];
    let secret = world.file("robot.secret");
    let rest = [
        "--scope",
        "admin",
        "--any-resource",
        "--secret-file",
        secret.to_str().unwrap(),
    ];
    world.it.run(&[&robot[..], &rest].concat()).well();
    world.credentials("robot", "secret_file = \"robot.secret\"");
    let error = world.run("robot", &list).badly();
    let said = format!("put {} into resources of the client robot", world.admin);
    assert!(error.contains(&said), "{error}");
}

#[test]
fn what_is_for_the_socket_alone_says_so_and_what_to_do() {
    let world = Elsewhere::set();
    world.choose("ops", "admin");
    world.choose("other", "admin:read");
    let add = [
        "client",
        "add",
        "mine",
        "--grant-type",
        "client_credentials",
    ];
    let file = world.file("new.secret");
    let file = ["--secret-file", file.to_str().unwrap()];
    let add = [&add[..], &["--resource", &world.admin], &file].concat();
    for command in [
        &add[..],
        &["client", "secret", "other"],
        &["client", "registration-token", "ops"],
        &["client", "remove", "other", "--yes"],
    ] {
        let error = world.run("ops", command).badly();
        for part in [
            "decided at the admin socket alone",
            "--data FOLDER or --config FILE",
        ] {
            assert!(error.contains(part), "{command:?}: {error}");
        }
    }
    assert!(!world.file("new.secret").exists(), "no empty file is left");
    // There is no socket to print elsewhere.
    let socket = ["config", "socket", "--admin-url", &world.admin];
    assert_eq!(avouch(&socket, &[], "").code, 2);
}

#[test]
fn whom_to_trust_and_where_to_go_is_told() {
    let world = Elsewhere::set();
    world.choose("ops", "admin");
    let file = world.file("ops.toml");
    let list = [
        "client",
        "list",
        "--admin-credentials",
        file.to_str().unwrap(),
    ];
    let at = |url: &str, authority: Option<&str>| {
        let authority = authority.map(|name| world.file(name).to_str().unwrap().to_owned());
        let mut arguments = [&list[..], &["--admin-url", url]].concat();
        arguments.extend(authority.iter().flat_map(|file| ["--ca-file", file]));
        avouch(&arguments, &[], "")
    };
    let good = at(&format!("{}/", world.admin), Some("ca.pem")).well();
    assert!(good.contains("ops"));
    let error = at(&world.admin, None).badly();
    assert!(error.contains("--ca-file FILE"), "{error}");
    let error = at(&world.admin, Some("client-ca.pem")).badly();
    assert!(error.contains("has not issued this certificate"), "{error}");
    let error = at(&world.admin, Some("ops.secret")).badly();
    assert!(error.contains("in PEM"), "{error}");
    let error = at(&world.admin.replace("https:", "http:"), Some("ca.pem")).badly();
    assert!(error.contains("--admin-url https://"), "{error}");
    // By another name of the same host, proofs and audience would not fit.
    let error = at(
        &world.admin.replace("127.0.0.1", "localhost"),
        Some("ca.pem"),
    )
    .badly();
    assert!(error.contains("certificate"), "{error}");
    // The issuer has no admin API, nor has a server that does not listen for one.
    let error = at(&world.issuer, Some("ca.pem")).badly();
    for part in [
        "status 404",
        "admin.listen",
        "--data FOLDER or --config FILE",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    let error = at("https://127.0.0.1:1", Some("ca.pem")).badly();
    assert!(error.contains("no connection"), "{error}");
    for bad in ["admin.example.com", "https://ops:s3cret@admin.example.com"] {
        let error = at(bad, Some("ca.pem")).badly();
        assert!(
            error.contains("not the URL of a host") && !error.contains("s3cret"),
            "{error}"
        );
    }
    let error = at("http://admin.example.com", Some("ca.pem")).badly();
    assert!(error.contains("no token is sent there"), "{error}");
}

#[test]
fn what_is_said_on_the_command_line_counts_before_the_environment() {
    let world = Elsewhere::set();
    world.choose("ops", "admin:read");
    let (file, authority) = (world.file("ops.toml"), world.file("ca.pem"));
    let data = world.it.path("data");
    let nowhere = Path::new("https://127.0.0.1:1");
    let url = ("AVOUCH_ADMIN_URL", Path::new(&world.admin));
    let who = [
        ("AVOUCH_ADMIN_CREDENTIALS", &*file),
        ("AVOUCH_CA_FILE", &*authority),
    ];
    let list = ["key", "list"];
    let run = |options: &[&str], environment: &[(&str, &Path)]| {
        let arguments = [&list[..], options].concat();
        avouch(&arguments, &[&who[..], environment].concat(), "")
    };
    run(&[], &[url]).well();
    run(
        &["--admin-url", &world.admin],
        &[("AVOUCH_ADMIN_URL", nowhere)],
    )
    .well();
    run(
        &["--admin-url", &world.admin],
        &[("AVOUCH_DATA", Path::new("/nowhere"))],
    )
    .well();
    let data = data.to_str().unwrap();
    run(&["--data", data], &[("AVOUCH_ADMIN_URL", nowhere)]).well();
    run(&[], &[("AVOUCH_DATA", Path::new(data))]).well();
    // Of two that disagree neither counts before the other.
    for other in ["AVOUCH_DATA", "AVOUCH_CONFIG"] {
        let error = run(&[], &[url, (other, Path::new(data))]).badly();
        for part in ["AVOUCH_ADMIN_URL", other, "unset one"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
    let both = run(&["--data", data, "--admin-url", &world.admin], &[]);
    assert_eq!(both.code, 2, "{both:?}");
    let error = avouch(&["key", "list", "--admin-url", &world.admin], &[], "").badly();
    for part in ["--admin-credentials FILE", "issuer = ", "secret_file = "] {
        assert!(error.contains(part), "{part} in {error}");
    }
    let who = ["key", "list", "--admin-credentials", file.to_str().unwrap()];
    let error = avouch(&who, &[], "").badly();
    assert!(error.contains("--admin-url URL"), "{error}");
    let help = avouch(&["token", "issue", "--help"], &[], "").well();
    for part in [
        "--admin-url",
        "--admin-credentials",
        "--ca-file",
        "AVOUCH_ADMIN_URL",
    ] {
        assert!(help.contains(part), "{part} in {help}");
    }
}
