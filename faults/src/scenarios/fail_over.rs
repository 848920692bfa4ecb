//! The primary is lost and its standby takes its place, under load; the servers find it without a restart.
//!
//! One server knows both machines by name, the other one address that is moved. Commits wait for the standby, so what
//! was acknowledged is there; to see that the check would notice, they do not in the end.

use std::time::Instant;

use xtask::postgres::Server;

use super::Run;
use super::stopped_node::{issued, revoke};
use crate::bound::not_honoured;
use crate::cluster::{Cluster, NODES};
use crate::node::{Running, wait_until};
use crate::pair::Pair;
use crate::record::{Depth, Record};
use crate::work::{Crew, Until};

/// Writes that must go on.
const AFTERWARDS: usize = 8;
/// Acknowledged, and then gone, where no commit waited for a standby: so many that each server, which asks forty
/// times a second what changed, has seen some of them.
const UNSAFE: usize = 400;
/// Of which so many must be missed.
const MISSED: usize = 5;

/// The server whose way to the database is one address.
const BY_ADDRESS: usize = 1;
/// The one that knows both hosts.
const BY_HOSTS: usize = 0;

/// How the primary is lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Killed,
    CutOff,
    StandsStill,
}

/// Each once, in an order of the run's own.
const ENDS: [(End, &str); 3] = [
    (End::Killed, "fail-over: the primary killed (kill -9)"),
    (End::CutOff, "fail-over: the primary cut off, it comes back"),
    (
        End::StandsStill,
        "fail-over: the primary stands still, then is killed",
    ),
];

/// What is broken, and who stands on it.
struct Site {
    pair: Pair,
    cluster: Cluster,
    servers: Vec<Running>,
    record: Record,
}

pub(super) fn run(run: &mut Run<'_>) {
    let pair = Pair::start().unwrap();
    let (cluster, servers) =
        Cluster::set_up_by(run.binary, pair.primary(), "fail_over", &pair.urls());
    let mut site = Site {
        pair,
        cluster,
        servers,
        record: Record::default(),
    };
    let mut ends = ENDS.to_vec();
    for done in 1..=ENDS.len() {
        let (end, kind) = ends.swap_remove(run.random.below(ends.len()));
        let crew = site.cluster.hire(&[0, 1], Until::Stopped);
        crew.note(&mut site.record, run.some_writes());
        // Whether the new primary does without a standby until there is one, or has its writes wait for it.
        let waits = run.random.one_in(2);
        match end {
            End::Killed => run.tally.kill(kind),
            _ => run.tally.fault(kind),
        }
        let found = site.fail_over(end, waits, &crew);
        crew.note_from_now_on(&mut site.record, AFTERWARDS);
        crew.stop(&mut site.record);
        let lost = run.lose(found) | site.look(run);
        run.tell(done, ENDS.len() + 1, &site.record);
        if lost {
            break;
        }
    }
    // After each fail-over one of them was asked for what was new; all is asked of one in the end.
    let node = run.random.below(NODES);
    let lost = site.cluster.lost(node, &mut site.record, Depth::Whole);
    run.lose(lost);
    run.tally.add(&site.record);
    if run.tally.is_clean() {
        without_waiting(run, site);
    }
}

impl Site {
    /// What is found wrong on the way is returned.
    fn fail_over(&mut self, end: End, waits: bool, crew: &Crew) -> Vec<String> {
        // Known to be good everywhere, and revoked before the primary is lost.
        let tokens = issued(&self.cluster, &mut self.record);
        for token in &tokens {
            revoke(&self.cluster, 0, token, &mut self.record);
        }
        let since = Instant::now();
        match end {
            End::Killed => self.pair.primary_mut().kill().unwrap(),
            End::CutOff => self.pair.cut_the_primary_off(),
            End::StandsStill => self.pair.primary().pause().unwrap(),
        }
        let former = self.pair.fail_over();
        if !waits {
            self.pair.wait_for_nobody();
        }
        let mut found = Vec::new();
        match end {
            End::Killed => {}
            // Its machine says nothing at all: the servers do not wait for that.
            End::StandsStill => self.wait_until_served(),
            End::CutOff => {
                self.wait_until_served();
                found.extend(self.not_refused(&former));
            }
        }
        // A primary that waits for its standby ends with it; this one has none.
        drop(former);
        self.pair.make_a_standby();
        self.pair.wait_for_the_standby();
        self.wait_until_served();
        crew.catch_up(&mut self.record);
        for node in 0..NODES {
            let door = self.cluster.door(node);
            found.extend(not_honoured(door, self.cluster.parties(), &tokens, since));
        }
        found
    }

    fn wait_until_served(&mut self) {
        for server in &mut self.servers {
            server.wait_until_ready();
        }
    }

    /// The former primary is reached again, and still takes itself for one: no server may believe it.
    fn not_refused(&mut self, former: &Server) -> Option<String> {
        self.pair.open_the_other_host();
        // One that was started just now remembers nothing of the fail-over.
        self.servers.remove(BY_HOSTS).kill();
        self.servers.insert(BY_HOSTS, self.cluster.start(BY_HOSTS));
        self.pair.move_the_address_to(former);
        let door = self.cluster.door(BY_ADDRESS);
        wait_until("a server refuses to work with a former primary", || {
            !door.is_ready()
        });
        let told = self.servers[BY_ADDRESS].log().contains("former primary");
        self.pair.move_the_address_to(self.pair.primary());
        self.wait_until_served();
        (!told).then(|| "a server refuses a former primary and does not say so".to_owned())
    }

    /// What a server knows otherwise than it was acknowledged.
    fn look(&mut self, run: &mut Run<'_>) -> bool {
        let node = run.random.below(NODES);
        let lost = self.cluster.lost(node, &mut self.record, run.new_things());
        let discord = self.cluster.discord(self.pair.primary());
        run.lose(lost) | run.lose(discord)
    }
}

/// No commit waits for the standby, and the primary dies before that has heard of some: a check that finds no loss then
/// has shown nothing of the fail-overs before.
fn without_waiting(run: &mut Run<'_>, mut site: Site) {
    site.pair.wait_for_nobody();
    site.pair.cut_the_standby_off();
    let mut record = Record::default();
    let crew = site.cluster.hire(&[0, 1], Until::Stopped);
    crew.note(&mut record, UNSAFE);
    site.pair.primary_mut().kill().unwrap();
    crew.stop(&mut record);
    drop(site.pair.fail_over());
    site.wait_until_served();
    let lost = site.cluster.lost(0, &mut record, Depth::Whole).len();
    run.tally
        .fault("counter-proof: a fail-over nothing waited for loses");
    run.tell(ENDS.len() + 1, ENDS.len() + 1, &record);
    if lost < MISSED {
        let what =
            format!("with no commit waiting, the check found {lost} losses: it shows nothing");
        run.tally.find_wrong(&what);
    }
    for server in &site.servers {
        if !server.log().contains("lacks changes") {
            run.tally
                .find_wrong(&"a fail-over lost changes, and a server's log does not say so");
        }
    }
}
