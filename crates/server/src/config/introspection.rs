//! `[introspection]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conflict::Conflict;

/// In which form introspection answers, where RFC 9701 leaves a choice.
///
/// With both switches off, the `Accept` header of the request decides: a JWT
/// if `application/token-introspection+jwt` is asked for, else JSON. What a
/// resource server is registered for (encryption, JWT only) holds in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the file"
)]
pub struct IntrospectionConfig {
    /// Make every successful answer a JWT and ignore `Accept`. For resource
    /// servers that can check a JWT but cannot ask for one.
    pub always_jwt: bool,
    /// Answer with a JWT or not at all: `Accept` is honoured, but plain JSON
    /// is not on offer, so that a request that takes nothing else is refused
    /// with 406 before the token is looked up. FAPI 2.0 Message Signing
    /// (section 5.5.1) has signed answers offered and leaves plain ones
    /// allowed; this takes them away.
    pub jwt_only: bool,
    /// Answer only resource servers that registered encryption
    /// (`introspection_encrypted_response_alg` and a key), and refuse all others
    /// with 400 before the token is looked up. A resource server that did is
    /// never given less than an encrypted answer, whatever this switch says.
    pub encrypted_only: bool,
    /// Let a client ask about the access tokens it was issued itself, in plain
    /// JSON, without anything that is meant for resource servers: no subject,
    /// no claims, no `authorization_details`. Off, a client learns nothing here.
    pub clients_own_tokens: bool,
}

impl IntrospectionConfig {
    pub(super) fn conflicts(&self, found: &mut Vec<Conflict>) {
        if self.clients_own_tokens && (self.always_jwt || self.jwt_only || self.encrypted_only) {
            found.push(Conflict {
                keys: &["introspection.clients_own_tokens"],
                message: "clients are told in plain JSON, which `always_jwt`, `jwt_only` and \
                          `encrypted_only` forbid: leave one of them out"
                    .into(),
            });
        }
        if self.always_jwt && self.jwt_only {
            found.push(Conflict {
                keys: &["introspection.jwt_only", "introspection.always_jwt"],
                message: "`always_jwt` ignores `Accept` and `jwt_only` honours it, so that they \
                          contradict each other; either one keeps plain JSON from being sent: \
                          leave the other out"
                    .into(),
            });
        }
    }
}
