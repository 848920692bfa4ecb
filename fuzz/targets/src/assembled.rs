//! Tokens made of parts that a fuzzer chose: signed as they should be, and in every wrong way.

use avouch_crypto::hmac::{HmacHash, SharedHmacKey};
use avouch_jose::{MacAlgorithm, base64url, jws};

use crate::published::SIGNING_KEY;

/// A header on the first line and the payload on those that follow; the payload alone goes under another header.
pub(crate) fn header_and_payload<'a>(data: &'a [u8], otherwise: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    match data.iter().position(|&octet| octet == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (otherwise, data),
    }
}

fn signing_input(header: &[u8], payload: &[u8]) -> String {
    format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    )
}

/// Rightly signed with [`SIGNING_KEY`], whatever the header says.
pub(crate) fn signed(header: &[u8], payload: &[u8]) -> String {
    let input = signing_input(header, payload);
    let signature = SIGNING_KEY.sign(input.as_bytes()).expect("a signature");
    jws::append_signature(input, &signature)
}

/// With the tag that this secret and this algorithm give, whatever the header says.
pub(crate) fn maced(
    algorithm: MacAlgorithm,
    secret: &[u8],
    header: &[u8],
    payload: &[u8],
) -> String {
    let hash = match algorithm {
        MacAlgorithm::Hs256 => HmacHash::Sha256,
        MacAlgorithm::Hs384 => HmacHash::Sha384,
        MacAlgorithm::Hs512 => HmacHash::Sha512,
    };
    let key = SharedHmacKey::new(hash, secret).expect("a secret that is long enough");
    let input = signing_input(header, payload);
    let tag = key.compute(input.as_bytes());
    jws::append_signature(input, &tag)
}

/// Signed by nobody.
pub(crate) fn unsigned(header: &[u8], payload: &[u8]) -> String {
    format!("{}.", signing_input(header, payload))
}

/// The same but for one bit of what proves it.
pub(crate) fn tampered(token: &str) -> String {
    let (input, proof) = token.rsplit_once('.').expect("three parts");
    let mut proof = base64url::decode(proof).expect("base64url");
    if let Some(last) = proof.last_mut() {
        *last ^= 1;
    }
    jws::append_signature(input.to_owned(), &proof)
}

/// Whether a `typ` is this one (RFC 7515 section 4.1.9).
pub(crate) fn is_typ(typ: &str, expected: &str) -> bool {
    let typ = typ.to_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == expected.to_lowercase()
}
