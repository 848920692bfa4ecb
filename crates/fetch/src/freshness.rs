//! How long an answer says it stays fresh (RFC 9111 section 4.2.1).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// What is left of `max-age` after `Age`; `None` where the answer does not say.
///
/// Zero stands for whatever forbids to keep the answer, and for what contradicts itself or cannot
/// be read: a cache is asked to take such for stale.
pub(crate) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut stated: Option<u64> = None;
    for field in headers.get_all(header::CACHE_CONTROL) {
        for directive in field.as_bytes().split(|&byte| byte == b',') {
            if let Some(seconds) = seconds_of(directive.trim_ascii()) {
                stated = Some(stated.map_or(seconds, |earlier| earlier.min(seconds)));
            }
        }
    }
    let age = headers.get(header::AGE).map(HeaderValue::as_bytes);
    let age = age.map_or(0, |age| number(age).unwrap_or(u64::MAX));
    stated.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
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
