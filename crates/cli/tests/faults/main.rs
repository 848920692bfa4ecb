//! Nothing acknowledged is lost: the real server, killed with `kill -9` while
//! it issues and revokes, with everything thrown away that was never synced.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod history;
mod proofs;
mod registrations;
mod site;
mod wire;

use history::History;
use proofs::Proofs;
use registrations::Registrations;
use site::{Power, Site};

/// Kills follow after so many acknowledged operations of a round: early, late,
/// and in between.
const KILLS: [usize; 6] = [1, 60, 7, 150, 25, 90];

#[test]
fn row_7662_4_04_no_acknowledged_token_or_revocation_is_lost_when_the_power_fails() {
    let mut site = Site::set_up();
    let mut history = History::default();
    for acknowledged in KILLS {
        let server = site.start(Power::FailsWithTheKill);
        history.extend(server.issue_and_revoke_until_killed(acknowledged));
        site.lose_what_was_not_synced();

        let server = site.start(Power::FailsWithTheKill);
        assert_eq!(
            history.lost(&server),
            Vec::<String>::new(),
            "after {acknowledged} operations"
        );
        server.kill();
        site.lose_what_was_not_synced();
    }
    assert!(history.operations() >= KILLS.iter().sum());
}

#[test]
fn no_acknowledged_registration_update_or_removal_is_lost_when_the_power_fails() {
    let mut site = Site::set_up();
    let mut registrations = Registrations::default();
    for acknowledged in [1, 40, 9, 70] {
        let server = site.start(Power::FailsWithTheKill);
        registrations.extend(server.register_and_manage_until_killed(acknowledged));
        site.lose_what_was_not_synced();

        let server = site.start(Power::FailsWithTheKill);
        assert_eq!(
            registrations.lost(&server),
            Vec::<String>::new(),
            "after {acknowledged} operations"
        );
        server.kill();
        site.lose_what_was_not_synced();
    }
    assert!(registrations.operations() >= 120);
}

#[test]
fn no_assertion_is_taken_twice_and_no_token_it_bought_is_lost_when_the_power_fails() {
    let mut site = Site::set_up();
    let mut proofs = Proofs::default();
    for acknowledged in [1, 40, 9] {
        let server = site.start(Power::FailsWithTheKill);
        proofs.extend(server.exchange_until_killed(acknowledged));
        site.lose_what_was_not_synced();

        let server = site.start(Power::FailsWithTheKill);
        let lost = (proofs.taken_again(&server), proofs.lost_tokens(&server));
        assert_eq!(lost, (0, 0), "after {acknowledged} operations");
        server.kill();
        site.lose_what_was_not_synced();
    }
    assert!(proofs.operations() >= 50);
}

#[test]
fn a_kill_alone_loses_nothing_either() {
    let mut site = Site::set_up();
    let mut history = History::default();
    for acknowledged in [30, 5] {
        let server = site.start(Power::Stays);
        history.extend(server.issue_and_revoke_until_killed(acknowledged));
        let server = site.start(Power::Stays);
        assert_eq!(history.lost(&server), Vec::<String>::new());
        server.kill();
    }
}

/// The counter-proof: were writes acknowledged before they are synced, the
/// tests above would fail.
#[test]
fn with_syncing_off_the_same_check_finds_losses() {
    let mut site = Site::set_up();
    let server = site.start(Power::FailsAndNothingIsSynced);
    let mut history = History::default();
    history.extend(server.issue_and_revoke_until_killed(40));
    site.lose_what_was_not_synced();
    let server = site.start(Power::Stays);
    assert!(history.lost(&server).len() >= 10);
    server.kill();

    let server = site.start(Power::FailsAndNothingIsSynced);
    let mut registrations = Registrations::default();
    registrations.extend(server.register_and_manage_until_killed(40));
    site.lose_what_was_not_synced();
    let server = site.start(Power::Stays);
    assert!(registrations.lost(&server).len() >= 5);
    server.kill();

    let server = site.start(Power::FailsAndNothingIsSynced);
    let mut proofs = Proofs::default();
    proofs.extend(server.exchange_until_killed(40));
    site.lose_what_was_not_synced();
    let server = site.start(Power::Stays);
    assert!(proofs.taken_again(&server) >= 10);
    assert!(proofs.lost_tokens(&server) >= 10);
}
