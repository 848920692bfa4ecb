//! Readers for values that the standard library parses, but with messages an
//! operator can act on.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};

/// An IP address and port.
pub(super) fn socket_address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| {
        de::Error::custom(format_args!(
            "`{text}` is not an IP address and port; write one such as 127.0.0.1:8080 or [::1]:8080"
        ))
    })
}

/// The same for an address that need not be there.
pub(super) fn optional_socket_address<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SocketAddr>, D::Error> {
    socket_address(from).map(Some)
}

/// The path of a file or folder; not the empty one, which would mean
/// whatever folder the server happens to be started in.
pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() || text.contains('\0') {
        return Err(de::Error::custom(
            "the path is empty or has a NUL in it; write where the file or folder is",
        ));
    }
    Ok(text.into())
}

/// The same for a path that need not be there.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<PathBuf>, D::Error> {
    path(from).map(Some)
}
