//! Opaque tokens: 256 random bits with a key id and a keyed check.
//!
//! ```text
//! avt_ base64url( key id: 3 octets | random: 32 octets | check: 16 octets )
//! ```
//!
//! The check is HMAC-SHA-256 over kind, key id and random, cut to 16 octets,
//! under a key that only the authorization server has. A forged or mistyped
//! string is told without a look-up; a genuine one says nothing about itself.

use std::fmt;

use avouch_crypto::hash;
use avouch_crypto::hmac::HmacKey;
use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_jose::base64url;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const KEY_ID: usize = 3;
const RANDOM: usize = 32;
const CHECK: usize = 16;
const OCTETS: usize = KEY_ID + RANDOM + CHECK;

/// What an opaque token is for; told by its prefix and bound by its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token (RFC 6749 section 1.4).
    Access,
    /// An initial access token (RFC 7591 section 1.2).
    InitialAccess,
    /// A registration access token (RFC 7592 section 1.2).
    Registration,
    /// The access token of a resource server (RFC 9701 section 4).
    Caller,
}

impl TokenKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "avt_",
            Self::InitialAccess => "avi_",
            Self::Registration => "avr_",
            Self::Caller => "avc_",
        }
    }
}

/// A token in the clear: handed to its owner once, never stored.
pub struct OpaqueToken(Zeroizing<String>);

impl OpaqueToken {
    /// The token itself. Named so that each use of it stands out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken(..)")
    }
}

/// The SHA-256 of a token as it goes over the wire: what is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a presented token.
    pub fn of(token: &str) -> Self {
        Self(hash::sha256(token.as_bytes()))
    }

    /// Wraps a hash read back from storage.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as it is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// Makes tokens and tells genuine ones from forged.
///
/// Holds one key now; the key id in each token leaves room for its successor.
pub struct TokenMint {
    key_id: [u8; KEY_ID],
    key: HmacKey,
}

impl TokenMint {
    /// A mint that works with this check key.
    pub fn new(key: &[u8; 32]) -> Self {
        let key = HmacKey::new(key);
        let [a, b, c, ..] = key.compute(b"avouch token check key id");
        Self {
            key_id: [a, b, c],
            key,
        }
    }

    /// A fresh token.
    pub fn mint(
        &self,
        kind: TokenKind,
        random: &dyn SecureRandom,
    ) -> Result<OpaqueToken, RandomError> {
        let mut octets = Zeroizing::new([0; OCTETS]);
        octets[..KEY_ID].copy_from_slice(&self.key_id);
        random.fill(&mut octets[KEY_ID..KEY_ID + RANDOM])?;
        let check: [u8; CHECK] = self
            .key
            .compute_truncated(&checked_message(kind, &octets[..KEY_ID + RANDOM]));
        octets[KEY_ID + RANDOM..].copy_from_slice(&check);
        let mut token = String::with_capacity(kind.prefix().len() + OCTETS * 4 / 3);
        token.push_str(kind.prefix());
        token.push_str(&base64url::encode(octets.as_slice()));
        Ok(OpaqueToken(Zeroizing::new(token)))
    }

    /// The look-up hash of a presented string, if this mint made it for `kind`.
    pub fn recognise(&self, kind: TokenKind, presented: &str) -> Option<TokenHash> {
        let encoded = presented.strip_prefix(kind.prefix())?;
        if encoded.len() != OCTETS * 4 / 3 {
            return None;
        }
        let octets = Zeroizing::new(base64url::decode(encoded).ok()?);
        let (body, check) = octets.split_last_chunk::<CHECK>()?;
        self.key
            .verify_truncated(&checked_message(kind, body), check)
            .ok()?;
        Some(TokenHash::of(presented))
    }
}

/// What the check covers: the kind too, so that no kind passes as another.
fn checked_message(kind: TokenKind, body: &[u8]) -> Vec<u8> {
    [kind.prefix().as_bytes(), body].concat()
}

impl fmt::Debug for TokenMint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenMint(..)")
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;
    use proptest::prelude::*;

    use super::*;

    fn mint() -> TokenMint {
        TokenMint::new(&[7; 32])
    }

    #[test]
    fn row_fsp_5_4_1_04_a_token_carries_256_random_bits() {
        carries_256_random_bits(TokenKind::Access);
    }

    #[test]
    fn row_7592_5_01_a_registration_access_token_carries_256_random_bits() {
        carries_256_random_bits(TokenKind::Registration);
    }

    fn carries_256_random_bits(kind: TokenKind) {
        let (one, two) = (
            mint().mint(kind, &SystemRandom).unwrap(),
            mint().mint(kind, &SystemRandom).unwrap(),
        );
        let random = |token: &OpaqueToken| {
            base64url::decode(&token.expose()[4..]).unwrap()[KEY_ID..KEY_ID + RANDOM].to_vec()
        };
        assert_eq!(random(&one).len() * 8, 256);
        assert_ne!(random(&one), random(&two));
    }

    #[test]
    fn a_genuine_token_is_recognised_as_its_own_kind_only() {
        const KINDS: [TokenKind; 4] = [
            TokenKind::Access,
            TokenKind::InitialAccess,
            TokenKind::Registration,
            TokenKind::Caller,
        ];
        for kind in KINDS {
            let token = mint().mint(kind, &SystemRandom).unwrap();
            for other in KINDS {
                let recognised = mint().recognise(other, token.expose());
                assert_eq!(recognised, (kind == other).then(|| token.hash()));
                let renamed = token.expose().replacen(kind.prefix(), other.prefix(), 1);
                let recognised = mint().recognise(other, &renamed);
                assert_eq!(recognised.is_some(), kind == other);
            }
        }
    }

    #[test]
    fn a_token_of_another_server_is_not_recognised() {
        let other = TokenMint::new(&[8; 32]);
        let token = other.mint(TokenKind::Access, &SystemRandom).unwrap();
        assert_eq!(mint().recognise(TokenKind::Access, token.expose()), None);
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let token = mint().mint(TokenKind::Access, &SystemRandom).unwrap();
        for at in 0..token.expose().len() {
            let mut bytes = token.expose().as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(
                mint().recognise(TokenKind::Access, &changed),
                None,
                "at {at}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_string_makes_it_panic(text in ".{0,200}") {
            prop_assert_eq!(mint().recognise(TokenKind::Access, &text), None);
        }
    }
}
