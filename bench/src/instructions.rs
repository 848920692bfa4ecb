//! How many instructions one introspection takes, beside a budget: for a regression too small for a
//! clock, and to say in which step it is.
//!
//! The released server runs under callgrind and answers in JSON about tokens that are in memory,
//! over one connection. Two runs differ in nothing but the number of questions, so that start and
//! stop cancel out. What the kernel does is not counted, nor what anything waits for.
//!
//! AWS-LC is left out of the budget. It picks its code by the processor, of which valgrind offers
//! less than there is (no SHA extensions, no AVX-512): its part is another at another place, and
//! SHA-256 is a larger one here than in life.

mod budget;
mod callgrind;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use avouch_core::records::JwtProfile;
use avouch_jose::SignatureAlgorithm;
use avouch_resource_server::Expectations;

use crate::options::Options;
use crate::parties::{RESOURCE, register_asker};
use crate::request::{Credentials, Form, Questions, Shown, Template, Walk};
use crate::sample::{Sample, Verifier};
use crate::site::{Setup, Site};
use crate::tokens::{Tokens, load_usual};
use crate::{Failure, say};

use budget::{Budgets, TakenWith, Verdict};
use callgrind::{CRYPTO, Profile};

/// The name of the budget of everything but AWS-LC.
const ALL: &str = "all but AWS-LC";

/// What lies around the walk, and those of its steps whose functions the compiler leaves in one
/// piece; each with all that it calls, AWS-LC included. The others are parts of `the walk`.
const STEPS: [(&str, &str); 15] = [
    (
        "connection",
        "avouch_server::listen::serve::{{closure}}::{{closure}}",
    ),
    ("request", "avouch_server::access::handle::{{closure}}"),
    (
        "the walk",
        "avouch_server::endpoints::introspection::introspect::{{closure}}",
    ),
    ("read", "avouch_server::request::read::{{closure}}"),
    ("form", "avouch_server::endpoints::parse_form"),
    (
        "parse",
        "avouch_oauth::introspection::parse::IntrospectionRequest::parse",
    ),
    (
        "Authorization",
        "avouch_oauth::authorization::Authorization::parse",
    ),
    ("extract", "avouch_server::extract::extract"),
    ("negotiate", "avouch_oauth::negotiate::negotiate"),
    (
        "find",
        "avouch_core::introspection::find::find_evenly::{{closure}}",
    ),
    ("compose", "avouch_core::introspection::compose::compose"),
    (
        "secure as JSON",
        "avouch_oauth::introspection::response::write::<impl \
         avouch_oauth::introspection::response::IntrospectionResponse>::write",
    ),
    ("record", "avouch_server::recorder::write"),
    ("respond", "avouch_server::respond::respond"),
    ("log", "avouch_server::access::Seen::log"),
];

const ASKER: &str = "asker";
/// Signs nothing here, but a server has to have one.
const ALGORITHMS: [SignatureAlgorithm; 1] = [SignatureAlgorithm::Es256];

/// Questions of the shorter run: after them every token is in memory.
const WARM_UP: usize = 200;
/// Questions that the longer run has in addition, and that are counted.
const COUNTED: usize = 2_000;

/// Counts, prints, and compares with the budget in `file`, or rewrites it.
pub async fn run(options: &Options, file: &Path, renew: bool) -> Result<(), Failure> {
    let taken_with = TakenWith {
        compiler: version("rustc")?,
        valgrind: version("valgrind")?,
        processor: processor(),
    };
    let stage = Stage::set(options).await?;
    say(&format!(
        "counting {COUNTED} answers under valgrind, some 50 times as slow as without"
    ));
    let fewer = stage.count(WARM_UP, options).await?;
    let more = stage.count(WARM_UP + COUNTED, options).await?;
    let counted = more.without(&fewer);

    print_crates(&counted);
    let counts = counts(&counted);
    let budgets = match fs::read_to_string(file) {
        Ok(text) => Budgets::read(&text)?,
        Err(error) if renew && error.kind() == std::io::ErrorKind::NotFound => Budgets::default(),
        Err(error) => return Err(format!("{}: {error}", file.display()).into()),
    };
    let verdict = compare(&budgets, &counts);
    if renew {
        fs::write(file, budgets.renewed(taken_with, &counts).write()?)?;
        say(&format!("{} is written anew", file.display()));
        return Ok(());
    }
    if budgets.taken_with != taken_with {
        let (then, now) = (&budgets.taken_with, &taken_with);
        say(&format!(
            "the budget was written with {then}; this is {now}: counts may differ for that alone"
        ));
    }
    verdict
}

/// A server's place, and who asks it.
struct Stage {
    site: Site,
    shown: Shown,
    tokens: Rc<Tokens>,
    verifier: Verifier,
    expected: Expectations,
}

impl Stage {
    async fn set(options: &Options) -> Result<Self, Failure> {
        let names = ALGORITHMS.map(SignatureAlgorithm::name);
        let setup = Setup {
            algorithms: &names,
            ..Setup::default()
        };
        let site = Site::new(&options.folder, &setup)?;
        let seeding = site.seed().await?;
        let profile = JwtProfile::default();
        let shown = register_asker(&seeding, ASKER, RESOURCE, profile).await?;
        let tokens = load_usual(&seeding, options.tokens).await?;
        seeding.finish().await?;
        // Makes the keys, so that neither of the runs that are compared does.
        let server = site.start(&options.server)?;
        let verifier = Verifier::fetch(&site.line(), &site.issuer, &ALGORITHMS).await?;
        drop(server);
        Ok(Self {
            shown,
            tokens: Rc::new(tokens),
            expected: verifier.expectations(ASKER),
            verifier,
            site,
        })
    }

    /// The instructions of a server that starts, answers so many questions, and stops.
    async fn count(&self, count: usize, options: &Options) -> Result<Profile, Failure> {
        let file = self.site.path(&format!("callgrind.{count}"));
        let mut out = OsString::from("--callgrind-out-file=");
        out.push(&file);
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--quiet"])
            .arg(out)
            .arg(&options.server);
        let server = self.site.start_by(command)?;
        let mut questions = Questions {
            template: Template::new(&self.site.address.to_string(), Form::Json),
            credentials: Credentials::Same(self.shown.clone()),
            tokens: Rc::clone(&self.tokens),
            walk: Walk::Hot {
                at: 0,
                among: self.tokens.len(),
            },
        };
        let mut connection = self.site.line().connect().await?;
        let mut request = Vec::new();
        for _ in 0..count {
            let token = questions.next(&mut request).ok_or("no more questions")?;
            let answer = connection.exchange(&request).await?;
            if answer.status != 200 {
                return Err(format!("the server answered {}", answer.status).into());
            }
            let body = answer.body.to_vec();
            let sample = Sample { token, body };
            self.verifier.check(&[sample], Form::Json, &self.expected)?;
        }
        connection.close().await?;
        // Written when the process ends.
        drop(server);
        let text = fs::read_to_string(&file)
            .map_err(|error| format!("callgrind wrote nothing to {}: {error}", file.display()))?;
        Profile::read(&text)
    }
}

/// What there are budgets for.
fn counts(counted: &Profile) -> Vec<(String, u64)> {
    let all = counted.total() - counted.of_crate(CRYPTO);
    let mut counts = vec![(ALL.to_owned(), each(all))];
    for (step, function) in STEPS {
        match counted.of_function(function) {
            Some(cost) => counts.push((step.to_owned(), each(cost))),
            None => say(&format!(
                "{step} is not seen: {function} is a part of its caller"
            )),
        }
    }
    counts
}

/// Of one answer.
const fn each(cost: u64) -> u64 {
    let answers = COUNTED as u64;
    (cost + answers / 2) / answers
}

fn print_crates(counted: &Profile) {
    say(&format!(
        "\n{:>8} instructions each, by whose code it is",
        each(counted.total())
    ));
    for (name, cost) in counted.crates() {
        // A crate that is met once in a hundred answers says nothing.
        if each(cost) > 0 {
            say(&format!("{:>8} {name}", each(cost)));
        }
    }
}

fn compare(budgets: &Budgets, counts: &[(String, u64)]) -> Result<(), Failure> {
    say("\n   count   budget          with all that is called");
    let mut wrong = Vec::new();
    for (name, count) in counts {
        let Some(budget) = budgets.budget.get(name) else {
            say(&format!("{count:>8}        -          {name}"));
            wrong.push(format!("{name} has no budget"));
            continue;
        };
        let share = 100.0 * (*count as f64 / budget.instructions as f64 - 1.0);
        say(&format!(
            "{count:>8} {:>8} {share:>+7.2} % {name}",
            budget.instructions
        ));
        match budget.judge(*count) {
            Verdict::Within => {}
            Verdict::Over => wrong.push(format!("{name} takes more than its budget")),
            Verdict::Under => wrong.push(format!("{name} takes less than its budget says")),
        }
    }
    let gone = budgets
        .budget
        .keys()
        .filter(|name| !counts.iter().any(|(known, _)| known == *name));
    wrong.extend(gone.map(|name| format!("{name} was not counted")));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}; if it is meant so: cargo xtask bench instructions --renew",
        wrong.join(", ")
    )
    .into())
}

/// What the system calls the processor.
fn processor() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    cpus.lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']))
        .to_owned()
}

/// What a program says that it is, in one line.
fn version(program: &str) -> Result<String, Failure> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .map_err(|error| format!("{program} could not be started: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
