use std::sync::mpsc::{Sender, channel};

use avouch_core::storage::Taken;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::cache::CacheSizes;
use crate::sqlite::checkpoint::Log;

/// A writer over one table, with a second connection to look at the file.
struct Bench {
    writer: Arc<Writer>,
    looking: Connection,
    _folder: TempDir,
}

fn bench(waiting: usize) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let mut writing = Connection::open(&path).unwrap();
    writing.pragma_update(None, "journal_mode", "WAL").unwrap();
    writing.pragma_update(None, "foreign_keys", true).unwrap();
    writing
        .execute_batch(
            "CREATE TABLE entry (number INTEGER PRIMARY KEY);
             CREATE TABLE child (parent INTEGER NOT NULL REFERENCES entry (number)
                                 DEFERRABLE INITIALLY DEFERRED);",
        )
        .unwrap();
    let caches = Arc::new(Caches::new(CacheSizes::default()));
    let log = Log::follow(&mut writing, 1 << 20).unwrap();
    let checkpoints = Checkpoints::start(log, Connection::open(&path).unwrap()).unwrap();
    let presence = Presence::of(&path).unwrap();
    let writer = Writer::start(writing, checkpoints, caches, presence, waiting).unwrap();
    let writer = Arc::new(writer);
    Bench {
        writer,
        looking: Connection::open(&path).unwrap(),
        _folder: folder,
    }
}

impl Bench {
    fn entries(&self) -> Vec<i64> {
        let mut statement = self
            .looking
            .prepare("SELECT number FROM entry ORDER BY 1")
            .unwrap();
        statement
            .query_map((), |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    /// Queues a write and comes back once it waits there.
    async fn queue<W>(&self, work: W) -> JoinHandle<Result<(), Fault>>
    where
        W: FnOnce(&Connection) -> Result<Done<()>, Fault> + Send + 'static,
    {
        let writer = Arc::clone(&self.writer);
        let task = tokio::spawn(async move { writer.write(work).await });
        // One thread: the task runs up to its answer before this goes on.
        tokio::task::yield_now().await;
        task
    }

    /// Keeps the writer busy until told, so that a batch gathers behind it.
    async fn hold(&self) -> (Sender<()>, JoinHandle<Result<(), Fault>>) {
        let (started, has_started) = channel();
        let (go_on, wait) = channel::<()>();
        let held = self
            .queue(move |_| {
                started.send(()).unwrap();
                wait.recv().unwrap();
                Ok(Done::fresh(()))
            })
            .await;
        has_started.recv().unwrap();
        (go_on, held)
    }
}

fn insert(number: i64) -> impl FnOnce(&Connection) -> Result<Done<()>, Fault> + Send {
    use super::super::fault::OrTaken;
    move |connection| {
        connection
            .execute("INSERT INTO entry VALUES (?1)", [number])
            .or_taken(Taken::Record)?;
        Ok(Done::fresh(()))
    }
}

/// Violates a constraint that is only checked by the commit.
fn orphan(connection: &Connection) -> Result<Done<()>, Fault> {
    connection.execute("INSERT INTO child VALUES (-1)", ())?;
    Ok(Done::fresh(()))
}

#[tokio::test]
async fn what_waits_is_committed_together_and_answered_after() {
    let bench = bench(100);
    let (go_on, held) = bench.hold().await;
    let mut waiting = Vec::new();
    for number in 0..50 {
        waiting.push(bench.queue(insert(number)).await);
    }
    // Looks at the file from outside, while the batch is still open.
    let (seen, has_seen) = channel();
    let path = bench.looking.path().unwrap().to_owned();
    let last = bench
        .queue(move |_| {
            let other = Connection::open(path).unwrap();
            let count = other.query_row("SELECT count(*) FROM entry", (), |r| r.get::<_, i64>(0));
            seen.send(count.unwrap()).unwrap();
            Ok(Done::fresh(()))
        })
        .await;
    go_on.send(()).unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    held.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(
        has_seen.recv().unwrap(),
        0,
        "the fifty before it are not committed one by one"
    );
    assert_eq!(bench.entries().len(), 50);
}

#[tokio::test]
async fn a_failing_write_leaves_its_neighbours_alone() {
    let bench = bench(100);
    let (go_on, _) = bench.hold().await;
    let good = bench.queue(insert(1)).await;
    let twice = bench.queue(insert(1)).await;
    let panics = bench.queue(|_| panic!("a fault on purpose")).await;
    let half = bench
        .queue(|connection| {
            connection.execute("INSERT INTO entry VALUES (7)", ())?;
            Err(Stopped::QueueFull.into())
        })
        .await;
    let other = bench.queue(insert(2)).await;
    go_on.send(()).unwrap();

    assert!(good.await.unwrap().is_ok());
    assert!(matches!(
        twice.await.unwrap(),
        Err(Fault::Conflict(Taken::Record))
    ));
    assert!(matches!(
        panics.await.unwrap(),
        Err(Fault::Stopped(Stopped::Panicked))
    ));
    assert!(half.await.unwrap().is_err());
    assert!(other.await.unwrap().is_ok());
    assert_eq!(bench.entries(), [1, 2]);
}

#[tokio::test]
async fn a_failed_commit_fails_the_whole_batch_and_the_next_one_succeeds() {
    let bench = bench(100);
    let (go_on, held) = bench.hold().await;
    let one = bench.queue(insert(1)).await;
    let bad = bench.queue(orphan).await;
    let two = bench.queue(insert(2)).await;
    go_on.send(()).unwrap();

    held.await.unwrap().unwrap();
    for write in [one, bad, two] {
        assert!(matches!(
            write.await.unwrap(),
            Err(Fault::Stopped(Stopped::Commit(_)))
        ));
    }
    assert!(bench.entries().is_empty());
    bench.writer.write(insert(3)).await.unwrap();
    assert_eq!(bench.entries(), [3]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let bench = bench(2);
    let (go_on, _) = bench.hold().await;
    let waiting = [bench.queue(insert(1)).await, bench.queue(insert(2)).await];
    let refused = bench.writer.write(insert(3)).await;
    assert!(matches!(refused, Err(Fault::Stopped(Stopped::QueueFull))));
    go_on.send(()).unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    assert_eq!(bench.entries(), [1, 2]);
}

#[tokio::test]
async fn dropping_the_writer_finishes_what_waits() {
    type Work = Box<dyn FnOnce(&Connection) -> Result<Done<()>, Fault> + Send>;
    let bench = bench(100);
    let (go_on, wait) = channel::<()>();
    let hold: Work = Box::new(move |_| {
        wait.recv().unwrap();
        Ok(Done::fresh(()))
    });
    let mut work = vec![hold];
    work.extend((0..20).map(|number| Box::new(insert(number)) as Work));
    for work in work {
        // Queued when first polled; then whoever asked for it goes away.
        let mut write = Box::pin(bench.writer.write(work));
        let queued = tokio::select! { biased; _ = &mut write => false, () = async {} => true };
        assert!(queued);
    }
    go_on.send(()).unwrap();
    let Bench {
        writer, looking, ..
    } = bench;
    drop(writer);
    let count: i64 = looking
        .query_row("SELECT count(*) FROM entry", (), |row| row.get(0))
        .unwrap();
    assert_eq!(count, 20);
}

#[tokio::test]
async fn a_writer_that_died_refuses_and_does_not_hang() {
    /// Breaks where no one expects it: outside the guarded work.
    struct Breaks(oneshot::Sender<()>);
    impl Queued for Breaks {
        fn run(&mut self, _: &Connection) -> Keep {
            panic!("a fault on purpose")
        }
        fn stale(&self) -> &Stale {
            &Stale::Nothing
        }
        fn answer(self: Box<Self>, _: Option<&Stopped>) {
            let _ = self.0.send(());
        }
    }

    let bench = bench(100);
    let (go_on, held) = bench.hold().await;
    let (reply, answer) = oneshot::channel();
    bench
        .writer
        .queue
        .as_ref()
        .unwrap()
        .try_send(Box::new(Breaks(reply)))
        .unwrap();
    let behind = bench.queue(insert(1)).await;
    go_on.send(()).unwrap();

    held.await.unwrap().unwrap();
    assert!(answer.await.is_err());
    assert!(matches!(
        behind.await.unwrap(),
        Err(Fault::Stopped(Stopped::WriterGone))
    ));
    let after = bench.writer.write(insert(2)).await;
    assert!(matches!(after, Err(Fault::Stopped(Stopped::WriterGone))));
}
