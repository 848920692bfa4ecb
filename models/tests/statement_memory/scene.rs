//! Some who ask one memory for statements, and what each of them may be told.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use avouch_models::{OVERHEAD, StatementMemory, say};
use shuttle::future::yield_now;

/// What can be asked for: what is signed, and to whom it is encrypted.
pub const KEYS: [(&str, Option<[u8; 32]>); 5] = [
    ("a", None),
    ("a", Some([1; 32])),
    ("a", Some([2; 32])),
    ("b", None),
    ("b", Some([1; 32])),
];

/// Octets of a usual statement.
const USUAL: usize = 40;

/// Octets of a memory that two usual statements fill.
pub const ROOM_FOR_TWO: u64 = 2 * (USUAL as u64 + OVERHEAD) + 50;
/// Octets of one in which there is room for all.
pub const ROOM_FOR_ALL: u64 = 2 * KEYS.len() as u64 * (USUAL as u64 + OVERHEAD);

/// What comes of making a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    Makes,
    /// Something that goes into no memory here.
    MakesTooMuch,
    Fails,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Which of [`KEYS`].
    pub key: usize,
    /// What happens if this one has to make it.
    pub maker: Maker,
    /// How often making it waits for something.
    pub pauses: usize,
    /// After how many looks in vain it gives up, if ever.
    pub patience: Option<usize>,
}

/// Why nothing was made: whose maker it was tells it from others.
#[derive(Debug, PartialEq, Eq)]
struct Failed(usize);

/// A memory, and all that happened to it in one schedule. The locks are the system's, so that
/// keeping the books adds nothing to what is scheduled; nothing waits while one is held.
pub struct Scene<'a> {
    memory: StatementMemory,
    octets: u64,
    books: [Mutex<Book>; KEYS.len()],
    numbers: AtomicUsize,
    seen: &'a Seen,
}

/// What happened to one key.
#[derive(Default)]
struct Book {
    maker_at_it: bool,
    made: Vec<String>,
}

/// How often what is to be shown came up, in all schedules of a test.
#[derive(Debug, Default)]
pub struct Seen {
    pub told_again: AtomicUsize,
    pub told_after_waiting: AtomicUsize,
    pub too_large: AtomicUsize,
    pub forgotten_and_made_again: AtomicUsize,
    pub failed: AtomicUsize,
    pub dropped_while_making: AtomicUsize,
    pub dropped_while_waiting: AtomicUsize,
    pub made_after_waiting: AtomicUsize,
}

impl Seen {
    /// Whether a test was about what it says.
    pub fn assert(&self, counts: &[&AtomicUsize]) {
        for count in counts {
            assert!(count.load(Ordering::Relaxed) > 0, "{self:?}");
        }
    }
}

fn count(what: &AtomicUsize) {
    what.fetch_add(1, Ordering::Relaxed);
}

impl<'a> Scene<'a> {
    pub fn new(octets: u64, seen: &'a Seen) -> Self {
        Self {
            memory: StatementMemory::new(octets),
            octets,
            books: Default::default(),
            numbers: AtomicUsize::new(0),
            seen,
        }
    }

    fn book<R>(&self, key: usize, write: impl FnOnce(&mut Book) -> R) -> R {
        write(&mut self.books[key].lock().unwrap())
    }

    /// Asks, and checks what it is told.
    pub async fn ask(&self, ask: Ask) {
        let (signed, sealed) = &KEYS[ask.key];
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let begun = Cell::new(false);
        let made = RefCell::new(None);
        let make = async {
            begun.set(true);
            let statement = self.make(ask, number).await?;
            *made.borrow_mut() = Some(statement.clone());
            Ok::<_, Failed>(statement)
        };
        let mut saying = pin!(say(&self.memory, signed, sealed.as_ref(), make));
        let (mut looks, mut waited) = (0, false);
        let told = poll_fn(|context| {
            if let Poll::Ready(told) = saying.as_mut().poll(context) {
                return Poll::Ready(Some(told));
            }
            waited |= !begun.get();
            if let Some(patience) = ask.patience {
                looks += 1;
                if looks > patience {
                    return Poll::Ready(None);
                }
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await;

        let seen = self.seen;
        if waited && begun.get() {
            count(&seen.made_after_waiting);
        }
        match told {
            None if begun.get() => count(&seen.dropped_while_making),
            None => count(&seen.dropped_while_waiting),
            Some(Err(failed)) => {
                assert_eq!(failed, Failed(number), "the failure of somebody else");
                count(&seen.failed);
            }
            Some(Ok((statement, false))) => {
                let statement = String::from_utf8_lossy(&statement);
                let made = made.borrow();
                assert_eq!(made.as_deref(), Some(&*statement), "not what it made");
            }
            Some(Ok((statement, true))) => {
                assert!(!begun.get(), "it was remembered and made");
                let statement = String::from_utf8_lossy(&statement);
                let was_made = |book: &mut Book| book.made.iter().any(|made| *made == statement);
                assert!(self.book(ask.key, was_made), "told {statement}");
                count(&seen.told_again);
                if waited {
                    count(&seen.told_after_waiting);
                }
            }
        }
    }

    /// Makes a statement that no other key has, and none made before.
    async fn make(&self, ask: Ask, number: usize) -> Result<String, Failed> {
        let _turn = Turn::begin(self, ask.key);
        for _ in 0..ask.pauses {
            yield_now().await;
        }
        let length = match ask.maker {
            Maker::Fails => return Err(Failed(number)),
            Maker::Makes => USUAL,
            Maker::MakesTooMuch => {
                count(&self.seen.too_large);
                usize::try_from(self.octets).unwrap() + 1
            }
        };
        let statement = format!("{:<length$}", format!("{}.{number}", ask.key));
        self.book(ask.key, |book| {
            if book.made.last().is_some_and(|made| made.len() == USUAL) {
                count(&self.seen.forgotten_and_made_again);
            }
            book.made.push(statement.clone());
        });
        Ok(statement)
    }

    /// How often a key was made.
    pub fn made(&self, key: usize) -> usize {
        self.book(key, |book| book.made.len())
    }

    /// When everybody is gone: what is kept is what was made last, within the bound, and nobody
    /// who comes now waits for one who left.
    pub async fn close(&self) {
        let mut kept = 0;
        for (key, (signed, sealed)) in KEYS.iter().enumerate() {
            let nothing = async { Err(()) };
            let told = say(&self.memory, signed, sealed.as_ref(), nothing).await;
            if let Ok((statement, remembered)) = told {
                assert!(remembered);
                let last = self.book(key, |book| book.made.last().cloned());
                assert_eq!(Some(String::from_utf8_lossy(&statement).into()), last);
                kept += statement.len() as u64 + OVERHEAD;
            }
        }
        assert!(kept <= self.octets, "{kept} of {} octets", self.octets);
        for key in 0..KEYS.len() {
            self.ask(Ask {
                key,
                maker: Maker::Makes,
                pauses: 0,
                patience: None,
            })
            .await;
        }
    }
}

/// While somebody makes a statement of this key.
struct Turn<'a> {
    scene: &'a Scene<'a>,
    key: usize,
}

impl<'a> Turn<'a> {
    fn begin(scene: &'a Scene<'a>, key: usize) -> Self {
        let another = scene.book(key, |book| std::mem::replace(&mut book.maker_at_it, true));
        assert!(!another, "two make the statement of key {key}");
        Self { scene, key }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.scene.book(self.key, |book| book.maker_at_it = false);
    }
}
