//! Connections to the database, cut in the middle of what they carry.

use super::Run;
use crate::cluster::NODES;
use crate::record::{Depth, Record};
use crate::relay::Cut;
use crate::work::Until;

/// Each several times, for a request is not like another.
const TIMES: usize = 3;
/// Chances that are let pass, at most.
const PASSED: usize = 12;

const CUTS: [(Cut, &str); 4] = [
    (Cut::Request, "connections cut, half a request arrived"),
    (Cut::Answer, "connections cut, an answer did not arrive"),
    (Cut::BeforeCommit, "connections cut before a commit arrived"),
    (Cut::AfterCommit, "connections cut after a commit arrived"),
];

pub(super) fn run(run: &mut Run<'_>) {
    let (cluster, _servers) = run.cluster("cuts");
    let mut record = Record::default();
    let all = CUTS.iter().cycle().take(CUTS.len() * TIMES);
    for (number, (cut, kind)) in all.enumerate() {
        let crew = cluster.hire(&[0, 1], Until::Stopped);
        crew.note(&mut record, run.some_writes());
        let relay = cluster.relay(run.random.below(NODES));
        let before = relay.cuts();
        relay.cut_at(*cut, run.random.below(PASSED));
        crew.note_until(&mut record, |_| relay.cuts() > before);
        run.tally.fault(kind);
        crew.note_from_now_on(&mut record, 8);
        crew.stop(&mut record);
        let node = run.random.below(NODES);
        let lost = cluster.lost(node, &mut record, run.new_things());
        let discord = cluster.discord(run.database().server());
        let lost = run.lose(lost) | run.lose(discord);
        run.tell(number + 1, CUTS.len() * TIMES, &record);
        if lost {
            break;
        }
    }
    let lost = cluster.lost(0, &mut record, Depth::Whole);
    run.lose(lost);
    run.tally.add(&record);
}
