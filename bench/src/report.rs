//! What is made of the figures: a table, a file, and a part of a document.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::statistics::Figure;
use crate::{Failure, say};

/// The page that all benchmarks have a part in, from the root of the project.
pub const PAGE: &str = "docs/performance.md";

/// What is known of the circumstances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// The processor.
    pub processor: String,
    /// The command, without what only says where things are.
    pub command: String,
    /// Live tokens in each database.
    pub tokens: usize,
    /// Connections at one time.
    pub connections: usize,
    /// Rounds.
    pub rounds: usize,
    /// Milliseconds of one measurement.
    pub milliseconds: u128,
}

/// A run whose figures can become those of the document.
pub trait Published: Serialize + DeserializeOwned {
    /// Its name: of the command and of its part of the page.
    const NAME: &'static str;

    /// What its files are called.
    const FILES: &'static str = Self::NAME;

    /// Its part of the page, in Markdown.
    fn part(&self) -> String;

    /// Its plot, as SVG.
    fn plot(&self) -> String;
}

/// A table whose columns are as wide as they have to be, in Markdown.
pub struct Table {
    lines: Vec<Vec<String>>,
}

impl Circumstances {
    /// In words: the command, the processor, which tokens there were, and how it was asked.
    pub fn told(&self, tokens: &str) -> String {
        let (command, processor) = (&self.command, &self.processor);
        let (connections, rounds) = (self.connections, self.rounds);
        let milliseconds = self.milliseconds;
        format!(
            "`{command}`, {processor}, {tokens}, {connections} connections, {rounds} rounds of \
             {milliseconds} ms"
        )
    }

    /// Of a run with these options.
    pub fn of(name: &str, options: &Options) -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
        Self {
            processor: model.to_owned(),
            command: format!("cargo xtask bench {name}"),
            tokens: options.tokens,
            connections: options.connections,
            rounds: options.rounds,
            milliseconds: options.time().as_millis(),
        }
    }
}

impl Table {
    /// With these heads.
    pub fn new(heads: &[&str]) -> Self {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        Self { lines: vec![heads] }
    }

    /// One line more.
    pub fn push(&mut self, line: Vec<String>) {
        self.lines.push(line);
    }

    /// The table; every column but the first is aligned to the right.
    pub fn markdown(&self) -> String {
        let columns = self.lines.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = self.lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (number, line) in self.lines.iter().enumerate() {
            let mut cells = line.iter().zip(&widths).enumerate();
            let row = cells.by_ref().map(|(column, (cell, width))| match column {
                0 => format!("| {cell:<width$} "),
                _ => format!("| {cell:>width$} "),
            });
            text.extend(row);
            text.push_str("|\n");
            if number == 0 {
                let rule = widths
                    .iter()
                    .enumerate()
                    .map(|(column, width)| match column {
                        0 => format!("|{}", "-".repeat(width + 2)),
                        _ => format!("|{}:", "-".repeat(width + 1)),
                    });
                text.extend(rule);
                text.push_str("|\n");
            }
        }
        text
    }
}

/// A figure with its extremes.
pub fn with_spread(figure: Figure, digits: usize) -> String {
    let Figure { median, low, high } = figure;
    format!("{median:.digits$} ({low:.digits$} to {high:.digits$})")
}

/// Prints a run's part of the page, and keeps its figures where the options say.
#[expect(clippy::print_stdout, reason = "the figures are what was asked for")]
pub fn conclude<R: Published>(run: &R, options: &Options, root: &Path) -> Result<(), Failure> {
    println!("{}", run.part());
    if let Some(file) = &options.json {
        fs::write(file, json(run)?)?;
        say(&format!("figures in {}", file.display()));
    }
    if options.publish {
        let figures = figures::<R>(root);
        if let Some(folder) = figures.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&figures, json(run)?)?;
        fs::write(plot_file::<R>(root), run.plot())?;
        let page = root.join(PAGE);
        let text = with_part::<R>(&fs::read_to_string(&page)?, &run.part())?;
        fs::write(&page, text)?;
        say(&format!(
            "rewritten: {PAGE}, docs/performance/{name}.json, docs/performance/{name}.svg",
            name = R::FILES
        ));
    }
    Ok(())
}

/// Whether the page has a part for this benchmark: better asked before an hour of measuring.
pub fn check_page<R: Published>(root: &Path) -> Result<(), Failure> {
    with_part::<R>(&fs::read_to_string(root.join(PAGE))?, "").map(drop)
}

/// Whether the plot and the part of the page are those that the kept figures make. Where no figures
/// are kept, whether the page says so.
pub fn is_kept_true<R: Published>(root: &Path) -> Result<(), Failure> {
    let again = format!("run `cargo xtask bench {} --publish`", R::NAME);
    let Some(kept) = kept::<R>(root)? else {
        let page = fs::read_to_string(root.join(PAGE))?;
        if with_part::<R>(&page, &nothing_kept::<R>())? != page || plot_file::<R>(root).exists() {
            return Err(format!("there are no figures for what is shown: {again}").into());
        }
        return Ok(());
    };
    let run: R = serde_json::from_str(&kept)?;
    if json(&run)? != kept {
        return Err(format!("the figures are not as they are written: {again}").into());
    }
    if fs::read_to_string(plot_file::<R>(root))? != run.plot() {
        return Err(format!("the plot is not the one that the figures make: {again}").into());
    }
    let page = fs::read_to_string(root.join(PAGE))?;
    if with_part::<R>(&page, &run.part())? != page {
        return Err(format!("{PAGE} does not say what the figures say: {again}").into());
    }
    Ok(())
}

/// Draws plot and page anew from the kept figures, if there are some.
pub fn redraw<R: Published>(root: &Path) -> Result<(), Failure> {
    let part = match kept::<R>(root)? {
        None => nothing_kept::<R>(),
        Some(kept) => {
            let run: R = serde_json::from_str(&kept)?;
            fs::write(plot_file::<R>(root), run.plot())?;
            run.part()
        }
    };
    let page = root.join(PAGE);
    let text = with_part::<R>(&fs::read_to_string(&page)?, &part)?;
    Ok(fs::write(&page, text)?)
}

/// The figures as they are kept; none before the first were published.
fn kept<R: Published>(root: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(figures::<R>(root)) {
        Ok(kept) => Ok(Some(kept)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the page says meanwhile.
fn nothing_kept<R: Published>() -> String {
    format!(
        "No figures are published yet: `cargo xtask bench {}` prints them.",
        R::NAME
    )
}

fn figures<R: Published>(root: &Path) -> PathBuf {
    root.join(format!("docs/performance/{}.json", R::FILES))
}

fn plot_file<R: Published>(root: &Path) -> PathBuf {
    root.join(format!("docs/performance/{}.svg", R::FILES))
}

fn json<R: Published>(run: &R) -> Result<String, Failure> {
    Ok(format!("{}\n", serde_json::to_string_pretty(run)?))
}

/// The page with another part between the marks of this benchmark.
fn with_part<R: Published>(page: &str, part: &str) -> Result<String, Failure> {
    let (begin, end) = (
        format!("<!-- {} -->\n", R::NAME),
        format!("<!-- /{} -->\n", R::NAME),
    );
    let marks = || {
        format!(
            "{PAGE} has no marks `{}` and `{}`",
            begin.trim(),
            end.trim()
        )
    };
    let (before, rest) = page.split_once(&begin).ok_or_else(marks)?;
    let (_, after) = rest.split_once(&end).ok_or_else(marks)?;
    Ok(format!("{before}{begin}{}\n{end}{after}", part.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Example;

    impl Published for Example {
        const NAME: &'static str = "example";

        fn part(&self) -> String {
            "new\n".into()
        }

        fn plot(&self) -> String {
            "<svg/>".into()
        }
    }

    #[test]
    fn a_table_is_as_wide_as_its_widest_cells() {
        let mut table = Table::new(&["way", "µs"]);
        table.push(vec!["basic".into(), "9.0".into()]);
        table.push(vec!["x".into(), "123.4".into()]);
        let expected = "\
            | way   |    µs |\n\
            |-------|------:|\n\
            | basic |   9.0 |\n\
            | x     | 123.4 |\n";
        assert_eq!(table.markdown(), expected);
    }

    #[test]
    fn before_figures_are_published_the_page_says_so_and_shows_none() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("docs/performance")).unwrap();
        let page = root.path().join(PAGE);
        fs::write(&page, "<!-- example -->\nold\n<!-- /example -->\n").unwrap();
        assert!(is_kept_true::<Example>(root.path()).is_err());
        redraw::<Example>(root.path()).unwrap();
        is_kept_true::<Example>(root.path()).unwrap();
        assert!(fs::read_to_string(&page).unwrap().contains("No figures"));
        fs::write(plot_file::<Example>(root.path()), Example.plot()).unwrap();
        assert!(is_kept_true::<Example>(root.path()).is_err());
    }

    #[test]
    fn a_part_of_the_page_is_replaced_and_the_rest_stays() {
        let page = "a\n<!-- example -->\nold\n<!-- /example -->\nb\n";
        let changed = with_part::<Example>(page, &Example.part()).unwrap();
        assert_eq!(changed, "a\n<!-- example -->\nnew\n<!-- /example -->\nb\n");
        assert_eq!(with_part::<Example>(&changed, "new").unwrap(), changed);
        assert!(with_part::<Example>("a\n", "new").is_err());
    }
}
