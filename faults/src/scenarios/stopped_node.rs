//! A server that stands still while another one revokes, or while it revokes itself.

use std::thread;
use std::time::Instant;

use super::Run;
use crate::bound::not_honoured;
use crate::cluster::Cluster;
use crate::node::Running;
use crate::parties::RESOURCE;
use crate::record::{Depth, Note, Record, State};

const TIMES: usize = 4;
const TOKENS: usize = 6;

pub(super) fn run(run: &mut Run<'_>) {
    let (cluster, servers) = run.cluster("stopped_node");
    let mut record = Record::default();
    for time in 1..=TIMES {
        let late = while_another_revokes(&cluster, &servers[1], &mut record);
        run.tally
            .fault("a server stands still while another one revokes");
        let lost = run.lose(late);
        let late = while_it_revokes(&cluster, &servers[1], &mut record);
        run.tally.fault("a server stands still while it revokes");
        let lost = run.lose(late) | lost;
        run.tell(time, TIMES, &record);
        if lost {
            break;
        }
    }
    let lost = cluster.lost(1, &mut record, Depth::Whole);
    run.lose(lost);
    run.tally.add(&record);
}

/// The one that stood still knew the tokens as good.
fn while_another_revokes(cluster: &Cluster, server: &Running, record: &mut Record) -> Vec<String> {
    let tokens = issued(cluster, record);
    server.pause();
    for token in &tokens {
        revoke(cluster, 0, token, record);
    }
    server.go_on();
    let since = Instant::now();
    not_honoured(cluster.door(1), cluster.parties(), &tokens, since)
}

/// What it then acknowledges, the other one honours.
fn while_it_revokes(cluster: &Cluster, server: &Running, record: &mut Record) -> Vec<String> {
    let mut late = Vec::new();
    for token in issued(cluster, record) {
        let since = thread::scope(|scope| {
            let revoking = scope.spawn(|| {
                post_revocation(cluster, 1, &token);
                Instant::now()
            });
            server.pause();
            // Either answer is right: nothing is acknowledged yet.
            let _ = cluster.parties().is_active(cluster.door(0), &token);
            server.go_on();
            revoking.join().unwrap()
        });
        record.take(Note::Tokens(vec![token.clone()], State::Revoked));
        let tokens = [token];
        late.extend(not_honoured(
            cluster.door(0),
            cluster.parties(),
            &tokens,
            since,
        ));
    }
    late
}

/// Tokens that every server has seen active.
pub(super) fn issued(cluster: &Cluster, record: &mut Record) -> Vec<String> {
    let form = format!("grant_type=client_credentials&resource={RESOURCE}");
    let client = &cluster.parties().client;
    let tokens: Vec<String> = (0..TOKENS)
        .map(|_| {
            let answer = cluster.door(0).post_form("/token", client, &form).unwrap();
            answer.text("access_token")
        })
        .collect();
    for token in &tokens {
        record.take(Note::Tokens(vec![token.clone()], State::Issued));
        for node in [0, 1] {
            let seen = cluster.parties().is_active(cluster.door(node), token);
            assert_eq!(seen, Some(true), "a token that was just issued");
        }
    }
    tokens
}

pub(super) fn revoke(cluster: &Cluster, node: usize, token: &str, record: &mut Record) {
    post_revocation(cluster, node, token);
    record.take(Note::Tokens(vec![token.to_owned()], State::Revoked));
}

fn post_revocation(cluster: &Cluster, node: usize, token: &str) {
    let client = &cluster.parties().client;
    let form = format!("token={token}");
    let answer = cluster.door(node).post_form("/revoke", client, &form);
    assert_eq!(answer.unwrap().status, 200);
}
