//! What `perf script --fields=ip,sym,dso` prints: a line for each frame of a stack, the innermost
//! first, and an empty line after each stack.
//!
//! ```text
//!         ffffffff8202aba5 tcp_sendmsg ([kernel.kallsyms])
//!                   b3a1f4 avouch_server::respond::respond (/usr/bin/avouch)
//! ```

use std::io::BufRead;

use crate::Failure;

/// The lowest address of the kernel's half.
const KERNEL: u64 = 1 << 63;

/// Where threads begin.
const BEGINNINGS: [&str; 4] = ["_start", "clone", "start_thread", "__libc_start"];

/// What a CPU was doing at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// The innermost first.
    pub(super) frames: Vec<Called>,
}

/// A function in a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    /// Its name in full; `None` where there is none for the address.
    pub(super) symbol: Option<String>,
    /// The file that it is in.
    pub(super) object: String,
    /// Whether it is the kernel's.
    pub(super) kernel: bool,
}

/// The samples of a text, one after another.
pub(super) struct Samples<R>(R);

impl Sample {
    /// Whether it is not known who called all that.
    pub(super) fn is_cut_off(&self) -> bool {
        let outermost = self.frames.last();
        !outermost.is_some_and(|frame| BEGINNINGS.iter().any(|begin| frame.is_named(begin)))
    }
}

impl<R: BufRead> Samples<R> {
    pub(super) const fn of(text: R) -> Self {
        Self(text)
    }

    fn read(&mut self) -> Result<Option<Sample>, Failure> {
        let mut sample = Sample::default();
        let mut line = String::new();
        loop {
            line.clear();
            let ended = self.0.read_line(&mut line)? == 0;
            let frame = line.trim();
            if !frame.is_empty() {
                sample.frames.push(Called::read(frame)?);
            } else if !sample.frames.is_empty() {
                return Ok(Some(sample));
            } else if ended {
                return Ok(None);
            }
        }
    }
}

impl<R: BufRead> Iterator for Samples<R> {
    type Item = Result<Sample, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl Called {
    /// Whether this is in its name.
    pub(super) fn is_named(&self, part: &str) -> bool {
        self.symbol.as_ref().is_some_and(|name| name.contains(part))
    }

    fn read(line: &str) -> Result<Self, Failure> {
        let wrong = || format!("perf script printed what is no frame: {line}");
        let (address, rest) = line.split_once(' ').ok_or_else(wrong)?;
        let address = u64::from_str_radix(address, 16).map_err(|_| wrong())?;
        let (symbol, object) = rest
            .strip_suffix(')')
            .and_then(|rest| rest.rsplit_once(" ("))
            .ok_or_else(wrong)?;
        Ok(Self {
            symbol: (symbol != "[unknown]").then(|| symbol.to_owned()),
            object: object.to_owned(),
            kernel: address >= KERNEL,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Recorded on a server under load; some frames in the middle were left out.
    const RECORDED: &str = include_str!("recorded.txt");

    pub(in crate::profile) fn recorded() -> Vec<Sample> {
        read(RECORDED).unwrap()
    }

    fn read(text: &str) -> Result<Vec<Sample>, Failure> {
        Samples::of(text.as_bytes()).collect()
    }

    #[test]
    fn every_stack_is_read_and_every_frame_in_it() {
        let samples = recorded();
        let frames: Vec<_> = samples.iter().map(|sample| sample.frames.len()).collect();
        assert_eq!(frames, [21, 10, 7, 14, 19, 1, 2]);
        let called = |symbol: &str, object: &str, kernel| Called {
            symbol: Some(symbol.into()),
            object: object.into(),
            kernel,
        };
        let of_kernel = called("tcp_sendmsg_locked", "[kernel.kallsyms]", true);
        assert_eq!(samples[3].frames[0], of_kernel);
        let advance = "<rusqlite::row::Rows as fallible_streaming_iterator::FallibleStreamingIterator>::advance";
        assert_eq!(
            samples[0].frames[4],
            called(advance, "/usr/bin/avouch", false)
        );
        assert_eq!(samples[6].frames[1].symbol, None);
    }

    #[test]
    fn a_stack_that_leads_to_no_beginning_is_cut_off() {
        let cut_off: Vec<_> = recorded().iter().map(Sample::is_cut_off).collect();
        assert_eq!(cut_off, [false, false, false, false, false, true, true]);
    }

    #[test]
    fn lines_that_are_no_frames_are_refused() {
        assert_eq!(read("").unwrap(), []);
        for wrong in [
            "avouch 4711 12.5: 333444 cpu-clock:",
            "b37a94",
            "b37a94 main",
            "b37a94 (/usr/bin/avouch)",
            "main b37a94 (/usr/bin/avouch)",
        ] {
            assert!(read(&format!("\t{wrong}\n\n")).is_err(), "{wrong}");
        }
    }
}
