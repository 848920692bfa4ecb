//! A disk with no room left.

use serde_json::Value;

use super::Run;
use crate::disk::{Power, SmallDisk};
use crate::record::{Depth, Record, State};
use crate::site::Site;
use crate::work::Trade;

/// Room for the data of a set-up, and for some work.
const SIZE: &str = "6m";
/// Writes that must be refused before it is believed that the disk is full.
const REFUSED: usize = 12;
/// Tokens that are looked up while it is.
const LOOKED_UP: usize = 20;

pub(super) fn run(run: &mut Run<'_>) {
    let mut disk = Err(String::new());
    let mount = |folder: &std::path::Path| disk = SmallDisk::mount(folder, SIZE);
    let site = Site::set_up_on(run.binary, mount, Power::Stays);
    let disk = match disk {
        Ok(disk) => disk,
        Err(why) => {
            return run.tally.skip(format!(
                "a full disk: no file system can be mounted here: {why}"
            ));
        }
    };
    let mut record = Record::default();
    let server = site.start(Power::Stays);
    let crew = site.hire(&Trade::ALL);
    crew.note(&mut record, 40);
    disk.fill();
    run.tally.fault("the disk is full");
    let refused = record.refused() + REFUSED;
    crew.note_until(&mut record, |record| {
        // What the server itself gives back is taken, too.
        disk.fill();
        record.refused() >= refused
    });
    crew.stop(&mut record);
    for (state, active) in [(State::Issued, true), (State::Revoked, false)] {
        for token in record.tokens(state).take(LOOKED_UP) {
            let told = site.parties().is_active(server.door(), token);
            if told != Some(active) {
                let what = format!("on a full disk a token that is {state:?} is active: {told:?}");
                run.tally.lose(&what);
            }
        }
    }
    let ready = server.door().administer("GET", "/readyz", &Value::Null);
    if ready.as_ref().map_or(0, |answer| answer.status) != 200 {
        let what = format!("/readyz on a full disk, where reads go on: {ready:?}");
        run.tally.find_wrong(&what);
    }
    run.tell(1, 2, &record);

    disk.make_room();
    let crew = site.hire(&Trade::ALL);
    crew.note(&mut record, 40);
    crew.stop(&mut record);
    let lost = record.lost(server.door(), site.parties(), Depth::Whole);
    run.lose(lost);
    server.kill();
    let server = site.start(Power::Stays);
    let lost = record.lost(server.door(), site.parties(), Depth::Whole);
    run.lose(lost);
    run.lose(site.discord());
    run.tally.add(&record);
}
