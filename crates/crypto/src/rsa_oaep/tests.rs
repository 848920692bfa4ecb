use std::sync::LazyLock;

use super::*;
use crate::{
    private_key::{PrivateKeyParts, PrivateKeyRejected, RsaKeySize},
    public_key::{PublicKeyParts, PublicKeyRejected},
};

const HASHES: [OaepHash; 4] = [
    OaepHash::Sha1,
    OaepHash::Sha256,
    OaepHash::Sha384,
    OaepHash::Sha512,
];

static PKCS8: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let key = OaepPrivateKey::generate(OaepHash::Sha256, RsaKeySize::Bits2048).unwrap();
    key.to_pkcs8().unwrap().to_vec()
});

fn pair(hash: OaepHash) -> (OaepPrivateKey, OaepPublicKey) {
    let private = OaepPrivateKey::from_pkcs8(hash, &PKCS8).unwrap();
    let public = OaepPublicKey::from_parts(hash, private.public_parts()).unwrap();
    (private, public)
}

#[test]
fn what_was_encrypted_decrypts_and_differs_each_time() {
    for hash in HASHES {
        let (private, public) = pair(hash);
        let [a, b] = [(); 2].map(|()| public.encrypt(&[7; 64]).unwrap());
        assert_ne!(a, b);
        for ciphertext in [a, b] {
            assert_eq!(ciphertext.len(), public.ciphertext_len());
            assert_eq!(private.decrypt(&ciphertext).unwrap().as_slice(), [7; 64]);
        }
    }
}

#[test]
fn a_message_for_another_hash_or_key_and_a_changed_one_all_fail_alike() {
    let (private, public) = pair(OaepHash::Sha256);
    let ciphertext = public.encrypt(b"key").unwrap();
    for hash in HASHES.into_iter().filter(|hash| *hash != OaepHash::Sha256) {
        assert_eq!(pair(hash).0.decrypt(&ciphertext), Err(DecryptionFailed));
    }
    let other = OaepPrivateKey::generate(OaepHash::Sha256, RsaKeySize::Bits2048).unwrap();
    assert_eq!(other.decrypt(&ciphertext), Err(DecryptionFailed));
    for at in [0, 100, 255] {
        let mut forged = ciphertext.clone();
        forged[at] ^= 1;
        assert_eq!(private.decrypt(&forged), Err(DecryptionFailed));
    }
    for other_length in [&[][..], &ciphertext[1..], &ciphertext[..255], &[0xff; 256]] {
        assert_eq!(private.decrypt(other_length), Err(DecryptionFailed));
    }
    let zero_in_front = [&[0], ciphertext.as_slice()].concat();
    assert_eq!(private.decrypt(&zero_in_front), Err(DecryptionFailed));
}

#[test]
fn a_message_beyond_the_key_is_not_encrypted() {
    let (_, public) = pair(OaepHash::Sha512);
    assert!(public.encrypt(&[0; 256 - 2 * 64 - 2]).is_ok());
    assert_eq!(
        public.encrypt(&[0; 256 - 2 * 64 - 1]),
        Err(EncryptionFailed)
    );
}

#[test]
fn the_checks_of_rsa_keys_apply() {
    let refused =
        |parts: &PublicKeyParts| OaepPublicKey::from_parts(OaepHash::Sha256, parts).unwrap_err();
    let rsa = |octets: usize, e: &[u8]| {
        let mut n = vec![0xff; octets];
        n[0] = 0x80;
        PublicKeyParts::Rsa { n, e: e.to_vec() }
    };
    assert_eq!(
        refused(&rsa(128, &[1, 0, 1])),
        PublicKeyRejected::RsaTooShort(1024)
    );
    assert_eq!(
        refused(&rsa(1025, &[1, 0, 1])),
        PublicKeyRejected::RsaTooLong(8200)
    );
    assert_eq!(refused(&rsa(256, &[1])), PublicKeyRejected::RsaExponent);
    assert!(OaepPublicKey::from_parts(OaepHash::Sha256, &rsa(1024, &[1, 0, 1])).is_ok());
    let foreign = PublicKeyParts::X25519 { x: vec![9; 32] };
    assert_eq!(refused(&foreign), PublicKeyRejected::WrongKind);
    let halves = OaepPrivateKey::from_parts(
        OaepHash::Sha256,
        &foreign,
        &PrivateKeyParts::X25519 { d: &[1; 32] },
    );
    assert_eq!(
        halves.unwrap_err(),
        PrivateKeyRejected::Public(PublicKeyRejected::WrongKind)
    );
}

#[test]
fn debug_shows_the_hash_alone() {
    let (private, public) = pair(OaepHash::Sha384);
    assert_eq!(
        format!("{private:?}"),
        "OaepPrivateKey { hash: Sha384, .. }"
    );
    assert_eq!(format!("{public:?}"), "OaepPublicKey { hash: Sha384, .. }");
}
