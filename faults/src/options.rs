//! What the command is told.

use crate::scenarios::{self, Scenario};

/// How the command is used.
pub const USAGE: &str = "\
Breaks what the server stands on, and asks it for all that it had acknowledged:

  cargo xtask faults                     20 kills per engine, and each other fault once
  cargo xtask faults --kills N           so many kills
  cargo xtask faults --seed S            the same choices as another run with this seed
  cargo xtask faults --engine ENGINE     `sqlite`, `postgres` or `both`
  cargo xtask faults --only FAULT        one of them; `--list` shows them
  cargo xtask faults --json              the tally as JSON on standard output
";

/// Where the data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// In a file.
    Sqlite,
    /// In a PostgreSQL database, with two servers on it.
    Postgres,
}

impl Engine {
    /// As it is written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A run.
#[derive(Clone, Debug)]
pub struct Options {
    /// On which engines, in this order.
    pub engines: Vec<Engine>,
    /// How many `kill -9` on each.
    pub kills: usize,
    /// What chance begins with.
    pub seed: u64,
    /// The name of the only fault to inject.
    pub only: Option<String>,
    /// Whether a program reads the tally.
    pub json: bool,
}

impl Options {
    /// Reads the arguments. `seed` is for a run that names none.
    pub fn parse(arguments: &[String], seed: u64) -> Result<Self, String> {
        let mut options = Self {
            engines: vec![Engine::Sqlite, Engine::Postgres],
            kills: 20,
            seed,
            only: None,
            json: false,
        };
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(name) = rest.next() {
            if name == "--json" {
                options.json = true;
                continue;
            }
            let value = rest.next();
            let number = || {
                let value = value.and_then(|value| value.parse::<u64>().ok());
                value.ok_or_else(|| format!("{name} wants a number"))
            };
            match (name, value) {
                ("--kills", _) => {
                    options.kills =
                        usize::try_from(number()?).map_err(|error| error.to_string())?;
                }
                ("--seed", _) => options.seed = number()?,
                ("--engine", Some("sqlite")) => options.engines = vec![Engine::Sqlite],
                ("--engine", Some("postgres")) => options.engines = vec![Engine::Postgres],
                ("--engine", Some("both")) => {}
                ("--engine", _) => {
                    return Err("--engine is `sqlite`, `postgres` or `both`".into());
                }
                ("--only", Some(fault)) if scenarios::is_known(fault) => {
                    options.only = Some(fault.to_owned());
                }
                ("--only", _) => {
                    return Err("--only wants the name of a fault; `--list` shows them".into());
                }
                _ => return Err(format!("what is `{name}`?\n\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Whether a scenario is part of the run on this engine.
    pub fn wants(&self, engine: Engine, scenario: &Scenario) -> bool {
        let only = self.only.as_deref();
        scenario.engines.contains(&engine) && only.is_none_or(|only| only == scenario.name)
    }

    /// The command that makes the same choices again.
    pub fn again(&self, engine: Engine, scenario: &str) -> String {
        format!(
            "cargo xtask faults --engine {} --kills {} --seed {} --only {scenario}",
            engine.name(),
            self.kills,
            self.seed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words, 5)
    }

    #[test]
    fn what_is_left_out_is_both_engines_twenty_kills_and_a_seed_of_its_own() {
        let options = parsed("").unwrap();
        assert_eq!(options.engines, [Engine::Sqlite, Engine::Postgres]);
        assert_eq!((options.kills, options.seed), (20, 5));
    }

    #[test]
    fn the_command_that_repeats_a_run_is_read_as_that_run() {
        let options = parsed("--kills 7 --seed 3 --engine postgres").unwrap();
        let again = options.again(Engine::Postgres, "kills");
        let again = again.strip_prefix("cargo xtask faults ").unwrap();
        let read = parsed(again).unwrap();
        assert_eq!((read.kills, read.seed), (7, 3));
        assert_eq!(read.engines, [Engine::Postgres]);
        assert_eq!(read.only.as_deref(), Some("kills"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in [
            "--kills",
            "--kills many",
            "--engine oracle",
            "--only nothing",
            "--fast yes",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
