//! What each way to authenticate adds to one introspection.
//!
//! Two servers, one with plain HTTP and one with TLS, answer the same question put by resource
//! servers that say in different ways who they are. What counts is the server's CPU time for one
//! answer beside that of the same question with `client_secret_basic`, over the same kind of
//! connection, in the same round.

mod run;
mod ways;

use std::rc::Rc;
use std::time::Duration;

use avouch_core::records::JwtProfile;
use avouch_jose::SignatureAlgorithm;

use crate::certificates::Certificates;
use crate::connection::Line;
use crate::load::{Load, Measured, Reuse};
use crate::options::Options;
use crate::request::{Form, Questions, Template, Walk};
use crate::rounds::{Rounds, in_turns};
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::{Memory, Setup, Site};
use crate::tokens::{Tokens, load_usual};
use crate::{Failure, say};

pub use run::{Row, Run};
use ways::{Caller, Way};

/// The algorithm of the statements here: the cheapest of those that everybody can check.
const STATEMENTS: SignatureAlgorithm = SignatureAlgorithm::Es256;

/// How a case's connections are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Http,
    Tls,
    Mtls,
    /// A connection for each question.
    NewTls,
    /// The same, where both ends show a certificate.
    NewMtls,
}

struct Case {
    way: Way,
    transport: Transport,
    form: Form,
}

/// A server with all that is registered there.
struct Stage {
    site: Site,
    callers: Vec<(Way, Caller)>,
    tokens: Rc<Tokens>,
    server: Server,
    verifier: Verifier,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Result<Run, Failure> {
    let certificates = Certificates::make()?;
    let plain = Stage::set(options, &certificates, None).await?;
    let tls = Stage::set(options, &certificates, Some(&certificates)).await?;
    let cases = cases();
    let time = options.time();
    let measure = async |case: &Case| {
        let stage = if case.transport == Transport::Http {
            &plain
        } else {
            &tls
        };
        stage
            .measure(case, &certificates, time, options.connections)
            .await
    };
    let rounds = in_turns(&cases, options.rounds, Case::name, measure).await?;
    Ok(Run::new(options, rows(&cases, &rounds)))
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for form in [Form::Json, Form::Jwt] {
        let case = |way, transport| Case {
            way,
            transport,
            form,
        };
        cases.extend(Way::ANYWHERE.map(|way| case(way, Transport::Http)));
        cases.push(case(Way::Basic, Transport::Tls));
        cases.extend(Way::WITH_CERTIFICATE.map(|way| case(way, Transport::Mtls)));
        cases.push(case(Way::Basic, Transport::NewTls));
        cases.push(case(Way::TlsClientAuth, Transport::NewMtls));
    }
    cases
}

impl Stage {
    /// Seeds and starts a server.
    async fn set(
        options: &Options,
        certificates: &Certificates,
        tls: Option<&Certificates>,
    ) -> Result<Self, Failure> {
        let setup = Setup {
            tls,
            algorithms: &[STATEMENTS.name()],
            // More questions are asked than there are tokens, and none is to be found sooner the
            // second time.
            memory: Memory::Nothing,
            ..Setup::default()
        };
        let site = Site::new(&options.folder, &setup)?;
        say(&format!("seeding {}", site.issuer));
        let seeding = site.seed().await?;
        let mut ways = Way::ANYWHERE.to_vec();
        if tls.is_some() {
            ways.extend(Way::WITH_CERTIFICATE);
        }
        let profile = JwtProfile {
            signing_algorithm: STATEMENTS,
            ..JwtProfile::default()
        };
        let mut callers = Vec::new();
        for way in ways {
            let caller = way
                .register(&seeding, profile.clone(), certificates)
                .await?;
            callers.push((way, caller));
        }
        let tokens = load_usual(&seeding, options.tokens).await?;
        seeding.finish().await?;
        let server = site.start(&options.server)?;
        let line = line(&site, certificates, Transport::of_public(tls), Way::Basic)?;
        let verifier = Verifier::fetch(&line, &site.issuer, &[STATEMENTS]).await?;
        Ok(Self {
            site,
            callers,
            tokens: Rc::new(tokens),
            server,
            verifier,
        })
    }

    async fn measure(
        &self,
        case: &Case,
        certificates: &Certificates,
        time: Duration,
        connections: usize,
    ) -> Result<Measured, Failure> {
        let caller = self.callers.iter().find(|(way, _)| *way == case.way);
        let (_, caller) = caller.ok_or("nobody is registered for this")?;
        let line = line(&self.site, certificates, case.transport, case.way)?;
        let load = Load {
            server: &self.server,
            line: &line,
            reuse: case.transport.reuse(),
            connections,
            time,
        };
        let least = load.fewest_questions();
        let questions = Questions {
            template: Template::new(&line.address.to_string(), case.form),
            credentials: caller.credentials(&self.site.issuer, least, time)?,
            tokens: Rc::clone(&self.tokens),
            walk: Walk::Spread,
        };
        let measured = load.closed(questions).await?;
        let expected = self.verifier.expectations(&caller.id);
        self.verifier
            .check(&measured.samples, case.form, &expected)?;
        Ok(measured)
    }
}

impl Transport {
    fn of_public(tls: Option<&Certificates>) -> Self {
        if tls.is_some() { Self::Tls } else { Self::Http }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
            Self::Mtls => "mutual TLS",
            Self::NewTls => "TLS, a connection each",
            Self::NewMtls => "mutual TLS, a connection each",
        }
    }

    const fn reuse(self) -> Reuse {
        match self {
            Self::Http | Self::Tls | Self::Mtls => Reuse::KeptAlive,
            Self::NewTls | Self::NewMtls => Reuse::NewEach,
        }
    }

    const fn is_mutual(self) -> bool {
        matches!(self, Self::Mtls | Self::NewMtls)
    }
}

impl Case {
    fn name(&self) -> String {
        let form = form_name(self.form);
        format!("{}, {}, {form}", self.way.name(), self.transport.name())
    }

    /// The same question with `client_secret_basic`, over a connection of the same kind that is
    /// kept alive; for that question over TLS, the one without.
    fn is_base_of(&self, other: &Self) -> bool {
        let transport = match (other.way, other.transport) {
            (_, Transport::Http) | (Way::Basic, Transport::Tls) => Transport::Http,
            _ => Transport::Tls,
        };
        self.way == Way::Basic && self.transport == transport && self.form == other.form
    }
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::Json => "JSON",
        Form::Jwt => STATEMENTS.name(),
    }
}

/// How the server is reached for a case.
fn line(
    site: &Site,
    certificates: &Certificates,
    transport: Transport,
    way: Way,
) -> Result<Line, Failure> {
    let address = match site.mtls_address {
        Some(address) if transport.is_mutual() => address,
        _ => site.address,
    };
    let tls = match transport {
        Transport::Http => None,
        Transport::Tls | Transport::NewTls => Some(certificates.client_config(None)?),
        Transport::Mtls | Transport::NewMtls => {
            let shown = match way {
                Way::SelfSignedTlsClientAuth => &certificates.self_signed,
                _ => &certificates.vouched,
            };
            Some(certificates.client_config(Some(shown))?)
        }
    };
    Ok(Line { address, tls })
}

fn rows(cases: &[Case], rounds: &Rounds) -> Vec<Row> {
    let base_of = |case: &Case| cases.iter().position(|other| other.is_base_of(case));
    cases
        .iter()
        .enumerate()
        .filter_map(|(at, case)| {
            let base = base_of(case)?;
            let ratio = |one: &Measured, base: &Measured| one.cpu_micros() / base.cpu_micros();
            let added = |one: &Measured, base: &Measured| one.cpu_micros() - base.cpu_micros();
            let busy = |one: &Measured| one.cpu.as_secs_f64() / one.wall.as_secs_f64();
            Some(Row {
                way: case.way.name(),
                transport: case.transport.name().to_owned(),
                form: form_name(case.form).to_owned(),
                answers: rounds.answers(at),
                cpu_micros: rounds.figure(at, Measured::cpu_micros).rounded(1),
                added_micros: rounds.compared(at, base, added).rounded(1),
                ratio: rounds.compared(at, base, ratio).rounded(2),
                busy: rounds.figure(at, busy).rounded(2),
            })
        })
        .collect()
}
