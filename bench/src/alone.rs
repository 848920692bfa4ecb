//! One thing over and over, in a process of its own on the server's core, while this core is as
//! busy as under load.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::cores::{self, Core};
use crate::load::Measured;

/// What such a process tells.
pub struct Told {
    /// How often.
    pub times: u64,
    /// In which CPU time.
    pub cpu: Duration,
    /// In which time.
    pub wall: Duration,
}

impl Told {
    /// Tells it to the process that waits for it.
    #[expect(clippy::print_stdout, reason = "whoever started this reads it")]
    pub fn print(&self) {
        let Self { times, cpu, wall } = self;
        println!("{times} {} {}", cpu.as_nanos(), wall.as_nanos());
    }
}

/// Starts this program once more with these arguments, and waits for what it tells.
pub fn measure(arguments: &[&str]) -> Result<Measured, Failure> {
    cores::pin(Core::Server)?;
    let started = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn();
    cores::pin(Core::Load)?;
    let mut process = started?;
    let status = loop {
        if let Some(status) = process.try_wait()? {
            break status;
        }
        std::thread::yield_now();
    };
    let mut told = String::new();
    if let Some(mut output) = process.stdout.take() {
        output.read_to_string(&mut told)?;
    }
    let what = arguments.first().unwrap_or(&"");
    if !status.success() {
        return Err(format!("measuring {what} alone ended with {status}").into());
    }
    let mut figures = told.split_whitespace().map(str::parse);
    let mut next = || figures.next().ok_or("no figures came");
    let answers = next()??;
    let cpu = Duration::from_nanos(next()??);
    let wall = Duration::from_nanos(next()??);
    Ok(Measured {
        answers,
        wall,
        cpu,
        ..Measured::default()
    })
}
