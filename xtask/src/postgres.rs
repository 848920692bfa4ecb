//! PostgreSQL servers for the tests: fresh, on loopback, gone afterwards.

use std::fs::{self, DirBuilder, File};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::steps::{Failure, shell, succeeds};
use crate::{say, tools, tree};

/// Where Debian puts each version's programs.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The administrator within the server.
const USER: &str = "avouch_test";

/// How often a server is asked whether it is ready, and the pause in between.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// `cargo xtask postgres COMMAND`: runs a command with the servers.
pub fn command(program: &str, args: &[&str]) -> Result<(), Failure> {
    tools::bring_system_packages()?;
    let servers = Servers::start()?;
    let mut command = Command::new(program);
    servers.name_to(command.args(args));
    shell(&mut command)
}

/// The servers that the tests want: one like any other, and one to be refused.
pub struct Servers {
    synced: Server,
    unsynced: Server,
}

impl Servers {
    /// Starts both. They stop when this is dropped.
    pub fn start() -> Result<Self, Failure> {
        Ok(Self {
            synced: Server::start("synced", &[])?,
            unsynced: Server::start("unsynced", &["fsync=off"])?,
        })
    }

    /// Tells a command where they are.
    pub fn name_to(&self, command: &mut Command) {
        command
            .env("AVOUCH_TEST_POSTGRES", self.synced.url())
            .env("AVOUCH_TEST_POSTGRES_PASSWORD", &self.synced.password)
            .env("AVOUCH_TEST_POSTGRES_UNSYNCED", self.unsynced.url())
            .env(
                "AVOUCH_TEST_POSTGRES_UNSYNCED_PASSWORD",
                &self.unsynced.password,
            );
    }
}

/// A server that runs until this is dropped.
struct Server {
    process: Child,
    port: u16,
    folder: PathBuf,
    /// What [`USER`] shows.
    password: String,
}

impl Server {
    /// Starts one called `name`, with these settings besides the defaults.
    fn start(name: &str, settings: &[&str]) -> Result<Self, Failure> {
        let programs = programs()?;
        let user = tools::is_root().then(unprivileged).transpose()?;
        let folder = make_folder(name, user)?;
        let password = random_password()?;
        let password_file = folder.join("password");
        fs::write(&password_file, &password).map_err(at(&password_file))?;
        if let Some(user) = user {
            shell(Command::new("chown").args(["-R", user]).arg(&folder))?;
        }
        let data = folder.join("data");
        let log = folder.join("log");
        let output = File::create(&log).map_err(at(&log))?;
        shell(
            run_as(user, &programs.join("initdb"))
                .arg("--pgdata")
                .arg(&data)
                .arg("--pwfile")
                .arg(&password_file)
                .args(["--username", USER, "--auth=scram-sha-256"])
                .args(["--encoding=UTF8", "--locale=C", "--no-sync"])
                .current_dir(&folder)
                .stdout(output.try_clone().map_err(at(&log))?),
        )?;
        let port = free_port()?;
        let mut command = run_as(user, &programs.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""])
            // As many as there may be tests at one time, with connections of their own.
            .args(["-c", "max_connections=400"]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        let process = command
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(at(&log))?)
            .stderr(output)
            .spawn()
            .map_err(|error| format!("postgres could not be started: {error}"))?;
        let mut server = Self {
            process,
            port,
            folder,
            password,
        };
        server.wait_until_ready(&programs, &log)?;
        say(&format!("   PostgreSQL `{name}` listens on port {port}"));
        Ok(server)
    }

    /// The URL of its first database, without the password.
    fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self, programs: &Path, log: &Path) -> Result<(), Failure> {
        let ready = programs.join("pg_isready").display().to_string();
        let port = self.port.to_string();
        for _ in 0..TRIES {
            if let Ok(Some(status)) = self.process.try_wait() {
                let log = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("postgres ended with {status}:\n{log}"));
            }
            if succeeds(&ready, &["-h", "127.0.0.1", "-p", &port]) {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        Err("postgres did not get ready".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its fast way to stop: connections are ended, what is written is kept.
        let stopped = succeeds("kill", &["-INT", &self.process.id().to_string()]);
        if !stopped && self.process.kill().is_err() {
            say("   a PostgreSQL server of the tests could not be stopped");
            return;
        }
        // Nothing is to be done about what fails here.
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the newest version's programs.
fn programs() -> Result<PathBuf, Failure> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let programs = version.path().join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((number, programs))
        })
        .max();
    if let Some((_, programs)) = newest {
        return Ok(programs);
    }
    let output = Command::new("pg_config").arg("--bindir").output();
    let folder = output.map_err(|_| {
        format!("PostgreSQL is neither in {VERSIONS} nor does `pg_config` know where it is")
    })?;
    Ok(PathBuf::from(
        String::from_utf8_lossy(&folder.stdout).trim().to_owned(),
    ))
}

/// PostgreSQL refuses to run as root.
fn unprivileged() -> Result<&'static str, Failure> {
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| succeeds("id", &["-u", user]))
        .ok_or_else(|| "there is no user `postgres` or `nobody` to run PostgreSQL as".into())
}

/// The command, which takes the place of whatever hands it over: its process is
/// the one that was started.
fn run_as(user: Option<&str>, program: &Path) -> Command {
    let mut command = match user {
        None => return Command::new(program),
        Some(_) => Command::new("setpriv"),
    };
    if let Some(user) = user {
        command
            .args(["--reuid", user, "--regid", user, "--init-groups"])
            .arg(program);
    }
    command
}

/// An empty folder below `target/`, or where the user cannot get there, with
/// the temporary files.
fn make_folder(name: &str, user: Option<&str>) -> Result<PathBuf, Failure> {
    let within = tree::root().join("target/postgres");
    fs::create_dir_all(&within).map_err(at(&within))?;
    let reachable = user.is_none_or(|user| {
        let path = within.display().to_string();
        let ids = ["--reuid", user, "--regid", user, "--init-groups"];
        succeeds("setpriv", &[&ids[..], &["test", "-x", &path]].concat())
    });
    let folder = if reachable {
        within.join(name)
    } else {
        std::env::temp_dir().join(format!("avouch-postgres-{}-{name}", std::process::id()))
    };
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(at(&folder)(error));
        }
        _ => {}
    }
    // Nobody else's: the password is in it.
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(at(&folder))?;
    Ok(folder)
}

fn random_password() -> Result<String, Failure> {
    let mut random = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .map_err(|error| format!("/dev/urandom: {error}"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}

/// One that was free a moment ago.
fn free_port() -> Result<u16, Failure> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no port is free: {error}"))
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}
