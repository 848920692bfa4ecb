//! How instants, resources and tables look to a person.

use std::io;

use avouch_core::apply::AccessDescription;
use avouch_oauth::resource::ResourceIdentifier;

use crate::output;

/// An instant in UTC, such as `2026-11-22T02:00:00Z`.
pub(crate) fn instant(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(
            || format!("{seconds} s after 1970"),
            |instant| instant.to_string(),
        )
}

/// Resources, or the word for all of them.
pub(crate) fn access(resources: &AccessDescription) -> String {
    match resources {
        AccessDescription::Any(_) => "any".to_owned(),
        AccessDescription::Only(resources) => {
            let names: Vec<_> = resources.iter().map(ResourceIdentifier::as_str).collect();
            names.join(" ")
        }
    }
}

/// Prints rows in columns, each as wide as its widest cell.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> io::Result<()> {
    let mut widths = head.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    print(&head, &widths)?;
    rows.iter()
        .try_for_each(|row| print(&row.each_ref().map(String::as_str), &widths))
}

fn print<const N: usize>(cells: &[&str; N], widths: &[usize; N]) -> io::Result<()> {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{:width$}", output::plain(cell)));
    let line = padded.collect::<Vec<_>>().join("  ");
    output::line(line.trim_end())
}
