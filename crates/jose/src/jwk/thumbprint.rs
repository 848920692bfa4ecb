//! JWK thumbprints (RFC 7638, RFC 8037 section 2, RFC 9964 section 6).

use avouch_crypto::hash;

use super::{Jwk, KeyMaterial};
use crate::base64url;

impl Jwk {
    /// The SHA-256 thumbprint: it depends on the key alone, not on `kid` or `use`, nor on `alg` but where that is part of
    /// the key (`kty` `AKP`).
    pub fn thumbprint(&self) -> [u8; 32] {
        hash::sha256(self.material.canonical_json().as_bytes())
    }

    /// The SHA-256 thumbprint in base64url, 43 characters.
    pub fn thumbprint_base64url(&self) -> String {
        base64url::encode(self.thumbprint())
    }
}

impl KeyMaterial {
    /// The required members in lexicographic order, without white space (RFC 7638 section 3.2). Nothing here needs
    /// escaping: names of curves and algorithms, and base64url.
    pub(crate) fn canonical_json(&self) -> String {
        let encode = |octets: &[u8]| base64url::encode(octets);
        match self {
            Self::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n))
            }
            Self::Ec { curve, x, y } => {
                format!(
                    r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                    curve.name(),
                    encode(x),
                    encode(y)
                )
            }
            Self::Okp { curve, x } => format!(
                r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#,
                curve.name(),
                encode(x)
            ),
            Self::Akp { algorithm, public } => format!(
                r#"{{"alg":"{}","kty":"AKP","pub":"{}"}}"#,
                algorithm.name(),
                encode(public)
            ),
        }
    }
}
