//! How instants, resources and tables look to a person.

use std::io;

use avouch_core::apply::AccessDescription;
use avouch_core::time::Timestamp;
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

/// The instant that such text names; any offset will do (RFC 3339).
pub(crate) fn read_instant(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_micros(at.as_microsecond()))
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

/// A number of octets, such as `3.4 MB`.
pub(crate) fn octets(octets: u64) -> String {
    let mut unit = "bytes";
    let (mut whole, mut tenths) = (octets, 0);
    for next in ["kB", "MB", "GB", "TB"] {
        if whole < 1_000 {
            break;
        }
        (tenths, whole, unit) = (whole % 1_000 / 100, whole / 1_000, next);
    }
    if unit == "bytes" {
        format!("{whole} {unit}")
    } else {
        format!("{whole}.{tenths} {unit}")
    }
}

/// A number with its digits in threes, such as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_to_be_read() {
        assert_eq!(octets(0), "0 bytes");
        assert_eq!(octets(999), "999 bytes");
        assert_eq!(octets(1_000), "1.0 kB");
        assert_eq!(octets(3_456_789), "3.4 MB");
        assert_eq!(octets(u64::MAX), "18446744.0 TB");
        assert_eq!(count(7), "7");
        assert_eq!(count(1_234), "1,234");
        assert_eq!(count(123_456), "123,456");
        assert_eq!(count(1_234_567), "1,234,567");
    }
}
