use super::*;
use crate::random::SystemRandom;

const CIPHERS: [ContentCipher; 6] = [
    ContentCipher::Aes128CbcHmacSha256,
    ContentCipher::Aes192CbcHmacSha384,
    ContentCipher::Aes256CbcHmacSha512,
    ContentCipher::Aes128Gcm,
    ContentCipher::Aes192Gcm,
    ContentCipher::Aes256Gcm,
];

/// Hands out the same octets always.
struct Fixed(&'static [u8]);

impl SecureRandom for Fixed {
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomError> {
        octets.copy_from_slice(self.0);
        Ok(())
    }
}

struct Broken;

impl SecureRandom for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

fn generate(cipher: ContentCipher) -> ContentKey {
    ContentKey::generate(cipher, &SystemRandom).unwrap()
}

/// RFC 7518 appendix B: the same message under keys that count upwards, in three sizes.
#[test]
fn rfc_7518_appendix_b() {
    const MESSAGE: &[u8] = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience";
    const IV: &[u8] = &[
        0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc,
        0x04,
    ];
    const AAD: &[u8] = b"The second principle of Auguste Kerckhoffs";
    let cases: [(ContentCipher, [u8; 8], &[u8]); 3] = [
        (
            ContentCipher::Aes128CbcHmacSha256,
            [0xc8, 0x0e, 0xdf, 0xa3, 0x2d, 0xdf, 0x39, 0xd5],
            &[
                0x65, 0x2c, 0x3f, 0xa3, 0x6b, 0x0a, 0x7c, 0x5b, 0x32, 0x19, 0xfa, 0xb3, 0xa3, 0x0b,
                0xc1, 0xc4,
            ],
        ),
        (
            ContentCipher::Aes192CbcHmacSha384,
            [0xea, 0x65, 0xda, 0x6b, 0x59, 0xe6, 0x1e, 0xdb],
            &[
                0x84, 0x90, 0xac, 0x0e, 0x58, 0x94, 0x9b, 0xfe, 0x51, 0x87, 0x5d, 0x73, 0x3f, 0x93,
                0xac, 0x20, 0x75, 0x16, 0x80, 0x39, 0xcc, 0xc7, 0x33, 0xd7,
            ],
        ),
        (
            ContentCipher::Aes256CbcHmacSha512,
            [0x4a, 0xff, 0xaa, 0xad, 0xb7, 0x8c, 0x31, 0xc5],
            &[
                0x4d, 0xd3, 0xb4, 0xc0, 0x88, 0xa7, 0xf4, 0x5c, 0x21, 0x68, 0x39, 0x64, 0x5b, 0x20,
                0x12, 0xbf, 0x2e, 0x62, 0x69, 0xa8, 0xc5, 0x6a, 0x81, 0x6d, 0xbc, 0x1b, 0x26, 0x77,
                0x61, 0x95, 0x5b, 0xc5,
            ],
        ),
    ];
    for (cipher, first, tag) in cases {
        let octets = (0..).take(cipher.key_len()).collect();
        let key = ContentKey::from_octets(cipher, Zeroizing::new(octets)).unwrap();
        let content = key.encrypt(AAD, MESSAGE, &Fixed(IV)).unwrap();
        assert_eq!(content.iv, IV);
        assert_eq!(content.ciphertext[..8], first, "{cipher:?}");
        assert_eq!(content.tag, tag, "{cipher:?}");
        assert_eq!(key.decrypt(AAD, content).unwrap().as_slice(), MESSAGE);
    }
}

/// Test case 4 of the GCM specification (of the proposal to NIST), which SP 800-38D refers to.
#[test]
fn aes_128_gcm_test_case_4() {
    const IV: &[u8] = &[
        0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88,
    ];
    let hex = |text: &str| -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    };
    let key = Zeroizing::new(hex("feffe9928665731c6d6a8f9467308308"));
    let key = ContentKey::from_octets(ContentCipher::Aes128Gcm, key).unwrap();
    let message = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let content = key.encrypt(&aad, &message, &Fixed(IV)).unwrap();
    assert_eq!(content.tag, hex("5bc94fbc3221a5db94fae95ae7121a47"));
    assert_eq!(
        content.ciphertext,
        hex(
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
        )
    );
}

#[test]
fn messages_of_every_length_come_back_and_have_the_length_foretold() {
    for cipher in CIPHERS {
        for length in 0..50 {
            let key = generate(cipher);
            let message = vec![7; length];
            let content = key.encrypt(b"aad", &message, &SystemRandom).unwrap();
            assert_eq!(content.iv.len(), cipher.iv_len());
            assert_eq!(content.tag.len(), cipher.tag_len());
            assert_eq!(content.ciphertext.len(), cipher.ciphertext_len(length));
            assert_eq!(*key.decrypt(b"aad", content).unwrap(), message);
        }
    }
}

#[test]
fn every_flipped_bit_and_every_missing_octet_is_noticed_and_told_alike() {
    for cipher in CIPHERS {
        let key = generate(cipher);
        let content = key.encrypt(b"aad", b"message", &SystemRandom).unwrap();
        for part in [
            |content: &mut EncryptedContent| std::mem::take(&mut content.iv),
            |content: &mut EncryptedContent| std::mem::take(&mut content.ciphertext),
            |content: &mut EncryptedContent| std::mem::take(&mut content.tag),
        ] {
            let whole = part(&mut content.clone());
            let changed = (0..whole.len() * 8).map(|bit| {
                let mut changed = whole.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                changed
            });
            let shorter = (0..whole.len()).map(|length| whole[..length].to_vec());
            let longer = [[whole.as_slice(), &[0]].concat()];
            for other in changed.chain(shorter).chain(longer) {
                let mut forged = content.clone();
                let taken = part(&mut forged);
                for place in [&mut forged.iv, &mut forged.ciphertext, &mut forged.tag] {
                    if place.is_empty() && !taken.is_empty() {
                        place.clone_from(&other);
                    }
                }
                assert_eq!(key.decrypt(b"aad", forged), Err(DecryptionFailed));
            }
        }
        assert_eq!(key.decrypt(b"Aad", content.clone()), Err(DecryptionFailed));
        assert_eq!(
            generate(cipher).decrypt(b"aad", content),
            Err(DecryptionFailed)
        );
    }
}

/// A sender who holds the key can pad wrongly; the reader's answer is no other than to a wrong tag.
#[test]
fn a_wrong_padding_under_a_right_tag_fails_like_everything_else() {
    let cipher = ContentCipher::Aes128CbcHmacSha256;
    let key = generate(cipher);
    // A ciphertext of one random block decrypts to random octets, rightly padded once in 255 times or so.
    let forge = |iv: u8| {
        let mut content = key.encrypt(b"aad", b"message", &SystemRandom).unwrap();
        content.iv = vec![iv; 16];
        let mut signed = [b"aad", content.iv.as_slice(), &content.ciphertext].concat();
        signed.extend_from_slice(&24_u64.to_be_bytes());
        let mac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key.as_bytes()[..16]);
        content.tag = aws_lc_rs::hmac::sign(&mac, &signed).as_ref()[..16].to_vec();
        key.decrypt(b"aad", content)
    };
    let failures = (0..=255).map(forge).filter(Result::is_err);
    let failures: Vec<_> = failures.map(Result::unwrap_err).collect();
    assert!(failures.len() > 200, "{}", failures.len());
    assert!(failures.iter().all(|error| *error == DecryptionFailed));
}

#[test]
fn keys_of_another_length_are_refused() {
    for cipher in CIPHERS {
        for length in [0, cipher.key_len() - 1, cipher.key_len() + 1] {
            let octets = Zeroizing::new(vec![0; length]);
            assert_eq!(
                ContentKey::from_octets(cipher, octets).unwrap_err(),
                WrongKeyLength
            );
        }
    }
}

#[test]
fn without_randomness_nothing_is_encrypted() {
    let cipher = ContentCipher::Aes256Gcm;
    assert_eq!(
        ContentKey::generate(cipher, &Broken).unwrap_err(),
        RandomError
    );
    assert_eq!(
        generate(cipher).encrypt(b"", b"message", &Broken),
        Err(EncryptionError::Random(RandomError))
    );
}

#[test]
fn debug_shows_the_cipher_alone() {
    assert_eq!(
        format!("{:?}", generate(ContentCipher::Aes128Gcm)),
        "ContentKey { cipher: Aes128Gcm, .. }"
    );
}
