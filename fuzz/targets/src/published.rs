//! Keys that RFCs and our own known answers print, and all that was ever signed or encrypted for the world to see
//! under them. Whatever else they verify or decrypt is a forgery.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use avouch_jose::jws::UnverifiedJws;
use avouch_jose::{
    DecryptionKey, Jwk, JwkSet, KeyManagementAlgorithm, SignatureAlgorithm, SigningKey, TokenKind,
    VerificationKey, base64url,
};
use serde_json::{Map, Value};

const FILES: [&str; 6] = [
    include_str!("../../../tests/vectors/derived-rfc9701.json"),
    include_str!("../../../tests/vectors/rfc7515-appendix-a.json"),
    include_str!("../../../tests/vectors/rfc7516-appendix-a.json"),
    include_str!("../../../tests/vectors/rfc7519-examples.json"),
    include_str!("../../../tests/vectors/rfc8037-appendix-a.json"),
    include_str!("../../../tests/vectors/rfc9449-dpop.json"),
];

const PRIVATE: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// The key that the targets sign with: Ed25519, quick and the same for the same octets.
pub(crate) static SIGNING_KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let mut keys = KNOWN.keys.values();
    let keys = keys.find_map(|key| {
        SigningKey::from_private_jwk_for(SignatureAlgorithm::Ed25519, json(key).as_bytes()).ok()
    });
    keys.expect("RFC 8037 prints one")
});

/// A verification key for each key and each algorithm that it fits.
pub(crate) static VERIFICATION_KEYS: LazyLock<Vec<VerificationKey>> = LazyLock::new(|| {
    let pairs = KNOWN.keys.values().flat_map(|key| {
        let jwk = public_half(key).expect("it was read before");
        SignatureAlgorithm::ALL.map(|algorithm| VerificationKey::from_jwk(&jwk, algorithm))
    });
    pairs.filter_map(Result::ok).collect()
});

/// For each key a set of its own.
pub(crate) static PUBLIC_KEYS: LazyLock<Vec<JwkSet>> = LazyLock::new(|| {
    let keys = KNOWN.keys.values().filter_map(public_half);
    keys.map(|key| JwkSet { keys: vec![key] }).collect()
});

/// Secrets that two were to share.
pub(crate) static SECRETS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| KNOWN.secrets.iter().cloned().collect());

/// A decryption key for each key and each algorithm that it fits.
pub(crate) static DECRYPTION_KEYS: LazyLock<Vec<DecryptionKey>> = LazyLock::new(|| {
    let pairs = KNOWN.keys.values().flat_map(|key| {
        KeyManagementAlgorithm::ALL
            .map(|algorithm| DecryptionKey::from_private_jwk_for(algorithm, json(key).as_bytes()))
    });
    pairs.filter_map(Result::ok).collect()
});

/// Whether this token stands in one of the files.
pub(crate) fn is_token(token: &str) -> bool {
    KNOWN.tokens.contains(token)
}

/// Whether the header and payload of this token stand in one of the files. Whoever has an ECDSA signature can write
/// it in another way.
pub(crate) fn is_signed(token: &str) -> bool {
    let signed = |token: &str| token.rsplit_once('.').map(|(input, _)| input.to_owned());
    signed(token).is_some_and(|input| {
        KNOWN.tokens.iter().any(|known| {
            UnverifiedJws::parse(known).is_ok() && signed(known).as_ref() == Some(&input)
        })
    })
}

struct Known {
    /// Private keys, bare of what their owners say of them, by thumbprint.
    keys: BTreeMap<String, Map<String, Value>>,
    secrets: HashSet<Vec<u8>>,
    tokens: HashSet<String>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut known = Known {
        keys: BTreeMap::new(),
        secrets: HashSet::new(),
        tokens: HashSet::new(),
    };
    for file in FILES {
        known.collect(&serde_json::from_str(file).expect("our own JSON"));
    }
    known
});

impl Known {
    fn collect(&mut self, value: &Value) {
        match value {
            Value::String(text) if TokenKind::of(text).is_some() => {
                self.tokens.insert(text.clone());
            }
            Value::Array(values) => values.iter().for_each(|value| self.collect(value)),
            Value::Object(members) => {
                if members.contains_key("kty") && members.contains_key("d") {
                    let mut key = members.clone();
                    for said in ["alg", "use", "key_ops", "kid"] {
                        key.remove(said);
                    }
                    if let Some(jwk) = public_half(&key) {
                        self.keys.insert(jwk.thumbprint_base64url(), key);
                    }
                }
                if members.get("kty").is_some_and(|kty| kty == "oct") {
                    let secret = members.get("k").and_then(Value::as_str);
                    self.secrets
                        .extend(secret.and_then(|k| base64url::decode(k).ok()));
                }
                members.values().for_each(|value| self.collect(value));
            }
            _ => {}
        }
    }
}

fn public_half(key: &Map<String, Value>) -> Option<Jwk> {
    let mut key = key.clone();
    key.retain(|name, _| !PRIVATE.contains(&name.as_str()));
    Jwk::from_object(key).ok()
}

fn json(key: &Map<String, Value>) -> String {
    Value::Object(key.clone()).to_string()
}

#[cfg(test)]
mod tests {
    use avouch_jose::ContentEncryption;
    use avouch_jose::jwe::UndecryptedJwe;

    use super::*;

    /// Else the targets would hold of keys that open nothing, and could not fail.
    #[test]
    fn the_keys_verify_and_decrypt_what_is_printed_beside_them() {
        let (mut verified, mut decrypted) = (HashSet::new(), HashSet::new());
        for token in &KNOWN.tokens {
            for key in &*VERIFICATION_KEYS {
                if UnverifiedJws::parse(token).is_ok_and(|jws| jws.verify(key).is_ok()) {
                    assert!(is_signed(token));
                    verified.insert(key.algorithm());
                }
            }
            for key in &*DECRYPTION_KEYS {
                let jwe = UndecryptedJwe::parse(token);
                if jwe.is_ok_and(|jwe| jwe.decrypt(key, &ContentEncryption::ALL).is_ok()) {
                    assert!(is_token(token));
                    decrypted.insert(key.algorithm());
                }
            }
        }
        assert_eq!(verified.len(), 6, "{verified:?}");
        assert_eq!(decrypted.len(), 4, "{decrypted:?}");
    }
}
