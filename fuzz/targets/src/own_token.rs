//! Access tokens of this server, told from everything else without a look-up.

use std::sync::LazyLock;

use avouch_core::keys::AccessTokenKeys;
use avouch_core::opaque_token::{TokenHash, TokenKind, TokenMint};
use avouch_core::own_tokens::OwnTokens;
use avouch_core::records::{KeyPurpose, KeySchedule, SigningKeyRecord};
use avouch_core::time::Timestamp;
use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_jose::jws::UnverifiedJws;
use avouch_jose::{SignatureAlgorithm, strict_json};
use avouch_oauth::Issuer;
use avouch_oauth::introspection::MAX_TOKEN_LENGTH;
use avouch_oauth::media_type::ACCESS_TOKEN_JWT_TYP;

use crate::assembled::{header_and_payload, is_typ, maced, signed, tampered, unsigned};
use crate::published::SIGNING_KEY;

const ISSUER: &str = "https://as.example.com";
const KINDS: [TokenKind; 4] = [
    TokenKind::Access,
    TokenKind::InitialAccess,
    TokenKind::Registration,
    TokenKind::Caller,
];

static MINT: LazyLock<TokenMint> = LazyLock::new(|| TokenMint::new(&[7; 32]));

/// One of each kind, always the same.
static MINTED: LazyLock<[(TokenKind, String); 4]> = LazyLock::new(|| {
    [0, 1, 2, 3].map(|index: u8| {
        let kind = KINDS[usize::from(index)];
        let token = MINT.mint(kind, &Always(index)).expect("octets");
        (kind, token.expose().to_owned())
    })
});

static KEYS: LazyLock<AccessTokenKeys> = LazyLock::new(|| {
    let record = SigningKeyRecord {
        public: SIGNING_KEY.public_jwk().clone(),
        algorithm: SIGNING_KEY.algorithm(),
        purpose: KeyPurpose::AccessTokens,
        sealed_private: Vec::new(),
        schedule: KeySchedule::at_once(Timestamp::from_secs(0)),
    };
    AccessTokenKeys::new([&record]).expect("a key")
});

static DEFAULT_HEADER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let kid = SIGNING_KEY.kid();
    format!(r#"{{"typ":"at+jwt","alg":"Ed25519","kid":"{kid}"}}"#).into_bytes()
});

struct Always(u8);

impl SecureRandom for Always {
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomError> {
        octets.fill(self.0);
        Ok(())
    }
}

/// A token as it is presented; claims of a JWT, with or without a header; and a pattern of bits to turn in tokens that
/// are genuine.
pub fn own_token(data: &[u8]) {
    if data.starts_with(b"{") {
        jwt(data);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        presented(text);
    }
    changed(data);
}

fn recognise(presented: &str) -> Option<TokenHash> {
    let issuer = Issuer::parse(ISSUER).expect("an issuer");
    let own = OwnTokens {
        mint: &MINT,
        keys: &KEYS,
        issuer: &issuer,
    };
    own.recognise(presented)
}

/// Nothing that was not made here is.
fn presented(text: &str) {
    for kind in KINDS {
        let recognised = MINT.recognise(kind, text);
        let is_minted = MINTED
            .iter()
            .any(|(own, token)| *own == kind && token == text);
        assert_eq!(
            recognised,
            is_minted.then(|| TokenHash::of(text)),
            "a forgery"
        );
    }
    let is_minted = MINTED[0].1 == text;
    assert_eq!(
        recognise(text),
        is_minted.then(|| TokenHash::of(text)),
        "a forgery"
    );
}

/// A genuine token, once anything is changed, is none of ours, and of one kind before.
fn changed(mask: &[u8]) {
    for (_, token) in &*MINTED {
        let mut octets = token.clone().into_bytes();
        octets
            .iter_mut()
            .zip(mask)
            .for_each(|(octet, turned)| *octet ^= turned);
        if let Ok(text) = String::from_utf8(octets) {
            presented(&text);
        }
        if let Ok(further) = std::str::from_utf8(mask) {
            presented(&format!("{token}{further}"));
            presented(&format!("{further}{token}"));
        }
    }
}

/// A JWT is ours exactly if we signed it, as an access token and in our name.
fn jwt(data: &[u8]) {
    let (header, claims) = header_and_payload(data, &DEFAULT_HEADER);
    let token = signed(header, claims);
    let recognised = recognise(&token);
    let expected = header_fits(&token) && names_us(claims);
    assert_eq!(recognised, expected.then(|| TokenHash::of(&token)));
    // What does not name us is refused anyway.
    if !names_us(claims) {
        return;
    }
    let public = SIGNING_KEY.public_jwk().to_json().into_bytes();
    for forged in [
        tampered(&token),
        unsigned(header, claims),
        maced(avouch_jose::MacAlgorithm::Hs256, &public, header, claims),
    ] {
        assert_eq!(recognise(&forged), None, "a forgery");
    }
}

fn header_fits(token: &str) -> bool {
    UnverifiedJws::parse_bounded(token, MAX_TOKEN_LENGTH).is_ok_and(|jws| {
        let header = jws.header();
        header.algorithm() == SignatureAlgorithm::Ed25519
            && header.kid() == Some(SIGNING_KEY.kid())
            && header
                .typ()
                .is_some_and(|typ| is_typ(typ, ACCESS_TOKEN_JWT_TYP))
    })
}

fn names_us(claims: &[u8]) -> bool {
    strict_json::object(claims)
        .is_ok_and(|claims| claims.get("iss").is_some_and(|iss| iss == ISSUER))
}
