//! Making a JWS, in two halves so that the signature may be made elsewhere: in hardware, or on another thread.

use crate::{EncodedHeader, SignError, SigningKey, base64url};

/// Room for the signature of an RSA key of 4096 bits, so that appending it does not copy the token.
const SIGNATURE_ROOM: usize = base64url::encoded_len(512);

/// What gets signed: `BASE64URL(header) || "." || BASE64URL(payload)` (RFC 7515 section 5.1).
pub fn signing_input(header: &EncodedHeader, payload: &[u8]) -> String {
    signing_input_of(header.as_str(), payload)
}

/// The same for a header that is encoded already.
pub(crate) fn signing_input_of(header: &str, payload: &[u8]) -> String {
    let length = header.len() + 1 + base64url::encoded_len(payload.len());
    let mut input = String::with_capacity(length + 1 + SIGNATURE_ROOM);
    input.push_str(header);
    input.push('.');
    base64url::encode_to(payload, &mut input);
    input
}

/// Completes the compact serialization with the signature over exactly this signing input.
pub fn append_signature(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    base64url::encode_to(signature, &mut signing_input);
    signing_input
}

/// Signs a payload with a key at hand.
pub fn sign(key: &SigningKey, header: &EncodedHeader, payload: &[u8]) -> Result<String, SignError> {
    if header.algorithm() != key.algorithm() {
        return Err(SignError::AlgorithmMismatch {
            header: header.algorithm(),
            key: key.algorithm(),
        });
    }
    let input = signing_input(header, payload);
    let signature = key.sign(input.as_bytes())?;
    Ok(append_signature(input, &signature))
}
