//! What it costs that there are many tokens: ten thousand beside very many, on both engines, with
//! nothing kept in memory, so that each request finds its token in the database.
//!
//! First tokens are looked up without a server, while no server has the databases; then servers
//! are asked.

mod run;

use std::path::Path;
use std::rc::Rc;

use avouch_core::records::JwtProfile;
use avouch_jose::SignatureAlgorithm;
use avouch_resource_server::Expectations;
use nix::sys::statvfs::statvfs;

use crate::connection::Line;
use crate::engine::{Engine, Postgres};
use crate::load::{Load, Measured, Reuse};
use crate::look_up::LookUp;
use crate::options::Options;
use crate::parties::{RESOURCE, register_asker};
use crate::request::{Credentials, Form, Questions, Shown, Template, Walk};
use crate::rounds::in_turns;
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::{Memory, Setup, Site};
use crate::tokens::{Tokens, load_usual};
use crate::{Failure, say};

pub use run::{Column, Row, Run};

/// Few tokens.
const FEW: usize = 10_000;
/// Octets that one token takes on the disk, with all that hangs on it and what is written on the
/// way there, in both engines together; rounded up.
const ROOM: u64 = 2_048;
const STATEMENTS: SignatureAlgorithm = SignatureAlgorithm::Rs256;
const ASKER: &str = "asker";

/// How many tokens there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Few,
    Many,
}

impl Size {
    const ALL: [Self; 2] = [Self::Few, Self::Many];

    const fn name(self) -> &'static str {
        match self {
            Self::Few => "few",
            Self::Many => "many",
        }
    }

    fn count(self, options: &Options) -> usize {
        match self {
            Self::Few => FEW.min(options.tokens),
            Self::Many => options.tokens,
        }
    }
}

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    engine: Engine,
    size: Size,
}

impl Place {
    fn all() -> impl Iterator<Item = Self> {
        Engine::ALL
            .into_iter()
            .flat_map(|engine| Size::ALL.map(|size| Self { engine, size }))
    }

    fn name(self) -> String {
        format!("{} tokens in {}", self.size.name(), self.engine.name())
    }
}

/// A database that is filled.
struct Filled {
    place: Place,
    site: Site,
    tokens: Rc<Tokens>,
    shown: Shown,
    look_up: LookUp,
}

/// A server on one.
struct House<'a> {
    filled: &'a Filled,
    server: Server,
    line: Line,
    verifier: Verifier,
    expected: Expectations,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Result<Run, Failure> {
    see_to_room(&options.folder, options.tokens)?;
    let postgres = Postgres::start()?;
    let mut all = Vec::new();
    for place in Place::all() {
        all.push(Filled::fill(options, place, &postgres).await?);
    }
    postgres.settle()?;

    let places: Vec<_> = Place::all().collect();
    let find = |place: &Place| {
        let found = all.iter().find(|filled| filled.place == *place);
        found.ok_or("there is no such database")
    };
    let look_up = async |place: &Place| find(place)?.look_up.measure(options.time());
    let name = |place: &Place| format!("look-up among {}", place.name());
    let look_ups = in_turns(&places, options.rounds, name, look_up).await?;

    let mut houses = Vec::new();
    for filled in &all {
        houses.push(House::open(options, filled).await?);
    }
    let cases: Vec<_> = Place::all()
        .flat_map(|place| [Form::Json, Form::Jwt].map(|form| (place, form)))
        .collect();
    let ask = async |(place, form): &(Place, Form)| {
        let house = houses.iter().find(|house| house.filled.place == *place);
        let house = house.ok_or("there is no such server")?;
        house.ask(options, *form).await
    };
    let name = |(place, form): &(Place, Form)| format!("{form:?}, {}", place.name());
    let answers = in_turns(&cases, options.rounds, name, ask).await?;
    Ok(Run::new(options, &places, &look_ups, &cases, &answers))
}

/// Better known before millions are written.
fn see_to_room(folder: &Path, tokens: usize) -> Result<(), Failure> {
    let disk = statvfs(folder)?;
    let free = disk.blocks_available() * disk.fragment_size();
    let needed = tokens as u64 * ROOM;
    if free < needed {
        return Err(format!(
            "{} has {} MiB free, and {tokens} tokens need {} MiB: choose another --folder, or fewer --tokens",
            folder.display(),
            free >> 20,
            needed >> 20,
        )
        .into());
    }
    Ok(())
}

impl Filled {
    async fn fill(options: &Options, place: Place, postgres: &Postgres) -> Result<Self, Failure> {
        let schema = match place.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres.schema(place.size.name())?),
        };
        let setup = Setup {
            algorithms: &[STATEMENTS.name()],
            postgres: schema.as_ref(),
            memory: Memory::Nothing,
            ..Setup::default()
        };
        let site = Site::new(&options.folder, &setup)?;
        say(&format!("seeding {}", place.name()));
        let seeding = site.seed().await?;
        let profile = JwtProfile {
            signing_algorithm: STATEMENTS,
            ..JwtProfile::default()
        };
        let shown = register_asker(&seeding, ASKER, RESOURCE, profile).await?;
        let tokens = load_usual(&seeding, place.size.count(options)).await?;
        seeding.finish().await?;
        Ok(Self {
            look_up: LookUp::within(&options.folder, &site, &tokens)?,
            tokens: Rc::new(tokens),
            place,
            site,
            shown,
        })
    }
}

impl<'a> House<'a> {
    async fn open(options: &Options, filled: &'a Filled) -> Result<Self, Failure> {
        let server = filled.site.start(&options.server)?;
        let line = filled.site.line();
        let verifier = Verifier::fetch(&line, &filled.site.issuer, &[STATEMENTS]).await?;
        let expected = verifier.expectations(ASKER);
        Ok(Self {
            filled,
            server,
            line,
            verifier,
            expected,
        })
    }

    async fn ask(&self, options: &Options, form: Form) -> Result<Measured, Failure> {
        let load = Load {
            server: &self.server,
            line: &self.line,
            reuse: Reuse::KeptAlive,
            connections: options.connections,
            time: options.time(),
        };
        let questions = Questions {
            template: Template::new(&self.filled.site.address.to_string(), form),
            credentials: Credentials::Same(self.filled.shown.clone()),
            tokens: Rc::clone(&self.filled.tokens),
            walk: Walk::Spread,
        };
        let measured = load.closed(questions).await?;
        self.verifier
            .check(&measured.samples, form, &self.expected)?;
        Ok(measured)
    }
}
