//! `kill -9` of the server on a file, at random points under load.

use super::Run;
use crate::disk::Power;
use crate::record::{Depth, Record};
use crate::site::Site;
use crate::work::Trade;

pub(super) fn run(run: &mut Run<'_>) {
    let site = Site::set_up(run.binary);
    let mut record = Record::default();
    let (mut power, mut kind) = draw(run);
    let mut server = site.start(power);
    for kill in 1..=run.kills {
        let writes = run.some_writes();
        site.work_until_killed(server, &Trade::ALL, writes, &mut record);
        run.tally.kill(kind);
        if power == Power::FailsWithTheKill {
            site.lose_what_was_not_synced();
        }
        (power, kind) = draw(run);
        server = site.start(power);
        let lost = record.lost(server.door(), site.parties(), run.new_things());
        let lost = run.lose(lost) | run.lose(site.discord());
        run.tell(kill, run.kills, &record);
        if lost {
            break;
        }
    }
    let lost = record.lost(server.door(), site.parties(), Depth::Whole);
    run.lose(lost);
    run.tally.add(&record);
}

fn draw(run: &mut Run<'_>) -> (Power, &'static str) {
    run.random.pick(&[
        (Power::Stays, "kill -9 of the server"),
        (
            Power::FailsWithTheKill,
            "kill -9 of the server, unsynced writes thrown away",
        ),
    ])
}
