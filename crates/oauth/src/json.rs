//! Writing JSON that cannot fail.

use serde::Serialize;

/// Serializes one of this crate's own messages into one buffer.
///
/// `capacity` is a guess at the length, so that the usual message is written without growing.
#[expect(
    clippy::expect_used,
    reason = "every map key here is a string, `serde_json` holds no NaN, no `Serialize` in this \
              crate returns an error of its own, and a `Vec` takes every write"
)]
pub(crate) fn to_vec<T: Serialize + ?Sized>(message: &T, capacity: usize) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut buffer, message).expect("an own message serializes");
    buffer
}
