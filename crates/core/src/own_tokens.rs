//! Telling the access tokens of this server from everything else.

use avouch_oauth::issuer::Issuer;

use crate::keys::AccessTokenKeys;
use crate::opaque_token::{TokenHash, TokenKind, TokenMint};

/// Both forms of access token this server issues (RFC 7662 section 4), and
/// what it takes to tell them from forgeries without a look-up.
#[derive(Clone, Copy, Debug)]
pub struct OwnTokens<'a> {
    /// For opaque ones.
    pub mint: &'a TokenMint,
    /// For JWTs.
    pub keys: &'a AccessTokenKeys,
    /// Who signed those.
    pub issuer: &'a Issuer,
}

impl OwnTokens<'_> {
    /// The look-up hash of a presented string, if it is an access token made
    /// here. Opaque ones are tried first: to them a JWT costs a glance at its
    /// first letters.
    pub fn recognise(&self, presented: &str) -> Option<TokenHash> {
        self.mint
            .recognise(TokenKind::Access, presented)
            .or_else(|| self.keys.recognise(presented, self.issuer))
    }
}
