//! A server that was away, and does not know what happened meanwhile.

use std::time::Instant;

use super::Run;
use super::stopped_node::{issued, revoke};
use crate::bound::not_honoured;
use crate::record::{Depth, Record};
use crate::work::Until;

/// Writes it misses.
const MISSED: usize = 60;

pub(super) fn run(run: &mut Run<'_>) {
    let (cluster, mut servers) = run.cluster("stale_node");
    let mut record = Record::default();
    let crew = cluster.hire(&[0, 1], Until::Stopped);
    crew.note(&mut record, MISSED);
    crew.stop(&mut record);

    servers.remove(1).kill();
    work_at_the_other(&cluster, &mut record);
    servers.push(cluster.start(1));
    run.tally.fault("a server comes back after others went on");
    let lost = cluster.lost(1, &mut record, Depth::Whole);
    run.lose(lost);
    run.tell(1, 2, &record);

    let tokens = issued(&cluster, &mut record);
    cluster.relay(1).close();
    for token in &tokens {
        revoke(&cluster, 0, token, &mut record);
    }
    // It cannot know; but then it must not say what it does not know.
    let late = not_honoured(cluster.door(1), cluster.parties(), &tokens, Instant::now());
    run.lose(late);
    work_at_the_other(&cluster, &mut record);
    cluster.relay(1).open();
    for server in &mut servers {
        server.wait_until_ready();
    }
    run.tally.fault("a server is cut off while others go on");
    let lost = cluster.lost(1, &mut record, Depth::Whole);
    run.lose(lost);
    run.tally.add(&record);
}

fn work_at_the_other(cluster: &crate::cluster::Cluster, record: &mut Record) {
    let crew = cluster.hire(&[0], Until::Stopped);
    crew.note(record, MISSED);
    crew.stop(record);
}
