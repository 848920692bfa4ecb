//! The small grammar that HTTP header fields share (RFC 9110, section 5.6).

/// Reads a header field from left to right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(field: &'a [u8]) -> Self {
        Self { rest: field }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Skips optional white space.
    pub(crate) fn skip_ows(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    /// Takes one given byte, if it is next.
    pub(crate) fn eat(&mut self, wanted: u8) -> bool {
        match self.rest.split_first() {
            Some((&next, rest)) if next == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes a token; `None` if there is none here.
    pub(crate) fn token(&mut self) -> Option<&'a str> {
        let token = self.take_while(is_token_byte);
        (!token.is_empty())
            .then(|| std::str::from_utf8(token).ok())
            .flatten()
    }

    /// Takes a token or the raw inside of a quoted string, escapes left as they are.
    pub(crate) fn token_or_quoted(&mut self) -> Option<&'a [u8]> {
        if !self.eat(b'"') {
            return self.token().map(str::as_bytes);
        }
        let start = self.rest;
        let mut length = 0;
        loop {
            match self.rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return start.get(..length);
                }
                [b'\\', _, rest @ ..] => {
                    self.rest = rest;
                    length += 2;
                }
                [_, rest @ ..] => {
                    self.rest = rest;
                    length += 1;
                }
                [] => return None,
            }
        }
    }

    /// Skips to behind the next comma that is not inside a quoted string, or to the end.
    pub(crate) fn skip_list_element(&mut self) {
        while let Some((&next, rest)) = self.rest.split_first() {
            if next == b'"' {
                if self.token_or_quoted().is_none() {
                    self.rest = &[];
                }
                continue;
            }
            self.rest = rest;
            if next == b',' {
                return;
            }
        }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().take_while(|&&byte| accept(byte)).count();
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quoted_strings_hide_commas() {
        let mut cursor = Cursor::new(br#"a;b="x,\"y", next"#);
        cursor.skip_list_element();
        assert_eq!(cursor.rest(), b" next");
    }

    #[test]
    fn an_open_quote_swallows_the_rest() {
        let mut cursor = Cursor::new(br#"a="x, b"#);
        cursor.skip_list_element();
        assert!(cursor.is_at_end());
    }

    proptest! {
        #[test]
        fn skipping_always_ends(field in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut cursor = Cursor::new(&field);
            let mut steps = 0;
            while !cursor.is_at_end() {
                cursor.skip_list_element();
                steps += 1;
                prop_assert!(steps <= field.len());
            }
        }
    }
}
