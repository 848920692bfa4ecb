//! What it costs that there are many tokens: ten thousand beside very many, on both engines, with
//! nothing kept in memory, so that each request finds its token in the database.
//!
//! One engine after the other, so that what is kept of one does not take the memory in which the
//! system keeps the files of the other. First tokens are looked up without a server, while no server
//! has the databases; then servers are asked.

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

use run::rows;
pub use run::{Column, Row, Run};

/// Few tokens.
const FEW: usize = 10_000;
/// Octets that one token takes on the disk, with all that hangs on it and what is written on the
/// way there, in either engine; rounded up.
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

/// What servers are asked, and among how many tokens.
const CASES: [(Size, Form); 4] = [
    (Size::Few, Form::Json),
    (Size::Many, Form::Json),
    (Size::Few, Form::Jwt),
    (Size::Many, Form::Jwt),
];

/// A database that is filled.
struct Filled {
    size: Size,
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
    let mut rows = Vec::new();
    for engine in Engine::ALL {
        rows.extend(on(engine, options).await?);
    }
    Ok(Run::new(options, rows))
}

/// Nothing of it is left when it is over, so that the next engine has the system's memory to itself.
async fn on(engine: Engine, options: &Options) -> Result<Vec<Row>, Failure> {
    let postgres = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(Postgres::start()?),
    };
    let mut all = Vec::new();
    for size in Size::ALL {
        all.push(Filled::fill(options, size, postgres.as_ref()).await?);
    }
    if let Some(postgres) = &postgres {
        postgres.settle()?;
    }

    let find = |size: &Size| {
        let found = all.iter().find(|filled| filled.size == *size);
        found.ok_or("there is no such database")
    };
    let look_up = async |size: &Size| find(size)?.look_up.measure(options.time());
    let engine_name = engine.name();
    let name = |size: &Size| format!("look-up among {} tokens in {engine_name}", size.name());
    let look_ups = in_turns(&Size::ALL, options.rounds, name, look_up).await?;

    let mut houses = Vec::new();
    for filled in &all {
        houses.push(House::open(options, filled).await?);
    }
    let ask = async |(size, form): &(Size, Form)| {
        let house = houses.iter().find(|house| house.filled.size == *size);
        let house = house.ok_or("there is no such server")?;
        house.ask(options, *form).await
    };
    let name =
        |(size, form): &(Size, Form)| format!("{form:?}, {} tokens in {engine_name}", size.name());
    let answers = in_turns(&CASES, options.rounds, name, ask).await?;
    Ok(rows(engine, &look_ups, &answers))
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
    async fn fill(
        options: &Options,
        size: Size,
        postgres: Option<&Postgres>,
    ) -> Result<Self, Failure> {
        let schema = match postgres {
            None => None,
            Some(postgres) => Some(postgres.schema(size.name())?),
        };
        let setup = Setup {
            algorithms: &[STATEMENTS.name()],
            postgres: schema.as_ref(),
            memory: Memory::Nothing,
            ..Setup::default()
        };
        let site = Site::new(&options.folder, &setup)?;
        let engine = schema.as_ref().map_or("SQLite", |_| "PostgreSQL");
        say(&format!("seeding {} tokens in {engine}", size.name()));
        let seeding = site.seed().await?;
        let profile = JwtProfile {
            signing_algorithm: STATEMENTS,
            ..JwtProfile::default()
        };
        let shown = register_asker(&seeding, ASKER, RESOURCE, profile).await?;
        let tokens = load_usual(&seeding, size.count(options)).await?;
        seeding.finish().await?;
        Ok(Self {
            look_up: LookUp::within(&options.folder, &site, &tokens)?,
            tokens: Rc::new(tokens),
            size,
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
