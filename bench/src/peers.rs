//! avouch beside another server: npm's oidc-provider, which speaks RFC 9701 too.
//!
//! Both hold the same number of live tokens and are asked the same questions by the same load, in
//! turns. The other server is given every advantage there is (`bench/peers/README.md`), and is
//! measured on one core, as avouch is, and on all: it signs on several threads.

mod oidc_provider;
mod run;

use std::any::Any;
use std::rc::Rc;

use avouch_jose::{DecryptionKey, SignatureAlgorithm};
use avouch_oauth::introspection::ActiveToken;
use avouch_resource_server::Expectations;

use crate::connection::Line;
use crate::cores::Core;
use crate::introspection::HOT;
use crate::introspection::rows::Kind;
use crate::load::{Load, Measured, Reuse};
use crate::options::Options;
use crate::parties::{RESOURCE, register_asker};
use crate::request::{Credentials, Questions, Shown, Template, Walk};
use crate::rounds::in_turns;
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::{Setup, Site};
use crate::tokens::{Tokens, load_usual, name_of};
use crate::{Failure, say};

pub use run::{Row, Run};

/// What both sign with.
const ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Rs256,
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Ed25519,
];

/// What both can do, of all that avouch can.
const ROWS: [&str; 5] = ["JSON", "RS256", "ES256", "Ed25519", "RS256 in RSA-OAEP-256"];

/// Measurements of each row that do not count: a JavaScript engine has to see what is done often.
const WARM_UPS: usize = 4;

/// Who answers, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// avouch, every request another token.
    Spread(usize),
    /// avouch, the same few over and over.
    Hot(usize),
    /// The peer on one core, every request another token.
    PeerSpread(usize),
    /// The peer on one core, the same few over and over.
    PeerHot(usize),
    /// The peer on all cores, every request another token.
    PeerUnpinned(usize),
}

/// A server that is asked.
struct Side {
    server: Server,
    line: Line,
    callers: Vec<Caller>,
    tokens: Rc<Tokens>,
    verifier: Verifier,
    /// Whether an answer is about the token with this number.
    is_about: fn(&ActiveToken, usize) -> bool,
    /// Where the server's files are: removed when dropped, after the server.
    _place: Box<dyn Any>,
}

/// A resource server, registered with one of the two.
struct Caller {
    kind: Kind,
    shown: Shown,
    expected: Expectations,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Result<Run, Failure> {
    let kinds = kinds();
    let avouch = avouch(options, &kinds).await?;
    let peer = oidc_provider::start(options, &kinds).await?;
    let version = oidc_provider::version(options)?;
    let measure = async |case: &Case| {
        let hot = Walk::Hot { at: 0, among: HOT };
        match *case {
            Case::Spread(row) => avouch.measure(row, Walk::Spread, options).await,
            Case::Hot(row) => avouch.measure(row, hot, options).await,
            Case::PeerSpread(row) => {
                peer.server.keep(Some(Core::Server))?;
                peer.measure(row, Walk::Spread, options).await
            }
            Case::PeerHot(row) => {
                peer.server.keep(Some(Core::Server))?;
                peer.measure(row, hot, options).await
            }
            Case::PeerUnpinned(row) => {
                peer.server.keep(None)?;
                peer.measure(row, Walk::Spread, options).await
            }
        }
    };
    say("warming up");
    for row in 0..kinds.len() {
        for _ in 0..WARM_UPS {
            measure(&Case::PeerUnpinned(row)).await?;
        }
        measure(&Case::Spread(row)).await?;
    }
    let cases = cases(kinds.len());
    let name = |case: &Case| case.name(&kinds);
    let rounds = in_turns(&cases, options.rounds, name, measure).await?;
    Ok(Run::new(options, version, &kinds, &cases, &rounds))
}

fn kinds() -> Vec<Kind> {
    let all = Kind::ALL.into_iter();
    all.filter(|kind| ROWS.contains(&kind.name())).collect()
}

fn cases(rows: usize) -> Vec<Case> {
    let of = |row| {
        [
            Case::Spread(row),
            Case::Hot(row),
            Case::PeerSpread(row),
            Case::PeerHot(row),
            Case::PeerUnpinned(row),
        ]
    };
    (0..rows).flat_map(of).collect()
}

async fn avouch(options: &Options, kinds: &[Kind]) -> Result<Side, Failure> {
    let algorithms = ALGORITHMS.map(SignatureAlgorithm::name);
    let setup = Setup {
        algorithms: &algorithms,
        ..Setup::default()
    };
    let site = Site::new(&options.folder, &setup)?;
    say(&format!("seeding {}", site.issuer));
    let seeding = site.seed().await?;
    let mut registered = Vec::new();
    for kind in kinds {
        let id = kind.id();
        let (profile, key) = kind.profile()?;
        let shown = register_asker(&seeding, &id, RESOURCE, profile).await?;
        registered.push((*kind, shown, key));
    }
    let tokens = load_usual(&seeding, options.tokens).await?;
    seeding.finish().await?;
    let server = site.start(&options.server)?;
    let verifier = Verifier::fetch(&site.line(), &site.issuer, &ALGORITHMS).await?;
    let callers = registered.into_iter();
    let callers = callers.map(|(kind, shown, key)| Caller::new(kind, shown, key, &verifier));
    Ok(Side {
        server,
        line: site.line(),
        callers: callers.collect(),
        tokens: Rc::new(tokens),
        verifier,
        is_about: |active, token| active.jti.as_deref() == Some(name_of(token).as_str()),
        _place: Box::new(site),
    })
}

impl Side {
    /// As much as it takes, and a sample verified.
    async fn measure(
        &self,
        row: usize,
        walk: Walk,
        options: &Options,
    ) -> Result<Measured, Failure> {
        let caller = self.callers.get(row).ok_or("no such row")?;
        let load = Load {
            server: &self.server,
            line: &self.line,
            reuse: Reuse::KeptAlive,
            connections: options.connections,
            time: options.time(),
        };
        let form = caller.kind.form();
        let questions = Questions {
            template: Template::new(&self.line.address.to_string(), form),
            credentials: Credentials::Same(caller.shown.clone()),
            tokens: Rc::clone(&self.tokens),
            walk,
        };
        let measured = load.closed(questions).await?;
        self.verifier
            .check_by(&measured.samples, form, &caller.expected, self.is_about)?;
        Ok(measured)
    }
}

impl Caller {
    fn new(kind: Kind, shown: Shown, key: Option<DecryptionKey>, verifier: &Verifier) -> Self {
        let expected = verifier.expectations(&kind.id());
        let expected = match key {
            None => expected,
            Some(key) => expected.encrypted_to(vec![key]),
        };
        Self {
            kind,
            shown,
            expected,
        }
    }
}

impl Case {
    fn name(self, kinds: &[Kind]) -> String {
        let (row, what) = match self {
            Self::Spread(row) => (row, "avouch, spread"),
            Self::Hot(row) => (row, "avouch, hot"),
            Self::PeerSpread(row) => (row, "peer on one core, spread"),
            Self::PeerHot(row) => (row, "peer on one core, hot"),
            Self::PeerUnpinned(row) => (row, "peer on all cores, spread"),
        };
        let kind = kinds.get(row).map_or("", |kind| kind.name());
        format!("{kind}, {what}")
    }
}
