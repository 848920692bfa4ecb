//! Which core does what, and how much time a process spent on one.

use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::Failure;

/// What runs on a core of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// The server's.
    Server,
    /// That of the load.
    Load,
}

/// The first two cores that this process was given, server first.
static CORES: OnceLock<[usize; 2]> = OnceLock::new();
/// All that this process was given.
static ALLOWED: OnceLock<CpuSet> = OnceLock::new();

/// Sees to it that there are two cores. Call it before anything is pinned.
pub fn find() -> Result<(), Failure> {
    // Once pinned, this process sees one of them.
    if CORES.get().is_some() {
        return Ok(());
    }
    let allowed = sched_getaffinity(Pid::from_raw(0))?;
    let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
    let (Some(server), Some(load)) = (cores.next(), cores.next()) else {
        return Err("a benchmark needs two cores: one for the server, one for the load".into());
    };
    CORES.get_or_init(|| [server, load]);
    ALLOWED.get_or_init(|| allowed);
    Ok(())
}

/// Keeps the calling thread, and whatever it starts from now on, on one core.
pub fn pin(core: Core) -> Result<(), Failure> {
    Ok(sched_setaffinity(Pid::from_raw(0), &only(core)?)?)
}

/// Keeps a process that runs already, with all its threads, on one core; without one, lets it run
/// wherever this process was allowed to, the load's core included.
pub fn keep(process: u32, core: Option<Core>) -> Result<(), Failure> {
    let cores = match core {
        Some(core) => only(core)?,
        None => *ALLOWED.get().ok_or("the cores were not looked for")?,
    };
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let name = thread?.file_name();
        let thread = name.to_str().ok_or("/proc has a thread without number")?;
        sched_setaffinity(Pid::from_raw(thread.parse()?), &cores)?;
    }
    Ok(())
}

fn only(core: Core) -> Result<CpuSet, Failure> {
    let [server, load] = CORES.get().ok_or("the cores were not looked for")?;
    let mut cores = CpuSet::new();
    cores.set(match core {
        Core::Server => *server,
        Core::Load => *load,
    })?;
    Ok(cores)
}

/// The CPU time of a process, of all its threads, in nanoseconds; those that ended count too.
#[derive(Clone, Copy, Debug)]
pub struct CpuClock(ClockId);

impl CpuClock {
    /// The clock of the process with this id.
    pub fn of(process: u32) -> Result<Self, Failure> {
        let process = Pid::from_raw(i32::try_from(process)?);
        Ok(Self(clock_getcpuclockid(process)?))
    }

    /// What the process has used up so far.
    pub fn read(self) -> Result<Duration, Failure> {
        Ok(clock_gettime(self.0)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_time_up() {
        let clock = CpuClock::of(std::process::id()).unwrap();
        let before = clock.read().unwrap();
        let mut octets = [0; 32];
        for _ in 0..1_000 {
            octets = avouch_crypto::hash::sha256(&octets);
        }
        assert!(clock.read().unwrap() > before, "{octets:?}");
    }
}
