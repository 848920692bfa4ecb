//! What comes of a question.

use avouch_oauth::introspection::{ActiveToken, IntrospectionResponse, VerifiedIntrospection};
use std::fmt;

/// A verified answer about one token. [`Introspector::introspect`](crate::Introspector::introspect)
/// alone makes one.
#[derive(Clone)]
pub struct Introspected {
    pub(crate) statement: VerifiedIntrospection,
    pub(crate) received: String,
}

/// A plain JSON answer. Nothing proves it but the connection it came over, and nothing of it can
/// be shown to anybody later.
#[derive(Clone)]
pub struct UnsignedIntrospection {
    pub(crate) response: IntrospectionResponse,
    pub(crate) json: String,
}

impl Introspected {
    /// What the token allows, if it is active for this resource server. `None` is a No, whatever
    /// the reason.
    pub fn active(&self) -> Option<&ActiveToken> {
        active(self.statement.response())
    }

    /// The statement, with who made it, for whom, and when.
    pub fn statement(&self) -> &VerifiedIntrospection {
        &self.statement
    }

    /// The statement as it was signed, a compact JWT: keep it as evidence, and check it again with
    /// [`verify_statement`](crate::verify_statement). It speaks of people: guard it as such.
    ///
    /// If it came encrypted, this is what was inside. Who sees it later needs no key of ours.
    pub fn jwt(&self) -> &str {
        self.statement.decrypted().unwrap_or(&self.received)
    }

    /// The JWT as it came: nested if it came encrypted, else the same as [`jwt`](Self::jwt).
    pub fn received(&self) -> &str {
        &self.received
    }

    /// What the statement says, for keeps.
    pub fn into_statement(self) -> VerifiedIntrospection {
        self.statement
    }
}

impl UnsignedIntrospection {
    /// What the token allows, by word alone, if it is called active.
    pub fn allegedly_active(&self) -> Option<&ActiveToken> {
        active(&self.response)
    }

    /// The answer as it came.
    pub fn json(&self) -> &str {
        &self.json
    }
}

fn active(response: &IntrospectionResponse) -> Option<&ActiveToken> {
    match response {
        IntrospectionResponse::Active(token) => Some(token),
        IntrospectionResponse::Inactive => None,
    }
}

/// Leaves the claims out: they speak of people.
impl fmt::Debug for Introspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspected")
            .field("active", &self.statement.response().is_active())
            .field("issuer", &self.statement.issuer().as_str())
            .field("iat", &self.statement.iat())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UnsignedIntrospection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsignedIntrospection")
            .field("active", &self.response.is_active())
            .finish_non_exhaustive()
    }
}
