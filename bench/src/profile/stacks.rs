//! Samples with the same stack, put together, and how they are kept: a line for each frame.

use crate::Failure;
use crate::flame_graph::{Code, Frame};

/// Samples on their way into one tree of frames.
pub(super) struct Stacks(Frame);

impl Stacks {
    /// None yet, below a frame of this name.
    pub(super) fn new(root: &str) -> Self {
        Self(Frame::new(root, Code::System))
    }

    /// One sample; the outermost frame first.
    pub(super) fn add(&mut self, stack: impl IntoIterator<Item = (String, Code)>) {
        let mut at = &mut self.0;
        at.samples += 1;
        for (name, code) in stack {
            // What calls itself, or has a frame as a future and one as a function.
            if at.name != name {
                at = at.callee(&name, code);
                at.samples += 1;
            }
        }
    }

    /// How many there are.
    pub(super) const fn samples(&self) -> u64 {
        self.0.samples
    }

    /// The tree, without what was seen so rarely that it is not drawn.
    pub(super) fn thinned(self) -> Frame {
        let Self(mut root) = self;
        let least = root.least();
        root.thin(least);
        root
    }
}

/// A tree as lines: depth, samples, whose code, name.
pub(super) fn write(root: &Frame) -> Vec<String> {
    fn below(frame: &Frame, depth: usize, lines: &mut Vec<String>) {
        let (samples, code, name) = (frame.samples, frame.code.word(), &frame.name);
        lines.push(format!("{depth} {samples} {code} {name}"));
        for called in &frame.called {
            below(called, depth + 1, lines);
        }
    }
    let mut lines = Vec::new();
    below(root, 0, &mut lines);
    lines
}

/// Reads what [`write`] wrote.
pub(super) fn read(lines: &[String]) -> Result<Frame, Failure> {
    // The frames from the root to the one that was read last.
    let mut open: Vec<Frame> = Vec::new();
    for line in lines {
        let (depth, frame) = frame(line).ok_or_else(|| format!("no frame is `{line}`"))?;
        if depth > open.len() || (depth == 0 && !open.is_empty()) {
            return Err(format!("nothing calls `{line}`").into());
        }
        close(&mut open, depth);
        open.push(frame);
    }
    close(&mut open, 1);
    open.pop().ok_or_else(|| "there are no frames".into())
}

fn frame(line: &str) -> Option<(usize, Frame)> {
    let mut words = line.splitn(4, ' ');
    let depth = words.next()?.parse().ok()?;
    let samples = words.next()?.parse().ok()?;
    let code = Code::of_word(words.next()?)?;
    let name = words.next()?;
    let frame = Frame {
        samples,
        ..Frame::new(name, code)
    };
    Some((depth, frame))
}

/// Gives frames to their callers until this many are open.
fn close(open: &mut Vec<Frame>, depth: usize) {
    while open.len() > depth
        && let Some(done) = open.pop()
        && let Some(caller) = open.last_mut()
    {
        caller.called.push(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks(of: &[&str]) -> Stacks {
        let mut stacks = Stacks::new("all");
        for stack in of {
            let names = stack.split_whitespace();
            stacks.add(names.map(|name| (name.to_owned(), Code::Library)));
        }
        stacks
    }

    #[test]
    fn the_same_stacks_are_put_together_and_the_most_frequent_comes_first() {
        let root = stacks(&["main a x", "main b", "main b b y", "main b y", ""]).thinned();
        let lines = [
            "0 5 system all",
            "1 4 library main",
            "2 3 library b",
            "3 2 library y",
            "2 1 library a",
            "3 1 library x",
        ];
        assert_eq!(write(&root), lines);
    }

    #[test]
    fn what_is_too_narrow_to_be_drawn_is_not_kept_and_still_counted() {
        let mut often = vec!["main often"; 999];
        often.push("main rare");
        let lines = [
            "0 1000 system all",
            "1 1000 library main",
            "2 999 library often",
        ];
        assert_eq!(write(&stacks(&often).thinned()), lines);
    }

    #[test]
    fn what_was_written_is_read() {
        let root = stacks(&["main a x", "main b", "main b y z", "other"]).thinned();
        assert_eq!(read(&write(&root)).unwrap(), root);
    }

    #[test]
    fn lines_that_are_no_tree_are_refused() {
        for wrong in [
            &[][..],
            &["0 5 own"],
            &["0 many own all"],
            &["0 5 nobody all"],
            &["1 5 own all"],
            &["0 5 system all", "2 5 own main"],
            &["0 5 system all", "0 5 own main"],
        ] {
            let lines: Vec<_> = wrong.iter().map(|line| (*line).to_owned()).collect();
            assert!(read(&lines).is_err(), "{wrong:?}");
        }
    }
}
