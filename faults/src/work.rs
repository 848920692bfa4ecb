//! Clients that keep servers busy, and note what they were told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::parties::Parties;
use crate::record::{Note, Record};
use crate::wire::{Answer, Door};

mod epochs;
mod proofs;
mod registrations;
mod tokens;

pub use epochs::fresh_name;
pub use proofs::Exchanged;
pub use registrations::Noted;

/// Before another try.
const BREATH: Duration = Duration::from_millis(25);

/// What one of them does, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trade {
    /// Issues tokens, and revokes every second one.
    Tokens,
    /// Registers clients, changes each, removes every second one.
    Registrations,
    /// Gets itself tokens, each for a fresh assertion that works once.
    Proofs,
    /// Has tokens issued for subjects, and revokes all under a grant, of a subject, or of a client.
    Epochs,
}

impl Trade {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Tokens,
        Self::Registrations,
        Self::Proofs,
        Self::Epochs,
    ];
}

/// When one of them stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// At the first request that is not answered as asked.
    Unanswered,
    /// When told to; until then it tries again and again.
    Stopped,
}

/// A request whose outcome is not known: no answer, or one that says "later".
#[derive(Debug)]
pub struct Unanswered;

/// Where notes go.
#[derive(Clone)]
pub struct Notes(Sender<Note>);

impl Notes {
    /// Writes one down. Who is not read any more may go on writing.
    pub fn write(&self, note: Note) {
        let _ = self.0.send(note);
    }

    /// The answer, if it has the status that was to be expected.
    ///
    /// One that says "not now" leaves it open what happened, and must say when to try again. Any other is noted as
    /// wrong: an error of the server's own, or a half answer.
    pub fn expect(
        &self,
        what: &str,
        status: u16,
        answer: io::Result<Answer>,
    ) -> Result<Answer, Unanswered> {
        let answer = match answer {
            Ok(answer) => answer,
            // Nothing was sent.
            Err(error) if is_away(&error) => return Err(Unanswered),
            Err(_) => {
                self.write(Note::Unanswered);
                return Err(Unanswered);
            }
        };
        if answer.status == status {
            return Ok(answer);
        }
        self.write(Note::Unanswered);
        match (answer.status, answer.header("Retry-After")) {
            (503, Some(_)) => self.write(Note::Refused),
            (503, None) => self.write(Note::Wrong(format!("{what}: 503 without Retry-After"))),
            _ => self.write(Note::Wrong(format!("{what}: {answer:?}"))),
        }
        Err(Unanswered)
    }
}

/// Whether nobody listens there.
fn is_away(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::ConnectionRefused, io::ErrorKind::NotFound];
    kinds.contains(&error.kind())
}

/// Clients at work.
pub struct Crew {
    notes: Receiver<Note>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Crew {
    /// Sets them to work, each with a server and its trade.
    pub fn hire(parties: &Parties, work: &[(Door, Trade)], until: Until) -> Self {
        let (sender, notes) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let threads = work.iter().map(|(door, trade)| {
            let (door, trade, parties) = (door.clone(), *trade, parties.clone());
            let (notes, stop) = (Notes(sender.clone()), Arc::clone(&stop));
            thread::spawn(move || {
                let worker = Worker {
                    door,
                    parties,
                    notes,
                };
                for turn in 0_u64.. {
                    let done = match trade {
                        Trade::Tokens => worker.issue_and_revoke(turn),
                        Trade::Registrations => worker.register_and_manage(turn),
                        Trade::Proofs => worker.exchange(),
                        Trade::Epochs => worker.revoke_many(turn),
                    };
                    if done.is_err() {
                        if until == Until::Unanswered {
                            return;
                        }
                        thread::sleep(BREATH);
                    }
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            })
        });
        Self {
            threads: threads.collect(),
            notes,
            stop,
        }
    }

    /// Takes notes until so many more writes were acknowledged.
    ///
    /// # Panics
    ///
    /// If all of them gave up before, or if nothing at all comes for minutes.
    pub fn note(&self, record: &mut Record, writes: usize) {
        let wanted = record.acknowledged() + writes;
        self.note_until(record, |record| record.acknowledged() >= wanted);
    }

    /// The same, not counting what was acknowledged before this and is only still to be noted.
    pub fn note_from_now_on(&self, record: &mut Record, writes: usize) {
        self.catch_up(record);
        self.note(record, writes);
    }

    /// Takes notes until the record says enough.
    ///
    /// # Panics
    ///
    /// As [`Self::note`].
    pub fn note_until(&self, record: &mut Record, mut is_enough: impl FnMut(&Record) -> bool) {
        while !is_enough(record) {
            match self.notes.recv_timeout(Duration::from_mins(3)) {
                Ok(note) => record.take(note),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the servers failed before a fault: {:?}", record.wrong())
                }
                Err(RecvTimeoutError::Timeout) => panic!("nothing happens any more"),
            }
        }
    }

    /// Takes the notes that are there already.
    pub fn catch_up(&self, record: &mut Record) {
        while let Ok(note) = self.notes.try_recv() {
            record.take(note);
        }
    }

    /// Takes all further notes, until every one of them has ended by itself.
    pub fn note_to_the_end(self, record: &mut Record) {
        while let Ok(note) = self.notes.recv() {
            record.take(note);
        }
        for thread in self.threads {
            thread.join().unwrap();
        }
    }

    /// Tells them to stop, and takes what notes are still to come.
    pub fn stop(self, record: &mut Record) {
        self.stop.store(true, Ordering::Relaxed);
        self.note_to_the_end(record);
    }
}

/// One of them.
struct Worker {
    door: Door,
    parties: Parties,
    notes: Notes,
}
