//! Two servers on one PostgreSQL database, each by a way of its own that can be cut.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use xtask::postgres::Server;

use crate::counters::{self, QUERIES};
use crate::node::{Node, Running};
use crate::parties::Parties;
use crate::record::{Depth, Loss, Record};
use crate::relay::Relay;
use crate::wire::Door;
use crate::work::{Crew, Trade, Until};

/// How many servers.
pub const NODES: usize = 2;

/// The servers, not running, and the ways to the database.
pub struct Cluster {
    schema: String,
    nodes: Vec<Node>,
    relays: Vec<Relay>,
    parties: Parties,
    // Dropped last.
    root: TempDir,
}

impl Cluster {
    /// Two servers on an empty schema of this name, both running.
    pub fn set_up(binary: &Path, database: &Server, name: &str) -> (Self, Vec<Running>) {
        let relays: Vec<_> = (0..NODES).map(|_| Relay::to(database.port())).collect();
        let urls: Vec<_> = relays
            .iter()
            .map(|relay| database.url_by(relay.port()))
            .collect();
        let (mut cluster, running) = Self::set_up_by(binary, database, name, &urls);
        cluster.relays = relays;
        (cluster, running)
    }

    /// The same, each with the database by this URL.
    pub fn set_up_by(
        binary: &Path,
        database: &Server,
        name: &str,
        urls: &[String],
    ) -> (Self, Vec<Running>) {
        let root = tempfile::tempdir().unwrap();
        let schema = format!("faults_{name}");
        database.query(&format!("CREATE SCHEMA {schema}")).unwrap();
        let password = root.path().join("password");
        fs::write(&password, database.password()).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        let mut nodes: Vec<Node> = Vec::new();
        for (number, url) in urls.iter().enumerate() {
            let folder = root.path().join(format!("node-{number}"));
            fs::create_dir(&folder).unwrap();
            let issuer = nodes.first().map(Node::issuer);
            let more = format!(
                "[database]\nurl = \"{url}\"\npassword_file = \"{}\"\n\
                 schema = \"{schema}\"\nconnections = 8\n",
                password.display(),
            );
            let data = folder.join("data");
            nodes.push(Node::describe(
                binary,
                &folder,
                &data,
                issuer.as_deref(),
                &more,
            ));
        }
        let running: Vec<_> = nodes.iter().map(|node| node.start(|_| ())).collect();
        let parties = Parties::register(running[0].door(), &nodes[0].issuer());
        let cluster = Self {
            schema,
            nodes,
            relays: Vec::new(),
            parties,
            root,
        };
        (cluster, running)
    }

    /// Who works with the servers.
    pub fn parties(&self) -> &Parties {
        &self.parties
    }

    /// Where a server is reached.
    pub fn door(&self, node: usize) -> &Door {
        self.nodes[node].door()
    }

    /// A server's way to the database.
    pub fn relay(&self, node: usize) -> &Relay {
        &self.relays[node]
    }

    /// Where everything but the data is.
    pub fn folder(&self) -> &Path {
        self.root.path()
    }

    /// Starts a server and waits until it serves.
    pub fn start(&self, node: usize) -> Running {
        self.start_with(node, |_| ())
    }

    /// The same with whatever else `prepare` adds.
    pub fn start_with(&self, node: usize, prepare: impl FnOnce(&mut Command)) -> Running {
        self.nodes[node].start(prepare)
    }

    /// Starts a server and does not wait.
    pub fn spawn(&self, node: usize) -> Running {
        self.nodes[node].spawn(|_| ())
    }

    /// One client of each trade at each of these servers.
    pub fn hire(&self, nodes: &[usize], until: Until) -> Crew {
        let work = nodes.iter().flat_map(|node| {
            let door = self.door(*node);
            Trade::ALL.map(|trade| (door.clone(), trade))
        });
        Crew::hire(&self.parties, &work.collect::<Vec<_>>(), until)
    }

    /// What a server knows otherwise than it was acknowledged.
    pub fn lost(&self, node: usize, record: &mut Record, depth: Depth<'_>) -> Vec<Loss> {
        record.lost(self.door(node), &self.parties, depth)
    }

    /// What in the tables does not go together.
    pub fn discord(&self, database: &Server) -> Vec<String> {
        let found = QUERIES.iter().filter_map(|(what, sql)| {
            let count = self.count(database, sql);
            counters::told(what, count)
        });
        found.collect()
    }

    /// What a statement counts in the servers' tables.
    pub fn count(&self, database: &Server, sql: &str) -> i64 {
        let sql = format!("SET search_path = {}; {sql}", self.schema);
        let count = database.query(&sql).unwrap();
        count.parse().unwrap_or_else(|_| panic!("{sql}: {count}"))
    }
}
