//! The server as a process of its own, on a core of its own.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Failure;
use crate::cores::{self, Core, CpuClock};

/// How often it is looked whether the server answers, and the pause in between.
const TRIES: u32 = 30_000;
const PAUSE: Duration = Duration::from_millis(1);

/// A running server. Stopped when dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    clock: CpuClock,
    log: PathBuf,
}

impl Server {
    /// Starts a program on the server's core and waits until it takes connections at all of
    /// `addresses`. What it logs goes to a file, as an operator's would.
    ///
    /// The calling thread ends up on the core of the load.
    pub fn start(
        command: &mut Command,
        addresses: &[SocketAddr],
        log: &Path,
    ) -> Result<Self, Failure> {
        // A process stays where the thread was that started it.
        cores::pin(Core::Server)?;
        let started = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?)
            .spawn();
        cores::pin(Core::Load)?;
        let process = started.map_err(|error| {
            let program = Path::new(command.get_program()).display().to_string();
            format!("{program} could not be started: {error}")
        })?;
        let clock = CpuClock::of(process.id())?;
        let mut server = Self {
            process,
            clock,
            log: log.to_owned(),
        };
        for address in addresses {
            server.wait_for(*address)?;
        }
        Ok(server)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The CPU time it has used up so far.
    pub fn cpu_time(&self) -> Result<Duration, Failure> {
        self.clock.read()
    }

    /// Keeps it on one core from now on, or on none.
    pub fn keep(&self, core: Option<Core>) -> Result<(), Failure> {
        cores::keep(self.process.id(), core)
    }

    /// What it holds in memory, in octets.
    pub fn resident(&self) -> Result<u64, Failure> {
        self.status("VmRSS:")
    }

    /// What of that is its own alone: without the program and the parts of files that are mapped
    /// into memory, which the system takes back where it needs room.
    pub fn own(&self) -> Result<u64, Failure> {
        self.status("RssAnon:")
    }

    fn status(&self, name: &str) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.trim().strip_suffix(" kB"))
            .ok_or_else(|| format!("/proc tells no {name}"))?;
        Ok(kibibytes.parse::<u64>()? * 1024)
    }

    fn wait_for(&mut self, address: SocketAddr) -> Result<(), Failure> {
        for _ in 0..TRIES {
            match TcpStream::connect(address) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(error.into()),
            }
            if let Some(status) = self.process.try_wait()? {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                return Err(format!("the server ended with {status}:\n{log}").into());
            }
            thread::sleep(PAUSE);
        }
        Err(format!("the server does not listen on {address}").into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(process) = i32::try_from(self.process.id()) {
            // It may be gone already.
            let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
        }
        let _ = self.process.wait();
    }
}
