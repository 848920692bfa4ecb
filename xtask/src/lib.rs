//! The project's own chores, one module each. A library only so that the
//! house tests in `xtask/tests/` see with the same eyes as the commands.

pub mod bench;
pub mod conformance;
pub mod faults;
pub mod fuzz;
pub mod postgres;
pub mod steps;
pub mod test;
pub mod tools;
pub mod tree;

/// Prints one message. Chores speak to a person, on standard error, so that
/// their lines keep their place among those of the tools they run.
#[expect(clippy::print_stderr, reason = "a chore's progress is its output")]
pub fn say(message: &str) {
    eprintln!("{message}");
}
