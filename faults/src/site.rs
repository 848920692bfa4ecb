//! One server on one SQLite file, on a disk that forgets.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::counters;
use crate::disk::{Disk, Power};
use crate::node::{Node, Running};
use crate::parties::Parties;
use crate::record::Record;
use crate::work::{Crew, Trade, Until};

/// Clients that work at the same time, where all have one trade.
const CLIENTS: usize = 4;

/// The disk, and what it takes to start the server on it.
pub struct Site {
    // Dropped last.
    root: TempDir,
    disk: Disk,
    node: Node,
    parties: Parties,
}

impl Site {
    /// A server that was set up, then killed, on what it had synced.
    pub fn set_up(binary: &Path) -> Self {
        let site = Self::set_up_on(binary, |_| (), Power::FailsWithTheKill);
        site.lose_what_was_not_synced();
        site
    }

    /// The same on a disk that is prepared first, whatever it had synced.
    pub fn set_up_on(binary: &Path, prepare: impl FnOnce(&Path), power: Power) -> Self {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::make(root.path());
        prepare(disk.folder());
        let data = disk.folder().join("data");
        let node = Node::describe(binary, root.path(), &data, None, "");
        let running = node.start(|command| disk.under(command, power));
        let parties = Parties::register(running.door(), &node.issuer());
        running.kill();
        Self {
            root,
            disk,
            node,
            parties,
        }
    }

    /// Who works with it.
    pub fn parties(&self) -> &Parties {
        &self.parties
    }

    /// Where everything is.
    pub fn folder(&self) -> &Path {
        self.root.path()
    }

    /// Starts the server on what the disk holds.
    pub fn start(&self, power: Power) -> Running {
        self.node.start(|command| self.disk.under(command, power))
    }

    /// The same with whatever else `prepare` adds.
    pub fn start_with(&self, prepare: impl FnOnce(&mut Command)) -> Running {
        self.node.start(prepare)
    }

    /// A client of each of these trades, until it is told to stop.
    pub fn hire(&self, trades: &[Trade]) -> Crew {
        let work: Vec<_> = trades
            .iter()
            .map(|trade| (self.node.door().clone(), *trade))
            .collect();
        Crew::hire(&self.parties, &work, Until::Stopped)
    }

    /// The power has failed: the disk holds what was synced and nothing else.
    pub fn lose_what_was_not_synced(&self) {
        self.disk.lose_what_was_not_synced();
    }

    /// Clients work until so many writes were acknowledged; then the server is killed in the middle of whatever it
    /// does.
    pub fn work_until_killed(
        &self,
        server: Running,
        trades: &[Trade],
        writes: usize,
        record: &mut Record,
    ) {
        let trades = trades.iter().cycle().take(CLIENTS.max(trades.len()));
        let work: Vec<_> = trades
            .map(|trade| (server.door().clone(), *trade))
            .collect();
        let crew = Crew::hire(&self.parties, &work, Until::Unanswered);
        crew.note(record, writes);
        server.kill();
        crew.note_to_the_end(record);
    }

    /// What in the file does not go together. The server may run.
    pub fn discord(&self) -> Vec<String> {
        counters::of_file(&self.disk.folder().join("data/avouch.sqlite3"))
    }
}
