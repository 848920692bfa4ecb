//! A wall clock that is set while the server runs.

use serde_json::json;

use super::Run;
use crate::clock::WallClock;
use crate::disk::Power;
use crate::parties::{Parties, RESOURCE};
use crate::record::{Depth, Note, Record, State};
use crate::site::Site;
use crate::wire::Door;
use crate::work::{Crew, Trade, Until, fresh_name};

/// Seconds off, one after the other. No further before the right time than assertions may be issued in the future: what
/// is refused for that shows nothing.
const STEPS: [i64; 5] = [300, 0, 600, -25, 0];

/// Work that goes on while it is set. (Assertions are left out: their makers keep another clock.)
const TRADES: [Trade; 3] = [Trade::Tokens, Trade::Registrations, Trade::Epochs];

/// What all tokens of one revocation have in common.
const KINDS: [&str; 3] = ["subject", "grant", "client"];

/// The only server's.
pub(super) fn sqlite(run: &mut Run<'_>) {
    let site = Site::set_up_on(run.binary, |_| (), Power::Stays);
    let clock = WallClock::make(site.folder());
    let server = site.start_with(|command| clock.under(command));
    let mut record = Record::default();
    let crew = site.hire(&Trade::ALL);
    crew.note(&mut record, 60);
    crew.stop(&mut record);
    let doors = [server.door()];
    set(run, &clock, &mut record, site.parties(), &doors);
}

/// That of one of two.
pub(super) fn postgres(run: &mut Run<'_>) {
    let (cluster, mut servers) = run.cluster("clock");
    let clock = WallClock::make(cluster.folder());
    servers.remove(1).kill();
    servers.push(cluster.start_with(1, |command| clock.under(command)));
    let mut record = Record::default();
    let crew = cluster.hire(&[0, 1], Until::Stopped);
    crew.note(&mut record, 60);
    crew.stop(&mut record);
    // The first is the one whose clock it is.
    let doors = [cluster.door(1), cluster.door(0)];
    set(run, &clock, &mut record, cluster.parties(), &doors);
}

fn set(
    run: &mut Run<'_>,
    clock: &WallClock,
    record: &mut Record,
    parties: &Parties,
    doors: &[&Door],
) {
    for (number, step) in STEPS.into_iter().enumerate() {
        let revocable = Revocable::issue(doors, record);
        let work = doors.iter().flat_map(|door| {
            let door = (*door).clone();
            TRADES.map(|trade| (door.clone(), trade))
        });
        let crew = Crew::hire(parties, &work.collect::<Vec<_>>(), Until::Stopped);
        crew.note(record, 10);
        clock.set(step);
        run.tally.fault("the wall clock of a server is set");
        crew.note_from_now_on(record, 20);
        crew.stop(record);
        revocable.revoke(doors, record);
        let mut lost = false;
        for door in doors {
            let found = record.lost(door, parties, Depth::Whole);
            lost |= run.lose(found);
        }
        run.tell(number + 1, STEPS.len(), record);
        if lost {
            break;
        }
    }
    run.tally.add(record);
}

/// Tokens that are issued before the clock is set, and revoked after it: by the server that issued them, whose clock is now
/// another one, and by the other one, whose clock never was the same.
struct Revocable(Vec<Issued>);

struct Issued {
    by: usize,
    kind: &'static str,
    client: String,
    subject: String,
    grant: String,
    token: String,
}

impl Revocable {
    fn issue(doors: &[&Door], record: &mut Record) -> Self {
        let mut issued = Vec::new();
        for (by, door) in doors.iter().enumerate() {
            for _ in doors {
                issued.extend(KINDS.map(|kind| {
                    let (client, subject) = (fresh_name(), fresh_name());
                    let order = json!({"id": client, "scope": "read", "resources": [RESOURCE]});
                    let added = door.administer("POST", "/admin/v1/clients", &order);
                    assert_eq!(added.unwrap().status, 201);
                    let (token, grant) = token(door, &client, &subject, record);
                    Issued {
                        by,
                        kind,
                        client,
                        subject,
                        grant,
                        token,
                    }
                }));
            }
        }
        Self(issued)
    }

    /// Those of each server by every one in turn. What is issued after that, by whichever, is good.
    fn revoke(self, doors: &[&Door], record: &mut Record) {
        for (number, issued) in self.0.into_iter().enumerate() {
            let by = doors[(issued.by + number / KINDS.len()) % doors.len()];
            let name = match issued.kind {
                "subject" => &issued.subject,
                "grant" => &issued.grant,
                _ => &issued.client,
            };
            let order = json!({ issued.kind: name });
            let revoked = by.administer("POST", "/admin/v1/revocations", &order);
            assert_eq!(revoked.unwrap().status, 200);
            record.take(Note::Tokens(vec![issued.token], State::Revoked));
            for door in doors {
                token(door, &issued.client, &issued.subject, record);
            }
        }
    }
}

/// A token that is noted as issued, and its grant.
fn token(door: &Door, client: &str, subject: &str, record: &mut Record) -> (String, String) {
    let order = json!({"client": client, "subject": subject});
    let issued = door.administer("POST", "/admin/v1/tokens", &order).unwrap();
    assert_eq!(issued.status, 201);
    let token = issued.text("access_token");
    record.take(Note::Tokens(vec![token.clone()], State::Issued));
    (token, issued.text("grant"))
}
