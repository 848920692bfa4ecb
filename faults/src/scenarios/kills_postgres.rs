//! `kill -9` of a server or of the database, at random points under load.

use xtask::postgres::Server;

use super::Run;
use crate::cluster::{Cluster, NODES};
use crate::node::Running;
use crate::record::{Depth, Record};
use crate::work::{Crew, Until};

/// Writes that must go on at the other server, or again after the database is back.
const AFTERWARDS: usize = 8;

pub(super) fn run(run: &mut Run<'_>) {
    let (cluster, mut servers) = run.cluster("kills");
    let mut record = Record::default();
    for kill in 1..=run.kills {
        let crew = cluster.hire(&[0, 1], Until::Stopped);
        crew.note(&mut record, run.some_writes());
        if run.random.one_in(3) {
            kill_the_database(run.database(), &mut servers, &crew, &mut record);
            run.tally
                .kill("kill -9 of the database and all its processes");
        } else {
            let node = run.random.below(NODES);
            kill_a_server(&cluster, node, &mut servers, &crew, &mut record);
            run.tally.kill("kill -9 of one of two servers");
        }
        crew.note_from_now_on(&mut record, AFTERWARDS);
        crew.stop(&mut record);
        let node = run.random.below(NODES);
        let lost = cluster.lost(node, &mut record, run.new_things());
        let discord = cluster.discord(run.database());
        let lost = run.lose(lost) | run.lose(discord);
        run.tell(kill, run.kills, &record);
        if lost {
            break;
        }
    }
    for node in 0..NODES {
        let lost = cluster.lost(node, &mut record, Depth::Whole);
        run.lose(lost);
    }
    run.tally.add(&record);
}

/// The other one goes on meanwhile.
fn kill_a_server(
    cluster: &Cluster,
    node: usize,
    servers: &mut Vec<Running>,
    crew: &Crew,
    record: &mut Record,
) {
    servers.remove(node).kill();
    crew.note_from_now_on(record, AFTERWARDS);
    servers.insert(node, cluster.start(node));
}

/// Clients are told so, and the servers find it again by themselves.
fn kill_the_database(
    database: &mut Server,
    servers: &mut [Running],
    crew: &Crew,
    record: &mut Record,
) {
    database.kill().unwrap();
    crew.catch_up(record);
    let refused = record.refused();
    crew.note_until(record, |record| record.refused() >= refused + NODES);
    database.restart().unwrap();
    for server in servers {
        server.wait_until_ready();
    }
}
