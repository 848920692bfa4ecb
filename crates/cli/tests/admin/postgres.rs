//! Two servers on one PostgreSQL database: one in this process, one that is the
//! real binary and is killed.
//!
//! `AVOUCH_TEST_POSTGRES` is the URL of a database where schemas may be made,
//! `AVOUCH_TEST_POSTGRES_PASSWORD` the password, if one is asked for.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

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
}

impl Drop for Serving {
    /// As hard as it gets.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
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
    // The same again, elsewhere.
    let other = one.path("other");
    let text = fs::read_to_string(one.path("avouch.toml")).unwrap();
    let own = one.path("data").display().to_string();
    let text = text.replace(&own, &other.display().to_string());
    let config = one.write("other.toml", &text);
    let serving = Serving::start(&config);

    one.shop_and_pay();
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    let token = ask(&other, &issue, "").well();
    let show = ["token", "show", "--token", "-"];
    let shown = one.run_with(&show, &token).well();
    assert!(shown.starts_with("active\n"), "{shown}");

    drop(serving);
    let _serving = Serving::start(&config);
    assert!(ask(&other, &show, &token).well().starts_with("active\n"));
    let file = one.write("token.txt", &token);
    ask(&other, &["token", "revoke", "--token", &file], "").well();
    let shown = one.run_with(&show, &token).well();
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
