//! What callgrind wrote down: how many instructions which function took.
//!
//! The format is that of the Valgrind manual, "Callgrind Format Specification": a line for what a
//! function does itself, and one after each `calls=` for what it had others do. Names are written
//! out once and have a number from then on.

use std::collections::{BTreeMap, HashMap};

use crate::Failure;

/// What holds the code that no crate has a part in.
pub(super) const SYSTEM: &str = "libc and the loader";
/// Its symbols bear the version, so that several can be linked.
pub(super) const CRYPTO: &str = "AWS-LC";

/// Instructions of one process, or, by [`Profile::without`], of a part of its life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// By function, with all that it calls.
    inclusive: BTreeMap<String, u64>,
    /// By crate, each instruction once.
    crates: BTreeMap<String, u64>,
}

/// Names by number, of one kind.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Profile {
    /// Reads a file of callgrind that counts nothing but instructions.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let mut profile = Self::default();
        let (mut functions, mut objects) = (Names::default(), Names::default());
        let (mut function, mut object) = (String::new(), String::new());
        let mut of_a_call = false;
        let mut stated = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                function = functions.of(name)?;
            } else if let Some(name) = line.strip_prefix("ob=") {
                object = objects.of(name)?;
            } else if let Some(name) = line.strip_prefix("cfn=") {
                functions.of(name)?;
            } else if let Some(name) = line.strip_prefix("cob=") {
                objects.of(name)?;
            } else if line.starts_with("calls=") {
                of_a_call = true;
            } else if let Some(events) = line.strip_prefix("events:") {
                if events.trim() != "Ir" {
                    return Err("callgrind counted something else than instructions".into());
                }
            } else if let Some(total) = line.strip_prefix("totals:") {
                stated = Some(total.trim().parse::<u64>()?);
            } else if line
                .starts_with(|first: char| "+-*".contains(first) || first.is_ascii_digit())
            {
                let cost = line.split(' ').nth(1).unwrap_or("0").parse::<u64>()?;
                *profile.inclusive.entry(function.clone()).or_default() += cost;
                if !of_a_call {
                    let place = place(&function, &object);
                    *profile.crates.entry(place.to_owned()).or_default() += cost;
                }
                of_a_call = false;
            }
        }
        if stated != Some(profile.total()) {
            return Err("callgrind's file was not understood: its sum is another".into());
        }
        Ok(profile)
    }

    /// What this took that `less` did not.
    pub(super) fn without(&self, less: &Self) -> Self {
        let differences = |more: &BTreeMap<String, u64>, less: &BTreeMap<String, u64>| {
            more.iter()
                .map(|(name, cost)| {
                    let of_less = less.get(name).copied().unwrap_or(0);
                    (name.clone(), cost.saturating_sub(of_less))
                })
                .filter(|(_, cost)| *cost > 0)
                .collect()
        };
        Self {
            inclusive: differences(&self.inclusive, &less.inclusive),
            crates: differences(&self.crates, &less.crates),
        }
    }

    /// All instructions.
    pub(super) fn total(&self) -> u64 {
        self.crates.values().sum()
    }

    /// Those of a function and all that it calls; `None` if it was never called, or is part of its
    /// caller.
    pub(super) fn of_function(&self, name: &str) -> Option<u64> {
        self.inclusive.get(name).copied()
    }

    /// Those of a crate's own code.
    pub(super) fn of_crate(&self, name: &str) -> u64 {
        self.crates.get(name).copied().unwrap_or(0)
    }

    /// Every crate, the one with the most instructions first.
    pub(super) fn crates(&self) -> Vec<(&str, u64)> {
        let mut crates: Vec<_> = self
            .crates
            .iter()
            .map(|(name, cost)| (name.as_str(), *cost))
            .collect();
        crates.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
        crates
    }
}

impl Names {
    /// `(3) name`, or `(3)` for one that was written out before.
    fn of(&mut self, text: &str) -> Result<String, Failure> {
        let (number, name) = text
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .ok_or_else(|| format!("callgrind names something without a number: {text}"))?;
        let name = name.trim_start();
        if name.is_empty() {
            let known = self.0.get(number);
            return Ok(known.ok_or("callgrind never wrote a name out")?.clone());
        }
        self.0.insert(number.to_owned(), name.to_owned());
        Ok(name.to_owned())
    }
}

/// The crate that a function is of: `<&T as a_crate::Trait>::name` is of the first path in it.
/// Code that was made part of another function counts as that function's.
fn place<'a>(function: &'a str, object: &str) -> &'a str {
    if function.starts_with("aws_lc_") {
        return CRYPTO;
    }
    if object.contains("libc") || object.contains("ld-linux") || object.contains("/ld-") {
        return SYSTEM;
    }
    let path = function.trim_start_matches(['<', '&', '(', '*', '[']);
    let path = ["mut ", "const ", "dyn "]
        .iter()
        .fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    match path.split_once("::") {
        Some((name, _))
            if name
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'_') =>
        {
            name
        }
        _ => "without a crate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
version: 1
creator: callgrind-3.19.0
positions: line
events: Ir
summary: 175

ob=(1) /bin/avouch
fl=(1) ???
fn=(1) avouch_server::walk::{{closure}}
0 20
cfn=(2) <&avouch_core::Judge as core::Step>::judge
calls=2 0
0 110
+1 5
cob=(2) /lib/libc.so.6
cfn=(3) memcpy
calls=1 0
0 40

fn=(2)
0 100
cfn=(4) aws_lc_0_41_0_sha256
calls=1 0
0 10

fn=(4)
0 10

ob=(2)
fn=(3)
0 40

totals: 175
";

    #[test]
    fn what_a_function_calls_counts_as_its_own_and_once_in_the_sum() {
        let profile = Profile::read(FILE).unwrap();
        assert_eq!(profile.total(), 175);
        let walk = profile.of_function("avouch_server::walk::{{closure}}");
        assert_eq!(walk, Some(175));
        assert_eq!(profile.of_function("nobody"), None);
        let crates = [
            ("avouch_core", 100),
            (SYSTEM, 40),
            ("avouch_server", 25),
            (CRYPTO, 10),
        ];
        assert_eq!(profile.crates(), crates);
    }

    #[test]
    fn start_up_cancels_out() {
        let more = FILE
            .replace("\n+1 5\n", "\n+1 8\n")
            .replace("totals: 175", "totals: 178");
        let (more, less) = (Profile::read(&more).unwrap(), Profile::read(FILE).unwrap());
        let between = more.without(&less);
        assert_eq!(between.crates(), [("avouch_server", 3)]);
        assert_eq!(less.without(&less), Profile::default());
    }

    #[test]
    fn a_file_that_is_not_understood_is_refused() {
        for (right, wrong) in [
            ("totals: 175", "totals: 176"),
            ("totals: 175\n", ""),
            ("events: Ir", "events: Ir Dr"),
            ("fn=(2)\n", "fn=(9)\n"),
            ("fn=(2)\n", "fn=judge\n"),
            ("0 100", "0 many"),
        ] {
            assert!(FILE.contains(right), "{right}");
            assert!(
                Profile::read(&FILE.replace(right, wrong)).is_err(),
                "{wrong}"
            );
        }
    }
}
