//! Strings that must not be seen: what a caller presents and what the server hands out.
//!
//! All are wiped when dropped, and none shows its content in `Debug`. They have no `PartialEq`:
//! a comparison that matters is done on hashes, in constant time, by whoever owns the hash.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

macro_rules! redacted_string {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes over the text; the caller's copy, if any, is the caller's to wipe.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Zeroizing::new(text.into()))
            }

            /// The text itself. Never log it, store it or put it into an error.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

redacted_string! {
    /// A client secret as a caller sent it, not yet compared with anything.
    PresentedSecret
}

redacted_string! {
    /// A token as a caller sent it: the one asked about, or the caller's own credential.
    PresentedToken
}

redacted_string! {
    /// A client assertion or `DPoP` proof, made to be sent once. Whoever gets hold of it before
    /// it expires can try to use it.
    SignedProof
}

redacted_string! {
    /// A token or secret made by the server, on its one way out to the owner.
    ///
    /// It serializes as the plain string, since the answer is where it belongs.
    IssuedSecret
}

impl Serialize for IssuedSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for IssuedSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!(
            "{:?} {:?} {:?}",
            PresentedSecret::new("s3cret"),
            PresentedToken::new("s3cret"),
            IssuedSecret::new("s3cret"),
        );
        assert_eq!(
            shown,
            "PresentedSecret(redacted) PresentedToken(redacted) IssuedSecret(redacted)"
        );
    }

    #[test]
    fn an_issued_secret_is_a_plain_json_string() {
        let json = serde_json::to_string(&IssuedSecret::new("abc")).unwrap();
        assert_eq!(json, r#""abc""#);
        let read: IssuedSecret = serde_json::from_str(&json).unwrap();
        assert_eq!(read.expose(), "abc");
    }
}
