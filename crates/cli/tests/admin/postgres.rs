//! Two servers on one PostgreSQL database: one in this process, one that is the
//! real binary and is killed.
//!
//! `AVOUCH_TEST_POSTGRES` is the URL of a database where schemas may be made,
//! `AVOUCH_TEST_POSTGRES_PASSWORD` the password, if one is asked for.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use avouch_server::config::{Config, DatabaseConfig, DatabaseUrl, Issuer, SchemaName, Whole};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::stage::{Done, Stage, avouch};

/// A schema that goes when the test ends.
pub(crate) struct Schema {
    pub(crate) config: DatabaseConfig,
    _folder: TempDir,
}

#[expect(clippy::print_stderr, reason = "said to whoever runs the tests")]
fn skipped() {
    eprintln!("AVOUCH_TEST_POSTGRES is not set: skipped");
}

impl Schema {
    pub(crate) fn make(name: &str) -> Option<Self> {
        let Ok(url) = env::var("AVOUCH_TEST_POSTGRES") else {
            skipped();
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let password_file = env::var("AVOUCH_TEST_POSTGRES_PASSWORD").ok().map(|word| {
            let file = folder.path().join("password");
            fs::write(&file, word).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            file
        });
        let name = format!("avouch_test_{name}_{}", std::process::id());
        let config = DatabaseConfig {
            url: Some(DatabaseUrl::parse(&url).unwrap()),
            password_file,
            schema: SchemaName::parse(&name).unwrap(),
            connections: Whole::new(4).unwrap(),
            ..DatabaseConfig::default()
        };
        let options = config.options().unwrap().unwrap();
        let runtime = Runtime::new().unwrap();
        runtime.block_on(options.make_schema()).unwrap();
        Some(Self {
            config,
            _folder: folder,
        })
    }

    /// The configuration of a server that is one of several.
    fn shared(&self, config: &mut Config) {
        config.issuer = Issuer::try_from("http://localhost:4711".to_owned()).unwrap();
        config.database = self.config.clone();
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let options = self.config.options().unwrap().unwrap();
        let runtime = Runtime::new().unwrap();
        runtime.block_on(options.drop_schema()).unwrap();
    }
}

/// The real binary, serving.
struct Serving(Child);

impl Serving {
    fn start(config: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_avouch"))
            .args([
                "serve",
                "--json",
                "--listen",
                "127.0.0.1:0",
                "--config",
                config,
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert!(line.contains("localhost:4711"), "it did not start: {line}");
        Self(process)
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Serving {
    /// As hard as it gets.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The same server again, elsewhere: its data folder, and itself.
fn second(one: &Stage, name: &str) -> (PathBuf, Serving) {
    let other = one.path(name);
    let text = fs::read_to_string(one.path("avouch.toml")).unwrap();
    let own = one.path("data").display().to_string();
    let text = text.replace(&own, &other.display().to_string());
    let config = one.write(&format!("{name}.toml"), &text);
    (other, Serving::start(&config))
}

fn ask(data: &Path, arguments: &[&str], input: &str) -> Done {
    avouch(arguments, &[("AVOUCH_DATA", data)], input)
}

#[test]
fn what_one_server_acknowledged_another_has_and_a_killed_one_finds_again() {
    let Some(schema) = Schema::make("two") else {
        return;
    };
    let one = Stage::set_with(|config| schema.shared(config));
    let (other, serving) = second(&one, "other");

    one.shop_and_pay();
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    let token = ask(&other, &issue, "").well();
    let show = ["token", "show", "--token", "-"];
    let shown = one.run_with(&show, &token).well();
    assert!(shown.starts_with("active\n"), "{shown}");

    drop(serving);
    let _serving = Serving::start(one.path("other.toml").to_str().unwrap());
    assert!(ask(&other, &show, &token).well().starts_with("active\n"));
    let file = one.write("token.txt", &token);
    ask(&other, &["token", "revoke", "--token", &file], "").well();
    // The one remembers it, for as long as it has not heard of this.
    loop {
        let shown = one.run_with(&show, &token).well();
        if shown.starts_with("inactive: token revoked\n") {
            break;
        }
        assert!(shown.starts_with("active\n"), "{shown}");
    }
}

#[test]
fn a_key_that_one_server_made_the_other_publishes_and_knows() {
    let Some(schema) = Schema::make("keys") else {
        return;
    };
    let one = Stage::set_with(|config| schema.shared(config));
    let (other, _serving) = second(&one, "other");
    let rotate = ["key", "rotate", "ES256"];
    let at_once = [&rotate[..], &["--at-once", "--json"]].concat();
    let made = ask(&other, &at_once, "").json();
    one.wait_for_published(made["kid"].as_str().unwrap());
    // Two administrators who do not know of each other.
    one.run(&rotate).well();
    let refused = ask(&other, &rotate, "").badly();
    assert!(refused.contains("published already"), "{refused}");
    let listed = one.run(&["key", "list", "--json"]).json();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 3);
}

/// Stopped while a token was revoked, for longer than it may believe what it
/// remembers: its first answer is right.
#[test]
fn a_server_that_was_stopped_does_not_believe_what_it_remembers() {
    let Some(schema) = Schema::make("stopped") else {
        return;
    };
    let lease = 100;
    let one = Stage::set_with(|config| {
        schema.shared(config);
        config.database.cache_lease = Whole::new(lease).unwrap();
    });
    let (other, serving) = second(&one, "other");
    one.shop_and_pay();
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    let show = ["token", "show", "--token", "-"];
    let token = one.run(&issue).well();
    assert!(ask(&other, &show, &token).well().starts_with("active\n"));

    serving.signal("STOP");
    let stopped = Instant::now();
    let file = one.write("token.txt", &token);
    one.run(&["token", "revoke", "--token", &file]).well();
    while stopped.elapsed() <= Duration::from_millis(lease) {
        one.run_with(&show, &token).well();
    }
    serving.signal("CONT");
    let shown = ask(&other, &show, &token).well();
    assert!(shown.starts_with("inactive: token revoked\n"), "{shown}");
}

#[test]
fn each_server_needs_a_data_folder_of_its_own() {
    let Some(schema) = Schema::make("folder") else {
        return;
    };
    let one = Stage::set_with(|config| schema.shared(config));
    let config = one.path("avouch.toml");
    let listen = ["--listen", "127.0.0.1:0"];
    let serve = ["serve", "--config", config.to_str().unwrap()];
    let refused = avouch(&[&serve[..], &listen].concat(), &[], "").badly();
    assert!(refused.contains("in use by another server"), "{refused}");
}
