//! josekit (OpenSSL) as a second opinion: what we encrypt it decrypts, and the reverse.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_jose::{
    ContentEncryption, DecryptionKey, KeyManagementAlgorithm,
    jwe::{Encrypter, ProtectedHeader, UndecryptedJwe},
};
use common::{decryption_keys, encrypter};
use josekit::{
    jwe::{
        self, ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A256KW, JweDecrypter, JweEncrypter, JweHeader,
        RSA_OAEP, RSA_OAEP_256, RSA_OAEP_384, RSA_OAEP_512,
    },
    jwk::Jwk,
};

const CONTENT: &[u8] = br#"{"iss":"https://as.example.com"}"#;

fn their_decrypter(key: &DecryptionKey) -> Box<dyn JweDecrypter> {
    let der = key.to_pkcs8().unwrap();
    let der = der.as_slice();
    match key.algorithm() {
        KeyManagementAlgorithm::RsaOaep => Box::new(RSA_OAEP.decrypter_from_der(der).unwrap()),
        KeyManagementAlgorithm::RsaOaep256 => {
            Box::new(RSA_OAEP_256.decrypter_from_der(der).unwrap())
        }
        KeyManagementAlgorithm::RsaOaep384 => {
            Box::new(RSA_OAEP_384.decrypter_from_der(der).unwrap())
        }
        KeyManagementAlgorithm::RsaOaep512 => {
            Box::new(RSA_OAEP_512.decrypter_from_der(der).unwrap())
        }
        KeyManagementAlgorithm::EcdhEs => Box::new(ECDH_ES.decrypter_from_der(der).unwrap()),
        KeyManagementAlgorithm::EcdhEsA128Kw => {
            Box::new(ECDH_ES_A128KW.decrypter_from_der(der).unwrap())
        }
        KeyManagementAlgorithm::EcdhEsA256Kw => {
            Box::new(ECDH_ES_A256KW.decrypter_from_der(der).unwrap())
        }
    }
}

fn their_encrypter(key: &DecryptionKey) -> Box<dyn JweEncrypter> {
    let jwk = Jwk::from_bytes(key.public_jwk().to_json()).unwrap();
    match key.algorithm() {
        KeyManagementAlgorithm::RsaOaep => Box::new(RSA_OAEP.encrypter_from_jwk(&jwk).unwrap()),
        KeyManagementAlgorithm::RsaOaep256 => {
            Box::new(RSA_OAEP_256.encrypter_from_jwk(&jwk).unwrap())
        }
        KeyManagementAlgorithm::RsaOaep384 => {
            Box::new(RSA_OAEP_384.encrypter_from_jwk(&jwk).unwrap())
        }
        KeyManagementAlgorithm::RsaOaep512 => {
            Box::new(RSA_OAEP_512.encrypter_from_jwk(&jwk).unwrap())
        }
        KeyManagementAlgorithm::EcdhEs => {
            let mut encrypter = ECDH_ES.encrypter_from_jwk(&jwk).unwrap();
            // So that the names of the parties are honoured, too.
            encrypter.set_agreement_partyuinfo(*b"them");
            encrypter.set_agreement_partyvinfo(*b"us");
            Box::new(encrypter)
        }
        KeyManagementAlgorithm::EcdhEsA128Kw => {
            Box::new(ECDH_ES_A128KW.encrypter_from_jwk(&jwk).unwrap())
        }
        KeyManagementAlgorithm::EcdhEsA256Kw => {
            Box::new(ECDH_ES_A256KW.encrypter_from_jwk(&jwk).unwrap())
        }
    }
}

#[test]
fn what_we_encrypt_josekit_decrypts() {
    for key in decryption_keys() {
        let decrypter = their_decrypter(key);
        for encryption in ContentEncryption::ALL {
            let token = common::encrypt(key, encryption, CONTENT);
            let (content, header) = jwe::deserialize_compact(&token, &*decrypter).unwrap();
            assert_eq!(content, CONTENT, "{key:?} {encryption}");
            assert_eq!(
                header.content_encryption(),
                Some(encryption.name()),
                "{key:?}"
            );
        }
    }
}

#[test]
fn what_josekit_encrypts_we_decrypt() {
    for key in decryption_keys() {
        let encrypter = their_encrypter(key);
        for encryption in ContentEncryption::ALL {
            let mut header = JweHeader::new();
            header.set_content_encryption(encryption.name());
            let token = jwe::serialize_compact(CONTENT, &header, &*encrypter).unwrap();
            let decrypted = UndecryptedJwe::parse(&token)
                .unwrap()
                .decrypt(key, &[encryption]);
            assert_eq!(
                decrypted.unwrap().content(),
                CONTENT,
                "{key:?} {encryption}"
            );
        }
    }
}

#[test]
fn josekit_reads_the_same_header() {
    let key = &decryption_keys()[0];
    let header = ProtectedHeader::new(ContentEncryption::A128Gcm)
        .typ("example+jwe")
        .cty("JWT");
    let token = encrypter(key, &header);
    let token = Encrypter::encrypt(&token, CONTENT, &common::RNG).unwrap();
    let (_, header) = jwe::deserialize_compact(&token, &*their_decrypter(key)).unwrap();
    assert_eq!(header.token_type(), Some("example+jwe"));
    assert_eq!(header.content_type(), Some("JWT"));
    assert_eq!(header.key_id(), Some(key.kid()));
    assert_eq!(header.algorithm(), Some(key.algorithm().name()));
}
