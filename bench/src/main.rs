//! `bench BENCHMARK [OPTIONS]`: run by `cargo xtask bench`, which builds the server first.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench::introspection::parts;
use bench::options::Options;
use bench::report::{self, Published};
use bench::{
    Failure, authentication, cores, footprint, inactive, instructions, introspection, junk,
    look_up, peers, profile, say, scale,
};

const USAGE: &str = "\
Benchmarks of the real server, pinned to one core, with the load on another.

  cargo xtask bench introspection     how fast introspection is answered, beside the limit
  cargo xtask bench junk              what a flood of strings costs that were never issued
  cargo xtask bench scale             ten million tokens beside ten thousand, nothing in memory
  cargo xtask bench footprint         how soon it is ready, and how much memory it takes
  cargo xtask bench authentication    what each way to authenticate adds to an introspection
  cargo xtask bench inactive          whether the time of an inactive answer tells its reason
  cargo xtask bench instructions      how many of them an answer in JSON takes, beside a budget; needs valgrind
  cargo xtask bench steps             each step of an introspection alone, without a server, by criterion's options
  cargo xtask bench profile           where the time of an answer goes, with a flame graph; needs perf
  cargo xtask bench peers             avouch beside npm's oidc-provider; needs Node 20 and npm
  cargo xtask bench redraw            plots and tables of docs/ anew, from the figures kept there
  cargo xtask bench --smoke           those of avouch alone for a moment: that they run, not what comes out

Introspection and scale bring a PostgreSQL of their own, whose data is in target/postgres. Each
takes less than ten minutes; scale writes ten million tokens into one engine after the other, and
wants 20 GB of disk that are free again afterwards; --tokens N for fewer.

  --folder FOLDER  where SQLite's data is meanwhile
  --seconds N      of each measurement
  --rounds N       of all measurements
  --tokens N       live tokens in the database
  --connections N  at one time
  --json FILE      writes the figures there, too
  --publish        makes the figures those of docs/performance.md
  --renew          makes the counts of `instructions` the budget
  --answer NAME    of `profile`, by its row in the table of `introspection`: ES256 if nothing is said
  --hot            of `profile`: the same few tokens over and over, not another for every request
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match command(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&format!("bench: {why}"));
            ExitCode::FAILURE
        }
    }
}

fn command(arguments: &[&str]) -> Result<(), Failure> {
    let [name, rest @ ..] = arguments else {
        say(USAGE);
        return Ok(());
    };
    let defaults = |seconds, rounds, tokens| Options {
        server: beside("avouch"),
        folder: beside(""),
        seconds,
        rounds,
        tokens,
        connections: 32,
        json: None,
        publish: false,
    };
    match *name {
        "introspection" => {
            let options = defaults(0.5, 7, 1_000_000).read(rest)?;
            conclude(introspection::run(&options), &options)
        }
        "junk" => {
            let options = defaults(0.5, 7, 250_000).read(rest)?;
            conclude(junk::run(&options), &options)
        }
        "scale" => {
            let options = defaults(0.5, 9, 10_000_000).read(rest)?;
            conclude(scale::run(&options), &options)
        }
        "footprint" => {
            let options = defaults(0.5, 9, 100_000).read(rest)?;
            conclude(footprint::run(&options), &options)
        }
        "authentication" => {
            let options = defaults(0.5, 9, 100_000).read(rest)?;
            conclude(authentication::run(&options), &options)
        }
        "inactive" => {
            let options = defaults(0.5, 4_000, 100_000).read(rest)?;
            conclude(inactive::run(&options), &options)
        }
        "peers" => {
            let options = defaults(0.5, 7, 1_000_000).read(rest)?;
            conclude(peers::run(&options), &options)
        }
        "instructions" => {
            let (renew, rest) = match rest {
                ["--renew", rest @ ..] => (true, rest),
                rest => (false, rest),
            };
            let options = defaults(0.5, 1, 50).read(rest)?;
            let budget = root().join("bench/instructions.toml");
            alone(instructions::run(&options, &budget, renew))
        }
        "profile" => {
            let (chosen, rest) = profile::Chosen::read(rest)?;
            let options = defaults(4.0, 5, 1_000_000).read(&rest)?;
            chosen.check(&options)?;
            conclude(profile::run(&options, chosen), &options)
        }
        "redraw" => {
            report::redraw::<authentication::Run>(root())?;
            report::redraw::<footprint::Run>(root())?;
            report::redraw::<inactive::Run>(root())?;
            report::redraw::<introspection::Run>(root())?;
            report::redraw::<junk::Run>(root())?;
            report::redraw::<peers::Run>(root())?;
            report::redraw::<profile::Run>(root())?;
            report::redraw::<scale::Run>(root())
        }
        "--smoke" => {
            let moment = |rounds| Options {
                connections: 2,
                ..defaults(0.02, rounds, 200)
            };
            let options = moment(1).read(rest)?;
            conclude(introspection::run(&options), &options)?;
            conclude(junk::run(&options), &options)?;
            conclude(scale::run(&options), &options)?;
            conclude(footprint::run(&options), &options)?;
            conclude(authentication::run(&options), &options)?;
            let options = moment(10).read(rest)?;
            conclude(inactive::run(&options), &options)
        }
        // What a benchmark starts by itself.
        "part" => parts::measure_here(rest),
        "look-up" => look_up::measure_here(rest),
        "floor" => parts::serve_floor(rest),
        "help" | "--help" | "-h" => {
            say(USAGE);
            Ok(())
        }
        other => Err(format!("there is no benchmark `{other}`\n\n{USAGE}").into()),
    }
}

/// Runs a benchmark, prints its figures and keeps them where they were asked for.
fn conclude<R: Published>(
    benchmark: impl Future<Output = Result<R, Failure>>,
    options: &Options,
) -> Result<(), Failure> {
    if options.publish {
        report::check_page::<R>(root())?;
    }
    let run = alone(benchmark)?;
    report::conclude(&run, options, root())
}

/// Runs a benchmark on this thread alone, on the core of the load.
fn alone<R>(benchmark: impl Future<Output = Result<R, Failure>>) -> Result<R, Failure> {
    // Found missing before anything is measured.
    cores::find()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Answers are looked for as often as questions are sent.
        .event_interval(1)
        .build()?;
    runtime.block_on(benchmark)
}

/// A program that was built with this one, or the folder of both.
fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.parent().unwrap_or(Path::new(".")).join(name)
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
