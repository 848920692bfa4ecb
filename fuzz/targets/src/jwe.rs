//! Encrypted tokens.

use avouch_jose::jwe::{DecryptError, JweHeader, UndecryptedJwe};
use avouch_jose::{ContentEncryption, TokenKind, base64url};
use serde_json::Value;

use crate::published::{DECRYPTION_KEYS, is_token};

/// A token; or a header, which goes around base64url and is put before parts that decrypt to nothing.
pub fn jwe(data: &[u8]) {
    if data.starts_with(b"{") {
        let header = base64url::encode(data);
        token(&format!("{header}..{IV}.{CIPHERTEXT}.{TAG}"));
        token(&format!("{header}.{KEY}.{IV}.{CIPHERTEXT}.{TAG}"));
    } else if let Ok(text) = std::str::from_utf8(data) {
        token(text);
    }
}

/// As long as they have to be: a wrapped key of 16 octets, a block, the least that is a vector or a tag.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const IV: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const CIPHERTEXT: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// What decrypts was encrypted to the key, and not an octet changed since.
fn token(token: &str) {
    let Ok(undecrypted) = UndecryptedJwe::parse(token) else {
        return;
    };
    assert_eq!(TokenKind::of(token), Some(TokenKind::Jwe));
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| base64url::decode(part).expect("five parts of base64url"))
        .collect();
    let encoded: Vec<String> = parts.iter().map(base64url::encode).collect();
    assert_eq!(encoded.join("."), token, "a second spelling");
    check_header(undecrypted.header(), &parts[0]);
    let algorithm = undecrypted.header().algorithm();
    for key in &*DECRYPTION_KEYS {
        let undecrypted = UndecryptedJwe::parse(token).expect("as before");
        match undecrypted.decrypt(key, &ContentEncryption::ALL) {
            Ok(decrypted) => {
                assert_eq!(key.algorithm(), algorithm, "the header chose");
                check_header(decrypted.header(), &parts[0]);
                assert!(is_token(token), "a forgery");
            }
            Err(DecryptError::AlgorithmMismatch { .. }) => assert_ne!(key.algorithm(), algorithm),
            Err(DecryptError::EncryptionNotAllowed(_)) => panic!("all are allowed"),
            Err(DecryptError::OtherCurve | DecryptError::Failed) => {
                assert_eq!(key.algorithm(), algorithm);
            }
        }
    }
}

fn check_header(header: &JweHeader, json: &[u8]) {
    let members: Value = serde_json::from_slice(json).expect("strict JSON is JSON");
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    assert_eq!(Some(header.algorithm().name()), text("alg"));
    assert_eq!(Some(header.encryption().name()), text("enc"));
    assert_eq!(header.kid(), text("kid"));
    assert_eq!(header.typ(), text("typ"));
    assert_eq!(header.cty(), text("cty"));
    for refused in ["crit", "zip"] {
        assert!(members.get(refused).is_none(), "{refused}");
    }
    assert!(header.algorithm().is_rsa() || members["epk"].is_object());
}
