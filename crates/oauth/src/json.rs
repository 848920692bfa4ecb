//! Writing JSON that cannot fail.

use serde::Serialize;

/// Serializes one of this crate's own messages into one buffer.
///
/// `capacity` is a guess at the length, so that the usual message is written without growing.
pub(crate) fn to_vec<T: Serialize + ?Sized>(message: &T, capacity: usize) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(capacity);
    write(&mut buffer, message);
    buffer
}

/// Appends a value.
#[expect(
    clippy::expect_used,
    reason = "every map key here is a string, `serde_json` holds no NaN, no `Serialize` in this \
              crate returns an error of its own, and a `Vec` takes every write"
)]
pub(crate) fn write<T: Serialize + ?Sized>(buffer: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(buffer, value).expect("an own message serializes");
}

/// The members of an object, written one after the other into a buffer.
pub(crate) struct ObjectWriter<'b> {
    buffer: &'b mut Vec<u8>,
    first: bool,
}

impl<'b> ObjectWriter<'b> {
    /// Begins an object at the end of the buffer.
    pub(crate) fn open(buffer: &'b mut Vec<u8>) -> Self {
        buffer.push(b'{');
        Self {
            buffer,
            first: true,
        }
    }

    /// Writes a member; its name needs no escapes.
    pub(crate) fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        self.raw(name, |buffer| write(buffer, value));
    }

    /// Writes a member if it is there.
    pub(crate) fn optional<T: Serialize>(&mut self, name: &'static str, value: Option<&T>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// Writes a member whose value `json` appends.
    pub(crate) fn raw(&mut self, name: &'static str, json: impl FnOnce(&mut Vec<u8>)) {
        self.members(|buffer| {
            buffer.push(b'"');
            buffer.extend_from_slice(name.as_bytes());
            buffer.extend_from_slice(b"\":");
            json(buffer);
        });
    }

    /// Writes members, at least one, that `json` appends.
    pub(crate) fn members(&mut self, json: impl FnOnce(&mut Vec<u8>)) {
        if !self.first {
            self.buffer.push(b',');
        }
        self.first = false;
        json(self.buffer);
    }

    /// Ends the object.
    pub(crate) fn close(self) {
        self.buffer.push(b'}');
    }
}
