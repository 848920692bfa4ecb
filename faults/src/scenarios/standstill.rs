//! A database that stands still: it takes connections, and answers nothing.

use std::io;
use std::thread;

use serde_json::Value;

use super::Run;
use crate::cluster::{Cluster, NODES};
use crate::parties::RESOURCE;
use crate::record::{Depth, Record};
use crate::wire::Answer;
use crate::work::Until;

pub(super) fn run(run: &mut Run<'_>) {
    let (cluster, mut servers) = run.cluster("standstill");
    let mut record = Record::default();
    let crew = cluster.hire(&[0, 1], Until::Stopped);
    crew.note(&mut record, 20);
    run.database().server().pause().unwrap();
    run.tally.fault("the database stands still");
    run.tell(1, 4, &record);
    for wrong in not_refused(&cluster) {
        run.tally.find_wrong(&wrong);
    }
    run.database().server().go_on().unwrap();
    run.tell(2, 4, &record);
    for server in &mut servers {
        server.wait_until_ready();
    }
    crew.note_from_now_on(&mut record, 20);
    crew.stop(&mut record);
    run.tell(3, 4, &record);
    for node in 0..NODES {
        let lost = cluster.lost(node, &mut record, Depth::Whole);
        run.lose(lost);
    }
    let discord = cluster.discord(run.database().server());
    run.lose(discord);
    run.tally.add(&record);
}

/// Whoever asks now is told that there is nothing to be had, soon enough that he still waits.
fn not_refused(cluster: &Cluster) -> Vec<String> {
    thread::scope(|scope| {
        let asked: Vec<_> = (0..NODES)
            .flat_map(|node| {
                let (door, parties) = (cluster.door(node), cluster.parties());
                let issue = scope.spawn(move || {
                    let form = format!("grant_type=client_credentials&resource={RESOURCE}");
                    door.post_form("/token", &parties.client, &form)
                });
                let introspect = scope.spawn(move || {
                    let form = "token=unknown";
                    door.post_form("/introspect", &parties.resource_server, form)
                });
                let ready = scope.spawn(move || door.administer("GET", "/readyz", &Value::Null));
                [
                    ("issue", true, issue),
                    ("introspect", true, introspect),
                    ("/readyz", false, ready),
                ]
            })
            .collect();
        let told = asked.into_iter().filter_map(|(what, later, asked)| {
            let answer: io::Result<Answer> = asked.join().unwrap();
            let is_right = answer.as_ref().is_ok_and(|answer| {
                answer.status == 503 && (!later || answer.header("Retry-After").is_some())
            });
            (!is_right).then(|| format!("while the database stands still, {what}: {answer:?}"))
        });
        told.collect()
    })
}
