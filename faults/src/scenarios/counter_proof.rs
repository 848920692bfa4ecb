//! Syncing does nothing, and the power fails: a check that finds no loss then has shown nothing anywhere else.

use super::Run;
use crate::cluster::Cluster;
use crate::database::Database;
use crate::disk::Power;
use crate::record::{Depth, Record};
use crate::site::Site;
use crate::work::{Trade, Until};

/// Acknowledged, and then gone.
const WRITES: usize = 40;
/// Of which so many must be missed.
const MISSED: usize = 5;

pub(super) fn sqlite(run: &mut Run<'_>) {
    let site = Site::set_up(run.binary);
    let server = site.start(Power::FailsAndNothingIsSynced);
    let mut record = Record::default();
    site.work_until_killed(server, &Trade::ALL, WRITES, &mut record);
    site.lose_what_was_not_synced();
    let server = site.start(Power::Stays);
    let lost = record.lost(server.door(), site.parties(), Depth::Whole);
    judge(run, lost.len());
}

pub(super) fn postgres(run: &mut Run<'_>) {
    let mut database = Database::start("faults-counter-proof").unwrap();
    let (cluster, servers) = Cluster::set_up(run.binary, database.server(), "counter_proof");
    drop(servers);
    // What is there by then counts as synced.
    database.stop();
    database.restart(Power::FailsAndNothingIsSynced).unwrap();
    let servers = [cluster.start(0), cluster.start(1)];
    let mut record = Record::default();
    let crew = cluster.hire(&[0, 1], Until::Stopped);
    crew.note(&mut record, WRITES);
    database.kill();
    crew.stop(&mut record);
    drop(servers);
    database.lose_what_was_not_synced();
    database.restart(Power::Stays).unwrap();
    let _server = cluster.start(0);
    let lost = cluster.lost(0, &mut record, Depth::Whole).len();
    judge(run, lost);
}

fn judge(run: &mut Run<'_>, lost: usize) {
    run.tally
        .fault("counter-proof: nothing is synced, and losses are found");
    run.progress.tell(1, 1, &format!("{lost} losses found"));
    if lost < MISSED {
        let what = format!("with syncing off, the check found {lost} losses: it shows nothing");
        run.tally.find_wrong(&what);
    }
}
