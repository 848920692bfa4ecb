//! What a reader of encrypted tokens refuses, and what it lets show of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::{
    content_encryption::{ContentCipher, ContentKey},
    hmac::HmacKey,
    rsa_oaep::{OaepHash, OaepPublicKey},
};
use avouch_jose::{
    ContentEncryption, DecryptionKey, KeyManagementAlgorithm, base64url,
    jwe::{
        AgreementCurve, CriticalError, DecryptError, Decrypter, OpenError, ParseError,
        UndecryptedJwe,
    },
    strict_json::JsonError,
};
use common::{RNG, decrypt, decryption_key, encrypt, with_header, with_part};
use serde_json::{Value, json};

const RSA: KeyManagementAlgorithm = KeyManagementAlgorithm::RsaOaep256;
const CBC: ContentEncryption = ContentEncryption::A128CbcHs256;

fn parse_error(token: &str) -> ParseError {
    UndecryptedJwe::parse(token).unwrap_err()
}

fn header_error(change: impl FnOnce(&mut Value)) -> ParseError {
    let token = encrypt(decryption_key(RSA), CBC, b"content");
    parse_error(&with_header(&token, change))
}

/// A token with any content key and any content at all, for the reader with the RSA key.
fn forge(content_key: &[u8], content: impl FnOnce(&str) -> [Vec<u8>; 3]) -> String {
    let header = json!({"alg": RSA, "enc": CBC}).to_string();
    let header = base64url::encode(header);
    let parts = DecryptionKey::public_jwk(decryption_key(RSA)).to_json();
    let jwk: Value = serde_json::from_str(&parts).unwrap();
    let number = |name: &str| base64url::decode(jwk[name].as_str().unwrap()).unwrap();
    let parts = avouch_crypto::PublicKeyParts::Rsa {
        n: number("n"),
        e: number("e"),
    };
    let recipient = OaepPublicKey::from_parts(OaepHash::Sha256, &parts).unwrap();
    let encrypted_key = base64url::encode(recipient.encrypt(content_key).unwrap());
    let content = content(&header).map(base64url::encode).join(".");
    format!("{header}.{encrypted_key}.{content}")
}

/// Content under a content key of 32 octets, as an honest sender makes it.
fn honest(content_key: [u8; 32]) -> impl FnOnce(&str) -> [Vec<u8>; 3] {
    move |header| {
        let octets = content_key.to_vec().into();
        let key = ContentKey::from_octets(ContentCipher::Aes128CbcHmacSha256, octets).unwrap();
        let content = key.encrypt(header.as_bytes(), b"content", &RNG).unwrap();
        [content.iv, content.ciphertext, content.tag]
    }
}

/// Rightly authenticated, wrongly padded: the last octet that comes of it is another in each of these, and at most
/// one of them is a padding.
fn wrongly_padded(content_key: [u8; 32], iv: u8) -> impl FnOnce(&str) -> [Vec<u8>; 3] {
    move |header| {
        let iv = vec![iv; 16];
        let ciphertext = vec![0; 16];
        let mut authenticated = [header.as_bytes(), &iv, &ciphertext].concat();
        let bits = u64::try_from(header.len()).unwrap() * 8;
        authenticated.extend_from_slice(&bits.to_be_bytes());
        // HMAC pads a short key with zeros.
        let mut mac_key = [0; 32];
        mac_key[..16].copy_from_slice(&content_key[..16]);
        let tag = HmacKey::new(&mac_key).compute(&authenticated)[..16].to_vec();
        [iv, ciphertext, tag]
    }
}

#[test]
fn row_7516_11_5_01_every_failure_to_decrypt_looks_the_same() {
    let key = decryption_key(RSA);
    let mut failures = Vec::new();
    let mut refuse = |token: &str, key: &DecryptionKey| {
        failures.push(decrypt(token, key).unwrap_err());
    };

    let forged = forge(&[7; 32], honest([7; 32]));
    assert_eq!(
        decrypt(&forged, key).unwrap(),
        b"content",
        "the forger forges well"
    );
    // The wrong key.
    let token = encrypt(key, CBC, b"content");
    refuse(&token, &DecryptionKey::generate(RSA, &RNG).unwrap());
    // A padding that OAEP does not know, numbers beyond the modulus, other lengths.
    for encrypted_key in [
        vec![1; 256],
        vec![0xff; 256],
        vec![1; 255],
        vec![1; 257],
        vec![1],
    ] {
        refuse(
            &with_part(&token, 1, &base64url::encode(encrypted_key)),
            key,
        );
    }
    // Content keys of other lengths, rightly encrypted.
    for length in [0, 16, 31, 33, 64] {
        refuse(&forge(&vec![7; length], honest([7; 32])), key);
    }
    // Another content key.
    refuse(&forge(&[7; 32], honest([8; 32])), key);
    // Vectors, ciphertexts and tags: changed, short, long, none.
    for at in 2..5 {
        let part = token.split('.').nth(at).unwrap();
        let octets = base64url::decode(part).unwrap();
        let mut changed = octets.clone();
        changed[0] ^= 0x80;
        let short = octets[..8].to_vec();
        let long = [octets.as_slice(), &[0]].concat();
        for other in [changed, short, long, Vec::new()] {
            refuse(&with_part(&token, at, &base64url::encode(other)), key);
        }
    }
    // A changed header.
    refuse(
        &with_header(&token, |header| header["kid"] = json!("x")),
        key,
    );
    // A wrong padding under a right tag: of two, one at least is wrong.
    let paddings: Vec<_> = [0, 1]
        .into_iter()
        .filter_map(|iv| decrypt(&forge(&[7; 32], wrongly_padded([7; 32], iv)), key).err())
        .collect();
    assert!(!paddings.is_empty());
    failures.extend(paddings);

    // An agreement that comes to nothing, a wrapped key that does not open, an agreed key of another purpose.
    for algorithm in [
        KeyManagementAlgorithm::EcdhEs,
        KeyManagementAlgorithm::EcdhEsA128Kw,
    ] {
        let key = DecryptionKey::generate_on(algorithm, AgreementCurve::X25519, &RNG).unwrap();
        let token = encrypt(&key, CBC, b"content");
        let zero = base64url::encode([0; 32]);
        let small_order = with_header(&token, |header| header["epk"]["x"] = json!(zero));
        failures.push(decrypt(&small_order, &key).unwrap_err());
        let named = with_header(&token, |header| header["apu"] = json!("QWxpY2U"));
        failures.push(decrypt(&named, &key).unwrap_err());
        if algorithm == KeyManagementAlgorithm::EcdhEsA128Kw {
            let wrapped = base64url::encode([1; 40]);
            failures.push(decrypt(&with_part(&token, 1, &wrapped), &key).unwrap_err());
        }
    }

    assert!(failures.len() > 30);
    for failure in failures {
        assert_eq!(failure, DecryptError::Failed);
        assert_eq!(failure.to_string(), "the token does not decrypt");
        assert_eq!(format!("{failure:?}"), "Failed");
    }
}

/// What takes the place of a content key that does not open is nothing a sender could know.
#[test]
fn row_7516_11_5_01_the_substitute_of_a_content_key_cannot_be_guessed() {
    for guess in [[0; 32], [0xff; 32]] {
        let token = forge(b"too short", honest(guess));
        assert_eq!(
            decrypt(&token, decryption_key(RSA)),
            Err(DecryptError::Failed)
        );
    }
}

#[test]
fn row_josedep_01_rsa1_5_is_refused_whatever_the_key() {
    assert_eq!(
        header_error(|header| header["alg"] = json!("RSA1_5")),
        ParseError::UnsupportedAlgorithm
    );
}

#[test]
fn row_8725bis_3_13_01_no_work_is_done_for_a_password() {
    assert_eq!(
        header_error(|header| {
            header["alg"] = json!("PBES2-HS256+A128KW");
            header["p2s"] = json!("AAAAAAAAAAA");
            header["p2c"] = json!(u32::MAX);
        }),
        ParseError::UnsupportedAlgorithm
    );
}

#[test]
fn row_8725bis_3_15_01_zip_is_refused_and_never_sent() {
    for zip in [json!("DEF"), json!(""), json!(null), json!("none")] {
        assert_eq!(
            header_error(|header| header["zip"] = zip),
            ParseError::Compressed
        );
    }
    for key in common::decryption_keys() {
        let token = encrypt(key, CBC, &[b' '; 1000]);
        let header = base64url::decode(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert!(header.get("zip").is_none());
    }
}

#[test]
fn algorithms_that_are_not_there_not_names_or_not_ours_are_told_apart() {
    let without = |name: &'static str| {
        header_error(|header| drop(header.as_object_mut().unwrap().remove(name)))
    };
    assert_eq!(without("alg"), ParseError::NoAlgorithm);
    assert_eq!(without("enc"), ParseError::NoEncryption);
    for name in ["alg", "enc", "kid", "typ", "cty"] {
        assert_eq!(
            header_error(|header| header[name] = json!(1)),
            ParseError::HeaderMember(name)
        );
    }
    for alg in [
        "dir",
        "A128KW",
        "ECDH-ES+A192KW",
        "none",
        "RS256",
        "rsa-oaep-256",
    ] {
        assert_eq!(
            header_error(|header| header["alg"] = json!(alg)),
            ParseError::UnsupportedAlgorithm
        );
    }
    for enc in ["A128CBC", "none", "a128gcm"] {
        assert_eq!(
            header_error(|header| header["enc"] = json!(enc)),
            ParseError::UnsupportedEncryption
        );
    }
}

#[test]
fn critical_headers_are_refused_and_foreign_ones_passed_over() {
    let critical = |value: Value| match header_error(|header| header["crit"] = value) {
        ParseError::Critical(error) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(critical(json!(["exp"])), CriticalError::Absent);
    assert_eq!(critical(json!(["kid"])), CriticalError::StandardName);
    assert_eq!(critical(json!(["epk"])), CriticalError::StandardName);
    assert_eq!(critical(json!([])), CriticalError::Empty);
    let token = encrypt(decryption_key(RSA), CBC, b"content");
    for name in ["jku", "jwk", "x5u", "x5c", "iss", "foreign"] {
        let token = with_header(&token, |header| header[name] = json!(["x"]));
        assert!(UndecryptedJwe::parse(&token).is_ok(), "{name}");
    }
}

#[test]
fn the_header_is_one_strict_object() {
    let token = encrypt(decryption_key(RSA), CBC, b"content");
    for (header, error) in [
        ("[]", JsonError::NotAnObject),
        (
            r#"{"alg":"RSA-OAEP-256","alg":"RSA-OAEP","enc":"A128GCM"}"#,
            JsonError::DuplicateMember {
                line: 1,
                column: 27,
            },
        ),
    ] {
        assert_eq!(
            parse_error(&with_part(&token, 0, &base64url::encode(header))),
            ParseError::HeaderJson(error)
        );
    }
}

#[test]
fn row_7515_2_01_parts_are_strict_base64url() {
    let token = encrypt(decryption_key(RSA), CBC, b"content");
    for (at, name) in [
        (0, "header"),
        (1, "encrypted key"),
        (2, "initialization vector"),
        (3, "ciphertext"),
        (4, "tag"),
    ] {
        for lax in ["Zm9vYg==", "Zm9v Yg", "Zm9vYh", "Zm9v+g"] {
            match parse_error(&with_part(&token, at, lax)) {
                ParseError::Base64url { part, .. } => assert_eq!(part, name),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn row_8725bis_3_14_01_a_jwe_has_five_parts() {
    let token = encrypt(decryption_key(RSA), CBC, b"content");
    let (shorter, _) = token.rsplit_once('.').unwrap();
    for other in [
        "",
        ".",
        "....",
        shorter,
        &format!("{token}."),
        &format!("{token}.x"),
    ] {
        let error = parse_error(other);
        let expected = matches!(error, ParseError::NotCompact | ParseError::HeaderJson(_));
        assert!(expected, "{other:?}: {error:?}");
    }
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = json!({
        "protected": parts[0], "encrypted_key": parts[1], "iv": parts[2],
        "ciphertext": parts[3], "tag": parts[4],
    });
    assert_eq!(parse_error(&flattened.to_string()), ParseError::NotCompact);
}

#[test]
fn an_encrypted_key_is_there_where_the_algorithm_has_one_and_nowhere_else() {
    let wrapped = encrypt(decryption_key(RSA), CBC, b"content");
    assert_eq!(
        parse_error(&with_part(&wrapped, 1, "")),
        ParseError::EncryptedKey
    );
    let agreed = encrypt(decryption_key(KeyManagementAlgorithm::EcdhEs), CBC, b"");
    assert_eq!(
        parse_error(&with_part(&agreed, 1, "AAAA")),
        ParseError::EncryptedKey
    );
}

#[test]
fn sizes_are_bounded() {
    let token = encrypt(decryption_key(RSA), CBC, b"content");
    for (at, length) in [(0, 33_000), (1, 1400), (2, 100), (3, 300_000), (4, 100)] {
        assert_eq!(
            parse_error(&with_part(&token, at, &"A".repeat(length))),
            ParseError::TooLong
        );
    }
    assert_eq!(
        UndecryptedJwe::parse_bounded(&token, token.len() - 1).unwrap_err(),
        ParseError::TooLong
    );
    assert!(UndecryptedJwe::parse_bounded(&token, token.len()).is_ok());
    let agreed = encrypt(decryption_key(KeyManagementAlgorithm::EcdhEs), CBC, b"");
    for name in ["apu", "apv"] {
        let named =
            |length| with_header(&agreed, |header| header[name] = json!("A".repeat(length)));
        assert_eq!(parse_error(&named(1028)), ParseError::HeaderMember(name));
        assert!(UndecryptedJwe::parse(&named(1024)).is_ok());
    }
}

#[test]
fn the_reader_decides_on_algorithm_and_content_encryption() {
    let key = decryption_key(RSA);
    let token = encrypt(key, CBC, b"content");
    let other = decryption_key(KeyManagementAlgorithm::RsaOaep);
    assert_eq!(
        decrypt(&token, other),
        Err(DecryptError::AlgorithmMismatch {
            header: RSA,
            key: KeyManagementAlgorithm::RsaOaep
        })
    );
    for allowed in [&[][..], &[ContentEncryption::A256Gcm]] {
        let undecrypted = UndecryptedJwe::parse(&token).unwrap();
        assert_eq!(
            undecrypted.decrypt(key, allowed).unwrap_err(),
            DecryptError::EncryptionNotAllowed(CBC)
        );
    }
}

#[test]
fn a_reader_with_several_keys_goes_by_kid_and_tries_none_in_turn() {
    let generate = |kid: &str| {
        let key = DecryptionKey::generate(KeyManagementAlgorithm::EcdhEs, &RNG).unwrap();
        key.with_kid(kid)
    };
    let (a, b) = (generate("a"), generate("b"));
    let to_b = encrypt(&b, CBC, b"for b");
    let to_c = encrypt(&generate("c"), CBC, b"for c");
    let nameless = {
        let mut jwk: Value = serde_json::from_str(&b.public_jwk().to_json()).unwrap();
        jwk.as_object_mut().unwrap().remove("kid");
        let jwk = avouch_jose::Jwk::parse_public(jwk.to_string().as_bytes()).unwrap();
        let key = avouch_jose::EncryptionKey::try_from(&jwk).unwrap();
        let header = avouch_jose::jwe::ProtectedHeader::new(CBC);
        let encrypter = avouch_jose::jwe::Encrypter::new(key, &header);
        encrypter.encrypt(b"for b", &RNG).unwrap()
    };
    let pkcs8 = b.to_pkcs8().unwrap();
    let both = Decrypter::new([a, b]);
    assert_eq!(both.public_jwks().count(), 2);
    assert_eq!(both.decrypt(&to_b).unwrap().content(), b"for b");
    assert_eq!(both.decrypt(&to_c).unwrap_err(), OpenError::NoKey);
    assert_eq!(both.decrypt(&nameless).unwrap_err(), OpenError::NoKey);
    let b = DecryptionKey::from_pkcs8(KeyManagementAlgorithm::EcdhEs, &pkcs8).unwrap();
    let one = Decrypter::new([b]);
    assert_eq!(one.decrypt(&nameless).unwrap().content(), b"for b");
    let strict = one.allow(&[ContentEncryption::A256Gcm]);
    assert_eq!(
        strict.decrypt(&nameless).unwrap_err(),
        OpenError::Decrypt(DecryptError::EncryptionNotAllowed(CBC))
    );
}

#[test]
fn what_is_shown_of_a_token_is_its_header_alone() {
    let key = decryption_key(RSA);
    let token = encrypt(key, CBC, b"content");
    let undecrypted = UndecryptedJwe::parse(&token).unwrap();
    let header = format!(
        "{{ header: JweHeader {{ algorithm: RsaOaep256, encryption: A128CbcHs256, kid: Some({:?}), typ: None, cty: None }}, .. }}",
        key.kid()
    );
    assert_eq!(
        format!("{undecrypted:?}"),
        format!("UndecryptedJwe {header}")
    );
    let decrypted = undecrypted.decrypt(key, &[CBC]).unwrap();
    assert_eq!(format!("{decrypted:?}"), format!("DecryptedJwe {header}"));
}
