//! What an authorization server says of itself.

use std::sync::LazyLock;

use avouch_oauth::Issuer;
use avouch_oauth::metadata::ServerMetadata;

static ISSUER: LazyLock<Issuer> =
    LazyLock::new(|| Issuer::parse("https://as.example.com/").expect("an issuer"));

/// A document found below a well-known path.
pub fn server_metadata(data: &[u8]) {
    if let Ok(metadata) = ServerMetadata::parse(data, &ISSUER) {
        assert_eq!(metadata.issuer, ISSUER.as_str());
        let again = ServerMetadata::parse(&metadata.to_json(), &ISSUER);
        assert_eq!(again.as_ref(), Ok(&metadata));
    }
}
