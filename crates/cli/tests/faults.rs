//! Nothing acknowledged is lost: the real server, killed with `kill -9` while
//! it works, with everything thrown away that was never synced. More faults, on
//! both engines: `cargo xtask faults`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use faults::disk::Power;
use faults::node::Running;
use faults::record::{Depth, Kind, Loss, Record};
use faults::site::Site;
use faults::work::Trade;

/// Kills follow after so many acknowledged writes of a round: early, late, and
/// in between.
const KILLS: [usize; 6] = [1, 60, 7, 150, 25, 90];

#[test]
fn row_7662_4_04_no_acknowledged_token_or_revocation_is_lost_when_the_power_fails() {
    nothing_is_lost(Trade::Tokens, Power::FailsWithTheKill, &KILLS);
}

#[test]
fn no_acknowledged_registration_update_or_removal_is_lost_when_the_power_fails() {
    let kills = [1, 40, 9, 70];
    nothing_is_lost(Trade::Registrations, Power::FailsWithTheKill, &kills);
}

#[test]
fn no_assertion_is_taken_twice_and_no_token_it_bought_is_lost_when_the_power_fails() {
    nothing_is_lost(Trade::Proofs, Power::FailsWithTheKill, &[1, 40, 9]);
}

#[test]
fn no_acknowledged_revocation_of_many_is_lost_when_the_power_fails() {
    nothing_is_lost(Trade::Epochs, Power::FailsWithTheKill, &[1, 40, 9]);
}

#[test]
fn a_kill_alone_loses_nothing_either() {
    nothing_is_lost(Trade::Tokens, Power::Stays, &[30, 5]);
}

/// The counter-proof: were writes acknowledged before they are synced, the
/// tests above would fail.
#[test]
fn with_syncing_off_the_same_check_finds_losses() {
    let site = site();
    let power = Power::FailsAndNothingIsSynced;
    for (trade, kinds) in [
        (Trade::Tokens, &[Kind::Token][..]),
        (Trade::Registrations, &[Kind::Registration]),
        (Trade::Proofs, &[Kind::Use]),
        (Trade::Epochs, &[Kind::Token]),
    ] {
        let mut record = Record::default();
        site.work_until_killed(site.start(power), &[trade], 40, &mut record);
        site.lose_what_was_not_synced();
        let server = site.start(Power::Stays);
        let lost = look(&site, &server, &mut record);
        for kind in kinds {
            let of_this_kind = lost.iter().filter(|loss| loss.kind == *kind).count();
            assert!(of_this_kind >= 5, "{trade:?}: {lost:?}");
        }
        server.kill();
    }
}

fn nothing_is_lost(trade: Trade, power: Power, kills: &[usize]) {
    let site = site();
    let mut record = Record::default();
    for writes in kills {
        site.work_until_killed(site.start(power), &[trade], *writes, &mut record);
        if power != Power::Stays {
            site.lose_what_was_not_synced();
        }
        let server = site.start(power);
        let lost = look(&site, &server, &mut record);
        assert!(lost.is_empty(), "after {writes} writes: {lost:?}");
        assert_eq!(record.wrong(), &[] as &[String]);
        assert_eq!(site.discord(), Vec::<String>::new());
        server.kill();
        if power != Power::Stays {
            site.lose_what_was_not_synced();
        }
    }
    assert!(record.acknowledged() >= kills.iter().sum());
}

fn look(site: &Site, server: &Running, record: &mut Record) -> Vec<Loss> {
    record.lost(server.door(), site.parties(), Depth::Whole)
}

fn site() -> Site {
    Site::set_up(Path::new(env!("CARGO_BIN_EXE_avouch")))
}
