//! Putting load on the server: as much as it takes, or so much and no more.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::sync::Mutex;
use tokio::task::yield_now;

use crate::Failure;
use crate::connection::{Connection, Line};
use crate::request::Questions;
use crate::sample::Sample;
use crate::server::Server;

/// Questions asked before the measurement begins, on each connection.
const WARM_UP: usize = 4;
/// One answer in so many is kept to be verified.
const SAMPLED: u64 = 97;

/// What one measurement was.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Answers that came.
    pub answers: u64,
    /// How long it took.
    pub wall: Duration,
    /// The CPU time the server used for it.
    pub cpu: Duration,
    /// Time from when a question was due until its answer was there, one for each answer; only of
    /// an open loop.
    pub latencies: Vec<Duration>,
    /// Answers to be verified.
    pub samples: Vec<Sample>,
}

/// How connections are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reuse {
    /// They are kept alive.
    KeptAlive,
    /// Each is for one question.
    NewEach,
}

/// Who asks, over what, and for how long.
pub struct Load<'a> {
    /// The server under load.
    pub server: &'a Server,
    /// How it is reached.
    pub line: &'a Line,
    /// How connections are used.
    pub reuse: Reuse,
    /// How many at one time.
    pub connections: usize,
    /// For how long questions are sent.
    pub time: Duration,
}

/// What the connections share.
struct Shared {
    questions: Questions,
    until: Instant,
    measured: Measured,
}

/// When a measurement began.
struct Begun {
    at: Instant,
    cpu: Duration,
}

impl Measured {
    /// Microseconds of the server's CPU time for one answer.
    pub fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.answers as f64
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.wall.as_secs_f64()
    }
}

impl Load<'_> {
    /// How many questions are the fewest that make a measurement: those before it, and one each.
    pub fn fewest_questions(&self) -> usize {
        self.connections * (WARM_UP + 1)
    }

    /// Closed loop: on each connection the next question goes out when the answer is there. The
    /// server's capacity, if the load takes less of its core than the server of its own.
    pub async fn closed(&self, questions: Questions) -> Result<Measured, Failure> {
        let shared = Shared::new(questions);
        let connections = self.warm_up(&shared).await?;
        let begun = self.begin(&shared)?;
        let all = connections.into_iter();
        let connections =
            try_join_all(all.map(|one| self.as_fast_as_it_goes(one, &shared))).await?;
        self.end(&shared, &begun, connections).await
    }

    /// Open loop: questions are due at a steady `rate` a second, whatever the server does. A
    /// question that had to wait for a free connection has waited since it was due, so that slow
    /// answers do not hide the waiting they cause.
    pub async fn open(&self, questions: Questions, rate: f64) -> Result<Measured, Failure> {
        let shared = Shared::new(questions);
        let connections = self.warm_up(&shared).await?;
        let begun = self.begin(&shared)?;
        let every = Duration::from_secs_f64(1.0 / rate);
        let due = Mutex::new(begun.at + every);
        let all = connections.into_iter();
        let connections = try_join_all(all.map(|one| when_due(one, &shared, &due, every))).await?;
        self.end(&shared, &begun, connections).await
    }

    async fn warm_up(&self, shared: &RefCell<Shared>) -> Result<Vec<Connection>, Failure> {
        let mut connections = Vec::new();
        let mut request = Vec::new();
        for _ in 0..self.connections {
            let mut connection = self.line.connect().await?;
            for _ in 0..WARM_UP {
                ask(&mut connection, shared, &mut request).await?;
            }
            connections.push(connection);
        }
        Ok(connections)
    }

    fn begin(&self, shared: &RefCell<Shared>) -> Result<Begun, Failure> {
        let mut shared = shared.borrow_mut();
        shared.measured = Measured::default();
        let cpu = self.server.cpu_time()?;
        let at = Instant::now();
        shared.until = at + self.time;
        Ok(Begun { at, cpu })
    }

    async fn end(
        &self,
        shared: &RefCell<Shared>,
        begun: &Begun,
        connections: Vec<Connection>,
    ) -> Result<Measured, Failure> {
        let wall = begun.at.elapsed();
        let cpu = self.server.cpu_time()?.saturating_sub(begun.cpu);
        for connection in connections {
            connection.close().await?;
        }
        let measured = std::mem::take(&mut shared.borrow_mut().measured);
        if measured.answers == 0 {
            return Err("nothing was answered in time".into());
        }
        Ok(Measured {
            wall,
            cpu,
            ..measured
        })
    }

    async fn as_fast_as_it_goes(
        &self,
        mut connection: Connection,
        shared: &RefCell<Shared>,
    ) -> Result<Connection, Failure> {
        let mut request = Vec::new();
        while Instant::now() < shared.borrow().until
            && ask(&mut connection, shared, &mut request).await?
        {
            if self.reuse == Reuse::NewEach {
                connection.close().await?;
                connection = self.line.connect().await?;
            }
        }
        Ok(connection)
    }
}

/// Asks whenever it is the turn of this connection.
async fn when_due(
    mut connection: Connection,
    shared: &RefCell<Shared>,
    due: &Mutex<Instant>,
    every: Duration,
) -> Result<Connection, Failure> {
    let mut request = Vec::new();
    loop {
        // Whoever holds it sends the next question.
        let mut next = due.lock().await;
        let mine = *next;
        if mine > shared.borrow().until {
            return Ok(connection);
        }
        *next += every;
        // Timers are too coarse, and this core has nothing else to do.
        while Instant::now() < mine {
            yield_now().await;
        }
        drop(next);
        if !ask(&mut connection, shared, &mut request).await? {
            return Ok(connection);
        }
        let latency = mine.elapsed();
        shared.borrow_mut().measured.latencies.push(latency);
    }
}

/// Asks one question. `false` if there are none left.
async fn ask(
    connection: &mut Connection,
    shared: &RefCell<Shared>,
    request: &mut Vec<u8>,
) -> Result<bool, Failure> {
    let Some(token) = shared.borrow_mut().questions.next(request) else {
        return Ok(false);
    };
    let answer = connection.exchange(request).await?;
    if answer.status != 200 {
        let body = String::from_utf8_lossy(answer.body);
        return Err(format!("the server answered {}: {body}", answer.status).into());
    }
    let measured = &mut shared.borrow_mut().measured;
    measured.answers += 1;
    if measured.answers % SAMPLED == 1 {
        measured.samples.push(Sample {
            token,
            body: answer.body.to_vec(),
        });
    }
    Ok(true)
}

impl Shared {
    fn new(questions: Questions) -> RefCell<Self> {
        RefCell::new(Self {
            questions,
            until: Instant::now(),
            measured: Measured::default(),
        })
    }
}
