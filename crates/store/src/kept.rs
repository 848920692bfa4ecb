//! Reading what this program wrote, where a look-up must not take long over it.
//!
//! As strict as anything else about what the rest of the program relies on; less curious about
//! what was checked before it was written.

use std::borrow::Cow;

use avouch_core::id::{ClientId, GrantId, IdError, SubjectId, TokenId};
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde::Deserialize;

/// An identifier that is kept as text.
pub(crate) trait Id: Sized {
    fn read(text: &str) -> Result<Self, IdError>;
}

macro_rules! ids {
    ($($id:ty),*) => {
        $(impl Id for $id {
            fn read(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        })*
    };
}

ids!(ClientId, GrantId, SubjectId, TokenId);

/// An identifier.
pub(crate) fn id<T: Id>(text: &str) -> Option<T> {
    T::read(text).ok()
}

/// A scope, which may be empty.
pub(crate) fn scope(text: &str) -> Option<Scope> {
    if text.is_empty() {
        return Some(Scope::default());
    }
    Scope::parse(text).ok()
}

/// A list of resources, in JSON.
pub(crate) fn resources(json: &str) -> Option<Vec<ResourceIdentifier>> {
    /// Copied only if it is written with escapes, which no resource needs.
    #[derive(Deserialize)]
    struct Resource<'a>(#[serde(borrow)] Cow<'a, str>);

    let resources: Vec<Resource<'_>> = serde_json::from_str(json).ok()?;
    resources
        .iter()
        .map(|Resource(text)| ResourceIdentifier::from_kept(text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let resource = |text| ResourceIdentifier::parse(text).unwrap();
        let written = vec![resource("https://pay.example/a%20b"), resource("urn:x:y")];
        let json = serde_json::to_string(&written).unwrap();
        assert_eq!(resources(&json), Some(written));
        assert_eq!(resources("[]"), Some(vec![]));
        assert_eq!(scope(""), Some(Scope::default()));
        assert_eq!(scope("a b"), Scope::parse("a b").ok());
        assert_eq!(id("g-1"), GrantId::new("g-1").ok());
    }

    #[test]
    fn damage_is_no_value() {
        for json in [
            "",
            "{}",
            "[1]",
            r#"["no uri"]"#,
            r#"["a"]"#,
            r#"["https://a#b"]"#,
        ] {
            assert_eq!(resources(json), None, "{json}");
        }
        assert_eq!(scope("a  b"), None);
        assert_eq!(id::<ClientId>(""), None);
        assert_eq!(id::<SubjectId>("a b"), None);
    }
}
