//! Each step of the walk of one introspection alone, so that a regression has an address.
//!
//! `cargo xtask bench steps`; names are those of the table in ARCHITECTURE.md. `extract` and
//! `respond` are part of the server and of `cargo xtask bench instructions`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may panic: that is how it fails"
)]

use std::fs::OpenOptions;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use avouch_core::introspection::{
    AuthorizedResourceServer, Echo, Judgement, SecuredAnswer, Sought, StatementMemory, authorize,
    compose, find_evenly, is_good_at, judge, record, secure,
};
use avouch_core::records::ServerAnswers;
use avouch_core::time::Timestamp;
use avouch_oauth::introspection::{IntrospectionRequest, IntrospectionResponse};
use avouch_oauth::secret::PresentedToken;
use avouch_oauth::{Accept, Form, ResponseFormat, negotiate};
use avouch_server::LogRecorder;
use avouch_server::config::LogConfig;
use avouch_store::AnyStore;
use bench::steps::{Asker, Stage};
use criterion::Criterion;
use futures_util::FutureExt as _;

/// Live tokens, and those of them that are in memory.
const TOKENS: usize = 100_000;
const HOT: usize = 50;
/// Live tokens where each step runs once, to see that it does.
const FEW: usize = 200;

/// As many octets as a server remembers statements in by default.
const STATEMENT_MEMORY: u64 = 8 << 20;

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let tested = std::env::args().any(|argument| argument == "--test");
    let tokens = if measured && !tested { TOKENS } else { FEW };
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().unwrap_or(Path::new("."));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stage = runtime.block_on(Stage::set(folder, tokens)).unwrap();

    let mut criterion = Criterion::default().configure_from_args();
    walk(&mut criterion, &stage);
    criterion.final_summary();
}

fn walk(criterion: &mut Criterion, stage: &Stage) {
    let [json, rs256, ..] = &stage.askers[..] else {
        panic!("nobody asks");
    };
    parse(criterion, stage);
    authenticate(criterion, stage, json);
    negotiate_form(criterion, stage, rs256);
    find(criterion, stage, json);
    judge_token(criterion, stage, json);
    compose_response(criterion, stage, json);
    for asker in &stage.askers {
        secure_answer(criterion, stage, asker);
    }
    say_again(criterion, stage, rs256);
    record_event(criterion, stage, rs256);
}

fn parse(criterion: &mut Criterion, stage: &Stage) {
    let body = format!("token={}", stage.tokens[0].expose());
    criterion.bench_function("parse", |bencher| {
        bencher.iter(|| {
            let form = Form::parse(black_box(body.as_bytes()), &[]).unwrap();
            IntrospectionRequest::parse(&form).unwrap()
        });
    });
}

fn authenticate(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let prove = || now(stage.authenticate(black_box(&asker.credentials))).unwrap();
    criterion.bench_function("authenticate/secret", |bencher| bencher.iter(prove));
    let caller = prove();
    criterion.bench_function("authorize", |bencher| {
        bencher.iter(|| authorize(black_box(&caller)).unwrap());
    });
}

fn negotiate_form(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let resource_server = authorized(stage, asker);
    criterion.bench_function("negotiate", |bencher| {
        bencher.iter(|| form_of(black_box(asker), &resource_server));
    });
}

fn find(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let resource_server = authorized(stage, asker);
    let mut group = criterion.benchmark_group("find");
    let mut hot = stage.tokens[..HOT].iter().cycle();
    group.bench_function("in memory", |bencher| {
        bencher.iter(|| found(stage, &stage.store, hot.next().unwrap(), &resource_server));
    });
    let mut spread = stage.tokens.iter().cycle();
    group.bench_function("in the file", |bencher| {
        bencher.iter(|| {
            let token = spread.next().unwrap();
            found(stage, &stage.forgetful, token, &resource_server)
        });
    });
    // Its last character is another.
    let mut junk = stage.tokens[0].expose().to_owned();
    let last = junk.pop().unwrap();
    junk.push(if last == 'A' { 'B' } else { 'A' });
    let junk = PresentedToken::new(junk);
    group.bench_function("never issued", |bencher| {
        bencher.iter(|| {
            let sought = seek(stage, &stage.store, black_box(&junk), &resource_server);
            assert!(matches!(sought, Sought::NeverIssued));
        });
    });
    group.finish();
}

fn judge_token(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let resource_server = authorized(stage, asker);
    let sought = found(stage, &stage.store, &stage.tokens[0], &resource_server);
    criterion.bench_function("judge", |bencher| {
        bencher.iter(|| {
            let judgement = judge(black_box(&sought), &resource_server, stage.now);
            assert!(matches!(judgement, Judgement::Active(_)));
        });
    });
}

fn compose_response(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let resource_server = authorized(stage, asker);
    let sought = found(stage, &stage.store, &stage.tokens[0], &resource_server);
    let judgement = judge(&sought, &resource_server, stage.now);
    criterion.bench_function("compose", |bencher| {
        bencher.iter(|| {
            let judgement = black_box(&judgement);
            compose(judgement, &resource_server, &stage.issuer, &stage.pairwise)
        });
    });
}

/// Every time in another second, so that nothing is said again.
fn secure_answer(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let ready = Ready::to_secure(stage, asker);
    let statements = StatementMemory::new(STATEMENT_MEMORY);
    let mut now = stage.now;
    let mut group = criterion.benchmark_group("secure");
    group.bench_function(asker.name, |bencher| {
        bencher.iter(|| {
            now = now.after(Duration::from_secs(1));
            let answer = ready.secure(now, &statements);
            assert!(!answer.remembered);
            answer
        });
    });
    group.finish();
    let answer = ready.secure(now.after(Duration::from_secs(1)), &statements);
    assert_eq!(answer.signed_with, asker.signed);
    let encrypted = answer.encrypted_with.map(|with| with.algorithm);
    assert_eq!(encrypted, asker.encrypted);
}

fn say_again(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let ready = Ready::to_secure(stage, asker);
    let statements = StatementMemory::new(STATEMENT_MEMORY);
    ready.secure(stage.now, &statements);
    let mut group = criterion.benchmark_group("secure");
    group.bench_function("remembered", |bencher| {
        bencher.iter(|| {
            let answer = ready.secure(stage.now, &statements);
            assert!(answer.remembered);
            answer
        });
    });
    group.finish();
}

/// One line, to nowhere.
fn record_event(criterion: &mut Criterion, stage: &Stage, asker: &Asker) {
    let ready = Ready::to_secure(stage, asker);
    let sought = found(
        stage,
        &stage.store,
        &stage.tokens[0],
        &ready.resource_server,
    );
    let judgement = judge(&sought, &ready.resource_server, stage.now);
    let answer = ready.secure(stage.now, &StatementMemory::new(0));
    let nowhere = OpenOptions::new().write(true).open("/dev/null").unwrap();
    let log = avouch_server::log::to(&LogConfig::default(), std::sync::Arc::new(nowhere));
    tracing::subscriber::with_default(log, || {
        criterion.bench_function("record", |bencher| {
            bencher.iter(|| {
                let recording = record(
                    &LogRecorder,
                    &ready.resource_server,
                    black_box(&sought),
                    &judgement,
                    ready.format,
                    &answer,
                    stage.now,
                );
                now(recording).unwrap();
            });
        });
    });
}

/// An answer that only has to be secured.
struct Ready<'a> {
    stage: &'a Stage,
    resource_server: AuthorizedResourceServer,
    format: ResponseFormat,
    response: IntrospectionResponse,
}

impl<'a> Ready<'a> {
    fn to_secure(stage: &'a Stage, asker: &Asker) -> Self {
        let resource_server = authorized(stage, asker);
        let sought = found(stage, &stage.store, &stage.tokens[0], &resource_server);
        let judgement = judge(&sought, &resource_server, stage.now);
        Self {
            stage,
            format: form_of(asker, &resource_server),
            response: compose(&judgement, &resource_server, &stage.issuer, &stage.pairwise),
            resource_server,
        }
    }

    fn secure(&self, at: Timestamp, statements: &StatementMemory) -> SecuredAnswer {
        let echo = Echo {
            token: &self.stage.tokens[0],
            nonce: None,
        };
        let response = black_box(&self.response);
        let means = self.stage.means(statements);
        now(secure(
            response,
            self.format,
            &self.resource_server,
            echo,
            at,
            &means,
        ))
        .unwrap()
    }
}

fn authorized(stage: &Stage, asker: &Asker) -> AuthorizedResourceServer {
    now(stage.authorized(asker)).unwrap()
}

fn form_of(asker: &Asker, resource_server: &AuthorizedResourceServer) -> ResponseFormat {
    let accept = Accept::parse([asker.accept.as_bytes()]);
    let profile = &resource_server.profile.value;
    negotiate(&accept, &profile.answer_policy(ServerAnswers::default())).unwrap()
}

fn seek(
    stage: &Stage,
    store: &AnyStore,
    token: &PresentedToken,
    resource_server: &AuthorizedResourceServer,
) -> Sought {
    let is_good = |found: &_| is_good_at(resource_server, found, stage.now);
    now(find_evenly(token, stage.own_tokens(), store, &is_good)).unwrap()
}

fn found(
    stage: &Stage,
    store: &AnyStore,
    token: &PresentedToken,
    resource_server: &AuthorizedResourceServer,
) -> Sought {
    let sought = seek(stage, store, token, resource_server);
    assert!(matches!(sought, Sought::Found(_)));
    sought
}

/// On SQLite and with keys in memory no step has to wait for anything.
fn now<T>(step: impl Future<Output = T>) -> T {
    step.now_or_never().unwrap()
}
