//! How long a fetched document says it stays fresh.

use std::time::Duration;

use avouch_fetch::freshness::max_age;
use http::{HeaderMap, HeaderValue, header};

/// The value of `Age` on the first line, if any, and those of `Cache-Control` on the others.
pub fn freshness(data: &[u8]) {
    let mut lines = data.split(|&octet| octet == b'\n');
    let age = lines.next().filter(|age| !age.is_empty());
    let lines: Vec<&[u8]> = lines.collect();
    let Some(found) = read(age, &lines) else {
        return;
    };
    let also = |line: &'static [u8]| {
        let lines: Vec<&[u8]> = lines.iter().copied().chain([line]).collect();
        read(age, &lines).expect("header values")
    };
    assert_eq!(also(b"public, immutable"), found, "what is not about time");
    for stale in [
        &b"no-store"[..],
        b"No-Cache",
        b"max-age=0",
        b"max-age=soon",
        b"max-age",
    ] {
        assert_eq!(also(stale), Some(Duration::ZERO));
    }
    let bounded = also(b"max-age=60").expect("it says");
    assert!(bounded <= Duration::from_mins(1) && found.is_none_or(|found| bounded <= found));
    let reversed: Vec<&[u8]> = lines.iter().rev().copied().collect();
    assert_eq!(read(age, &reversed), Some(found), "the order of the lines");
    let upper: Vec<Vec<u8>> = lines.iter().map(|line| line.to_ascii_uppercase()).collect();
    let upper: Vec<&[u8]> = upper.iter().map(Vec::as_slice).collect();
    assert_eq!(read(age, &upper), Some(found), "case");
    check_age(age, &lines, found);
    if let Some(directives) = directives(&lines) {
        check_said(&directives, &lines, age, found);
    }
}

/// None where no header has such a value.
#[expect(
    clippy::option_option,
    reason = "no header, and a header that does not say, are two things"
)]
fn read(age: Option<&[u8]>, lines: &[&[u8]]) -> Option<Option<Duration>> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::CACHE_CONTROL, HeaderValue::from_bytes(line).ok()?);
    }
    if let Some(age) = age {
        headers.insert(header::AGE, HeaderValue::from_bytes(age).ok()?);
    }
    Some(max_age(&headers))
}

/// Time spent in other caches makes nothing fresher, and says nothing by itself.
fn check_age(age: Option<&[u8]>, lines: &[&[u8]], found: Option<Duration>) {
    let young = read(None, lines).expect("header values");
    assert_eq!(young.is_some(), found.is_some());
    assert!(found <= young);
    let seconds = age.and_then(|age| std::str::from_utf8(age).ok()?.parse::<u64>().ok());
    if let (Some(seconds), Some(young), Some(found)) = (seconds, young, found)
        && age.is_some_and(|age| age.iter().all(u8::is_ascii_digit))
    {
        assert_eq!(found.as_secs(), young.as_secs().saturating_sub(seconds));
    }
}

/// As the grammar of RFC 9111 section 5.2 has them, read character by character; `None` where they break it.
fn directives(lines: &[&[u8]]) -> Option<Vec<(String, Option<String>)>> {
    let mut directives = Vec::new();
    for line in lines {
        let mut rest = std::str::from_utf8(line).ok()?;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                break;
            }
            let (name, behind) = token(rest)?;
            let (value, behind) = match behind.strip_prefix('=') {
                None => (None, behind),
                Some(behind) if behind.starts_with('"') => {
                    quoted(&behind[1..]).map(|(value, behind)| (Some(value), behind))?
                }
                Some(behind) => token(behind).map(|(value, behind)| (Some(value), behind))?,
            };
            rest = behind.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
            directives.push((name.to_ascii_lowercase(), value));
        }
    }
    Some(directives)
}

fn token(text: &str) -> Option<(String, &str)> {
    let is_other = |c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(is_other).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

/// What is behind the first quote, up to and with the second.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    loop {
        match characters.next()? {
            (at, '"') => return Some((value, &text[at + 1..])),
            (_, '\\') => value.push(characters.next()?.1),
            (_, other) => value.push(other),
        }
    }
}

/// Whoever reads by the grammar finds the same, or would keep the answer longer.
fn check_said(
    directives: &[(String, Option<String>)],
    lines: &[&[u8]],
    age: Option<&[u8]>,
    found: Option<Duration>,
) {
    let says = |name: &'static str| directives.iter().filter(move |(own, _)| own == name);
    let is_forbidden = says("no-store").chain(says("no-cache")).next().is_some();
    let said = says("max-age").map(|(_, value)| {
        let value = value.as_deref().unwrap_or_default();
        let is_number = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit());
        if is_number {
            value.parse().unwrap_or(u64::MAX)
        } else {
            0
        }
    });
    let said = said.min();
    match (is_forbidden, said) {
        (true, _) => assert_eq!(found, Some(Duration::ZERO), "kept against its word"),
        (false, None) => assert_eq!(found, None, "nothing was said"),
        (false, Some(said)) => {
            let found = found.expect("it was said");
            assert!(found.as_secs() <= said);
            // Nobody needs an escape in a number, and here it is none then.
            let is_plain = !lines.iter().any(|line| line.contains(&b'\\'));
            if age.is_none() && is_plain {
                assert_eq!(found.as_secs(), said, "another time");
            }
        }
    }
}
