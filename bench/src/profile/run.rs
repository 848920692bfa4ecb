//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use super::parts::Counts;
use super::perf::FREQUENCY;
use super::{Case, Chosen, stacks};
use crate::Failure;
use crate::flame_graph::{FlameGraph, Frame};
use crate::load::Measured;
use crate::options::Options;
use crate::report::{Circumstances, Published, Table, with_spread};
use crate::rounds::Rounds;
use crate::statistics::Figure;

/// All figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How they came about.
    pub circumstances: Circumstances,
    /// The form of the answers.
    pub answer: String,
    /// Whether they were about the same few tokens over and over.
    pub hot: bool,
    /// How often a second it was looked.
    pub frequency: u32,
    /// The server's CPU time for an answer while nobody looked, in microseconds.
    pub cpu_micros: Figure,
    /// The same while it was looked.
    pub recorded_cpu_micros: Figure,
    /// How often something was seen.
    pub samples: u64,
    /// How often of that it did not show who called it all.
    pub cut_off: u64,
    /// What was seen, each time in one part.
    pub parts: Vec<PartFigure>,
    /// The flame graph: depth, samples, whose code, name.
    #[serde(with = "lines")]
    pub frames: Frame,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFigure {
    /// Its name.
    pub part: String,
    /// How often it was seen.
    pub samples: u64,
    /// How often of that memory was being allocated, freed or copied.
    pub memory: u64,
}

impl PartFigure {
    /// Never seen yet.
    pub(super) fn new(part: &str) -> Self {
        Self {
            part: part.to_owned(),
            samples: 0,
            memory: 0,
        }
    }
}

impl Run {
    pub(super) fn new(
        options: &Options,
        chosen: Chosen,
        rounds: &Rounds,
        counts: Counts,
        frames: Frame,
    ) -> Result<Self, Failure> {
        let samples = frames.samples;
        if samples == 0 {
            return Err("perf saw nothing: let it look longer, with --seconds".into());
        }
        let micros = |case: Case| {
            let figure = rounds.figure(case as usize, Measured::cpu_micros);
            figure.rounded(1)
        };
        Ok(Self {
            circumstances: Circumstances::of(Self::NAME, options),
            answer: chosen.answer.to_owned(),
            hot: chosen.hot,
            frequency: FREQUENCY,
            cpu_micros: micros(Case::Alone),
            recorded_cpu_micros: micros(Case::Recorded),
            samples,
            cut_off: counts.cut_off(),
            parts: counts.figures(),
            frames,
        })
    }

    /// The name of its picture, without the ending.
    pub(super) fn file(&self) -> String {
        let answer = self.answer.to_lowercase().replace(' ', "-");
        format!("{answer}-{}", self.walk())
    }

    const fn walk(&self) -> &'static str {
        if self.hot { "hot" } else { "spread" }
    }

    fn share(&self, samples: u64) -> f64 {
        samples as f64 / self.samples as f64
    }

    fn line(&self, part: &str, samples: u64, memory: u64) -> Vec<String> {
        let micros = |samples| format!("{:.1}", self.share(samples) * self.cpu_micros.median);
        vec![
            part.to_owned(),
            format!("{:.1}", self.share(samples) * 100.0),
            micros(samples),
            micros(memory),
        ]
    }
}

impl Published for Run {
    const NAME: &'static str = "profile";
    const FILES: &'static str = "es256-spread";

    fn part(&self) -> String {
        let mut table = Table::new(&["part", "%", "µs", "of that memory: µs"]);
        let seen = self.parts.iter().filter(|part| part.samples > 0);
        for PartFigure {
            part,
            samples,
            memory,
        } in seen
        {
            table.push(self.line(part, *samples, *memory));
        }
        let memory = self.parts.iter().map(|part| part.memory).sum();
        table.push(self.line("all", self.samples, memory));
        let about = &self.circumstances;
        format!(
            "{}; {}, {}. The server was looked at {} times a second, {} times in all; of {:.1} % \
             of these not all callers are known. An answer took {} µs of CPU time while nobody \
             looked, which are shared out here, and {} µs while it was looked:\n\n{}\n\
             ![Flame graph of {}, {}](performance/{}.svg)\n",
            about.told(&format!("{} live tokens in SQLite", about.tokens)),
            self.answer,
            self.walk(),
            self.frequency,
            self.samples,
            self.share(self.cut_off) * 100.0,
            with_spread(self.cpu_micros, 1),
            with_spread(self.recorded_cpu_micros, 1),
            table.markdown(),
            self.answer,
            self.walk(),
            self.file(),
        )
    }

    fn plot(&self) -> String {
        let title = format!(
            "Server CPU time of one introspection: {}, {}, {:.1} µs",
            self.answer,
            self.walk(),
            self.cpu_micros.median
        );
        FlameGraph {
            title: &title,
            whole: self.cpu_micros.median,
            unit: "µs",
            root: &self.frames,
        }
        .svg()
    }
}

/// Frames as lines.
mod lines {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use super::{Frame, stacks};

    pub(super) fn serialize<S: Serializer>(frames: &Frame, to: S) -> Result<S::Ok, S::Error> {
        stacks::write(frames).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Frame, D::Error> {
        let lines = Vec::<String>::deserialize(from)?;
        stacks::read(&lines).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::super::PUBLISHED;
    use super::super::names;
    use super::super::script::Sample;
    use super::super::script::tests::recorded;
    use super::super::stacks::Stacks;
    use super::*;

    fn run(samples: &[Sample]) -> Result<Run, Failure> {
        let options = Options {
            server: "avouch".into(),
            folder: ".".into(),
            seconds: 2.0,
            rounds: 1,
            tokens: 1_000,
            connections: 32,
            json: None,
            publish: false,
        };
        let (mut counts, mut stacks) = (Counts::new(), Stacks::new("all"));
        for sample in samples {
            counts.add(sample);
            stacks.add(names::stack(sample));
        }
        let rounds = Rounds::of_rates(&[[1], [1]]);
        Run::new(&options, PUBLISHED, &rounds, counts, stacks.thinned())
    }

    /// Of 70 µs for an answer.
    fn recorded_run() -> Run {
        Run {
            cpu_micros: Figure::of(&[70.0]),
            ..run(&recorded()).unwrap()
        }
    }

    #[test]
    fn the_table_shares_out_what_an_answer_took() {
        let part = recorded_run().part();
        let lines: Vec<_> = part
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>().join(";"))
            .collect();
        let expected = [
            ";part;%;µs;of that memory: µs;",
            ";find: SQLite;14.3;10.0;0.0;",
            ";find: keeping it in memory;14.3;10.0;10.0;",
            ";secure: signature, encryption;14.3;10.0;0.0;",
            ";secure: the rest;14.3;10.0;0.0;",
            ";memory, for whom is not known;14.3;10.0;10.0;",
            ";kernel: network;14.3;10.0;0.0;",
            ";kernel: files;14.3;10.0;0.0;",
            ";all;100.0;70.0;20.0;",
        ];
        let lines: Vec<_> = lines.iter().filter(|line| !line.contains("--")).collect();
        assert_eq!(lines, expected.iter().collect::<Vec<_>>());
        assert!(part.contains("of 28.6 % of these"), "{part}");
    }

    #[test]
    fn what_is_kept_makes_the_same_table_and_picture() {
        let run = recorded_run();
        let kept = serde_json::to_string(&run).unwrap();
        let read: Run = serde_json::from_str(&kept).unwrap();
        assert_eq!(read, run);
        assert_eq!((read.part(), read.plot()), (run.part(), run.plot()));
    }

    #[test]
    fn a_run_in_which_nothing_was_seen_has_no_figures() {
        assert!(run(&[]).is_err());
    }

    #[test]
    fn what_is_published_is_called_after_what_it_shows() {
        assert_eq!(recorded_run().file(), Run::FILES);
    }
}
