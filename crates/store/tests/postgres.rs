//! What is true of PostgreSQL alone: several servers on one database, what is
//! refused, and what happens when the database goes away.
//!
//! Skipped where the tests are given no server; see `contract/place.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "postgres/cleaning.rs"]
mod cleaning;
#[path = "contract/fixtures.rs"]
#[allow(
    dead_code,
    reason = "shared with the contract suite, which uses all of it"
)]
mod fixtures;
#[path = "postgres/nodes.rs"]
mod nodes;
#[path = "postgres/outages.rs"]
mod outages;
#[path = "contract/place.rs"]
mod place;
#[path = "postgres/refusals.rs"]
mod refusals;
#[path = "postgres/way.rs"]
mod way;

use std::env;

use avouch_store::{PostgresOptions, PostgresStore};
use tokio_postgres::NoTls;

use place::Place;

/// Opens the store as a server would.
async fn open(options: &PostgresOptions) -> PostgresStore {
    PostgresStore::open(options).await.unwrap()
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
