//! HMAC with a secret that two parties share, under the SHA-2 hash they agreed on.

use std::fmt;

use aws_lc_rs::hmac;

use super::TagInvalid;

/// The hash inside the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HmacHash {
    /// SHA-256, tags of 32 octets.
    Sha256,
    /// SHA-384, tags of 48 octets.
    Sha384,
    /// SHA-512, tags of 64 octets.
    Sha512,
}

/// A shared secret bound to one hash. `Debug` shows nothing of the secret.
#[derive(Clone)]
pub struct SharedHmacKey {
    hash: HmacHash,
    key: hmac::Key,
}

/// The secret is shorter than the hash is long, and so weaker than the tags look (RFC 2104 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared secret is shorter than {needed} octets")]
pub struct SecretTooShort {
    /// How many octets it takes.
    pub needed: usize,
}

impl HmacHash {
    /// How long the hash is, in octets, and so how long a secret has to be at least.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

impl SharedHmacKey {
    /// Takes a secret of at least as many octets as the hash has.
    pub fn new(hash: HmacHash, secret: &[u8]) -> Result<Self, SecretTooShort> {
        let needed = hash.length();
        if secret.len() < needed {
            return Err(SecretTooShort { needed });
        }
        Ok(Self {
            hash,
            key: hmac::Key::new(hash.algorithm(), secret),
        })
    }

    /// The one hash of this key.
    pub fn hash(&self) -> HmacHash {
        self.hash
    }

    /// The full tag of `data`.
    pub fn compute(&self, data: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key, data).as_ref().to_vec()
    }

    /// Whether `tag` is the full tag of `data`, in time that does not depend on where they differ.
    pub fn verify(&self, data: &[u8], tag: &[u8]) -> Result<(), TagInvalid> {
        hmac::verify(&self.key, data, tag).map_err(|_| TagInvalid)
    }
}

impl fmt::Debug for SharedHmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedHmacKey")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASHES: [HmacHash; 3] = [HmacHash::Sha256, HmacHash::Sha384, HmacHash::Sha512];

    fn hex(octets: &[u8]) -> String {
        octets
            .iter()
            .fold(String::new(), |hex, octet| hex + &format!("{octet:02x}"))
    }

    #[test]
    fn rfc_4231_test_case_6() {
        let data = b"Test Using Larger Than Block-Size Key - Hash Key First";
        for (hash, tag) in [
            (
                HmacHash::Sha256,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                HmacHash::Sha384,
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
            ),
            (
                HmacHash::Sha512,
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
        ] {
            let key = SharedHmacKey::new(hash, &[0xaa; 131]).unwrap();
            assert_eq!(hex(&key.compute(data)), tag);
        }
    }

    #[test]
    fn a_tag_verifies_whole_and_unchanged_or_not_at_all() {
        for hash in HASHES {
            let key = SharedHmacKey::new(hash, &[7; 64]).unwrap();
            let tag = key.compute(b"data");
            assert_eq!((tag.len(), key.hash()), (hash.length(), hash));
            assert_eq!(key.verify(b"data", &tag), Ok(()));
            assert_eq!(key.verify(b"Data", &tag), Err(TagInvalid));
            assert_eq!(key.verify(b"data", b""), Err(TagInvalid));
            assert_eq!(
                key.verify(b"data", &tag[..hash.length() - 1]),
                Err(TagInvalid)
            );
            for bit in 0..tag.len() * 8 {
                let mut forged = tag.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(key.verify(b"data", &forged), Err(TagInvalid));
            }
        }
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash_at_least() {
        for hash in HASHES {
            let needed = hash.length();
            assert!(SharedHmacKey::new(hash, &vec![1; needed]).is_ok());
            for short in [0, needed - 1] {
                assert_eq!(
                    SharedHmacKey::new(hash, &vec![1; short]).unwrap_err(),
                    SecretTooShort { needed }
                );
            }
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        let key = SharedHmacKey::new(HmacHash::Sha256, &[b'x'; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SharedHmacKey { hash: Sha256, .. }");
    }
}
