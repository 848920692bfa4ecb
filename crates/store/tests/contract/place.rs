//! A schema of its own on the PostgreSQL server that the tests are given.
//!
//! `AVOUCH_TEST_POSTGRES` is the URL of a database where schemas may be made,
//! `AVOUCH_TEST_POSTGRES_PASSWORD` the password, if one is asked for.
//! `cargo xtask test` starts such a server and sets both.

use std::env;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use avouch_core::time::MonotonicClock;
use avouch_store::{DatabaseUrl, PostgresOptions, SchemaName};

/// The time as it passes.
pub(crate) struct Passing(Instant);

impl Passing {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl MonotonicClock for Passing {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Dropped with everything in it.
pub(crate) struct Place {
    pub(crate) options: PostgresOptions,
}

/// The server of the tests. `None`, and a word about it, if there is none.
pub(crate) fn server() -> Option<PostgresOptions> {
    let Ok(url) = env::var("AVOUCH_TEST_POSTGRES") else {
        skipped("AVOUCH_TEST_POSTGRES is not set");
        return None;
    };
    let mut options = PostgresOptions::new(DatabaseUrl::parse(&url).unwrap());
    options.password = env::var("AVOUCH_TEST_POSTGRES_PASSWORD")
        .ok()
        .map(|password| password.into_bytes().into());
    // The tests run side by side, each with connections of its own.
    options.connections = 6;
    Some(options)
}

/// Says why a test ends before it began.
#[expect(clippy::print_stderr, reason = "said to whoever runs the tests")]
pub(crate) fn skipped(why: &str) {
    eprintln!("{why}: skipped");
}

impl Place {
    /// Makes the schema.
    pub(crate) fn new() -> Option<Self> {
        let mut options = server()?;
        let random = RandomState::new().build_hasher().finish();
        options.schema = SchemaName::parse(&format!("avouch_test_{random:x}")).unwrap();
        let making = options.clone();
        apart(async move { making.make_schema().await.unwrap() });
        Some(Self { options })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let dropping = self.options.clone();
        apart(async move { dropping.drop_schema().await.unwrap() });
    }
}

/// Runs to its end what the caller cannot wait for, inside a runtime or not.
fn apart(work: impl Future<Output = ()> + Send + 'static) {
    let run = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(work);
    };
    std::thread::spawn(run).join().unwrap();
}
