//! Two servers that are asked for the same at the same time.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use super::Run;
use crate::cluster::{Cluster, NODES};
use crate::node::wait_until;
use crate::parties::RESOURCE;
use crate::record::{Depth, Record};
use crate::wire::{Answer, Door, FORM};
use crate::work::{Noted, Until};

const TIMES: usize = 8;
/// Tokens for both to clean away.
const EXPIRED: usize = 150;

pub(super) fn run(run: &mut Run<'_>) {
    let (cluster, servers) = run.cluster("races");
    for _ in 0..TIMES {
        let found = [
            one_assertion(&cluster),
            one_update(&cluster),
            one_client_id(&cluster),
        ];
        for (kind, found) in [
            "two servers are shown one assertion",
            "two servers are sent an update of one registration",
            "two servers are to add one client",
        ]
        .into_iter()
        .zip(found)
        {
            run.tally.fault(kind);
            run.lose(found);
        }
    }
    let found = one_key(&cluster);
    run.tally.fault("two servers are to rotate one key");
    run.lose(found);
    run.progress.tell(1, 2, "clean-up");

    drop(servers);
    let mut record = Record::default();
    clean_up(run, &cluster, &mut record);
    run.tally.add(&record);
}

/// The same question to both, as much at one time as two threads can.
fn ask_both<'a>(
    cluster: &Cluster,
    ask: impl Fn(usize, &Door) -> std::io::Result<Answer> + Sync + 'a,
) -> Vec<Answer> {
    let together = Barrier::new(NODES);
    thread::scope(|scope| {
        let asked: Vec<_> = (0..NODES)
            .map(|node| {
                let (ask, together) = (&ask, &together);
                scope.spawn(move || {
                    together.wait();
                    ask(node, cluster.door(node)).unwrap()
                })
            })
            .collect();
        let answers = asked.into_iter().map(|asked| asked.join().unwrap());
        answers.collect()
    })
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    let answers = answers.iter();
    answers.filter(|answer| answer.status == status).count()
}

fn one_assertion(cluster: &Cluster) -> Option<String> {
    let form = cluster.parties().prover.form();
    let answers = ask_both(cluster, |_, door| {
        door.send("POST", "/token", &[("Content-Type", FORM)], &form)
    });
    (with_status(&answers, 200) != 1).then(|| format!("one assertion: {answers:?}"))
}

/// Of what was acknowledged, one is in force, and both servers say the same.
fn one_update(cluster: &Cluster) -> Option<String> {
    let right = &cluster.parties().initial_access_token;
    let metadata = json!({"grant_types": ["client_credentials"], "client_name": "first"});
    let registered = cluster
        .door(0)
        .send_json("POST", "/register", right, &metadata);
    let noted = Noted::read(&registered.unwrap(), "first");
    let answers = ask_both(cluster, |node, door| {
        noted.update(door, &format!("of {node}"))
    });
    let acknowledged = answers.iter().filter(|answer| answer.status == 200);
    let names: Vec<_> = acknowledged
        .map(|answer| answer.text("client_name"))
        .collect();
    let there = [0, 1].map(|node| noted.name(cluster.door(node)));
    let one_of_them = there[0].as_ref().is_some_and(|name| names.contains(name));
    let right = one_of_them && there[0] == there[1];
    (!right).then(|| format!("one registration: acknowledged {names:?}, there is {there:?}"))
}

fn one_client_id(cluster: &Cluster) -> Option<String> {
    let id = crate::work::fresh_name();
    let order = json!({"id": id, "scope": "read", "resources": [RESOURCE]});
    let answers = ask_both(cluster, |_, door| {
        door.administer("POST", "/admin/v1/clients", &order)
    });
    let right = with_status(&answers, 201) == 1 && with_status(&answers, 409) == 1;
    (!right).then(|| format!("one client_id: {answers:?}"))
}

/// Every key that was acknowledged is there, and one of the algorithm signs.
fn one_key(cluster: &Cluster) -> Option<String> {
    let order = json!({"algorithm": "ES256"});
    let answers = ask_both(cluster, |_, door| {
        door.administer("POST", "/admin/v1/keys/rotate", &order)
    });
    let made = answers.iter().filter(|answer| answer.status == 201);
    let made: Vec<_> = made.map(|answer| answer.text("kid")).collect();
    for node in 0..NODES {
        let door = cluster.door(node);
        let list = door.administer("GET", "/admin/v1/keys", &Value::Null);
        let list = list.unwrap().json();
        let keys = list["keys"].as_array().unwrap();
        let keys = keys.iter().filter(|key| key["algorithm"] == "ES256");
        let keys: Vec<_> = keys.collect();
        let is_there = |kid: &String| keys.iter().any(|key| key["kid"] == kid.as_str());
        let active = keys.iter().filter(|key| key["life"] == "active").count();
        if made.is_empty() || active != 1 || !made.iter().all(is_there) {
            return Some(format!("one key: {answers:?}, server {node} has {keys:?}"));
        }
    }
    None
}

/// Both start at once, and each begins with cleaning up.
fn clean_up(run: &mut Run<'_>, cluster: &Cluster, record: &mut Record) {
    let first = cluster.start(0);
    let client = crate::work::fresh_name();
    let order = json!({"id": client, "scope": "read", "resources": [RESOURCE]});
    let added = first.door().administer("POST", "/admin/v1/clients", &order);
    assert_eq!(added.unwrap().status, 201);
    let order = json!({"client": client, "subject": "erika", "lifetime": 1});
    for _ in 0..EXPIRED {
        let issued = first.door().administer("POST", "/admin/v1/tokens", &order);
        assert_eq!(issued.unwrap().status, 201);
    }
    first.kill();
    let expired = "SELECT count(*) FROM access_token
                   WHERE expires_at <= extract(epoch FROM now()) * 1000000";
    let wanted = i64::try_from(EXPIRED).unwrap_or(i64::MAX);
    wait_until("tokens expire", || {
        cluster.count(run.database().server(), expired) >= wanted
    });
    let mut servers: Vec<_> = (0..NODES).map(|node| cluster.spawn(node)).collect();
    for server in &mut servers {
        server.wait_until_ready();
    }
    let crew = cluster.hire(&[0, 1], Until::Stopped);
    crew.note(record, 20);
    wait_until("expired tokens are cleaned away", || {
        cluster.count(run.database().server(), expired) == 0
    });
    crew.note_from_now_on(record, 20);
    crew.stop(record);
    run.tally.fault("two servers clean up at the same time");
    for node in 0..NODES {
        let lost = cluster.lost(node, record, Depth::Whole);
        run.lose(lost);
    }
    let discord = cluster.discord(run.database().server());
    run.lose(discord);
}
