//! What is done to the servers, one room each.

use std::path::Path;

use crate::cluster::Cluster;
use crate::database::Database;
use crate::node::Running;
use crate::options::Engine;
use crate::progress::Progress;
use crate::random::Random;
use crate::record::{Depth, Record};
use crate::tally::Tally;

mod clock;
mod counter_proof;
mod cuts;
mod fail_over;
mod full_disk;
mod kills_postgres;
mod kills_sqlite;
mod races;
mod stale_node;
mod standstill;
mod stopped_node;

/// One kind of fault.
pub struct Scenario {
    /// What `--only` takes.
    pub name: &'static str,
    /// What happens, and what must hold.
    pub about: &'static str,
    /// Where it can be injected.
    pub engines: &'static [Engine],
    /// Injects it.
    pub run: fn(&mut Run<'_>),
}

/// All of them, in the order in which they run.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "kills",
        about: "kill -9 of the server under load, with and without what was never synced",
        engines: &[Engine::Sqlite],
        run: kills_sqlite::run,
    },
    Scenario {
        name: "counter-proof",
        about: "the power fails and syncing does nothing: the check must find losses",
        engines: &[Engine::Sqlite],
        run: counter_proof::sqlite,
    },
    Scenario {
        name: "counter-proof",
        about: "the same of the database: the check must find losses",
        engines: &[Engine::Postgres],
        run: counter_proof::postgres,
    },
    Scenario {
        name: "full-disk",
        about: "no room left: writes refused with 503, look-ups go on, all works again with room",
        engines: &[Engine::Sqlite],
        run: full_disk::run,
    },
    Scenario {
        name: "clock",
        about: "the wall clock is set forth and back: what was revoked stays so, and is from then on",
        engines: &[Engine::Sqlite],
        run: clock::sqlite,
    },
    Scenario {
        name: "clock",
        about: "the same of the clock of one of two servers",
        engines: &[Engine::Postgres],
        run: clock::postgres,
    },
    Scenario {
        name: "kills",
        about: "kill -9 of one of two servers, or of the database, under load",
        engines: &[Engine::Postgres],
        run: kills_postgres::run,
    },
    Scenario {
        name: "cuts",
        about: "connections to the database cut in the middle of requests, answers and transactions",
        engines: &[Engine::Postgres],
        run: cuts::run,
    },
    Scenario {
        name: "standstill",
        about: "SIGSTOP of the database: bounded waits, 503, /readyz red; SIGCONT: all works again",
        engines: &[Engine::Postgres],
        run: standstill::run,
    },
    Scenario {
        name: "fail-over",
        about: "the primary dies, is cut off or stands still; its standby is promoted under load",
        engines: &[Engine::Postgres],
        run: fail_over::run,
    },
    Scenario {
        name: "races",
        about: "two servers, one assertion, registration, client_id, key; both clean up",
        engines: &[Engine::Postgres],
        run: races::run,
    },
    Scenario {
        name: "stopped-node",
        about: "SIGSTOP and SIGCONT of a server during revocations: honoured within the bound",
        engines: &[Engine::Postgres],
        run: stopped_node::run,
    },
    Scenario {
        name: "stale-node",
        about: "a server comes back, or was cut off, while others went on",
        engines: &[Engine::Postgres],
        run: stale_node::run,
    },
];

/// Whether a scenario has this name.
pub fn is_known(name: &str) -> bool {
    ALL.iter().any(|scenario| scenario.name == name)
}

/// What a scenario works with.
pub struct Run<'a> {
    /// The server's program.
    pub binary: &'a Path,
    /// How many kills the run is to have.
    pub kills: usize,
    /// Its own chance.
    pub random: Random,
    /// Where it tells what it did.
    pub tally: &'a mut Tally,
    /// Where it tells how far it is.
    pub progress: &'a mut Progress,
    /// The database server of this run; none for SQLite.
    pub database: Option<&'a mut Database>,
}

impl Run<'_> {
    /// Takes what was found lost, and says whether there was any.
    pub fn lose<T: ToString>(&mut self, lost: impl IntoIterator<Item = T>) -> bool {
        let mut any = false;
        for loss in lost {
            any = true;
            self.tally.lose(&loss);
        }
        any
    }

    /// The database server of a run on PostgreSQL.
    pub fn database(&mut self) -> &mut Database {
        let database = self.database.as_deref_mut();
        database.expect("a scenario for PostgreSQL runs on PostgreSQL alone")
    }

    /// Two servers on an empty schema of this name.
    pub fn cluster(&mut self, name: &str) -> (Cluster, Vec<Running>) {
        let binary = self.binary;
        Cluster::set_up(binary, self.database().server(), name)
    }

    /// The depth of a look in between.
    pub fn new_things(&mut self) -> Depth<'_> {
        Depth::New(&mut self.random)
    }

    /// So many writes before the next fault: often few, sometimes many.
    pub fn some_writes(&mut self) -> usize {
        let most = self.random.pick(&[3, 30, 120]);
        1 + self.random.below(most)
    }

    /// Tells how far it is.
    pub fn tell(&mut self, done: usize, of: usize, record: &Record) {
        let acknowledged = record.acknowledged();
        self.progress
            .tell(done, of, &format!("{acknowledged} writes acknowledged"));
    }
}
