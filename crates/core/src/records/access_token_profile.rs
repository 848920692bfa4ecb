//! What access tokens look like, and what may travel inside them.

use std::collections::BTreeSet;

use avouch_oauth::scope::Scope;
use serde::{Deserialize, Serialize};

/// The form of an access token. What is kept of it is the same for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    /// Random octets that say nothing: who wants to know asks (RFC 7662).
    #[default]
    Opaque,
    /// A signed JWT that whoever holds it can read (RFC 9068).
    Jwt,
}

impl TokenFormat {
    /// The name in descriptions and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Jwt => "jwt",
        }
    }
}

/// Which access tokens are for one RS, and how they are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessTokenProfile {
    /// The scope values that mean this RS (RFC 9701 section 3, RFC 8707 section 2): a token that
    /// is asked for without a `resource` and has one of them is for this RS, as far as the client
    /// may ask for its resources. Empty where only naming a resource leads here.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub for_scopes: Scope,
    /// The form its tokens have; `None` leaves it to the client, then to the
    /// server. The RS comes first: the form is an agreement between it and the
    /// server, and the client does not look inside (RFC 9068 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<TokenFormat>,
    /// The claims about the subject, by name, that travel inside a JWT for
    /// this RS (RFC 9701 section 9: where asking would show when a user is
    /// active). Each must be released by the RS's policy too. The client and
    /// whoever else holds the token reads them.
    pub claims: BTreeSet<String>,
}
