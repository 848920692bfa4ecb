//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use super::Round;
use crate::Failure;
use crate::options::Options;
use crate::plot::{Bar, Bars};
use crate::report::{Circumstances, Published, Table, with_spread};
use crate::server::Server;
use crate::statistics::Figure;

/// All figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How they came about.
    pub circumstances: Circumstances,
    /// KiB of the server's program.
    pub program_kibibytes: u64,
    /// Milliseconds from the start on an empty folder until it is ready.
    pub first_start_millis: Figure,
    /// The same with database and keys there.
    pub start_millis: Figure,
    /// MiB of memory of a server that was just started, mapped files included.
    pub idle_mebibytes: Figure,
    /// MiB of that which are its own.
    pub idle_own_mebibytes: Figure,
    /// Before it found any token, and after it found all of them and kept them in memory.
    pub cached: [Room; 2],
}

/// Memory of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// KiB that it holds, with the program and mapped files.
    pub resident_kibibytes: u64,
    /// KiB of that which are its own.
    pub own_kibibytes: u64,
}

impl Room {
    pub(super) fn of(server: &Server) -> Result<Self, Failure> {
        Ok(Self {
            resident_kibibytes: server.resident()? >> 10,
            own_kibibytes: server.own()? >> 10,
        })
    }

    fn mebibytes(self) -> [f64; 2] {
        [self.resident_kibibytes, self.own_kibibytes].map(|kibibytes| kibibytes as f64 / 1024.0)
    }
}

impl Run {
    pub(super) fn new(
        options: &Options,
        rounds: &[Round],
        cached: [Room; 2],
        program: u64,
    ) -> Self {
        let figure = |of: &dyn Fn(&Round) -> f64| {
            let values: Vec<_> = rounds.iter().map(of).collect();
            Figure::of(&values).rounded(1)
        };
        Self {
            circumstances: Circumstances::of(Self::NAME, options),
            program_kibibytes: program >> 10,
            first_start_millis: figure(&|round| round.first.as_secs_f64() * 1e3),
            start_millis: figure(&|round| round.again.as_secs_f64() * 1e3),
            idle_mebibytes: figure(&|round| round.idle.mebibytes()[0]),
            idle_own_mebibytes: figure(&|round| round.idle.mebibytes()[1]),
            cached,
        }
    }

    /// MiB that 100,000 tokens in memory add: to all it holds, and to what is its own.
    fn added(&self) -> [f64; 2] {
        let [before, after] = self.cached.map(Room::mebibytes);
        let scale = 100_000.0 / self.circumstances.tokens as f64;
        [0, 1].map(|at| (after[at] - before[at]) * scale)
    }
}

impl Published for Run {
    const NAME: &'static str = "footprint";

    fn part(&self) -> String {
        let mut table = Table::new(&["what", "figure"]);
        let mut line = |what: &str, figure: String| table.push(vec![what.to_owned(), figure]);
        let program = self.program_kibibytes as f64 / 1024.0;
        line("the program, MiB", format!("{program:.1}"));
        let first = with_spread(self.first_start_millis, 0);
        line("start on an empty folder until ready, ms", first);
        let again = with_spread(self.start_millis, 0);
        line("start with database and keys until ready, ms", again);
        let idle = with_spread(self.idle_mebibytes, 1);
        line("memory when idle, MiB", idle);
        let own = with_spread(self.idle_own_mebibytes, 1);
        line("of that its own, MiB", own);
        let [resident, own] = self.added();
        let tokens = "added by 100,000 tokens in memory, MiB";
        line(tokens, format!("{resident:.1}"));
        line("of that its own, MiB", format!("{own:.1}"));
        let [after, _] = self.cached[1].mebibytes();
        let about = &self.circumstances;
        let all = format!("memory with {} tokens in memory, MiB", about.tokens);
        line(&all, format!("{after:.1}"));
        format!(
            "`{}`, {}, SQLite, {} starts, {} tokens found once each and kept in memory; medians, \
             and the lowest and highest in brackets:\n\n{}\n\
             ![Memory of the server](performance/{}.svg)\n",
            about.command,
            about.processor,
            about.rounds,
            about.tokens,
            table.markdown(),
            Self::NAME,
        )
    }

    fn plot(&self) -> String {
        let bar = |label: String, [resident, own]: [f64; 2]| Bar {
            label,
            parts: vec![own, resident - own],
            note: format!("{resident:.1} MiB"),
        };
        let idle = [self.idle_mebibytes.median, self.idle_own_mebibytes.median];
        let tokens = format!("{} tokens in memory", self.circumstances.tokens);
        Bars {
            title: "Memory of the server",
            parts: &["its own", "program and mapped files"],
            bars: vec![
                bar("idle".to_owned(), idle),
                bar(tokens, self.cached[1].mebibytes()),
            ],
        }
        .svg()
    }
}
