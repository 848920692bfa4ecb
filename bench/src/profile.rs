//! Where the time of an answer goes: a table of parts and a flame graph, by looking at the server
//! many times a second while it answers as fast as it can.
//!
//! The server is the released one but for two things: every function keeps a frame pointer, by
//! which `perf` finds who called it, and so do SQLite and AWS-LC as far as they are written in C.
//! What they have in assembler may lead nowhere; such a sample is known by its innermost function.

mod names;
mod parts;
mod perf;
mod run;
mod script;
mod stacks;

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use avouch_resource_server::Expectations;

use crate::engine::Engine;
use crate::introspection::HOT;
use crate::introspection::rows::{ALGORITHMS, Kind};
use crate::load::{Load, Measured, Reuse};
use crate::options::Options;
use crate::parties::{RESOURCE, register_asker};
use crate::report::Published as _;
use crate::request::{Credentials, Questions, Shown, Template, Walk};
use crate::rounds::in_turns;
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::{Setup, Site};
use crate::tokens::{Tokens, load_usual};
use crate::{Failure, say};

use parts::Counts;
use perf::Recorder;
pub use run::{PartFigure, Run};
use stacks::Stacks;

/// What the document shows.
const PUBLISHED: Chosen = Chosen {
    answer: "ES256",
    hot: false,
};

/// Measurements that do not count: meanwhile the server's memory for tokens fills up, as it is in
/// one that has run for a while.
const WARM_UPS: usize = 4;

/// If more than one in so many of the functions that were seen have no name, names are missing.
const NAMELESS: u64 = 50;

/// Which answers are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The name of their row in the table of `introspection`.
    answer: &'static str,
    /// Whether they are about the same few tokens over and over.
    hot: bool,
}

/// What is measured in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// As it is.
    Alone,
    /// While it is looked at.
    Recorded,
}

/// The server, and who asks it.
struct Stage {
    site: Site,
    server: Server,
    tokens: Rc<Tokens>,
    verifier: Verifier,
    kind: Kind,
    shown: Shown,
    expected: Expectations,
}

impl Chosen {
    /// Takes what chooses answers from the arguments, and gives back the others.
    pub fn read<'a>(arguments: &[&'a str]) -> Result<(Self, Vec<&'a str>), Failure> {
        let (mut chosen, mut others) = (PUBLISHED, Vec::new());
        let mut left = arguments.iter().copied();
        while let Some(argument) = left.next() {
            match argument {
                "--hot" => chosen.hot = true,
                "--answer" => {
                    let name = left.next().unwrap_or_default();
                    let kind = kinds().find(|kind| kind.name() == name);
                    chosen.answer = kind.ok_or_else(|| no_such_answer(name))?.name();
                }
                other => others.push(other),
            }
        }
        Ok((chosen, others))
    }

    /// Refuses to publish what the document does not show.
    pub fn check(self, options: &Options) -> Result<(), Failure> {
        if options.publish && self != PUBLISHED {
            return Err("the document shows ES256, spread: --publish goes with no other".into());
        }
        Ok(())
    }
}

fn kinds() -> impl Iterator<Item = Kind> {
    let all = Kind::ALL.into_iter();
    all.filter(|kind| kind.engine() == Engine::Sqlite)
}

fn no_such_answer(name: &str) -> Failure {
    let names: Vec<_> = kinds().map(Kind::name).collect();
    format!("--answer: `{name}` is none of {}", names.join(", ")).into()
}

/// Runs the benchmark. The picture goes beside the database, too.
pub async fn run(options: &Options, chosen: Chosen) -> Result<Run, Failure> {
    let stage = Stage::set(options, chosen).await?;
    let walk = if chosen.hot {
        Walk::Hot { at: 0, among: HOT }
    } else {
        Walk::Spread
    };
    let recorder = RefCell::new(stage.record()?);
    say("warming up");
    for _ in 0..WARM_UPS {
        stage.closed(walk.clone(), options).await?;
    }
    let measure = async |case: &Case| match case {
        Case::Alone => stage.closed(walk.clone(), options).await,
        Case::Recorded => {
            recorder.borrow_mut().resume()?;
            let measured = stage.closed(walk.clone(), options).await;
            recorder.borrow_mut().pause()?;
            measured
        }
    };
    let name = |case: &Case| match case {
        Case::Alone => "alone".to_owned(),
        Case::Recorded => "recorded".to_owned(),
    };
    let cases = [Case::Alone, Case::Recorded];
    let rounds = in_turns(&cases, options.rounds, name, measure).await?;
    say("reading what was recorded");
    let (mut counts, mut stacks) = (Counts::new(), Stacks::new("all"));
    recorder.into_inner().read(|sample| {
        counts.add(&sample);
        stacks.add(names::stack(&sample));
    })?;
    if counts.nameless() * NAMELESS > stacks.samples() {
        say(
            "many functions have no names: the package libc6-dbg has those of the C library, and \
             `sysctl kernel.kptr_restrict=0` lets the kernel tell its own",
        );
    }
    let run = Run::new(options, chosen, &rounds, counts, stacks.thinned())?;
    let picture = options.folder.join(format!("{}.svg", run.file()));
    fs::write(&picture, run.plot())?;
    say(&format!("the picture is {}", picture.display()));
    Ok(run)
}

impl Stage {
    async fn set(options: &Options, chosen: Chosen) -> Result<Self, Failure> {
        let kind = kinds().find(|kind| kind.name() == chosen.answer);
        let kind = kind.ok_or_else(|| no_such_answer(chosen.answer))?;
        let algorithms = ALGORITHMS.map(avouch_jose::SignatureAlgorithm::name);
        let setup = Setup {
            algorithms: &algorithms,
            ..Setup::default()
        };
        let site = Site::new(&options.folder, &setup)?;
        say(&format!("seeding {}", site.issuer));
        let seeding = site.seed().await?;
        let (profile, key) = kind.profile()?;
        let shown = register_asker(&seeding, &kind.id(), RESOURCE, profile).await?;
        let tokens = load_usual(&seeding, options.tokens).await?;
        seeding.finish().await?;
        let server = site.start(&options.server)?;
        let verifier = Verifier::fetch(&site.line(), &site.issuer, &ALGORITHMS).await?;
        let expected = verifier.expectations(&kind.id());
        let expected = match key {
            None => expected,
            Some(key) => expected.encrypted_to(vec![key]),
        };
        Ok(Self {
            site,
            server,
            tokens: Rc::new(tokens),
            verifier,
            kind,
            shown,
            expected,
        })
    }

    fn record(&self) -> Result<Recorder, Failure> {
        Recorder::start(self.server.id(), &self.site.path(""))
    }

    /// As fast as it goes, and a sample verified.
    async fn closed(&self, walk: Walk, options: &Options) -> Result<Measured, Failure> {
        let line = self.site.line();
        let load = Load {
            server: &self.server,
            line: &line,
            reuse: Reuse::KeptAlive,
            connections: options.connections,
            time: options.time(),
        };
        let form = self.kind.form();
        let questions = Questions {
            template: Template::new(&line.address.to_string(), form),
            credentials: Credentials::Same(self.shown.clone()),
            tokens: Rc::clone(&self.tokens),
            walk,
        };
        let measured = load.closed(questions).await?;
        self.verifier
            .check(&measured.samples, form, &self.expected)?;
        Ok(measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chooses_answers_is_taken_and_the_rest_left() {
        let (chosen, rest) = Chosen::read(&["--seconds", "1"]).unwrap();
        assert_eq!((chosen, rest), (PUBLISHED, vec!["--seconds", "1"]));
        let (chosen, rest) = Chosen::read(&["--hot", "--publish", "--answer", "JSON"]).unwrap();
        assert_eq!((chosen.answer, chosen.hot), ("JSON", true));
        assert_eq!(rest, ["--publish"]);
    }

    #[test]
    fn an_answer_that_is_not_given_on_sqlite_is_refused() {
        for wrong in [
            &["--answer", "HS256"][..],
            &["--answer", "JSON, PostgreSQL"],
            &["--answer"],
        ] {
            let why = Chosen::read(wrong).unwrap_err().to_string();
            assert!(why.contains("JSON, RS256, PS256, ES256"), "{why}");
        }
    }
}
