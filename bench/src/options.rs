//! What the command line says.

use std::path::PathBuf;
use std::time::Duration;

use crate::Failure;

/// How a benchmark is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's program.
    pub server: PathBuf,
    /// Where databases are made: on a disk, for a write is not acknowledged before it is there.
    pub folder: PathBuf,
    /// Seconds of each measurement.
    pub seconds: f64,
    /// How often each case is measured.
    pub rounds: usize,
    /// Live tokens in the database.
    pub tokens: usize,
    /// Connections at one time.
    pub connections: usize,
    /// A file for the figures.
    pub json: Option<PathBuf>,
    /// Whether the figures become those of the documents.
    pub publish: bool,
}

impl Options {
    /// Reads arguments; what they leave out is as in `self`.
    pub fn read(mut self, arguments: &[&str]) -> Result<Self, Failure> {
        let mut left = arguments.iter();
        while let Some(name) = left.next() {
            if *name == "--publish" {
                self.publish = true;
                continue;
            }
            let value = *left.next().ok_or_else(|| format!("{name} needs a value"))?;
            let wrong = || format!("{name}: `{value}` is no number above zero");
            let count = || {
                value
                    .parse()
                    .ok()
                    .filter(|count| *count > 0)
                    .ok_or_else(wrong)
            };
            match *name {
                "--server" => self.server = value.into(),
                "--folder" => self.folder = value.into(),
                "--json" => self.json = Some(value.into()),
                "--rounds" => self.rounds = count()?,
                "--tokens" => self.tokens = count()?,
                "--connections" => self.connections = count()?,
                "--seconds" => {
                    let seconds: Option<f64> = value.parse().ok();
                    let seconds = seconds.filter(|seconds| *seconds > 0.0 && *seconds < 1e6);
                    self.seconds = seconds.ok_or_else(wrong)?;
                }
                _ => return Err(format!("there is no option {name}").into()),
            }
        }
        Ok(self)
    }

    /// The time of each measurement.
    pub fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, Failure> {
        let defaults = Options {
            server: "avouch".into(),
            folder: ".".into(),
            seconds: 1.0,
            rounds: 7,
            tokens: 100,
            connections: 16,
            json: None,
            publish: false,
        };
        defaults.read(arguments)
    }

    #[test]
    fn what_is_not_said_stays() {
        let options = read(&["--rounds", "3", "--publish", "--seconds", "0.5"]).unwrap();
        assert_eq!((options.rounds, options.tokens), (3, 100));
        assert_eq!(options.time(), Duration::from_millis(500));
        assert!(options.publish);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [
            &["--rounds", "0"][..],
            &["--seconds", "-1"],
            &["--seconds", "NaN"],
            &["--tokens", "many"],
            &["--tokens"],
            &["--what", "1"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
