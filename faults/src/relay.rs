//! The way from a server to its database, which breaks at the worst moment.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Ends a transaction (PostgreSQL's protocol carries it as text).
const COMMIT: &[u8] = b"COMMIT";

/// Where the way breaks, for all connections at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Half of a request arrives.
    Request,
    /// A request arrives; its answer does not.
    Answer,
    /// The end of a transaction does not arrive.
    BeforeCommit,
    /// The end of a transaction arrives; that it did, is not told.
    AfterCommit,
}

/// A way that is open unless it is cut.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    to: Mutex<SocketAddr>,
    /// Both ends of every connection there is.
    streams: Mutex<Vec<TcpStream>>,
    /// What is to be cut, and after how many chances to do so.
    armed: Mutex<Option<(Cut, usize)>>,
    cuts: AtomicUsize,
    /// Connections are taken and closed at once.
    closed: AtomicBool,
    over: AtomicBool,
}

impl Relay {
    /// From a port of its own to one on this machine.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            to: Mutex::new(near(port)),
            streams: Mutex::default(),
            armed: Mutex::default(),
            cuts: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let relaying = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if relaying.over.load(Ordering::Relaxed) {
                    return;
                }
                relaying.connect(stream);
            }
        });
        Self { address, shared }
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts all connections at this moment of one of them, when it has come so many times.
    pub fn cut_at(&self, cut: Cut, after: usize) {
        *self.shared.armed() = Some((cut, after));
    }

    /// How often it was cut.
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::Relaxed)
    }

    /// Nobody gets through, until it is opened.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.shared.end_all();
    }

    /// Leads elsewhere from now on; who is on the way is thrown off.
    pub fn lead_to(&self, port: u16) {
        *self.shared.to() = near(port);
        self.shared.end_all();
    }

    /// Everybody gets through.
    pub fn open(&self) {
        self.shared.closed.store(false, Ordering::Relaxed);
    }
}

fn near(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.end_all();
        // Wakes whoever waits for the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn armed(&self) -> MutexGuard<'_, Option<(Cut, usize)>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn to(&self) -> MutexGuard<'_, SocketAddr> {
        self.to.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_all(&self) {
        for stream in self.streams().drain(..) {
            // One that has ended already needs no end.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// A database that is not there closes the way, too.
    fn connect(self: &Arc<Self>, near: TcpStream) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let to = *self.to();
        let Ok(far) = TcpStream::connect(to) else {
            return;
        };
        for stream in [&near, &far] {
            // Small packets must not wait for each other.
            stream.set_nodelay(true).unwrap();
            self.streams().push(stream.try_clone().unwrap());
        }
        let pairs = [
            (near.try_clone().unwrap(), far.try_clone().unwrap(), true),
            (far, near, false),
        ];
        for (from, to, is_request) in pairs {
            let shared = Arc::clone(self);
            thread::spawn(move || shared.pass_on(from, to, is_request));
        }
    }

    fn pass_on(&self, mut from: TcpStream, mut to: TcpStream, is_request: bool) {
        let mut octets = [0; 16_384];
        loop {
            let read = match from.read(&mut octets) {
                Ok(0) | Err(_) => break,
                Ok(read) => &octets[..read],
            };
            let passed = match self.breaks(read, is_request) {
                None => to.write_all(read),
                Some(passing) => {
                    let written = to.write_all(&read[..passing]);
                    self.end_all();
                    written
                }
            };
            if passed.is_err() {
                break;
            }
        }
        for stream in [from, to] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How much of this still passes, if the way breaks here.
    fn breaks(&self, passing: &[u8], is_request: bool) -> Option<usize> {
        let mut armed = self.armed();
        let (cut, after) = (*armed)?;
        let commits = || passing.windows(COMMIT.len()).any(|word| word == COMMIT);
        let has_come = match cut {
            Cut::Request => is_request,
            Cut::Answer => !is_request,
            Cut::BeforeCommit | Cut::AfterCommit => is_request && commits(),
        };
        if !has_come {
            return None;
        }
        if after > 0 {
            *armed = Some((cut, after - 1));
            return None;
        }
        *armed = match cut {
            // The next answer is the one to it, or to another: the end of all either way.
            Cut::AfterCommit => Some((Cut::Answer, 0)),
            _ => None,
        };
        if cut == Cut::AfterCommit {
            return None;
        }
        self.cuts.fetch_add(1, Ordering::Relaxed);
        Some(match cut {
            Cut::Request => passing.len() / 2,
            _ => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers every octet with the next one.
    fn counting() -> u16 {
        counting_by(1)
    }

    fn counting_by(step: u8) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut octets = [0; 64];
                    while let Ok(read @ 1..) = stream.read(&mut octets) {
                        let next: Vec<u8> =
                            octets[..read].iter().map(|octet| octet + step).collect();
                        stream.write_all(&next).unwrap();
                    }
                });
            }
        });
        port
    }

    fn ask(stream: &mut TcpStream, word: &[u8]) -> Option<Vec<u8>> {
        stream.write_all(word).ok()?;
        let mut answer = vec![0; word.len()];
        stream.read_exact(&mut answer).ok()?;
        Some(answer)
    }

    #[test]
    fn it_passes_everything_on_until_it_is_cut_and_again_after_that() {
        let relay = Relay::to(counting());
        let open = || TcpStream::connect(("127.0.0.1", relay.port())).unwrap();
        let (mut one, mut other) = (open(), open());
        assert_eq!(ask(&mut one, b"abc").unwrap(), b"bcd");
        assert_eq!(ask(&mut other, b"abc").unwrap(), b"bcd");
        relay.cut_at(Cut::Answer, 1);
        assert_eq!(ask(&mut one, b"abc").unwrap(), b"bcd");
        assert_eq!(ask(&mut one, b"abc"), None);
        // All are cut, one after the other.
        assert!((0..1000).any(|_| ask(&mut other, b"abc").is_none()));
        assert_eq!(relay.cuts(), 1);
        assert_eq!(ask(&mut open(), b"abc").unwrap(), b"bcd");
    }

    #[test]
    fn a_cut_at_a_commit_waits_for_one() {
        for cut in [Cut::BeforeCommit, Cut::AfterCommit] {
            let relay = Relay::to(counting());
            let mut stream = TcpStream::connect(("127.0.0.1", relay.port())).unwrap();
            relay.cut_at(cut, 0);
            assert_eq!(ask(&mut stream, b"abc").unwrap(), b"bcd");
            assert_eq!(ask(&mut stream, b"xCOMMITx"), None);
            assert_eq!(relay.cuts(), 1);
        }
    }

    #[test]
    fn nobody_gets_through_a_closed_one() {
        let relay = Relay::to(counting());
        relay.close();
        let mut stream = TcpStream::connect(("127.0.0.1", relay.port())).unwrap();
        assert_eq!(ask(&mut stream, b"abc"), None);
        relay.open();
        let mut stream = TcpStream::connect(("127.0.0.1", relay.port())).unwrap();
        assert_eq!(ask(&mut stream, b"abc").unwrap(), b"bcd");
    }

    #[test]
    fn one_that_is_moved_leads_everybody_elsewhere() {
        let relay = Relay::to(counting());
        let open = || TcpStream::connect(("127.0.0.1", relay.port())).unwrap();
        let mut before = open();
        assert_eq!(ask(&mut before, b"abc").unwrap(), b"bcd");
        relay.lead_to(counting_by(2));
        assert_eq!(ask(&mut before, b"abc"), None);
        assert_eq!(ask(&mut open(), b"abc").unwrap(), b"cde");
    }
}
