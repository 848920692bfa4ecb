//! Pieces of JSON, each with a name, side by side in one text.
//!
//! What a server keeps in memory for every token is mostly read once and narrowed by name. As a
//! tree of values it would take several times the room, and an allocation for every leaf.

/// Pieces in the order given. May be empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// Of each piece its name as it is, then its JSON.
    text: Box<str>,
    ends: Box<[Ends]>,
}

/// Where a piece ends; it begins where the one before ends.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ends {
    name: usize,
    json: usize,
}

/// Takes pieces one by one.
#[derive(Default)]
pub(crate) struct Builder {
    text: String,
    ends: Vec<Ends>,
}

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) name: &'a str,
    pub(crate) json: &'a str,
}

impl Pieces {
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |ends| {
            let (name, json) = (
                &self.text[start..ends.name],
                &self.text[ends.name..ends.json],
            );
            start = ends.json;
            Piece { name, json }
        })
    }

    /// Those whose name passes.
    pub(crate) fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.iter().filter(|piece| keep(piece.name));
        let mut left = Builder {
            text: String::with_capacity(self.text.len()),
            ends: Vec::with_capacity(self.ends.len()),
        };
        for Piece { name, json } in kept {
            left.push(name, |text| text.push_str(json));
        }
        left.build()
    }

    /// Writes the JSON of all of them, with commas in between.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for (number, piece) in self.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            out.extend_from_slice(piece.json.as_bytes());
        }
    }
}

impl Builder {
    /// Adds a piece, whose JSON `write` appends.
    pub(crate) fn push(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        self.text.push_str(name);
        let name = self.text.len();
        write(&mut self.text);
        let json = self.text.len();
        self.ends.push(Ends { name, json });
    }

    /// Whether there is a piece of this name already.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut start = 0;
        self.ends.iter().any(|ends| {
            let own = &self.text[start..ends.name];
            start = ends.json;
            own == name
        })
    }

    /// Takes no more room than they need.
    pub(crate) fn build(self) -> Pieces {
        Pieces {
            text: self.text.into(),
            ends: self.ends.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(of: &[(&str, &str)]) -> Pieces {
        let mut builder = Builder::default();
        for (name, json) in of {
            assert!(!builder.has(name));
            builder.push(name, |text| text.push_str(json));
            assert!(builder.has(name));
        }
        builder.build()
    }

    fn written(pieces: &Pieces) -> String {
        let mut out = Vec::new();
        pieces.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn pieces_stay_what_they_are_and_in_order() {
        let all = pieces(&[("b", "1"), ("", "[]"), ("a\u{e4}", r#""x""#)]);
        let names: Vec<_> = all.iter().map(|piece| piece.name).collect();
        assert_eq!(names, ["b", "", "a\u{e4}"]);
        assert_eq!(written(&all), r#"1,[],"x""#);
        assert_eq!(all.len(), 3);
        assert_eq!(written(&Pieces::default()), "");
        assert!(Pieces::default().is_empty());
    }

    #[test]
    fn what_does_not_pass_is_not_kept_at_all() {
        let all = pieces(&[("a", "1"), ("b", "22"), ("c", "3")]);
        let left = all.filter(|name| name != "b");
        assert!(left == pieces(&[("a", "1"), ("c", "3")]));
        assert!(!left.text.contains('2'));
        assert!(all.filter(|_| true) == all);
        assert!(all.filter(|_| false) == Pieces::default());
    }
}
