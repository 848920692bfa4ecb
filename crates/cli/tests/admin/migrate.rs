//! `avouch migrate`, and the server after it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use avouch_core::storage::{CallerStore, TokenStore};
use avouch_store::{OpenError, SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::fixtures::{client, issued};
use crate::postgres::Schema;
use crate::stage::{Done, Stage, avouch};

/// Where to, as options.
fn to_database(schema: &Schema) -> Vec<String> {
    let config = &schema.config;
    let mut options = vec!["--to".to_owned(), config.url.clone().unwrap().to_string()];
    options.extend(["--to-schema".into(), config.schema.as_str().to_owned()]);
    if let Some(file) = &config.password_file {
        options.extend(["--to-password-file".into(), file.display().to_string()]);
    }
    options
}

fn to_file(path: &Path) -> Vec<String> {
    vec!["--to".into(), format!("sqlite:{}", path.display())]
}

fn migrate(data: &Path, to: &[String], more: &[&str]) -> Done {
    let from = format!("sqlite:{}", data.display());
    let mut arguments = vec!["migrate", "--from", &from];
    arguments.extend(to.iter().map(String::as_str));
    arguments.extend(more);
    avouch(&arguments, &[], "")
}

fn introspect(it: &Stage, token: &str, more: &[&str]) -> Done {
    let issuer = format!("http://{}", it.address());
    let (secret, token) = (it.path("secret"), it.path(token));
    let ask = ["introspect", "--issuer", &issuer, "--client-id", "pay"];
    let with = ["--secret-file", secret.to_str().unwrap()];
    let about = ["--token", token.to_str().unwrap()];
    it.run(&[&ask[..], &with, &about, more].concat())
}

/// A server with the tokens `good` and `dead`, and what it said of the good one.
fn with_tokens() -> Stage {
    let it = Stage::set();
    let pay = ["resource-server", "add", "pay", "--signing-alg", "ES256"];
    let secret = it.run(&[&pay[..], &["--resource", "https://pay.example"]].concat());
    it.write("secret", &secret.well());
    let shop = ["client", "add", "shop", "--resource", "https://pay.example"];
    it.run(&shop).well();
    for name in ["good", "dead"] {
        let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
        it.write(name, &it.run(&issue).well());
    }
    let dead = it.path("dead");
    let revoke = ["token", "revoke", "--token", dead.to_str().unwrap()];
    it.run(&revoke).well();
    let saved = it.path("statement.jwt");
    let save = ["--save", saved.to_str().unwrap()];
    assert_eq!(introspect(&it, "good", &save).code, 0);
    it
}

/// Moves, changes the configuration as the command says, and asks again.
fn moves_and_serves(to: &[String]) {
    let mut it = with_tokens();
    let keys = it.run(&["key", "list", "--json"]).json();
    let data = it.path("data");

    let refused = migrate(&data, to, &[]).badly();
    assert!(refused.contains("in use by another server"), "{refused}");
    it.stop();
    let said = migrate(&data, to, &[]).well();
    assert!(
        said.starts_with("moved; both sides are the same:\n"),
        "{said}"
    );
    let change: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .collect();
    let toml = fs::read_to_string(it.path("avouch.toml")).unwrap();
    let toml = match change.as_slice() {
        ["[database]", ..] => {
            // Written out here with what it has by default.
            let (before, section) = toml.split_once("[database]\n").unwrap();
            let (_, after) = section.split_once("\n[").unwrap();
            format!("{before}\n[{after}\n{}\n", change.join("\n"))
        }
        [_, folder, ..] => {
            let own = format!("folder = {:?}", data.display().to_string());
            assert!(toml.contains(&own), "{toml}");
            toml.replace(&own, folder)
        }
        other => panic!("{other:?}"),
    };
    it.write("avouch.toml", &toml);
    // Nothing comes from there any more.
    fs::rename(data.join("avouch.sqlite3"), it.path("old.sqlite3")).unwrap();

    it.start_again();
    let config = it.path("avouch.toml");
    let list = [
        "key",
        "list",
        "--json",
        "--config",
        config.to_str().unwrap(),
    ];
    assert_eq!(avouch(&list, &[], "").json(), keys);
    assert_eq!(introspect(&it, "good", &[]).code, 0);
    assert_eq!(introspect(&it, "dead", &[]).code, 3);
    // What the old server said is verified with the keys of the new one.
    let published = it.keys_in_a_file();
    let issuer = format!("http://{}", it.address());
    let verify = ["verify", "--jwks", &published, "--issuer", &issuer];
    let statement = it.path("statement.jwt");
    let what = ["--audience", "pay", statement.to_str().unwrap()];
    let said = it.run(&[&verify[..], &what].concat()).well();
    assert!(said.contains("verified"), "{said}");

    let again = migrate(&it.path("old.sqlite3"), to, &[]).badly();
    assert!(
        again.contains("in use") || again.contains("servers work on"),
        "{again}"
    );
    it.stop();
    let again = migrate(&it.path("old.sqlite3"), to, &[]).badly();
    assert!(again.contains("holds records already"), "{again}");
}

#[test]
fn a_server_over_a_moved_file_answers_as_before() {
    let folder = tempfile::tempdir().unwrap();
    moves_and_serves(&to_file(&folder.path().join("avouch.sqlite3")));
}

#[test]
fn a_server_over_a_database_answers_as_it_did_over_the_file() {
    if let Some(schema) = Schema::make("moved") {
        moves_and_serves(&to_database(&schema));
    }
}

/// A file with so many tokens.
fn many(folder: &Path, tokens: usize) {
    let store = SqliteStore::open(folder.join("avouch.sqlite3"), &SqliteOptions::default());
    let store = store.unwrap();
    Runtime::new().unwrap().block_on(async {
        store.insert_client(&client("shop")).await.unwrap();
        for number in 0..tokens {
            let (grant, token) = issued(&number.to_string(), 1_600);
            store.issue(&grant, &token).await.unwrap();
        }
    });
}

/// Kills it as hard as it gets once it has said so many lines. Whether that came before its end.
fn killed_after(data: &Path, to: &[String], lines: usize) -> bool {
    let mut moving = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["migrate", "--page", "1", "--from"])
        .arg(format!("sqlite:{}", data.display()))
        .args(to)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(moving.stderr.take().unwrap());
    let said: Vec<_> = said.lines().take(lines).map(Result::unwrap).collect();
    assert_eq!(said.len(), lines, "{said:?}");
    moving.kill().unwrap();
    !moving.wait().unwrap().success()
}

/// An empty place, and what there is to be seen of it between two kills.
struct Target {
    options: Vec<String>,
    half_moved: Box<dyn Fn()>,
    // Goes with it.
    _schema: Option<Schema>,
}

/// `None` if it was through before it was killed: there was too little to move.
fn killed_and_gone_on_with(target: &Target, tokens: usize) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    many(folder.path(), tokens);
    // Among the clients, the grants, the tokens, and while both sides are compared.
    for lines in [1, 9, 26, 48] {
        if !killed_after(folder.path(), &target.options, lines) {
            return None;
        }
        (target.half_moved)();
    }
    Some(migrate(folder.path(), &target.options, &["--json"]).json())
}

fn kills(target: impl Fn(usize) -> Option<Target>) {
    let mut tokens = 60;
    let moved = loop {
        let Some(target) = target(tokens) else {
            return;
        };
        if let Some(moved) = killed_and_gone_on_with(&target, tokens) {
            break moved;
        }
        tokens *= 4;
    };
    assert_eq!(moved["resumed"], json!(true));
    let of = |kind: &str| {
        let records = moved["records"].as_array().unwrap();
        let one = records.iter().find(|one| one["kind"] == kind).unwrap();
        assert_eq!(one["source"], one["target"]);
        one["target"]["count"].clone()
    };
    let counts: [Value; 3] = ["clients", "grants", "access tokens"].map(of);
    assert_eq!(counts, [json!(1), json!(tokens), json!(tokens)]);
}

#[test]
fn a_move_that_is_killed_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    kills(|tokens| {
        let file = folder.path().join(format!("{tokens}.sqlite3"));
        Some(Target {
            options: to_file(&file),
            half_moved: Box::new(move || {
                let refused = SqliteStore::open(&file, &SqliteOptions::default()).unwrap_err();
                assert!(matches!(refused, OpenError::HalfMoved), "{refused}");
            }),
            _schema: None,
        })
    });
}

#[test]
fn a_move_into_a_database_that_is_killed_goes_on_where_it_was() {
    kills(|tokens| {
        let schema = Schema::make(&format!("killed_{tokens}"))?;
        Some(Target {
            options: to_database(&schema),
            half_moved: Box::new(|| ()),
            _schema: Some(schema),
        })
    });
}

#[test]
fn what_cannot_be_moved_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing.sqlite3");
    let to = to_file(&folder.path().join("to.sqlite3"));
    let refused = migrate(&nothing, &to, &[]).badly();
    assert!(refused.contains("there is no data file"), "{refused}");
    assert!(!nothing.exists() && !folder.path().join("to.sqlite3").exists());
    let refused = avouch(&["migrate", "--from", "x", "--to", "y"], &[], "");
    assert!(refused.err.contains("say sqlite:FILE"), "{refused:?}");
}
