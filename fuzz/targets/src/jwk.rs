//! Public keys.

use avouch_crypto::random::SystemRandom;
use avouch_jose::jwe::{Encrypter, ProtectedHeader};
use avouch_jose::{
    ContentEncryption, EncryptionKey, Jwk, KeyManagementAlgorithm, SignatureAlgorithm,
    VerificationKey, strict_json,
};
use serde_json::{Map, Value};

/// One JWK.
pub fn jwk(data: &[u8]) {
    let parsed = Jwk::parse_public(data);
    // Each way in is as strict as the others.
    let object = strict_json::object(data).map_err(Into::into);
    assert_eq!(object.and_then(Jwk::from_object), parsed);
    assert_eq!(
        serde_json::from_slice(data).ok().as_ref(),
        parsed.as_ref().ok()
    );
    if let Ok(key) = parsed {
        check_sound(&key);
    }
}

/// A key that was taken is written as what it is, keeps its thumbprint and works.
pub(crate) fn check_sound(key: &Jwk) {
    let written = key.to_json();
    assert_eq!(Jwk::parse_public(written.as_bytes()).as_ref(), Ok(key));
    check_members(&written);
    let named = key.clone().with_kid("another");
    assert_eq!(named.thumbprint(), key.thumbprint());
    assert_eq!(key.thumbprint_base64url().len(), 43);
    for algorithm in SignatureAlgorithm::ALL {
        let verifier = VerificationKey::from_jwk(key, algorithm);
        assert_eq!(verifier.is_ok(), key.fits(algorithm), "{algorithm}");
    }
    for algorithm in KeyManagementAlgorithm::ALL {
        let recipient = EncryptionKey::from_jwk(key, algorithm);
        assert_eq!(recipient.is_ok(), key.encrypts(algorithm), "{algorithm}");
        if let Ok(recipient) = recipient {
            let header = ProtectedHeader::new(ContentEncryption::A128Gcm);
            let token = Encrypter::new(recipient, &header).encrypt(b"{}", &SystemRandom);
            assert!(token.is_ok(), "a key that nothing encrypts to: {algorithm}");
        }
    }
}

fn check_members(written: &str) {
    const PUBLIC: [&str; 12] = [
        "kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y", "pub", "x5c",
    ];

    let members: Map<String, Value> = serde_json::from_str(written).expect("JSON");
    let foreign = members.keys().find(|name| !PUBLIC.contains(&name.as_str()));
    assert_eq!(foreign, None, "what does not belong to a public key");
}
