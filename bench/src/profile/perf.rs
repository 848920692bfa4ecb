//! `perf record`, which looks at a process many times a second, and `perf script`, which tells what
//! it saw.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::script::{Sample, Samples};
use crate::Failure;

/// Looks a second: few enough to take little of it, and a prime number, so that it keeps step with
/// nothing that comes round.
pub(super) const FREQUENCY: u32 = 997;

/// What to do where the system lets nobody look.
const WAYS: &str = "run it as root, or let everybody look: sysctl kernel.perf_event_paranoid=1 \
                    kernel.kptr_restrict=0";

/// A `perf record` under way, which looks only when it is told to.
pub(super) struct Recorder {
    perf: Child,
    /// Where it is told what to do, and where it says that it did.
    orders: ChildStdin,
    done: BufReader<ChildStdout>,
    recorded: PathBuf,
    said: PathBuf,
}

impl Recorder {
    /// Begins with a process, all its threads included, and looks at nothing yet. Two files in
    /// `folder` are written.
    ///
    /// The clock of the CPU is what it goes by, not a counter of the processor: machines within
    /// machines often have none.
    pub(super) fn start(process: u32, folder: &Path) -> Result<Self, Failure> {
        let (recorded, said) = (folder.join("perf.data"), folder.join("perf.said"));
        let mut perf = Command::new("perf")
            .args(["record", "--event=cpu-clock", "--call-graph=fp"])
            .args(["--delay=-1", "--control=fd:0,1", "--no-buildid-cache"])
            .arg(format!("--freq={FREQUENCY}"))
            .arg(format!("--pid={process}"))
            .arg("--output")
            .arg(&recorded)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&said)?)
            .spawn()
            .map_err(|error| not_started(&error))?;
        let (Some(orders), Some(done)) = (perf.stdin.take(), perf.stdout.take()) else {
            return Err("perf has no pipes".into());
        };
        let done = BufReader::new(done);
        let mut recorder = Self {
            perf,
            orders,
            done,
            recorded,
            said,
        };
        // Answered when it is ready.
        recorder.tell("disable")?;
        Ok(recorder)
    }

    /// Looks from now on.
    pub(super) fn resume(&mut self) -> Result<(), Failure> {
        self.tell("enable")
    }

    /// Looks no more, until [`Recorder::resume`].
    pub(super) fn pause(&mut self) -> Result<(), Failure> {
        self.tell("disable")
    }

    fn tell(&mut self, order: &str) -> Result<(), Failure> {
        let mut answer = String::new();
        let asked = writeln!(self.orders, "{order}");
        let heard = asked.and_then(|()| self.done.read_line(&mut answer));
        // It ends each answer with a NUL, which then stands before the next.
        match heard {
            Ok(_) if answer.trim_matches(['\0', '\n']) == "ack" => Ok(()),
            Ok(_) | Err(_) => Err(refused(&fs::read_to_string(&self.said)?)),
        }
    }

    /// Ends, and reads what was recorded.
    pub(super) fn read(mut self, mut each: impl FnMut(Sample)) -> Result<(), Failure> {
        writeln!(self.orders, "stop")?;
        if !self.perf.wait()?.success() {
            return Err(refused(&fs::read_to_string(&self.said)?));
        }
        let mut script = Command::new("perf")
            .args(["script", "--fields=ip,sym,dso", "--no-inline", "--input"])
            .arg(&self.recorded)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&self.said)?)
            .spawn()
            .map_err(|error| not_started(&error))?;
        let lines = script.stdout.take().ok_or("perf has no pipe")?;
        let (mut any, mut of_kernel) = (false, false);
        for sample in Samples::of(BufReader::new(lines)) {
            let sample = sample?;
            any = true;
            of_kernel |= sample.frames.iter().any(|frame| frame.kernel);
            each(sample);
        }
        if !script.wait()?.success() {
            let said = fs::read_to_string(&self.said)?;
            return Err(format!("perf script failed: {}", said.trim()).into());
        }
        // Where it may not look at the kernel, it goes on without; every answer goes through it.
        if any && !of_kernel {
            return Err(refused("it saw nothing of the kernel"));
        }
        Ok(())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Of a run that failed; otherwise it is gone.
        let _ = self.perf.kill();
        let _ = self.perf.wait();
    }
}

fn not_started(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => {
            "perf is not here: it is in the package linux-perf of Debian, linux-tools-generic of \
             Ubuntu"
        }
        _ => return format!("perf could not be started: {error}").into(),
    }
    .into()
}

fn refused(said: &str) -> Failure {
    format!("perf does not record: {WAYS}\n{}", said.trim()).into()
}
