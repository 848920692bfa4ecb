//! The rows of the requirements catalogue, as `docs/conformance.toml` lists them.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use crate::steps::Failure;

/// Every row, part by part, in the catalogue's order.
#[derive(Debug)]
pub struct Catalogue {
    /// The parts, each with its rows.
    pub parts: Vec<Part>,
}

/// One part of the catalogue.
#[derive(Debug)]
pub struct Part {
    /// Its heading.
    pub title: String,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// One requirement.
#[derive(Debug)]
pub struct Row {
    /// As in the catalogue: `9701-5-03`.
    pub id: String,
    /// What it is about, in a few words.
    pub about: String,
    /// What we mean to do about it.
    pub plan: Plan,
}

/// How a row is to be closed.
#[derive(Debug)]
pub enum Plan {
    /// By tests.
    Meet {
        /// The capability the row comes with.
        with: String,
        /// What part of it still waits for, even once it has tests.
        rest: Option<String>,
    },
    /// Not at all: the anchor in `docs/divergences.md` that says why.
    Differ {
        /// The heading's anchor.
        anchor: String,
    },
}

impl Row {
    /// What the names of its tests begin with: `row_9701_5_03`.
    pub fn test_prefix(&self) -> String {
        format!("row_{}", self.id.to_lowercase().replace(['-', '.'], "_"))
    }
}

impl Catalogue {
    /// Reads `docs/conformance.toml`; an unknown key or capability is an error.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let table: Table = text.parse().map_err(|error| format!("{error}"))?;
        only_keys(&table, &["capabilities", "part"], "the file")?;
        let capabilities: BTreeSet<&str> = table
            .get("capabilities")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flat_map(Table::keys)
            .map(String::as_str)
            .collect();
        let parts: Vec<Part> = tables(&table, "part")?
            .into_iter()
            .map(|part| Part::parse(part, &capabilities))
            .collect::<Result<_, _>>()?;
        let catalogue = Self { parts };
        catalogue.refuse_twins()?;
        Ok(catalogue)
    }

    /// All rows of all parts.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.parts.iter().flat_map(|part| &part.rows)
    }

    /// Two rows whose tests could not be told apart.
    fn refuse_twins(&self) -> Result<(), Failure> {
        let mut seen = BTreeMap::new();
        for row in self.rows() {
            if let Some(twin) = seen.insert(row.test_prefix(), &row.id) {
                return Err(format!("row {} is listed twice (as {twin})", row.id));
            }
        }
        Ok(())
    }

    /// Every row that differs points to a heading of `divergences`.
    pub fn check_divergences(&self, divergences: &str) -> Result<(), Failure> {
        let anchors: BTreeSet<String> = divergences
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .map(|heading| anchor(heading.trim_start_matches('#')))
            .collect();
        for row in self.rows() {
            if let Plan::Differ { anchor } = &row.plan
                && !anchors.contains(anchor)
            {
                return Err(format!(
                    "row {}: divergences.md has no heading `#{anchor}`",
                    row.id
                ));
            }
        }
        Ok(())
    }
}

impl Part {
    fn parse(part: &Table, capabilities: &BTreeSet<&str>) -> Result<Self, Failure> {
        only_keys(part, &["title", "row"], "a part")?;
        let title = text(part, "title")?.ok_or("a part has no title")?;
        let rows = tables(part, "row")?
            .into_iter()
            .map(|row| Row::parse(row, capabilities))
            .collect::<Result<_, _>>()?;
        Ok(Self { title, rows })
    }
}

impl Row {
    fn parse(row: &Table, capabilities: &BTreeSet<&str>) -> Result<Self, Failure> {
        let id = text(row, "id")?.ok_or("a row has no id")?;
        only_keys(row, &["id", "about", "with", "rest", "differs"], &id)?;
        let about = text(row, "about")?.ok_or_else(|| format!("row {id} has no `about`"))?;
        let plan = match (
            text(row, "with")?,
            text(row, "rest")?,
            text(row, "differs")?,
        ) {
            (Some(with), rest, None) => Plan::Meet { with, rest },
            (None, None, Some(anchor)) => Plan::Differ { anchor },
            _ => {
                return Err(format!(
                    "row {id} needs `with` (and maybe `rest`), or else `differs`"
                ));
            }
        };
        if let Plan::Meet { with, rest } = &plan {
            for capability in rest.iter().chain([with]) {
                if !capabilities.contains(capability.as_str()) {
                    return Err(format!("row {id}: no capability is called `{capability}`"));
                }
            }
        }
        Ok(Self { id, about, plan })
    }
}

/// The anchor a heading gets on the usual Markdown renderers: lower case,
/// spaces to hyphens, punctuation dropped.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

fn text(table: &Table, key: &str) -> Result<Option<String>, Failure> {
    match table.get(key) {
        None => Ok(None),
        Some(toml::Value::String(value)) => Ok(Some(value.clone())),
        Some(_) => Err(format!("`{key}` is not a string")),
    }
}

fn tables<'a>(table: &'a Table, key: &str) -> Result<Vec<&'a Table>, Failure> {
    let items = table
        .get(key)
        .and_then(toml::Value::as_array)
        .ok_or_else(|| format!("no `{key}`"))?;
    items
        .iter()
        .map(|item| {
            item.as_table()
                .ok_or_else(|| format!("`{key}` holds something else than tables"))
        })
        .collect()
}

fn only_keys(table: &Table, known: &[&str], place: &str) -> Result<(), Failure> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("{place}: unknown key `{key}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(rows: &str) -> Result<Catalogue, Failure> {
        Catalogue::parse(&format!(
            "[capabilities]\ncap = \"\"\n[[part]]\ntitle = \"A\"\nrow = [{rows}]"
        ))
    }

    #[test]
    fn names_of_tests_follow_the_ids() {
        let rows = r#"{ id = "8725bis-3.14-01", about = "x", with = "cap" }"#;
        let prefixes: Vec<_> = catalogue(rows)
            .unwrap()
            .rows()
            .map(Row::test_prefix)
            .collect();
        assert_eq!(prefixes, ["row_8725bis_3_14_01"]);
    }

    #[test]
    fn mistakes_in_the_list_are_refused() {
        let row = r#"{ id = "A-01", about = "x", with = "cap" }"#;
        for (rows, complaint) in [
            (format!("{row}, {row}"), "twice"),
            (row.replace("with", "wiht"), "unknown key"),
            (row.replace("cap", "capp"), "no capability"),
            (row.replace('}', ", differs = \"there\" }"), "needs `with`"),
            (row.replace("about = \"x\",", ""), "no `about`"),
        ] {
            assert!(catalogue(&rows).unwrap_err().contains(complaint), "{rows}");
        }
    }

    #[test]
    fn a_divergence_is_told_under_its_heading() {
        let differing =
            catalogue(r#"{ id = "A-01", about = "x", differs = "ecdsa-8725-32" }"#).unwrap();
        assert_eq!(
            differing.check_divergences("## Another\n"),
            Err("row A-01: divergences.md has no heading `#ecdsa-8725-32`".into())
        );
        assert_eq!(
            differing.check_divergences("## ECDSA (8725, 3.2)\n"),
            Ok(())
        );
    }
}
