//! How fast introspection is answered, beside the limit.
//!
//! The limit is the sum of parts that nothing can do without: the floor of HTTP (a bare server that
//! reads the request and answers fixed octets), one look-up in the store, the signature, and the
//! encryption where there is one. They are measured on the server's core in every round, among the
//! rows, each in a process of its own. Of a look-up in PostgreSQL that is what this end of the
//! connection takes; the database works on the core of the load.

pub mod parts;
pub(crate) mod rows;
mod run;

use std::rc::Rc;

use avouch_resource_server::Expectations;

use crate::connection::Line;
use crate::engine::{Engine, Postgres};
use crate::load::{Load, Measured, Reuse};
use crate::look_up::LookUp;
use crate::options::Options;
use crate::parties::{RESOURCE, register_asker};
use crate::request::{Credentials, Questions, Shown, Template, Walk};
use crate::rounds::in_turns;
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::{Setup, Site};
use crate::tokens::{Tokens, load_usual};
use crate::{Failure, say};

use parts::{FloorServer, Part};
use rows::{ALGORITHMS, Kind};
pub use run::{Column, PartFigure, Row, Run};

/// Pairs of token and resource server that are asked about over and over.
pub(crate) const HOT: usize = 50;
/// The load at which latency is measured, in parts of what the server can do.
const SHARE: f64 = 0.7;
/// Questions that fall due at least.
const FEWEST_DUE: f64 = 4.0;

/// What is measured in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Case {
    /// Every request another token.
    Spread(usize),
    /// The same few over and over.
    Hot(usize),
    /// Spread, below what the server can do.
    Latency(usize),
    /// Finding a token, without the server.
    LookUp(Engine),
    /// Another of the parts.
    Part(Part),
    /// The bare server.
    Floor,
    /// The bare server, below what it can do.
    FloorLatency,
}

/// The servers, and everybody who asks them.
struct Stage {
    houses: Vec<House>,
    floor: FloorServer,
    callers: Vec<Caller>,
    // Stopped after the servers that work on it.
    _postgres: Postgres,
}

/// A server on one of the engines.
struct House {
    engine: Engine,
    site: Site,
    server: Server,
    line: Line,
    tokens: Rc<Tokens>,
    verifier: Verifier,
    look_up: LookUp,
}

struct Caller {
    kind: Kind,
    shown: Shown,
    expected: Expectations,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Result<Run, Failure> {
    let stage = Stage::set(options).await?;
    let cases = stage.cases();
    let measure = async |case: &Case| {
        let time = options.time();
        match case {
            Case::Spread(row) => stage.closed(*row, Walk::Spread, options).await,
            Case::Hot(row) => {
                let walk = Walk::Hot { at: 0, among: HOT };
                stage.closed(*row, walk, options).await
            }
            Case::Latency(row) => {
                // What it can do at this moment.
                let capacity = stage.closed(*row, Walk::Spread, options).await?.rate();
                let (load, questions) = stage.load(*row, Walk::Spread, options)?;
                load.open(questions, below(capacity, options)).await
            }
            Case::LookUp(engine) => stage.house(*engine)?.look_up.measure(time),
            Case::Part(part) => part.measure(time),
            Case::Floor => stage.closed_floor(options).await,
            Case::FloorLatency => {
                let capacity = stage.closed_floor(options).await?.rate();
                let (load, questions) = stage.floor_load(options)?;
                load.open(questions, below(capacity, options)).await
            }
        }
    };
    let name = |case: &Case| stage.name(case);
    let rounds = in_turns(&cases, options.rounds, name, measure).await?;
    let kinds: Vec<_> = stage.callers.iter().map(|caller| caller.kind).collect();
    Ok(Run::new(
        options,
        &kinds,
        &cases,
        &rounds,
        stage.house(Engine::Sqlite)?.server.resident()?,
    ))
}

/// The rate at which latency is measured, where so many a second are possible.
fn below(capacity: f64, options: &Options) -> f64 {
    // However short the run and busy the machine, some questions fall due.
    (capacity * SHARE).max(FEWEST_DUE / options.seconds)
}

impl House {
    /// Registers, seeds and starts.
    async fn set(
        options: &Options,
        engine: Engine,
        postgres: &Postgres,
    ) -> Result<(Self, Vec<Caller>), Failure> {
        let schema = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres.schema("introspection")?),
        };
        let algorithms = ALGORITHMS.map(avouch_jose::SignatureAlgorithm::name);
        let setup = Setup {
            algorithms: &algorithms,
            postgres: schema.as_ref(),
            ..Setup::default()
        };
        let site = Site::new(&options.folder, &setup)?;
        say(&format!("seeding {} on {}", site.issuer, engine.name()));
        let seeding = site.seed().await?;
        let mut registered = Vec::new();
        for kind in Kind::ALL.iter().filter(|kind| kind.engine() == engine) {
            let id = kind.id();
            let (profile, key) = kind.profile()?;
            let shown = register_asker(&seeding, &id, RESOURCE, profile).await?;
            registered.push((*kind, id, shown, key));
        }
        let tokens = load_usual(&seeding, options.tokens).await?;
        seeding.finish().await?;
        if engine == Engine::Postgres {
            postgres.settle()?;
        }
        let look_up = LookUp::beside(&options.folder, &site, &tokens)?;
        let server = site.start(&options.server)?;
        let line = site.line();
        let verifier = Verifier::fetch(&line, &site.issuer, &ALGORITHMS).await?;
        let callers = registered.into_iter().map(|(kind, id, shown, key)| {
            let expected = verifier.expectations(&id);
            let expected = match key {
                None => expected,
                Some(key) => expected.encrypted_to(vec![key]),
            };
            Caller {
                kind,
                shown,
                expected,
            }
        });
        let callers = callers.collect();
        let house = Self {
            engine,
            tokens: Rc::new(tokens),
            server,
            line,
            verifier,
            look_up,
            site,
        };
        Ok((house, callers))
    }
}

impl Stage {
    async fn set(options: &Options) -> Result<Self, Failure> {
        let postgres = Postgres::start()?;
        let (mut houses, mut callers) = (Vec::new(), Vec::new());
        for engine in Engine::ALL {
            let (house, some) = House::set(options, engine, &postgres).await?;
            houses.push(house);
            callers.extend(some);
        }
        Ok(Self {
            houses,
            floor: FloorServer::start(&options.folder)?,
            callers,
            _postgres: postgres,
        })
    }

    fn house(&self, engine: Engine) -> Result<&House, Failure> {
        let mut houses = self.houses.iter();
        let found = houses.find(|house| house.engine == engine);
        Ok(found.ok_or("there is no server on this engine")?)
    }

    fn cases(&self) -> Vec<Case> {
        let rows = 0..self.callers.len();
        let mut cases: Vec<_> = rows
            .flat_map(|row| [Case::Spread(row), Case::Hot(row), Case::Latency(row)])
            .collect();
        cases.extend([Case::Floor, Case::FloorLatency]);
        cases.extend(Engine::ALL.map(Case::LookUp));
        cases.extend(Part::ALL.map(Case::Part));
        cases
    }

    fn name(&self, case: &Case) -> String {
        let row = |row: usize| {
            self.callers
                .get(row)
                .map_or("", |caller| caller.kind.name())
        };
        match case {
            Case::Spread(at) => format!("{}, spread", row(*at)),
            Case::Hot(at) => format!("{}, hot", row(*at)),
            Case::Latency(at) => format!("{}, latency", row(*at)),
            Case::LookUp(engine) => format!("look-up in {} alone", engine.name()),
            Case::Part(part) => format!("{} alone", part.name()),
            Case::Floor => "HTTP alone".to_owned(),
            Case::FloorLatency => "HTTP alone, latency".to_owned(),
        }
    }

    /// Who asks the bare server.
    fn floor_load(&self, options: &Options) -> Result<(Load<'_>, Questions), Failure> {
        let (load, questions) = self.load(0, Walk::Spread, options)?;
        let load = Load {
            server: &self.floor.server,
            line: &self.floor.line,
            ..load
        };
        Ok((load, questions))
    }

    /// Who asks what in a row.
    fn load(
        &self,
        row: usize,
        walk: Walk,
        options: &Options,
    ) -> Result<(Load<'_>, Questions), Failure> {
        let caller = self.callers.get(row).ok_or("no such row")?;
        let house = self.house(caller.kind.engine())?;
        let load = Load {
            server: &house.server,
            line: &house.line,
            reuse: Reuse::KeptAlive,
            connections: options.connections,
            time: options.time(),
        };
        let questions = Questions {
            template: Template::new(&house.site.address.to_string(), caller.kind.form()),
            credentials: Credentials::Same(caller.shown.clone()),
            tokens: Rc::clone(&house.tokens),
            walk,
        };
        Ok((load, questions))
    }

    async fn closed_floor(&self, options: &Options) -> Result<Measured, Failure> {
        let (load, questions) = self.floor_load(options)?;
        load.closed(questions).await
    }

    async fn closed(&self, row: usize, walk: Walk, options: &Options) -> Result<Measured, Failure> {
        let (load, questions) = self.load(row, walk, options)?;
        let measured = load.closed(questions).await?;
        let caller = self.callers.get(row).ok_or("no such row")?;
        self.house(caller.kind.engine())?.verifier.check(
            &measured.samples,
            caller.kind.form(),
            &caller.expected,
        )?;
        Ok(measured)
    }
}
