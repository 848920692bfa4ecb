//! `cargo xtask faults`: parse, run, print.

#![allow(clippy::print_stdout, reason = "the tally is this program's output")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use faults::database::Database;
use faults::options::{Engine, Options, USAGE};
use faults::progress::Progress;
use faults::random::Random;
use faults::scenarios::{self, Run};
use faults::tally::Tally;
use xtask::say;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some("--list") => {
            list();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let outcome = Options::parse(&arguments, std::process::id().into()).and_then(|options| {
        let binary = server_program()?;
        let has_any = |engine: &&Engine| {
            let mut all = scenarios::ALL.iter();
            all.any(|scenario| options.wants(**engine, scenario))
        };
        let tallies = options.engines.iter().filter(has_any);
        let tallies = tallies.map(|engine| run(&binary, &options, *engine));
        let tallies = tallies.collect::<Result<Vec<_>, _>>()?;
        print(&options, &tallies);
        Ok(tallies.iter().all(Tally::is_clean))
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            say(&format!("faults: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// Built beside this one.
fn server_program() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let binary = own.with_file_name("avouch");
    if binary.exists() {
        Ok(binary)
    } else {
        Err(format!("{} is not there: build it", binary.display()))
    }
}

fn list() {
    for scenario in scenarios::ALL {
        let engines: Vec<_> = scenario
            .engines
            .iter()
            .map(|engine| engine.name())
            .collect();
        let engines = engines.join(", ");
        println!("  {:<14}{:<18}{}", scenario.name, engines, scenario.about);
    }
}

/// Everything that is to be done on one engine.
fn run(binary: &Path, options: &Options, engine: Engine) -> Result<Tally, String> {
    let random = Random::seeded(options.seed).fork(engine.name());
    let mut tally = Tally::new(engine);
    let mut progress = Progress::start();
    let mut database = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(Database::start("faults")?),
    };
    let started = Instant::now();
    for scenario in scenarios::ALL {
        if !options.wants(engine, scenario) {
            continue;
        }
        let again = options.again(engine, scenario.name);
        let repeat = Repeat(&again);
        progress.begin(format!("{} {}", engine.name(), scenario.name));
        (scenario.run)(&mut Run {
            binary,
            kills: options.kills,
            random: random.fork(scenario.name),
            tally: &mut tally,
            progress: &mut progress,
            database: database.as_mut(),
        });
        progress.end(if tally.is_clean() {
            "it holds"
        } else {
            "it does NOT hold"
        });
        if !tally.is_clean() {
            repeat.tell();
            break;
        }
    }
    tally.took = started.elapsed();
    Ok(tally)
}

/// Says how to make the same choices again, also where the run ends in a panic.
struct Repeat<'a>(&'a str);

impl Repeat<'_> {
    fn tell(&self) {
        say(&format!("   to make the same choices again: {}", self.0));
    }
}

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
    }
}

fn print(options: &Options, tallies: &[Tally]) {
    if options.json {
        let engines: Vec<_> = tallies.iter().map(Tally::json).collect();
        println!(
            "{}",
            serde_json::json!({"seed": options.seed, "engines": engines})
        );
        return;
    }
    println!("\nseed {}\n", options.seed);
    for tally in tallies {
        println!("{}", tally.table());
    }
}
