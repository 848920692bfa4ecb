//! What a client registers.

use avouch_oauth::client_metadata::ClientMetadata;

/// The body of a registration request.
pub fn client_metadata(data: &[u8]) {
    if let Ok(metadata) = ClientMetadata::parse(data) {
        let written = serde_json::to_vec(&metadata).expect("metadata are JSON");
        // What the answer to a registration shows can be registered, and is the same.
        assert_eq!(ClientMetadata::parse(&written).as_ref(), Ok(&metadata));
    }
}
