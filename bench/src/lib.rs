//! The project's benchmarks: the real server on one core, a load generator of our own on another.
//!
//! ```text
//! options        what the command line says
//! authentication, footprint, inactive, introspection, junk, scale
//!                a benchmark each: its cases, and what is printed of them
//! instructions   how many of them one introspection takes, beside a budget
//! steps          what each step of the walk is measured with alone
//! profile        where the time of an answer goes
//! peers          avouch beside another server, on the same questions
//! engine         SQLite or PostgreSQL
//! site           a data folder, a configuration, and what is seeded into them
//! parties        the client and the resource servers that are registered there
//! tokens         access tokens by the million
//! certificates   for TLS, both ends
//! server         the server process: pinned, started, its CPU time read, stopped
//! request, connection
//!                what is sent, and over what
//! load           closed loop (capacity) and open loop (latency)
//! alone, look_up what is measured without a server
//! rounds         cases measured in turns, A B A B, so that drift meets all alike
//! sample         answers that are verified
//! statistics     medians, spread, how far apart two samples are
//! report         a table, a JSON file, a page of the documents
//! plot           the figures of a JSON file as SVG
//! flame_graph    stacks of calls as SVG
//! ```
//!
//! What counts is a ratio of two figures of the same run. Absolute ones are of the machine they
//! were measured on.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts and nanoseconds become figures for people, far below 2^52"
)]

pub mod alone;
pub mod authentication;
pub mod certificates;
pub mod connection;
pub mod cores;
pub mod engine;
pub mod flame_graph;
pub mod footprint;
pub mod inactive;
pub mod instructions;
pub mod introspection;
pub mod junk;
pub mod load;
pub mod look_up;
pub mod options;
pub mod parties;
pub mod peers;
pub mod plot;
pub mod profile;
pub mod report;
pub mod request;
pub mod rounds;
pub mod sample;
pub mod scale;
pub mod server;
pub mod site;
pub mod statistics;
pub mod steps;
pub mod tokens;

/// Why a benchmark stopped, in words for the person who ran it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Says how far a benchmark is, on standard error.
#[expect(clippy::print_stderr, reason = "a benchmark's progress is its output")]
pub fn say(line: &str) {
    eprintln!("{line}");
}
