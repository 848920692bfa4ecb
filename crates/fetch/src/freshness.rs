//! How long an answer says it stays fresh (RFC 9111 section 4.2.1).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// What is left of `max-age` after `Age`; `None` where the answer does not say.
///
/// Zero stands for whatever forbids to keep the answer, and for what contradicts itself or cannot
/// be read: a cache is asked to take such for stale.
pub fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut stated: Option<u64> = None;
    for field in headers.get_all(header::CACHE_CONTROL) {
        let mut rest = field.as_bytes();
        while !rest.is_empty() {
            let Some((directive, behind)) = first_directive(rest) else {
                return Some(Duration::ZERO);
            };
            if let Some(seconds) = seconds_of(directive.trim_ascii()) {
                stated = Some(stated.map_or(seconds, |earlier| earlier.min(seconds)));
            }
            rest = behind;
        }
    }
    let age = headers.get(header::AGE).map(HeaderValue::as_bytes);
    let age = age.map_or(0, |age| number(age).unwrap_or(u64::MAX));
    stated.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

/// Up to the first comma, and what is behind it; `None` where a quoted string is out of place or
/// has no end. A comma within one is part of it (RFC 9110 section 5.6.4).
fn first_directive(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = |text: &[u8]| text.iter().position(|&byte| byte == b',');
    let until = end(text).unwrap_or(text.len());
    let Some(quote) = text.iter().take(until).position(|&byte| byte == b'"') else {
        return Some((
            text.get(..until)?,
            text.get(until + 1..).unwrap_or_default(),
        ));
    };
    let (before, quoted) = text.split_at_checked(quote)?;
    if !before.trim_ascii_end().ends_with(b"=") {
        return None;
    }
    let behind = behind_quotes(quoted)?;
    let until = text.len() - behind.len() + end(behind).unwrap_or(behind.len());
    let is_all = text
        .get(text.len() - behind.len()..until)?
        .trim_ascii()
        .is_empty();
    is_all.then_some((
        text.get(..until)?,
        text.get(until + 1..).unwrap_or_default(),
    ))
}

/// What is behind the quoted string that this begins with.
fn behind_quotes(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', _, behind @ ..] | [_, behind @ ..] => behind,
            [] => return None,
        };
    }
}

/// For how many seconds this directive lets the answer be kept, if it is about that.
fn seconds_of(directive: &[u8]) -> Option<u64> {
    let mut parts = directive.splitn(2, |&byte| byte == b'=');
    let name = parts.next()?.trim_ascii();
    let value = parts.next().map(<[u8]>::trim_ascii);
    if name.eq_ignore_ascii_case(b"no-store") || name.eq_ignore_ascii_case(b"no-cache") {
        return Some(0);
    }
    name.eq_ignore_ascii_case(b"max-age")
        .then(|| value.and_then(|value| number(unquoted(value))).unwrap_or(0))
}

/// `max-age="600"` must not be sent, but is understood (RFC 9111 section 5.2).
fn unquoted(value: &[u8]) -> &[u8] {
    let inside = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    inside.unwrap_or(value)
}

/// Digits alone; more than fit are as many as there can be.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0_u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(cache_control: &[&str], age: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for &value in cache_control {
            headers.append(header::CACHE_CONTROL, value.parse().unwrap());
        }
        if let Some(age) = age {
            headers.insert(header::AGE, age.parse().unwrap());
        }
        max_age(&headers).map(|age| age.as_secs())
    }

    #[test]
    fn what_is_said_is_understood() {
        for (cache_control, expected) in [
            (&[][..], None),
            (&["public"], None),
            (&["s-maxage=60"], None),
            (&["max-age=600"], Some(600)),
            (&["public, Max-Age = 600 , immutable"], Some(600)),
            (&["max-age=\"600\""], Some(600)),
            (&["public", "max-age=600"], Some(600)),
            (&["max-age=600, max-age=60"], Some(60)),
            (&["max-age=600, no-cache"], Some(0)),
            (&["no-store"], Some(0)),
            (&["max-age"], Some(0)),
            (&["max-age=-1"], Some(0)),
            (&["max-age=1.5"], Some(0)),
            (&["max-age=99999999999999999999999"], Some(u64::MAX)),
        ] {
            assert_eq!(of(cache_control, None), expected, "{cache_control:?}");
        }
    }

    /// Found by a fuzz target: a comma in quotes ended a directive, and what followed was one more.
    #[test]
    fn what_is_quoted_is_no_directive() {
        for (cache_control, expected) in [
            (&["private=\"a, max-age=5\""][..], None),
            (&["max-age=600, ext=\"a, no-store, b\""], Some(600)),
            (&["ext=\"a\\\", max-age=5\", max-age=600"], Some(600)),
            (&["ext = \"a\" , max-age=600"], Some(600)),
            (&["ext=\"\"", "max-age=600"], Some(600)),
        ] {
            assert_eq!(of(cache_control, None), expected, "{cache_control:?}");
        }
        for broken in [
            "max-age=600, ext=\"a",
            "max-age=600, ext=\"a\\\"",
            "max-age=600, ext=a\"b, no-store, c\"",
            "max-age=600, ext=\"a\"b",
            "max-age=600, \"a\"",
        ] {
            assert_eq!(of(&[broken], None), Some(0), "{broken}");
        }
    }

    #[test]
    fn time_spent_in_other_caches_counts() {
        assert_eq!(of(&["max-age=600"], Some("100")), Some(500));
        assert_eq!(of(&["max-age=600"], Some("601")), Some(0));
        assert_eq!(of(&["max-age=600"], Some("old")), Some(0));
        assert_eq!(of(&[], Some("100")), None);
    }

    proptest! {
        #[test]
        fn no_field_panics(field in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(value) = HeaderValue::from_bytes(&field) {
                let headers = HeaderMap::from_iter([(header::CACHE_CONTROL, value.clone()), (header::AGE, value)]);
                let _ = max_age(&headers);
            }
        }
    }
}
