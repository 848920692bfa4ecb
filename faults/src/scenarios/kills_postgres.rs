//! `kill -9` of a server or of the database, at random points under load.

use super::Run;
use crate::cluster::{Cluster, NODES};
use crate::database::Database;
use crate::disk::Power;
use crate::node::Running;
use crate::record::{Depth, Record};
use crate::work::{Crew, Until};

/// Writes that must go on at the other server, or again after the database is back.
const AFTERWARDS: usize = 8;

/// What is killed.
struct Site {
    cluster: Cluster,
    servers: Vec<Running>,
    record: Record,
    /// What the next kill of the database does to its disk: known when it starts.
    power: Power,
}

pub(super) fn run(run: &mut Run<'_>) {
    let (cluster, servers) = run.cluster("kills");
    let mut site = Site {
        cluster,
        servers,
        record: Record::default(),
        power: Power::Stays,
    };
    let first = draw(run);
    run.database().kill();
    site.start_the_database(run.database(), first);
    for kill in 1..=run.kills {
        let crew = site.cluster.hire(&[0, 1], Until::Stopped);
        crew.note(&mut site.record, run.some_writes());
        if run.random.one_in(2) {
            let next = draw(run);
            run.tally.kill(match site.power {
                Power::Stays => "kill -9 of the database",
                _ => "kill -9 of the database, unsynced writes thrown away",
            });
            site.kill_the_database(run.database(), next, &crew);
        } else {
            run.tally.kill("kill -9 of one of two servers");
            site.kill_a_server(run.random.below(NODES), &crew);
        }
        crew.note_from_now_on(&mut site.record, AFTERWARDS);
        crew.stop(&mut site.record);
        let node = run.random.below(NODES);
        let lost = site.cluster.lost(node, &mut site.record, run.new_things());
        let discord = site.cluster.discord(run.database().server());
        let lost = run.lose(lost) | run.lose(discord);
        run.tell(kill, run.kills, &site.record);
        if lost {
            break;
        }
    }
    for node in 0..NODES {
        let lost = site.cluster.lost(node, &mut site.record, Depth::Whole);
        run.lose(lost);
    }
    run.tally.add(&site.record);
}

impl Site {
    /// The other one goes on meanwhile.
    fn kill_a_server(&mut self, node: usize, crew: &Crew) {
        self.servers.remove(node).kill();
        crew.note_from_now_on(&mut self.record, AFTERWARDS);
        self.servers.insert(node, self.cluster.start(node));
    }

    /// Clients are told so, and the servers find it again by themselves.
    fn kill_the_database(&mut self, database: &mut Database, next: Power, crew: &Crew) {
        database.kill();
        crew.catch_up(&mut self.record);
        let refused = self.record.refused() + NODES;
        crew.note_until(&mut self.record, |record| record.refused() >= refused);
        if self.power != Power::Stays {
            database.lose_what_was_not_synced();
        }
        self.start_the_database(database, next);
    }

    fn start_the_database(&mut self, database: &mut Database, power: Power) {
        database.restart(power).unwrap();
        self.power = power;
        for server in &mut self.servers {
            server.wait_until_ready();
        }
    }
}

fn draw(run: &mut Run<'_>) -> Power {
    run.random.pick(&[Power::Stays, Power::FailsWithTheKill])
}
