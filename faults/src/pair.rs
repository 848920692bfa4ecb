//! A primary and its standby, and the ways to them.

use std::mem;

use xtask::postgres::Server;

use crate::node::wait_until;
use crate::relay::Relay;

/// What both are run with, besides the defaults.
const SETTINGS: &[&str] = &[
    // A standby that lost its primary looks for it again at once.
    "wal_retrieve_retry_interval=50ms",
    // Enough for one that was cut off for a moment.
    "wal_keep_size=64MB",
];
/// What they are made with.
const INITDB: &[&str] = &[
    // To prove the password costs both ends much, for every connection that is made anew.
    "--auth=password",
    // Less to copy.
    "--wal-segsize=1",
];

/// Whom commits wait for.
const WAIT_FOR: &str = "synchronous_standby_names";

/// Two PostgreSQL servers, of which one follows the other.
pub struct Pair {
    /// Before its primary, which would wait for it at its end.
    standby: Option<Server>,
    primary: Server,
    /// The way from a standby to the primary.
    replication: Relay,
    /// The machines, for those who know both.
    hosts: [Relay; 2],
    /// For those who know one address, which is moved to the primary.
    address: Relay,
    /// On which machine the primary is.
    at: usize,
    /// Servers made so far.
    made: usize,
}

impl Pair {
    /// Starts both. Commits wait for the standby.
    pub fn start() -> Result<Self, String> {
        let primary = Server::start_with("fail-over-0", SETTINGS, INITDB)?;
        let to = || Relay::to(primary.port());
        let mut pair = Self {
            replication: to(),
            hosts: [to(), to()],
            address: to(),
            standby: None,
            primary,
            at: 0,
            made: 1,
        };
        pair.make_a_standby();
        pair.wait_for_the_standby();
        Ok(pair)
    }

    /// The database by both hosts, and by the one address.
    pub fn urls(&self) -> [String; 2] {
        let [one, other] = self.hosts.each_ref().map(Relay::port);
        let both = self.primary.url_by(one);
        let both = both.replace(
            &format!("127.0.0.1:{one}"),
            &format!("127.0.0.1:{one},127.0.0.1:{other}"),
        );
        [both, self.primary.url_by(self.address.port())]
    }

    /// The one that takes writes.
    pub fn primary(&self) -> &Server {
        &self.primary
    }

    /// The same, to be broken.
    pub fn primary_mut(&mut self) -> &mut Server {
        &mut self.primary
    }

    /// The one that does not.
    pub fn standby(&self) -> &Server {
        self.standby.as_ref().expect("a standby was made")
    }

    /// Nobody reaches the primary, and it reaches nobody.
    pub fn cut_the_primary_off(&self) {
        self.replication.close();
        self.hosts[self.at].close();
        self.address.close();
    }

    /// The standby hears nothing of its primary any more.
    pub fn cut_the_standby_off(&self) {
        self.replication.close();
    }

    /// Makes the standby the primary, and moves the address to it; what it commits waits for a next standby. Returns
    /// the former primary, as it is.
    pub fn fail_over(&mut self) -> Server {
        let standby = self.standby.take().expect("a standby was made");
        standby.promote().unwrap();
        let former = mem::replace(&mut self.primary, standby);
        self.at = 1 - self.at;
        self.move_the_address_to(&self.primary);
        former
    }

    /// The address leads there until it is moved again.
    pub fn move_the_address_to(&self, server: &Server) {
        self.address.lead_to(server.port());
        self.address.open();
    }

    /// The machine of the former primary is reached again.
    pub fn open_the_other_host(&self) {
        self.hosts[1 - self.at].open();
    }

    /// Makes a standby on the other machine.
    pub fn make_a_standby(&mut self) {
        self.replication.lead_to(self.primary.port());
        self.replication.open();
        let name = format!("fail-over-{}", self.made);
        let standby = self.primary.standby(&name, self.replication.port());
        let standby = standby.unwrap();
        self.hosts[1 - self.at].lead_to(standby.port());
        self.hosts[1 - self.at].open();
        self.standby = Some(standby);
        self.made += 1;
        self.wait_until_followed("state = 'streaming'");
    }

    /// Commits wait for the standby from now on.
    pub fn wait_for_the_standby(&self) {
        self.primary.set(WAIT_FOR, "*").unwrap();
        self.wait_until_followed("sync_state = 'sync'");
    }

    /// Commits wait for no standby.
    pub fn wait_for_nobody(&self) {
        self.primary.set(WAIT_FOR, "").unwrap();
    }

    fn wait_until_followed(&self, how: &str) {
        let sql = format!("SELECT count(*) FROM pg_stat_replication WHERE {how}");
        wait_until("the standby follows its primary", || {
            self.primary.query(&sql).as_deref() == Ok("1")
        });
    }
}
