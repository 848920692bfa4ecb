use std::path::Path;
use std::sync::mpsc::{Sender, channel};

use tempfile::TempDir;

use super::*;

/// A file in WAL mode, with a table that takes a page for a row.
fn file() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let connection = connect(folder.path());
    connection
        .execute_batch("CREATE TABLE entry (filling BLOB)")
        .unwrap();
    folder
}

fn connect(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("data")).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    // How long the log is does not hang on it.
    connection
        .pragma_update(None, "synchronous", "OFF")
        .unwrap();
    let off = "PRAGMA wal_autocheckpoint = 0";
    connection.query_row(off, (), |_| Ok(())).unwrap();
    connection
}

/// One commit of about three pages.
fn write(connection: &Connection) {
    connection
        .execute("INSERT INTO entry VALUES (zeroblob(4000))", ())
        .unwrap();
}

fn rows(connection: &Connection) -> usize {
    let count = "SELECT count(*) FROM entry";
    connection
        .query_row(count, (), |row| row.get::<_, i64>(0))
        .unwrap()
        .try_into()
        .unwrap()
}

/// A pass that says when it begins and ends when it is told to.
fn held() -> (
    impl FnMut() -> Option<Pass> + Send,
    Receiver<()>,
    Sender<Pass>,
) {
    let (began, has_begun) = channel();
    let (end, ends) = channel();
    let pass = move || {
        let _ = began.send(());
        ends.recv().ok()
    };
    (pass, has_begun, end)
}

#[test]
fn writes_go_on_while_a_pass_is_under_way() {
    let folder = file();
    let mut writing = connect(folder.path());
    let log = Log::follow(&mut writing, 1 << 19).unwrap();
    let longest = log.longest;
    let (pass, has_begun, end) = held();
    let mut checkpoints = Checkpoints::with(log, pass).unwrap();
    let mut written = 0;
    let mut is_under_way = false;
    // As many as fit before the last resort; none of them may end the pass.
    while checkpoints.seen < longest * (LAST_RESORT - 1) {
        write(&writing);
        checkpoints.after_a_batch(&writing);
        written += 1;
        is_under_way |= has_begun.try_recv().is_ok();
    }
    if !is_under_way {
        has_begun.recv().unwrap();
    }
    assert_eq!(rows(&connect(folder.path())), written);
    drop(end);
}

#[test]
fn the_log_begins_anew_while_writes_never_pause() {
    let folder = file();
    let mut writing = connect(folder.path());
    let log = Log::follow(&mut writing, 1 << 19).unwrap();
    let longest = log.longest;
    let mut checkpoints = Checkpoints::start(log, connect(folder.path())).unwrap();
    let (mut most, mut begun_anew, mut before) = (0, 0, 0);
    for _ in 0..4_000 {
        write(&writing);
        checkpoints.after_a_batch(&writing);
        begun_anew += usize::from(checkpoints.seen < before);
        before = checkpoints.seen;
        most = most.max(before);
    }
    // One batch is a few pages.
    assert!(most <= longest * LAST_RESORT + 8, "{most} pages");
    assert!(begun_anew > 0);
    let octets = folder.path().join("data-wal").metadata().unwrap().len();
    assert!(octets < 3 << 20, "{octets}");
    assert_eq!(rows(&connect(folder.path())), 4_000);
}

#[test]
fn without_the_thread_the_writer_does_it() {
    let folder = file();
    let mut writing = connect(folder.path());
    let log = Log::follow(&mut writing, 1 << 19).unwrap();
    let longest = log.longest;
    let mut checkpoints = Checkpoints::with(log, || None).unwrap();
    let mut most = 0;
    for _ in 0..4_000 {
        write(&writing);
        checkpoints.after_a_batch(&writing);
        most = most.max(checkpoints.seen);
    }
    assert!(most <= longest * LAST_RESORT + 8, "{most} pages");
    assert_eq!(rows(&connect(folder.path())), 4_000);
}

#[test]
fn a_reader_that_stays_keeps_the_log_and_holds_up_no_write() {
    let folder = file();
    let mut writing = connect(folder.path());
    let log = Log::follow(&mut writing, 1 << 19).unwrap();
    let longest = log.longest;
    let mut checkpoints = Checkpoints::start(log, connect(folder.path())).unwrap();
    let reading = connect(folder.path());
    reading.execute_batch("BEGIN").unwrap();
    assert_eq!(rows(&reading), 0);
    while checkpoints.seen < longest * (LAST_RESORT + 2) {
        write(&writing);
        checkpoints.after_a_batch(&writing);
    }
    assert_eq!(rows(&reading), 0);
    reading.execute_batch("COMMIT").unwrap();
    let grown = checkpoints.seen;
    while checkpoints.seen >= grown {
        write(&writing);
        checkpoints.after_a_batch(&writing);
        assert!(checkpoints.seen < grown + longest * 2, "it grows on");
    }
}
