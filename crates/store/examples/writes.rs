//! What issuing and revoking cost on each engine, alone and many at one time.
//!
//! ```sh
//! cargo xtask postgres cargo run --release -p avouch-store --example writes -- 5000
//! ```
//!
//! The argument: tokens to issue, and then to revoke, one by one, in each row. CPU time is that of
//! this process with its connections; what PostgreSQL takes for itself is not in it. What one write
//! waits for is mostly the disk, so the rates of different disks differ and those of one row beside
//! another tell more.

#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that cannot go on fails"
)]

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use avouch_core::storage::{CallerStore, TokenStore};
use avouch_store::{
    DatabaseUrl, PostgresOptions, PostgresStore, SchemaName, SqliteOptions, SqliteStore,
};
use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinSet;

#[path = "../tests/contract/fixtures.rs"]
#[allow(
    dead_code,
    reason = "shared with the contract suite, which uses all of it"
)]
mod fixtures;

use fixtures::{at, client, issued};

/// Writes under way at one time.
const AT_ONCE: [usize; 4] = [1, 8, 64, 512];

#[tokio::main]
async fn main() {
    let tokens = env::args().nth(1);
    let tokens = tokens.map_or(5_000, |text| text.parse().expect("a number"));
    println!("engine      at one time   issued/s   CPU µs each   revoked/s   CPU µs each");

    let folder = tempfile::tempdir_in(".").unwrap();
    let file = folder.path().join("writes.sqlite3");
    let store = SqliteStore::open(file, &SqliteOptions::default()).unwrap();
    measure("SQLite", Arc::new(store), tokens).await;

    let url = env::var("AVOUCH_TEST_POSTGRES").expect("AVOUCH_TEST_POSTGRES names a database");
    let mut options = PostgresOptions::new(DatabaseUrl::parse(&url).unwrap());
    let password = env::var("AVOUCH_TEST_POSTGRES_PASSWORD");
    options.password = password.ok().map(|word| word.into_bytes().into());
    let name = format!("avouch_writes_{}", std::process::id());
    options.schema = SchemaName::parse(&name).unwrap();
    options.make_schema().await.unwrap();
    let store = PostgresStore::open(&options).await.unwrap();
    measure("PostgreSQL", Arc::new(store), tokens).await;
    options.drop_schema().await.unwrap();
}

async fn measure<S>(engine: &str, store: Arc<S>, tokens: usize)
where
    S: TokenStore + CallerStore + Send + Sync + 'static,
{
    store.insert_client(&client("shop")).await.unwrap();
    for at_once in AT_ONCE {
        let name = move |number| format!("{at_once}-{number}");
        let issuing = Arc::clone(&store);
        let issued_at = each(tokens, at_once, move |number| {
            let store = Arc::clone(&issuing);
            async move {
                let (grant, token) = issued(&name(number), 1_600);
                store.issue(&grant, &token).await.unwrap();
            }
        });
        let issued_at = issued_at.await;
        let revoking = Arc::clone(&store);
        let revoked_at = each(tokens, at_once, move |number| {
            let store = Arc::clone(&revoking);
            async move {
                let hash = fixtures::hash(&name(number));
                store.revoke_token(&hash, at(1_100)).await.unwrap();
            }
        });
        let revoked_at = revoked_at.await;
        println!(
            "{engine:<10} {at_once:>12} {:>10.0} {:>13.1} {:>11.0} {:>13.1}",
            issued_at.rate, issued_at.cpu, revoked_at.rate, revoked_at.cpu
        );
    }
}

/// A second's worth, and microseconds of CPU time of each.
struct Cost {
    rate: f64,
    cpu: f64,
}

/// Does something once for each number, so many at one time.
async fn each<F>(
    count: usize,
    at_once: usize,
    once: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Cost
where
    F: Future<Output = ()> + Send + 'static,
{
    let (begun, before) = (Instant::now(), cpu_time());
    let mut workers = JoinSet::new();
    for worker in 0..at_once {
        let once = once.clone();
        workers.spawn(async move {
            for number in (worker..count).step_by(at_once) {
                once(number).await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "it is shown with four digits")]
    let count = count as f64;
    Cost {
        rate: count / begun.elapsed().as_secs_f64(),
        cpu: cpu_time().saturating_sub(before).as_secs_f64() * 1e6 / count,
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}
