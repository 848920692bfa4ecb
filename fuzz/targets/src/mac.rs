//! Tokens that are authenticated with a shared secret.

use avouch_jose::jws::UnverifiedJws;
use avouch_jose::mac::{UnverifiedMac, VerifiedMac, VerifyMacError};
use avouch_jose::{MacAlgorithm, MacKey, ParseError, TokenKind, base64url};

use crate::assembled::{maced, signed, tampered, unsigned};
use crate::jws::check_header;
use crate::published::{SECRETS, is_token};

const MAX_LEN: usize = 16 * 1024;
const PAYLOAD: &[u8] = br#"{"iss":"client-1"}"#;
const SECRET: &[u8; 64] = &[7; 64];

/// A header, which goes before a payload and is authenticated rightly with every algorithm; or a token.
pub fn mac(data: &[u8]) {
    if data.starts_with(b"{") {
        for algorithm in MacAlgorithm::ALL {
            header(data, algorithm);
        }
    } else if let Ok(text) = std::str::from_utf8(data) {
        token(text);
    }
}

fn key(algorithm: MacAlgorithm, secret: &[u8]) -> Option<MacKey> {
    MacKey::from_shared_secret(algorithm, secret).ok()
}

fn verify(token: &str, key: &MacKey) -> Option<VerifiedMac> {
    let unverified = UnverifiedMac::parse_bounded(token, MAX_LEN).ok()?;
    let algorithm = unverified.header().algorithm();
    match unverified.verify(key) {
        Ok(verified) => {
            assert_eq!(algorithm, key.algorithm(), "the header chose");
            Some(verified)
        }
        Err(VerifyMacError::AlgorithmMismatch { .. }) => {
            assert_ne!(algorithm, key.algorithm());
            None
        }
        Err(VerifyMacError::Tag(_)) => {
            assert_eq!(algorithm, key.algorithm());
            None
        }
    }
}

/// Taken exactly if the header can be taken and names the algorithm of the key.
fn header(json: &[u8], algorithm: MacAlgorithm) {
    let own = key(algorithm, SECRET).expect("a secret of 64 octets");
    let other = key(algorithm, &[8; 64]).expect("a secret of 64 octets");
    let token = maced(algorithm, SECRET, json, PAYLOAD);
    let unverified = UnverifiedMac::parse_bounded(&token, MAX_LEN);
    let names_it = unverified.is_ok_and(|mac| mac.header().algorithm() == algorithm);
    let verified = verify(&token, &own);
    assert_eq!(verified.is_some(), names_it);
    if let Some(verified) = verified {
        assert_eq!(verified.payload(), PAYLOAD);
        check_header(verified.header(), json);
    }
    assert!(verify(&token, &other).is_none(), "with another secret");
    for forged in [
        tampered(&token),
        unsigned(json, PAYLOAD),
        signed(json, PAYLOAD),
    ] {
        assert!(verify(&forged, &own).is_none(), "a forgery");
    }
}

/// What is read as a MAC is no signature, in one spelling, and was made by whoever had the secret.
fn token(token: &str) {
    let Ok(unverified) = UnverifiedMac::parse_bounded(token, MAX_LEN) else {
        return;
    };
    assert_eq!(
        UnverifiedJws::parse(token).err(),
        Some(ParseError::UnsupportedAlgorithm)
    );
    assert_eq!(TokenKind::of(token), Some(TokenKind::Jws));
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| base64url::decode(part).expect("three parts of base64url"))
        .collect();
    let encoded: Vec<String> = parts.iter().map(base64url::encode).collect();
    assert_eq!(encoded.join("."), token, "a second spelling");
    check_header(unverified.header(), &parts[0]);
    assert_eq!(unverified.unverified_payload(), parts[1]);
    let secrets = SECRETS.iter().map(Vec::as_slice).chain([&SECRET[..]]);
    for secret in secrets {
        for key in MacAlgorithm::ALL
            .into_iter()
            .filter_map(|algorithm| key(algorithm, secret))
        {
            if let Some(verified) = verify(token, &key) {
                assert_eq!(verified.payload(), parts[1]);
                assert!(is_token(token), "a forgery");
            }
        }
    }
}
