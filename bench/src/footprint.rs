//! How much room the server takes, and how soon it is there.

mod run;

use std::rc::Rc;
use std::time::{Duration, Instant};

use avouch_core::records::JwtProfile;
use avouch_jose::SignatureAlgorithm;

use crate::connection::Line;
use crate::load::{Load, Reuse};
use crate::options::Options;
use crate::parties::{RESOURCE, register_asker};
use crate::request::{Credentials, Form, Questions, Template, Walk};
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::{Memory, Setup, Site};
use crate::tokens::load_usual;
use crate::{Failure, say};

pub use run::{Room, Run};

/// Those a server has if it is told of none.
const ALGORITHMS: [SignatureAlgorithm; 11] = [
    SignatureAlgorithm::Rs256,
    SignatureAlgorithm::Rs384,
    SignatureAlgorithm::Rs512,
    SignatureAlgorithm::Ps256,
    SignatureAlgorithm::Ps384,
    SignatureAlgorithm::Ps512,
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::Es512,
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::EdDsa,
];
const ASKER: &str = "asker";
/// Room for all tokens, so that none is forgotten while the next is found: above what one is
/// reckoned at.
const OCTETS_EACH: u64 = 6 * 1024;
/// Between two looks whether the server is ready.
const PAUSE: Duration = Duration::from_millis(1);

/// What one round found.
struct Round {
    /// From its start on an empty folder until it is ready.
    first: Duration,
    /// The same on that folder again, with all keys there.
    again: Duration,
    /// Of that one, before anybody asked for anything but its keys.
    idle: Room,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Result<Run, Failure> {
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let round = round(options).await?;
        say(&format!(
            "  round {number} of {}: ready after {:?}, again after {:?}, {} KiB",
            options.rounds, round.first, round.again, round.idle.resident_kibibytes,
        ));
        rounds.push(round);
    }
    let cached = cached(options).await?;
    let program = std::fs::metadata(&options.server)?.len();
    Ok(Run::new(options, &rounds, cached, program))
}

async fn round(options: &Options) -> Result<Round, Failure> {
    let names = ALGORITHMS.map(SignatureAlgorithm::name);
    let setup = Setup {
        algorithms: &names,
        health: true,
        ..Setup::default()
    };
    let site = Site::new(&options.folder, &setup)?;
    let (server, first) = ready(&site, options).await?;
    // It makes most of its keys while it serves.
    Verifier::fetch(&site.line(), &site.issuer, &ALGORITHMS).await?;
    drop(server);
    let (server, again) = ready(&site, options).await?;
    Verifier::fetch(&site.line(), &site.issuer, &ALGORITHMS).await?;
    let idle = Room::of(&server)?;
    Ok(Round { first, again, idle })
}

/// Starts a server, and tells how long it took to be ready.
async fn ready(site: &Site, options: &Options) -> Result<(Server, Duration), Failure> {
    let begun = Instant::now();
    let server = site.start(&options.server)?;
    let address = site.health_address.ok_or("nobody tells what is ready")?;
    let line = Line { address, tls: None };
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let mut connection = line.connect().await?;
    while connection.exchange(request.as_bytes()).await?.status != 200 {
        tokio::time::sleep(PAUSE).await;
    }
    let took = begun.elapsed();
    connection.close().await?;
    Ok((server, took))
}

/// What a server holds before it has found any token, and after it has found every one.
async fn cached(options: &Options) -> Result<[Room; 2], Failure> {
    let names = ALGORITHMS.map(SignatureAlgorithm::name);
    let setup = Setup {
        algorithms: &names,
        memory: Memory::Octets(options.tokens as u64 * OCTETS_EACH),
        ..Setup::default()
    };
    let site = Site::new(&options.folder, &setup)?;
    say(&format!("seeding {}", site.issuer));
    let seeding = site.seed().await?;
    let profile = JwtProfile::default();
    let shown = register_asker(&seeding, ASKER, RESOURCE, profile).await?;
    let tokens = load_usual(&seeding, options.tokens).await?;
    seeding.finish().await?;
    let server = site.start(&options.server)?;
    let line = site.line();
    let verifier = Verifier::fetch(&line, &site.issuer, &ALGORITHMS).await?;
    let before = Room::of(&server)?;
    let load = Load {
        server: &server,
        line: &line,
        reuse: Reuse::KeptAlive,
        connections: options.connections,
        // It ends with the tokens.
        time: Duration::from_hours(1),
    };
    let questions = Questions {
        template: Template::new(&site.address.to_string(), Form::Json),
        credentials: Credentials::Same(shown),
        tokens: Rc::new(tokens),
        walk: Walk::Once { at: 0 },
    };
    let measured = load.closed(questions).await?;
    let expected = verifier.expectations(ASKER);
    verifier.check(&measured.samples, Form::Json, &expected)?;
    Ok([before, Room::of(&server)?])
}
