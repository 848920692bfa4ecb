//! The questions that are sent, as octets.

use std::rc::Rc;

use avouch_oauth::media_type;

use crate::tokens::Tokens;

/// In which form an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// RFC 7662.
    Json,
    /// RFC 9701.
    Jwt,
}

/// What is the same in every request of a caller.
#[derive(Clone, Debug)]
pub struct Template {
    head: String,
}

/// What of the credentials stands in one request.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Header lines, each with its end.
    pub headers: String,
    /// Form parameters, with `&` before the first.
    pub form: String,
}

/// Credentials for many requests.
pub enum Credentials {
    /// Good for all of them.
    Same(Shown),
    /// Good for one each; when they are used up, no more requests are made.
    Once(Vec<Shown>),
}

/// In which order the tokens are asked about.
#[derive(Clone, Debug)]
pub enum Walk {
    /// Every request another one, from somewhere else in the index, until all were asked about:
    /// goes on where the last such walk over these tokens ended.
    Spread,
    /// The first few, again and again.
    Hot {
        /// The next one.
        at: usize,
        /// How many.
        among: usize,
    },
    /// Each once, in order, and then no more.
    Once {
        /// The next one.
        at: usize,
    },
}

/// Makes one request after another.
pub struct Questions {
    /// What is the same in all.
    pub template: Template,
    /// Who asks.
    pub credentials: Credentials,
    /// What may be asked about.
    pub tokens: Rc<Tokens>,
    /// What is asked about next.
    pub walk: Walk,
}

impl Form {
    /// What `Accept` says.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => media_type::JSON,
            Self::Jwt => media_type::TOKEN_INTROSPECTION_JWT,
        }
    }
}

impl Template {
    /// Questions to the server at `authority`.
    pub fn new(authority: &str, form: Form) -> Self {
        let accept = form.media_type();
        Self {
            head: format!(
                "POST /introspect HTTP/1.1\r\nhost: {authority}\r\naccept: {accept}\r\n\
                 content-type: application/x-www-form-urlencoded\r\n"
            ),
        }
    }

    /// Writes the question about one token.
    pub fn write(&self, shown: &Shown, token: &str, into: &mut Vec<u8>) {
        const TOKEN: &str = "token=";
        let length = TOKEN.len() + token.len() + shown.form.len();
        into.clear();
        for part in [
            &self.head,
            &shown.headers,
            "content-length: ",
            &length.to_string(),
            "\r\n\r\n",
            TOKEN,
            token,
            &shown.form,
        ] {
            into.extend_from_slice(part.as_bytes());
        }
    }
}

impl Walk {
    fn next(&mut self, tokens: &Tokens) -> Option<usize> {
        let count = tokens.len();
        match self {
            Self::Spread => Some(tokens.further()),
            Self::Hot { at, among } => {
                *at = (*at + 1) % (*among).min(count);
                Some(*at)
            }
            Self::Once { at } => {
                let this = *at;
                *at += 1;
                (this < count).then_some(this)
            }
        }
    }
}

impl Questions {
    /// Writes the next request and tells which token it asks about; `None` if the credentials, or
    /// the tokens of a walk that ends, are used up.
    pub fn next(&mut self, into: &mut Vec<u8>) -> Option<usize> {
        let token = self.walk.next(&self.tokens)?;
        let text = self.tokens.get(token);
        match &mut self.credentials {
            Credentials::Same(shown) => self.template.write(shown, text, into),
            Credentials::Once(left) => self.template.write(&left.pop()?, text, into),
        }
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_request_is_one_that_a_server_reads() {
        let mut octets = b"of before".to_vec();
        let shown = Shown {
            headers: "authorization: Basic eA==\r\n".into(),
            form: "&client_id=x".into(),
        };
        Template::new("127.0.0.1:1", Form::Json).write(&shown, "abc", &mut octets);
        let text = String::from_utf8(octets).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "token=abc&client_id=x");
        let expected = [
            "POST /introspect HTTP/1.1",
            "host: 127.0.0.1:1",
            "accept: application/json",
            "content-type: application/x-www-form-urlencoded",
            "authorization: Basic eA==",
            "content-length: 21",
        ];
        assert_eq!(head.split("\r\n").collect::<Vec<_>>(), expected);
    }

    fn tokens(count: usize) -> Tokens {
        let lines: Vec<_> = (0..count).map(|number| format!("{number:06}")).collect();
        Tokens::of_lines(&lines.join("\n")).unwrap()
    }

    #[test]
    fn spread_walks_meet_every_token_before_they_meet_one_again() {
        for count in [200, 10_000, 100_000] {
            let tokens = tokens(count);
            let (first, second) = (count / 3, count - count / 3);
            let walk = |length| (0..length).filter_map(|_| Walk::Spread.next(&tokens));
            let met: BTreeSet<_> = walk(first).chain(walk(second)).collect();
            assert_eq!(met.len(), count);
        }
    }

    #[test]
    fn a_hot_walk_stays_where_it_is() {
        let mut walk = Walk::Hot { at: 0, among: 50 };
        let all = tokens(10_000);
        let met: BTreeSet<_> = (0..200).filter_map(|_| walk.next(&all)).collect();
        assert_eq!(met.len(), 50);
        let mut walk = Walk::Hot { at: 7, among: 50 };
        assert_eq!(walk.next(&tokens(3)), Some(2));
    }

    #[test]
    fn a_walk_that_ends_meets_each_token_once() {
        let (mut walk, tokens) = (Walk::Once { at: 0 }, tokens(5));
        let met: Vec<_> = std::iter::from_fn(|| walk.next(&tokens)).collect();
        assert_eq!(met, [0, 1, 2, 3, 4]);
    }
}
