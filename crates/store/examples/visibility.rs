//! How long after a revocation was acknowledged by one node the others honour
//! it, under load: a histogram.
//!
//! ```sh
//! cargo xtask postgres cargo run --release -p avouch-store --example visibility -- 3 2000
//! ```
//!
//! The arguments: nodes, and revocations. Every node is a store of its own, with
//! connections, memory and a change feed reader of its own, in one process. On
//! each, tasks look tokens up without a pause, and one issues tokens. Every
//! token that is to be revoked is in the memory of every node before. Counted
//! from the acknowledgement to the start of the first look-up that sees it.

#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that cannot go on fails"
)]

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use avouch_core::opaque_token::TokenHash;
use avouch_core::storage::{CallerStore, TokenStore};
use avouch_core::time::MonotonicClock;
use avouch_store::{Caching, DatabaseUrl, PostgresOptions, PostgresStore, SchemaName};
use tokio::task::JoinSet;

#[path = "../tests/contract/fixtures.rs"]
#[allow(
    dead_code,
    reason = "shared with the contract suite, which uses all of it"
)]
mod fixtures;

use fixtures::{at, client, issued};

/// Revocations under way at one time.
const AT_ONCE: usize = 4;
/// Tasks that look up, on each node.
const LOOKING: usize = 2;
/// The ends of the histogram's steps, in milliseconds.
const STEPS: [u64; 10] = [1, 2, 5, 10, 20, 30, 50, 100, 250, 1000];

struct Passing(Instant);

impl MonotonicClock for Passing {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = env::args().skip(1);
    let mut number = |default: usize| {
        let argument = arguments.next();
        argument.map_or(default, |text| text.parse().expect("a number"))
    };
    let (nodes, revocations) = (number(3), number(2_000));
    let url = env::var("AVOUCH_TEST_POSTGRES").expect("AVOUCH_TEST_POSTGRES names a database");
    let mut options = PostgresOptions::new(DatabaseUrl::parse(&url).unwrap());
    let password = env::var("AVOUCH_TEST_POSTGRES_PASSWORD");
    options.password = password.ok().map(|word| word.into_bytes().into());
    let name = format!("avouch_visibility_{}", std::process::id());
    options.schema = SchemaName::parse(&name).unwrap();
    options.caching = Some(Caching::new(Arc::new(Passing(Instant::now()))));
    options.make_schema().await.unwrap();
    measure(&options, nodes.max(2), revocations).await;
    options.drop_schema().await.unwrap();
}

async fn measure(options: &PostgresOptions, count: usize, revocations: usize) {
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(Arc::new(PostgresStore::open(options).await.unwrap()));
    }
    nodes[0].insert_client(&client("shop")).await.unwrap();
    let mut hashes = Vec::new();
    for number in 0..revocations {
        let (grant, token) = issued(&format!("r{number}"), 1_600);
        nodes[0].issue(&grant, &token).await.unwrap();
        hashes.push(token.hash);
    }
    let hashes: Arc<[TokenHash]> = hashes.into();
    let load = Load::start(&nodes, &hashes);

    let begun = Instant::now();
    let mut revoking = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (nodes, hashes) = (nodes.clone(), Arc::clone(&hashes));
        revoking.spawn(async move {
            let mut seen = Vec::new();
            for (number, hash) in hashes.iter().enumerate().skip(worker).step_by(AT_ONCE) {
                seen.extend(revoke(&nodes, number, hash).await);
            }
            seen
        });
    }
    let mut seen: Vec<Duration> = revoking.join_all().await.into_iter().flatten().collect();
    let took = begun.elapsed();
    let (looked_up, issued) = load.stop().await;
    seen.sort_unstable();
    println!(
        "{count} nodes, {revocations} revocations in {:.1} s",
        took.as_secs_f64()
    );
    println!(
        "beside them {:.0} look-ups/s and {:.0} issued tokens/s on all nodes together",
        per_second(looked_up, took),
        per_second(issued, took)
    );
    show(&seen);
}

/// Revokes on one node and watches the others. How long each took to see it.
async fn revoke(nodes: &[Arc<PostgresStore>], number: usize, hash: &TokenHash) -> Vec<Duration> {
    for node in nodes {
        node.find(hash).await.unwrap().unwrap();
    }
    let by = number % nodes.len();
    nodes[by].revoke_token(hash, at(1_100)).await.unwrap();
    let acknowledged = Instant::now();
    let mut watching = JoinSet::new();
    for (_, node) in nodes.iter().enumerate().filter(|(at, _)| *at != by) {
        let (node, hash) = (Arc::clone(node), *hash);
        watching.spawn(async move {
            loop {
                let asked = acknowledged.elapsed();
                let found = node.find(&hash).await.unwrap().unwrap();
                if found.token.revoked_at.is_some() {
                    return asked;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    watching.join_all().await
}

struct Load {
    over: Arc<AtomicBool>,
    looked_up: Arc<AtomicU64>,
    issued: Arc<AtomicU64>,
    working: JoinSet<()>,
}

impl Load {
    fn start(nodes: &[Arc<PostgresStore>], hashes: &Arc<[TokenHash]>) -> Self {
        let mut load = Self {
            over: Arc::default(),
            looked_up: Arc::default(),
            issued: Arc::default(),
            working: JoinSet::new(),
        };
        for (at, node) in nodes.iter().enumerate() {
            for task in 0..LOOKING {
                let (node, hashes) = (Arc::clone(node), Arc::clone(hashes));
                let (over, counter) = (Arc::clone(&load.over), Arc::clone(&load.looked_up));
                load.working.spawn(async move {
                    let mut next = at + 7 * task;
                    while !over.load(Ordering::Relaxed) {
                        next = (next + 7919) % hashes.len();
                        node.find(&hashes[next]).await.unwrap();
                        counter.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                    }
                });
            }
            let node = Arc::clone(node);
            let (over, counter) = (Arc::clone(&load.over), Arc::clone(&load.issued));
            load.working.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let number = counter.fetch_add(1, Ordering::Relaxed);
                    let (grant, token) = issued(&format!("n{at}-{number}"), 1_600);
                    node.issue(&grant, &token).await.unwrap();
                }
            });
        }
        load
    }

    async fn stop(self) -> (u64, u64) {
        self.over.store(true, Ordering::Relaxed);
        self.working.join_all().await;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.looked_up), read(&self.issued))
    }
}

fn per_second(count: u64, took: Duration) -> f64 {
    Duration::from_secs(count).as_secs_f64() / took.as_secs_f64()
}

fn show(seen: &[Duration]) {
    let mut from = 0;
    let mut rest = seen;
    for end in STEPS {
        let within = rest.partition_point(|time| *time <= Duration::from_millis(end));
        line(&format!("{from:>4} to {end:>4} ms"), within, seen.len());
        rest = &rest[within..];
        from = end;
    }
    line("over 1000 ms", rest.len(), seen.len());
    for percent in [50, 90, 99] {
        let time = seen[(seen.len() * percent / 100).min(seen.len() - 1)];
        println!(
            "{percent} of 100 within {:.1} ms",
            time.as_secs_f64() * 1000.0
        );
    }
    let longest = seen.last().unwrap();
    println!("the longest {:.1} ms", longest.as_secs_f64() * 1000.0);
}

fn line(step: &str, count: usize, all: usize) {
    println!("{step:>15}  {count:>6}  {}", "#".repeat(60 * count / all));
}
