//! From text to configuration, finding all that is wrong in one go.
//!
//! A value that is refused is reported, struck out (its default or example
//! stands in) and reading goes on, so that an operator need not start the
//! server once per mistake.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, Deserializer};

use super::Config;
use super::conflict::Conflict;
use super::problem::{Position, Problem, Refused};
use super::section::{Key, Kind, SECTIONS, Section};
use super::suggestion::{self, place};

/// Reads `text`, called `origin` in messages.
pub(super) fn read(text: &str, origin: &str) -> Result<Config, Refused> {
    let mut reader = Reader {
        text,
        origin,
        problems: Vec::new(),
        struck: BTreeSet::new(),
    };
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            reader.report(
                error.span(),
                format!("this is not TOML: {}", error.message()),
            );
            return Err(Refused::new(reader.problems));
        }
    };
    let mut table = document.into_inner();
    reader.check_names_and_kinds(&mut table);
    let places = Places::of(&table);
    if let Some(config) = reader.check_values(table, &places) {
        for conflict in config.conflicts() {
            reader.check_conflict(&conflict, &places);
        }
        if reader.problems.is_empty() {
            return Ok(config);
        }
    }
    Err(Refused::new(reader.problems))
}

struct Reader<'a> {
    text: &'a str,
    origin: &'a str,
    problems: Vec<Problem>,
    /// Keys whose value was refused, dotted.
    struck: BTreeSet<String>,
}

impl Reader<'_> {
    fn report(&mut self, span: Option<Range<usize>>, message: String) {
        self.problems.push(Problem {
            origin: self.origin.to_owned(),
            position: span.map(|span| Position::of(&span, self.text)),
            message,
        });
    }

    /// Leaves only known keys with values of the right kind in `table`.
    fn check_names_and_kinds(&mut self, table: &mut DeTable<'_>) {
        for section in SECTIONS.iter() {
            if section.name.is_empty() {
                self.check_section(section, table, None);
                continue;
            }
            if !table.contains_key(section.name) && section.keys.iter().any(|key| key.required) {
                table.insert(
                    stand_in_name(section.name),
                    Spanned::new(0..0, DeValue::Table(DeTable::new())),
                );
            }
            let Some(entry) = table.get_mut(section.name) else {
                continue;
            };
            let span = entry.span();
            if let DeValue::Table(keys) = entry.get_mut() {
                self.check_section(section, keys, Some(&span).filter(|span| !span.is_empty()));
            }
        }
    }

    /// The same for one section, whose header stands at `header`.
    fn check_section(
        &mut self,
        section: &Section,
        table: &mut DeTable<'_>,
        header: Option<&Range<usize>>,
    ) {
        let refused: Vec<_> = table
            .iter()
            .filter(|(name, value)| !self.accepts(section, name, value))
            .map(|(name, _)| name.get_ref().clone().into_owned())
            .collect();
        for name in refused {
            table.remove(name.as_str());
        }
        for key in section.keys.iter().filter(|key| key.required) {
            if table.contains_key(key.name) {
                continue;
            }
            let dotted = dotted(section.name, key.name);
            if self.struck.insert(dotted.clone()) {
                let place = place(section);
                let (name, example) = (key.name, example(key));
                let message =
                    format!("`{dotted}` is missing; write {place}: {name} = \"{example}\"");
                self.report(header.cloned(), message);
            }
            put_stand_in(table, key);
        }
    }

    /// Whether the name is known and the value of the right kind; reports it
    /// if not.
    fn accepts(
        &mut self,
        section: &Section,
        name: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> bool {
        let is_table = matches!(value.get_ref(), DeValue::Table(_));
        if let Some(key) = section.key(name.get_ref()) {
            let dotted = dotted(section.name, key.name);
            let (span, message) = if let Some((span, found)) = mismatch(&key.kind, value) {
                // Not a word about the value itself: it may be a secret that
                // was put in the wrong place.
                (
                    span,
                    format!("{dotted}: this is {found}; give {}", key.kind),
                )
            } else if let Some((span, keys, name)) = unknown_in_tables(&key.kind, value) {
                (span, suggestion::unknown_in_table(&dotted, keys, &name))
            } else {
                return true;
            };
            self.report(Some(span), message);
            self.struck.insert(dotted);
        } else if section.name.is_empty() && SECTIONS.iter().any(|s| s.name == name.get_ref()) {
            if is_table {
                return true;
            }
            let message = format!("`{name}` is a section; write [{name}] on a line of its own");
            self.report(Some(name.span()), message);
        } else {
            let message = suggestion::unknown(section, name.get_ref(), is_table);
            self.report(Some(name.span()), message);
        }
        false
    }

    /// Reads the values; none only if the reader itself is at fault.
    fn check_values(&mut self, mut table: DeTable<'_>, places: &Places) -> Option<Config> {
        // Each round strikes a key, so the rounds are as many as keys.
        loop {
            let document = Spanned::new(0..self.text.len(), table.clone());
            let error = match Config::deserialize(Deserializer::from(document)) {
                Ok(config) => return Some(config),
                Err(error) => error,
            };
            let place = error.span().and_then(|span| places.at(&span));
            let Some((section, key)) = place.filter(|(section, key)| is_set(&table, section, key))
            else {
                self.report(error.span(), error.message().to_owned());
                return None;
            };
            let dotted = dotted(section.name, key.name);
            self.report(error.span(), format!("{dotted}: {}", error.message()));
            self.struck.insert(dotted);
            strike(&mut table, section, key);
        }
    }

    fn check_conflict(&mut self, conflict: &Conflict, places: &Places) {
        if !conflict.keys.iter().any(|key| self.struck.contains(*key)) {
            let span = conflict.keys.iter().find_map(|key| places.span(key));
            let name = conflict.keys.first().copied().unwrap_or_default();
            self.report(span, format!("{name}: {}", conflict.message));
        }
    }
}

/// Where each known key of the file has its value.
struct Places(Vec<(&'static Section, &'static Key, Range<usize>)>);

impl Places {
    fn of(table: &DeTable<'_>) -> Self {
        let mut places = Vec::new();
        for section in SECTIONS.iter() {
            let Some(keys) = keys_of(table, section) else {
                continue;
            };
            for key in &section.keys {
                if let Some(value) = keys.get(key.name) {
                    places.push((section, key, value.span()));
                }
            }
        }
        Self(places)
    }

    /// The key whose value `span` lies in.
    fn at(&self, span: &Range<usize>) -> Option<(&'static Section, &'static Key)> {
        let inside = |value: &Range<usize>| value.start <= span.start && span.end <= value.end;
        self.0
            .iter()
            .find(|(_, _, value)| inside(value))
            .map(|(section, key, _)| (*section, *key))
    }

    /// Where the value of a dotted key stands; none if it is not in the file.
    fn span(&self, name: &str) -> Option<Range<usize>> {
        let place = self
            .0
            .iter()
            .find(|(section, key, _)| dotted(section.name, key.name) == name);
        place.map(|(_, _, span)| span.clone())
    }
}

fn keys_of<'t, 'i>(table: &'t DeTable<'i>, section: &Section) -> Option<&'t DeTable<'i>> {
    if section.name.is_empty() {
        return Some(table);
    }
    match table.get(section.name)?.get_ref() {
        DeValue::Table(keys) => Some(keys),
        _ => None,
    }
}

fn is_set(table: &DeTable<'_>, section: &Section, key: &Key) -> bool {
    keys_of(table, section).is_some_and(|keys| keys.contains_key(key.name))
}

/// Takes a refused value out, and puts a good one in where there must be one.
fn strike(table: &mut DeTable<'_>, section: &Section, key: &Key) {
    let keys = if section.name.is_empty() {
        table
    } else {
        match table.get_mut(section.name).map(Spanned::get_mut) {
            Some(DeValue::Table(keys)) => keys,
            _ => return,
        }
    };
    keys.remove(key.name);
    if key.required {
        put_stand_in(keys, key);
    }
}

fn put_stand_in(table: &mut DeTable<'_>, key: &Key) {
    let example = DeValue::String(Cow::Owned(example(key).to_owned()));
    table.insert(stand_in_name(key.name), Spanned::new(0..0, example));
}

fn stand_in_name<'i>(name: &'static str) -> Spanned<Cow<'i, str>> {
    Spanned::new(0..0, Cow::Borrowed(name))
}

fn example(key: &Key) -> &str {
    key.example
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Where and what a value is, if it is not of this kind.
fn mismatch(kind: &Kind, value: &Spanned<DeValue<'_>>) -> Option<(Range<usize>, &'static str)> {
    match (kind, value.get_ref()) {
        (Kind::Text, DeValue::String(_))
        | (Kind::Boolean, DeValue::Boolean(_))
        | (Kind::Whole { .. }, DeValue::Integer(_)) => None,
        (Kind::OneOf(names), DeValue::String(found)) => {
            let known = names.iter().any(|name| name == found);
            (!known).then(|| (value.span(), "an unknown name"))
        }
        (Kind::List(kind), DeValue::Array(entries)) => {
            entries.iter().find_map(|entry| mismatch(kind, entry))
        }
        (Kind::Tables(keys), DeValue::Array(entries)) => entries
            .iter()
            .find_map(|entry| mismatch_in_table(keys, entry)),
        (_, found) => Some((value.span(), name_of(found))),
    }
}

/// The same for a table in a list.
fn mismatch_in_table(
    keys: &[Key],
    entry: &Spanned<DeValue<'_>>,
) -> Option<(Range<usize>, &'static str)> {
    let DeValue::Table(table) = entry.get_ref() else {
        return Some((entry.span(), name_of(entry.get_ref())));
    };
    keys.iter().find_map(|key| {
        let value = table.get(key.name)?;
        mismatch(&key.kind, value)
    })
}

/// Where a table of a list has a name that is none of its keys, the keys, and
/// the name.
fn unknown_in_tables<'k>(
    kind: &'k Kind,
    value: &Spanned<DeValue<'_>>,
) -> Option<(Range<usize>, &'k [Key], String)> {
    let (Kind::Tables(keys), DeValue::Array(entries)) = (kind, value.get_ref()) else {
        return None;
    };
    let tables = entries.iter().filter_map(|entry| match entry.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    });
    let mut names = tables.flat_map(|table| table.keys());
    let unknown = names.find(|name| !keys.iter().any(|key| key.name == name.get_ref()))?;
    Some((unknown.span(), keys, unknown.get_ref().to_string()))
}

fn name_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

pub(super) fn dotted(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    }
}
