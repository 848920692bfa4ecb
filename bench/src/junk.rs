//! What it costs to be asked about strings that this server never issued.
//!
//! One resource server that is known and allowed floods the server with them. Beside it stands
//! HTTP alone; and the server's memory before and after a flood in which no string comes twice.

mod run;

use std::rc::Rc;

use avouch_core::opaque_token::{TokenKind, TokenMint};
use avouch_core::records::JwtProfile;
use avouch_crypto::random::{SecureRandom, SystemRandom};
use avouch_jose::{SignatureAlgorithm, base64url};
use avouch_resource_server::Expectations;

use crate::connection::Line;
use crate::introspection::parts::FloorServer;
use crate::load::{Load, Measured, Reuse};
use crate::options::Options;
use crate::parties::{RESOURCE, register_asker};
use crate::request::{Credentials, Form, Questions, Shown, Template, Walk};
use crate::rounds::in_turns;
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::{Setup, Site};
use crate::tokens::{Tokens, junk, load_usual};
use crate::{Failure, say};

pub use run::{Flood, Row, Run};

const STATEMENTS: SignatureAlgorithm = SignatureAlgorithm::Rs256;
const ASKER: &str = "asker";
/// Octets of a random string: in base64url it is about as long as a token.
const RANDOM: usize = 48;

/// Which strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Junk {
    /// Of any form but that of tokens.
    Random,
    /// Of the form of tokens, made under another key.
    Forged,
}

/// What is measured in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Junk(Junk, Form),
    Floor,
}

impl Case {
    const ALL: [Self; 5] = [
        Self::Junk(Junk::Random, Form::Json),
        Self::Junk(Junk::Forged, Form::Json),
        Self::Junk(Junk::Random, Form::Jwt),
        Self::Junk(Junk::Forged, Form::Jwt),
        Self::Floor,
    ];

    fn name(self) -> String {
        let (junk, form) = match self {
            Self::Floor => return "HTTP alone".to_owned(),
            Self::Junk(junk, form) => (junk, form),
        };
        let junk = match junk {
            Junk::Random => "random strings",
            Junk::Forged => "forged tokens",
        };
        let form = match form {
            Form::Json => "JSON",
            Form::Jwt => STATEMENTS.name(),
        };
        format!("{junk}, {form}")
    }
}

struct Stage {
    site: Site,
    server: Server,
    line: Line,
    floor: FloorServer,
    verifier: Verifier,
    expected: Expectations,
    shown: Shown,
    random: Rc<Tokens>,
    forged: Rc<Tokens>,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Result<Run, Failure> {
    let stage = Stage::set(options).await?;
    let measure = async |case: &Case| stage.measure(*case, options).await;
    let name = |case: &Case| case.name();
    let rounds = in_turns(&Case::ALL, options.rounds, name, measure).await?;
    let flood = stage.flood(options).await?;
    Ok(Run::new(options, &rounds, flood))
}

impl Stage {
    async fn set(options: &Options) -> Result<Self, Failure> {
        let setup = Setup {
            algorithms: &[STATEMENTS.name()],
            ..Setup::default()
        };
        let site = Site::new(&options.folder, &setup)?;
        say(&format!("seeding {}", site.issuer));
        let seeding = site.seed().await?;
        let profile = JwtProfile {
            signing_algorithm: STATEMENTS,
            ..JwtProfile::default()
        };
        let shown = register_asker(&seeding, ASKER, RESOURCE, profile).await?;
        load_usual(&seeding, options.tokens).await?;
        seeding.finish().await?;
        let server = site.start(&options.server)?;
        let line = site.line();
        let verifier = Verifier::fetch(&line, &site.issuer, &[STATEMENTS]).await?;
        let forger = TokenMint::new(&[7; 32]);
        Ok(Self {
            random: Rc::new(junk(options.tokens, || {
                let mut octets = [0; RANDOM];
                SystemRandom.fill(&mut octets)?;
                Ok(base64url::encode(octets))
            })?),
            forged: Rc::new(junk(options.tokens, || {
                let token = forger.mint(TokenKind::Access, &SystemRandom)?;
                Ok(token.expose().to_owned())
            })?),
            floor: FloorServer::start(&options.folder)?,
            expected: verifier.expectations(ASKER),
            shown,
            verifier,
            server,
            line,
            site,
        })
    }

    fn questions(&self, junk: Junk, form: Form, walk: Walk) -> Questions {
        let tokens = match junk {
            Junk::Random => &self.random,
            Junk::Forged => &self.forged,
        };
        Questions {
            template: Template::new(&self.site.address.to_string(), form),
            credentials: Credentials::Same(self.shown.clone()),
            tokens: Rc::clone(tokens),
            walk,
        }
    }

    const fn load<'a>(&'a self, options: &Options, time: std::time::Duration) -> Load<'a> {
        Load {
            server: &self.server,
            line: &self.line,
            reuse: Reuse::KeptAlive,
            connections: options.connections,
            time,
        }
    }

    async fn measure(&self, case: Case, options: &Options) -> Result<Measured, Failure> {
        let walk = Walk::Spread;
        let load = self.load(options, options.time());
        let Case::Junk(junk, form) = case else {
            let load = Load {
                server: &self.floor.server,
                line: &self.floor.line,
                ..load
            };
            return load
                .closed(self.questions(Junk::Random, Form::Json, walk))
                .await;
        };
        let measured = load.closed(self.questions(junk, form, walk)).await?;
        self.check(&measured, form)?;
        Ok(measured)
    }

    /// Every string once, in either form.
    async fn flood(&self, options: &Options) -> Result<Flood, Failure> {
        let (resident, own) = (self.server.resident()?, self.server.own()?);
        let mut answers = 0;
        for case in Case::ALL {
            let Case::Junk(junk, form) = case else {
                continue;
            };
            say(&format!("  a flood of {}", case.name()));
            // It ends with the strings.
            let load = self.load(options, std::time::Duration::from_hours(1));
            let walk = Walk::Once { at: 0 };
            let measured = load.closed(self.questions(junk, form, walk)).await?;
            self.check(&measured, form)?;
            answers += measured.answers;
        }
        Ok(Flood::new(
            answers,
            [resident, self.server.resident()?],
            [own, self.server.own()?],
        ))
    }

    fn check(&self, measured: &Measured, form: Form) -> Result<(), Failure> {
        self.verifier
            .check_inactive(&measured.samples, form, &self.expected)
    }
}
