//! What is true of PostgreSQL alone: several servers on one database, what is
//! refused, and what happens when the database goes away.
//!
//! Skipped where the tests are given no server; see `contract/place.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "postgres/cleaning.rs"]
mod cleaning;
#[path = "postgres/feed.rs"]
mod feed;
#[path = "contract/fixtures.rs"]
#[allow(
    dead_code,
    reason = "shared with the contract suite, which uses all of it"
)]
mod fixtures;
#[path = "postgres/following.rs"]
mod following;
#[path = "postgres/manual.rs"]
mod manual;
#[path = "contract/manual_sql.rs"]
mod manual_sql;
#[path = "postgres/nodes.rs"]
mod nodes;
#[path = "postgres/outages.rs"]
mod outages;
#[path = "contract/place.rs"]
#[allow(
    dead_code,
    reason = "shared with the contract suite, which uses all of it"
)]
mod place;
#[path = "postgres/refusals.rs"]
mod refusals;
#[path = "postgres/staleness.rs"]
mod staleness;
#[path = "postgres/start.rs"]
mod start;
#[path = "postgres/way.rs"]
mod way;

use std::env;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avouch_core::time::MonotonicClock;
use avouch_store::{Caching, PostgresOptions, PostgresStore};
use tokio_postgres::NoTls;

use place::Place;

/// Opens the store as a server would.
async fn open(options: &PostgresOptions) -> PostgresStore {
    PostgresStore::open(options).await.unwrap()
}

/// A clock whose time passes when a test says so.
#[derive(Default)]
struct ByHand(Mutex<Duration>);

impl ByHand {
    fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl MonotonicClock for ByHand {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// For how long a node of these tests believes what it remembers.
const LEASE: Duration = Duration::from_secs(1);

/// A server that remembers, and follows what others change when told to.
async fn node(options: &PostgresOptions, clock: &Arc<ByHand>) -> PostgresStore {
    let caching = Caching {
        lease: LEASE,
        every: None,
        ..Caching::new(Arc::clone(clock) as _)
    };
    let store = open(&PostgresOptions {
        caching: Some(caching),
        ..options.clone()
    })
    .await;
    store.follow_changes().await.unwrap();
    store
}

/// What an operator does with `psql`, in the schema of a place.
async fn by_hand(place: &Place) -> tokio_postgres::Client {
    let mut config: tokio_postgres::Config =
        env::var("AVOUCH_TEST_POSTGRES").unwrap().parse().unwrap();
    if let Some(password) = &place.options.password {
        config.password(&**password);
    }
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let schema = place.options.schema.as_str();
    client
        .batch_execute(&format!("SET search_path = \"{schema}\""))
        .await
        .unwrap();
    client
}
