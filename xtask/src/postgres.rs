//! PostgreSQL servers for the tests: fresh, on loopback, gone afterwards.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Read;
use std::net::TcpListener;
use std::ops::Range;
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
const TRIES: u32 = 1_500;
const PAUSE: Duration = Duration::from_millis(20);

/// Between two looks whether a killed process is gone.
const SHORT: Duration = Duration::from_millis(2);

/// Ports below those that the system gives to outgoing connections: a server that was killed finds its port free.
const PORTS: Range<u16> = 15_000..32_000;

/// `cargo xtask postgres COMMAND`: runs a command with a server.
pub fn command(program: &str, args: &[&str]) -> Result<(), Failure> {
    tools::bring_system_packages()?;
    let server = Shared::start()?;
    let mut command = Command::new(program);
    server.name_to(command.args(args));
    shell(&mut command)
}

/// The server that the tests share.
pub struct Shared(Server);

impl Shared {
    /// Starts it. It stops when this is dropped.
    pub fn start() -> Result<Self, Failure> {
        Ok(Self(Server::start("shared", &[])?))
    }

    /// Tells a command where it is.
    pub fn name_to(&self, command: &mut Command) {
        command
            .env("AVOUCH_TEST_POSTGRES", self.0.url())
            .env("AVOUCH_TEST_POSTGRES_PASSWORD", self.0.password());
    }
}

/// A server that runs until this is dropped.
pub struct Server {
    process: Child,
    launch: Launch,
}

/// How a server is started, the first time and again.
struct Launch {
    /// The folder of the programs.
    programs: PathBuf,
    /// Whom it runs as, where this runs with all rights.
    user: Option<&'static str>,
    port: u16,
    folder: PathBuf,
    settings: Vec<String>,
    /// What [`USER`] shows.
    password: String,
}

impl Server {
    /// Starts one called `name`, with these settings besides the defaults.
    pub fn start(name: &str, settings: &[&str]) -> Result<Self, Failure> {
        Self::start_with(name, settings, &[])
    }

    /// The same, made with these arguments of `initdb`.
    pub fn start_with(name: &str, settings: &[&str], initdb: &[&str]) -> Result<Self, Failure> {
        let programs = programs()?;
        let user = tools::is_root().then(unprivileged).transpose()?;
        let folder = make_folder(name, user)?;
        let password = random_password()?;
        let password_file = folder.join("password");
        fs::write(&password_file, &password).map_err(at(&password_file))?;
        if let Some(user) = user {
            shell(Command::new("chown").args(["-R", user]).arg(&folder))?;
        }
        let launch = Launch {
            programs,
            user,
            port: free_port()?,
            folder,
            settings: settings.iter().map(ToString::to_string).collect(),
            password,
        };
        shell(
            launch
                .run("initdb", &[])
                .arg("--pgdata")
                .arg(launch.data())
                .arg("--pwfile")
                .arg(&password_file)
                .args(["--username", USER, "--auth=scram-sha-256"])
                .args(["--encoding=UTF8", "--locale=C", "--no-sync"])
                .args(initdb)
                .stdout(launch.output()?),
        )?;
        let process = launch.spawn(&[])?;
        let mut server = Self { process, launch };
        server.wait_until_ready()?;
        say(&format!(
            "   PostgreSQL `{name}` listens on port {}",
            server.launch.port
        ));
        Ok(server)
    }

    /// Starts a standby of this server, called `name`: a copy of it that follows it by way of `port`, and is
    /// `name` to it.
    pub fn standby(&self, name: &str, port: u16) -> Result<Self, Failure> {
        let primary = &self.launch;
        let folder = make_folder(name, primary.user)?;
        let launch = Launch {
            programs: primary.programs.clone(),
            user: primary.user,
            port: free_port()?,
            folder,
            settings: primary.settings.clone(),
            password: primary.password.clone(),
        };
        if let Some(user) = primary.user {
            shell(Command::new("chown").arg(user).arg(&launch.folder))?;
        }
        let way = format!("host=127.0.0.1 port={port} user={USER} application_name={name}");
        let mut copy = launch.run("pg_basebackup", &[]);
        copy.env("PGPASSWORD", &launch.password)
            .args(["--dbname", &way, "--pgdata"])
            .arg(launch.data())
            .args(["--checkpoint=fast", "--wal-method=stream", "--no-sync"])
            // Says whom to follow, with the password, and that it is a standby.
            .arg("--write-recovery-conf")
            .stdout(launch.output()?)
            .stderr(launch.output()?);
        shell(&mut copy)?;
        let process = launch.spawn(&[])?;
        let mut server = Self { process, launch };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Makes a standby the primary. When this returns, it takes writes.
    pub fn promote(&self) -> Result<(), Failure> {
        match self.query("SELECT pg_promote()")?.as_str() {
            "t" => Ok(()),
            _ => Err("the standby was not promoted in time".into()),
        }
    }

    /// Changes a setting for good. When this returns, it is in force for whoever connects.
    pub fn set(&self, name: &str, value: &str) -> Result<(), Failure> {
        self.query(&format!("ALTER SYSTEM SET {name} = '{value}'"))?;
        self.query("SELECT pg_reload_conf()")?;
        for _ in 0..TRIES {
            if self.query(&format!("SHOW {name}"))? == value {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        Err(format!("{name} did not become {value}"))
    }

    /// The URL of its first database, without the password.
    pub fn url(&self) -> String {
        self.url_by(self.launch.port)
    }

    /// The same by way of another port on this machine.
    pub fn url_by(&self, port: u16) -> String {
        format!("postgres://{USER}@127.0.0.1:{port}/postgres")
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.launch.port
    }

    /// What its administrator shows.
    pub fn password(&self) -> &str {
        &self.launch.password
    }

    /// The folder with `data` and `password`, which belong to the user whom it runs as, and `log`.
    pub fn folder(&self) -> &Path {
        &self.launch.folder
    }

    /// What these statements come to, as `psql` prints it bare.
    pub fn query(&self, sql: &str) -> Result<String, Failure> {
        let output = Command::new(self.launch.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--dbname", &self.url()])
            .args(["--command", sql])
            .env("PGPASSWORD", &self.launch.password)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("psql could not be started: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Its fast way to stop: connections are ended, what is written is kept.
    pub fn stop(&mut self) -> Result<(), Failure> {
        signal("-INT", &[self.process.id()])?;
        self.process.wait().map_err(|error| error.to_string())?;
        Ok(())
    }

    /// `kill -9`, of the server and of every process it started.
    pub fn kill(&mut self) -> Result<(), Failure> {
        // Stopped first, so that it starts no other meanwhile.
        signal("-STOP", &[self.process.id()])?;
        let mut all = children(self.process.id());
        all.push(self.process.id());
        // One that ended meanwhile is none to be killed.
        let _ = signal("-KILL", &all);
        self.process.wait().map_err(|error| error.to_string())?;
        // Not our children, so not ours to wait for; but their end frees what a new server needs.
        while all.iter().any(|process| is_alive(*process)) {
            thread::sleep(SHORT);
        }
        Ok(())
    }

    /// Starts it again after its end, with these environment variables.
    pub fn restart(&mut self, environment: &[(String, String)]) -> Result<(), Failure> {
        self.process = self.launch.spawn(environment)?;
        self.wait_until_ready()
    }

    /// Stands still, with every process it started.
    pub fn pause(&self) -> Result<(), Failure> {
        signal("-STOP", &[self.process.id()])?;
        signal("-STOP", &children(self.process.id()))
    }

    /// Goes on where it stood still.
    pub fn go_on(&self) -> Result<(), Failure> {
        let mut all = children(self.process.id());
        all.push(self.process.id());
        signal("-CONT", &all)
    }

    fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let ready = self.launch.programs.join("pg_isready");
        let (ready, port) = (ready.display().to_string(), self.launch.port.to_string());
        for _ in 0..TRIES {
            if let Ok(Some(status)) = self.process.try_wait() {
                let log = fs::read_to_string(self.launch.log()).unwrap_or_default();
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
        // One that stands still hears of nothing else.
        let _ = self.go_on();
        // At once: what it would still sync is removed with it.
        if signal("-QUIT", &[self.process.id()]).is_err() && self.process.kill().is_err() {
            say("   a PostgreSQL server of the tests could not be stopped");
            return;
        }
        // Nothing is to be done about what fails here.
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.launch.folder);
    }
}

impl Launch {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The end of the server's log.
    fn output(&self) -> Result<File, Failure> {
        let log = self.log();
        let opened = OpenOptions::new().create(true).append(true).open(&log);
        opened.map_err(at(&log))
    }

    /// The command, which takes the place of whatever hands it over: its process is the one that was started.
    /// It alone has the environment: a library that is preloaded must not be loaded with other rights first.
    fn run(&self, program: &str, environment: &[(String, String)]) -> Command {
        let program = self.programs.join(program);
        let settings = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let mut command = Command::new(if self.user.is_some() {
            "setpriv"
        } else {
            "env"
        });
        if let Some(user) = self.user {
            command
                .args(["--reuid", user, "--regid", user, "--init-groups"])
                .arg("env");
        }
        command.args(settings).arg(program);
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    fn spawn(&self, environment: &[(String, String)]) -> Result<Child, Failure> {
        let mut command = self.run("postgres", environment);
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-k", ""])
            // As many as there may be tests at one time, with connections of their own.
            .args(["-c", "max_connections=400"]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command
            .stdout(self.output()?)
            .stderr(self.output()?)
            .spawn()
            .map_err(|error| format!("postgres could not be started: {error}"))
    }
}

fn signal(name: &str, processes: &[u32]) -> Result<(), Failure> {
    let processes: Vec<String> = processes.iter().map(ToString::to_string).collect();
    let mut arguments = vec![name];
    arguments.extend(processes.iter().map(String::as_str));
    if processes.is_empty() || succeeds("kill", &arguments) {
        return Ok(());
    }
    Err(format!("`kill {}` failed", arguments.join(" ")))
}

/// The processes that this one started and that still run.
fn children(process: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|child| state(*child).is_some_and(|(_, parent)| parent == process))
        .collect()
}

/// A process that has ended and was not waited for yet is none.
fn is_alive(process: u32) -> bool {
    state(process).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

/// The state of a process, and which one started it.
fn state(process: u32) -> Option<(char, u32)> {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After its name, which may hold anything.
    let (_, rest) = line.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    let state = words.next()?.chars().next()?;
    Some((state, words.next()?.parse().ok()?))
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
    Ok(format!("{:032x}", random()?))
}

fn random() -> Result<u128, Failure> {
    let mut random = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .map_err(|error| format!("/dev/urandom: {error}"))?;
    Ok(u128::from_be_bytes(random))
}

/// One that was free a moment ago, and that no outgoing connection takes.
pub fn free_port() -> Result<u16, Failure> {
    let count = u128::from(PORTS.end - PORTS.start);
    for _ in 0..100 {
        let above = u16::try_from(random()? % count).unwrap_or_default();
        let port = PORTS.start + above;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is free".into())
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}
