//! Whether the time that an inactive answer takes tells why the token is not active.
//!
//! A resource server asks about tokens that are dead for every reason there is, in an order drawn
//! by lot, one at a time, and takes the time of each answer. Two reasons cannot be told apart if an
//! answer of the one is as often slower than an answer of the other as it is faster.

mod clocked;
mod run;
mod tokens;

use std::time::Duration;

use avouch_core::records::JwtProfile;
use avouch_jose::SignatureAlgorithm;

use crate::options::Options;
use crate::parties::{OTHER_RESOURCE, RESOURCE, register_asker};
use crate::request::{Form, Shown, Template};
use crate::site::{Seeding, Setup, Site};
use crate::statistics::Draw;
use crate::{Failure, say};

use clocked::ClockedConnection;
pub use run::{Row, Run};
use tokens::{Dead, Seeds};

/// The algorithm of the statements here: the one whose time varies least of those in use.
const STATEMENTS: SignatureAlgorithm = SignatureAlgorithm::Es256;

/// Answers before any is timed.
const WARM_UP: usize = 500;

/// Who asks.
struct Callers {
    asker: Shown,
    /// The resource server that the tokens of a foreign audience are for.
    other: Shown,
}

/// One question to come.
#[derive(Clone, Copy)]
struct Question {
    group: usize,
    form: Form,
    token: usize,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Result<Run, Failure> {
    let algorithms = [STATEMENTS.name()];
    let setup = Setup {
        algorithms: &algorithms,
        ..Setup::default()
    };
    let site = Site::new(&options.folder, &setup)?;
    say(&format!("seeding {}", site.issuer));
    let seeding = site.seed().await?;
    let callers = register(&seeding).await?;
    let seeds = Seeds::sow(&seeding, options.tokens, options.rounds).await?;
    seeding.finish().await?;
    let _server = site.start(&options.server)?;
    let mut connection = ClockedConnection::open(site.address)?;
    let authority = site.address.to_string();
    let mut times = seeds
        .groups
        .iter()
        .map(|_| [Vec::new(), Vec::new()])
        .collect::<Vec<_>>();

    let mut asking = Asking {
        templates: FORMS.map(|form| Template::new(&authority, form)),
        callers,
        request: Vec::new(),
    };
    for question in warm_up(&seeds) {
        asking.ask(&mut connection, &seeds, question)?;
    }
    let questions = questions(&seeds, options.rounds);
    say(&format!("asking about {} dead tokens", questions.len()));
    for question in questions {
        let took = asking.ask(&mut connection, &seeds, question)?;
        let micros = took.as_secs_f64() * 1e6;
        if let Some(times) = times.get_mut(question.group) {
            times[question.form as usize].push(micros);
        }
    }
    Ok(Run::new(options, &seeds.groups, &times))
}

/// In the order of their numbers.
const FORMS: [Form; 2] = [Form::Json, Form::Jwt];

async fn register(seeding: &Seeding) -> Result<Callers, Failure> {
    let profile = JwtProfile {
        signing_algorithm: STATEMENTS,
        ..JwtProfile::default()
    };
    Ok(Callers {
        asker: register_asker(seeding, "asker", RESOURCE, profile.clone()).await?,
        other: register_asker(seeding, "other", OTHER_RESOURCE, profile).await?,
    })
}

/// Tokens that are asked about again and again have been asked about before; and some more
/// questions, so that connection and server are in their stride.
fn warm_up(seeds: &Seeds) -> Vec<Question> {
    let mut questions = Vec::new();
    for (group, of) in seeds.groups.iter().enumerate() {
        let some = if of.asked_again { of.tokens() } else { 0 };
        questions.extend((0..some).map(|token| Question {
            group,
            form: Form::Json,
            token,
        }));
    }
    let junk = seeds
        .groups
        .iter()
        .position(|group| group.dead == Dead::Junk);
    let more = (0..WARM_UP).map(|token| Question {
        group: junk.unwrap_or(0),
        form: FORMS[token % 2],
        token: 0,
    });
    questions.extend(more);
    questions
}

/// As many of each group and form, each token once where it is not to be asked about again.
fn questions(seeds: &Seeds, each: usize) -> Vec<Question> {
    let mut questions = Vec::new();
    for (group, of) in seeds.groups.iter().enumerate() {
        for form in FORMS {
            questions.extend((0..each).map(|number| Question {
                group,
                form,
                token: if of.asked_again {
                    number % of.tokens()
                } else {
                    2 * number + form as usize
                },
            }));
        }
    }
    Draw::new(1).shuffle(&mut questions);
    questions
}

/// What it takes to ask.
struct Asking {
    templates: [Template; 2],
    callers: Callers,
    request: Vec<u8>,
}

impl Asking {
    /// Asks, and tells how long it took.
    fn ask(
        &mut self,
        connection: &mut ClockedConnection,
        seeds: &Seeds,
        question: Question,
    ) -> Result<Duration, Failure> {
        let group = seeds.groups.get(question.group).ok_or("no such group")?;
        let token = group.token(question.token);
        let template = &self.templates[question.form as usize];
        // Somebody else uses it, and finds it active, before we ask.
        if group.dead == Dead::InUseElsewhere {
            template.write(&self.callers.other, token, &mut self.request);
            connection.exchange(&self.request)?;
        }
        template.write(&self.callers.asker, token, &mut self.request);
        let answer = connection.exchange(&self.request)?;
        if question.form == Form::Json && answer.body != br#"{"active":false}"# {
            let body = String::from_utf8_lossy(answer.body);
            return Err(format!("{}: the answer was {body}", group.name()).into());
        }
        Ok(answer.took)
    }
}
