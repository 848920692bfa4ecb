//! What somebody may have meant by a name that does not exist.

use super::section::{Key, SECTIONS, Section};

/// The message for the unknown `name` in `section`.
pub(super) fn unknown(section: &Section, name: &str, is_table: bool) -> String {
    let at_top = section.name.is_empty();
    let sections = || {
        SECTIONS
            .iter()
            .map(|section| section.name)
            .filter(|name| !name.is_empty())
    };
    if at_top && is_table {
        return match nearest(name, sections()) {
            Some(near) => format!("unknown section [{name}]; did you mean [{near}]?"),
            None => format!(
                "unknown section [{name}]; the sections are {}",
                list(sections())
            ),
        };
    }

    let place = place(section);
    let names = || section.keys.iter().map(|key| key.name);
    if let Some(near) = nearest(name, names()) {
        return format!("unknown key `{name}` {place}; did you mean `{near}`?");
    }
    // The right key below the wrong header, a common slip in TOML.
    if let Some(home) = SECTIONS.iter().find(|section| section.key(name).is_some()) {
        return match home.name {
            "" => format!("unknown key `{name}` {place}; it belongs at the top of the file"),
            home => format!("unknown key `{name}` {place}; it belongs in [{home}]"),
        };
    }
    format!(
        "unknown key `{name}` {place}; the keys here are {}",
        list(names())
    )
}

/// The message for the unknown `name` in a table of the list `dotted`.
pub(super) fn unknown_in_table(dotted: &str, keys: &[Key], name: &str) -> String {
    let names = || keys.iter().map(|key| key.name);
    match nearest(name, names()) {
        Some(near) => format!("unknown key `{name}` in [[{dotted}]]; did you mean `{near}`?"),
        None => format!(
            "unknown key `{name}` in [[{dotted}]]; the keys here are {}",
            list(names())
        ),
    }
}

/// Where the keys of `section` stand.
pub(super) fn place(section: &Section) -> String {
    match section.name {
        "" => "at the top of the file".to_owned(),
        name => format!("in [{name}]"),
    }
}

/// The candidate closest to `name`, if it is close enough to be what was
/// meant: one slip in three letters.
fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // Measuring is quadratic, and no name of ours is that long.
    if name.len() > 64 {
        return None;
    }
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
