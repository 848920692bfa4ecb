//! The `Accept` header (RFC 9110, section 12.5.1).

use crate::header::Cursor;
use crate::media_type::MediaRange;

/// How many ranges are kept; what comes behind them is ignored. Browsers send fewer than ten.
pub const MAX_RANGES: usize = 64;

/// What the caller is willing to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept<'a> {
    ranges: Preference<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Preference<'a> {
    /// No header, or one without elements: everything is welcome.
    Anything,
    /// The usable elements, perhaps none, in which case nothing is welcome: taking a broken wish
    /// for no wish could answer with plain JSON where a JWT was meant.
    Ranges(Vec<Range<'a>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    quality: Quality,
}

/// A weight, 0 (not acceptable) to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality(u16);

/// How a media type was matched, the least specific first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Specificity {
    /// By `*/*`, or because there was no header.
    Anything,
    /// By `type/*`.
    MainType,
    /// By its own name.
    Named,
}

/// What the header says about one media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// How welcome the type is.
    pub quality: Quality,
    /// Which kind of range decided.
    pub specificity: Specificity,
}

impl Quality {
    /// `q=0`.
    pub const ZERO: Self = Self(0);
    /// `q=1`.
    pub const ONE: Self = Self(1000);

    /// In thousandths.
    pub fn thousandths(self) -> u16 {
        self.0
    }

    /// `0[.ddd]` or `1[.000]`.
    fn parse(text: &[u8]) -> Option<Self> {
        let (whole, decimals) = match text {
            [whole] => (whole, &[][..]),
            [whole, b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
            _ => return None,
        };
        if !matches!(whole, b'0' | b'1') || !decimals.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digits = decimals.iter().chain(b"000").take(3);
        let thousandths = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        let quality = u16::from(whole - b'0') * 1000 + thousandths;
        (quality <= 1000).then_some(Self(quality))
    }
}

impl<'a> Accept<'a> {
    /// Reads all lines of the header as one list. Elements that are malformed are skipped.
    pub fn parse(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut ranges = Vec::new();
        let mut is_empty = true;
        for line in lines {
            let mut cursor = Cursor::new(line);
            loop {
                cursor.skip_ows();
                if cursor.is_at_end() {
                    break;
                }
                if cursor.eat(b',') {
                    continue; // RFC 9110, section 5.6.1.2: empty elements do not count
                }
                is_empty = false;
                let element = Range::parse(&mut cursor);
                cursor.skip_list_element();
                if ranges.len() < MAX_RANGES {
                    ranges.extend(element);
                }
            }
        }
        let ranges = if is_empty {
            Preference::Anything
        } else {
            Preference::Ranges(ranges)
        };
        Self { ranges }
    }

    /// A request without the header.
    pub fn anything() -> Self {
        Self {
            ranges: Preference::Anything,
        }
    }

    /// What the header says about `main/sub`; `None` if no range covers it.
    ///
    /// The most specific range decides; of several equal ranges, the most welcoming.
    pub fn quality(&self, main: &str, sub: &str) -> Option<Match> {
        match &self.ranges {
            Preference::Anything => Some(Match {
                quality: Quality::ONE,
                specificity: Specificity::Anything,
            }),
            Preference::Ranges(ranges) => ranges
                .iter()
                .filter_map(|range| {
                    let specificity = range.covers(main, sub)?;
                    Some(Match {
                        quality: range.quality,
                        specificity,
                    })
                })
                .max_by_key(|found| (found.specificity, found.quality)),
        }
    }
}

impl<'a> Range<'a> {
    /// Reads one list element; the cursor stays inside it if it is malformed.
    fn parse(cursor: &mut Cursor<'a>) -> Option<Self> {
        let range = MediaRange::parse(cursor)?;
        let ends_here = cursor.is_at_end() || cursor.rest().starts_with(b",");
        let quality = range.weight.map_or(Some(Quality::ONE), Quality::parse)?;
        let main_is_open = range.main == "*" && range.sub != "*";
        // A range with parameters asks for a variant, and none of our types has variants. Only
        // `charset=utf-8` is harmless, and common.
        let wants_variant = range.has_other_parameters || range.has_foreign_charset;
        (ends_here && !main_is_open && !wants_variant).then_some(Self {
            main: range.main,
            sub: range.sub,
            quality,
        })
    }

    fn covers(&self, main: &str, sub: &str) -> Option<Specificity> {
        match (self.main, self.sub) {
            ("*", "*") => Some(Specificity::Anything),
            (own, _) if !own.eq_ignore_ascii_case(main) => None,
            (_, "*") => Some(Specificity::MainType),
            (_, own) => own.eq_ignore_ascii_case(sub).then_some(Specificity::Named),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(lines: &[&str]) -> Option<(u16, Specificity)> {
        Accept::parse(lines.iter().map(|line| line.as_bytes()))
            .quality("application", "json")
            .map(|found| (found.quality.thousandths(), found.specificity))
    }

    #[test]
    fn row_9110_12_5_1_01_no_header_welcomes_everything() {
        for empty in [&[][..], &[""], &[" , ,"], &["", " "]] {
            assert_eq!(
                json(empty),
                Some((1000, Specificity::Anything)),
                "{empty:?}"
            );
        }
    }

    #[test]
    fn row_9110_12_5_1_02_weights_have_three_decimals_at_most() {
        for (q, expected) in [
            ("1", Some(1000)),
            ("1.000", Some(1000)),
            ("1.", Some(1000)),
            ("0", Some(0)),
            ("0.5", Some(500)),
            ("0.05", Some(50)),
            ("0.123", Some(123)),
            ("0.1234", None),
            ("1.001", None),
            ("2", None),
            ("-1", None),
            (".5", None),
            ("abc", None),
            ("", None),
        ] {
            let line = format!("application/json;q={q}");
            assert_eq!(json(&[&line]).map(|found| found.0), expected, "{q:?}");
        }
        assert_eq!(
            json(&["application/json"]),
            Some((1000, Specificity::Named))
        );
    }

    #[test]
    fn row_9110_12_5_1_03_the_most_specific_range_decides() {
        let line = "*/*;q=1, application/*;q=0.5, application/json;q=0.1";
        assert_eq!(json(&[line]), Some((100, Specificity::Named)));
        assert_eq!(
            json(&["*/*;q=0.1, application/*;q=0.5"]),
            Some((500, Specificity::MainType))
        );
        assert_eq!(
            json(&["text/*, */*;q=0.2"]),
            Some((200, Specificity::Anything))
        );
        assert_eq!(json(&["text/html"]), None);
    }

    #[test]
    fn row_9110_12_5_1_05_case_white_space_and_lines() {
        assert_eq!(
            json(&["Application/JSON ; Q=0.3"]),
            Some((300, Specificity::Named))
        );
        assert_eq!(
            json(&["text/html", "application/json;q=0.2"]),
            Some((200, Specificity::Named))
        );
        assert_eq!(
            json(&["text/html,\tapplication/json\t;\tq=0.2 ,"]),
            Some((200, Specificity::Named))
        );
        assert_eq!(
            json(&["application/json; charset=UTF-8"]),
            Some((1000, Specificity::Named))
        );
    }

    #[test]
    fn row_9110_12_5_1_05_a_malformed_element_is_skipped() {
        for broken in [
            "application/json;q=abc",
            "json",
            "*/json",
            "a b/c",
            "a/b;x=\"",
            "/",
            "a/b c",
            "@",
        ] {
            assert_eq!(json(&[broken]), None, "{broken:?}");
        }
        for broken in [
            "application/json;q=abc",
            "json",
            "a/b;x=\",\"y",
            "@@@",
            "a//b",
            "a/b;q=1;q=1",
        ] {
            let line = format!("{broken}, application/json;q=0.4");
            assert_eq!(
                json(&[&line]),
                Some((400, Specificity::Named)),
                "{broken:?}"
            );
        }
    }

    #[test]
    fn a_variant_is_not_the_plain_type() {
        assert_eq!(json(&["application/json;version=2"]), None);
        assert_eq!(
            json(&["application/json;q=0.5;ext=1"]),
            Some((500, Specificity::Named))
        );
    }

    #[test]
    fn ranges_beyond_the_bound_are_ignored() {
        let line = format!("{}application/json", "text/html,".repeat(MAX_RANGES));
        assert_eq!(json(&[&line]), None);
    }

    proptest! {
        #[test]
        fn no_input_panics(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..4)) {
            let accept = Accept::parse(lines.iter().map(Vec::as_slice));
            let _ = accept.quality("application", "json");
        }

        #[test]
        fn junk_before_a_comma_does_no_harm(junk in "[a-z/;=. *]{0,20}") {
            prop_assume!(!junk.to_ascii_lowercase().contains("application/json"));
            let line = format!("{junk}, application/json;q=0.7");
            prop_assert_eq!(json(&[&line]), Some((700, Specificity::Named)));
        }

        #[test]
        fn line_breaks_do_not_matter(qs in proptest::collection::vec(0u16..=999, 1..5)) {
            let elements: Vec<_> = qs.iter().map(|q| format!("application/json;q=0.{q:03}")).collect();
            let split: Vec<_> = elements.iter().map(String::as_str).collect();
            prop_assert_eq!(json(&split), json(&[&elements.join(",")]));
            prop_assert_eq!(json(&split).unwrap().0, *qs.iter().max().unwrap());
        }
    }
}
