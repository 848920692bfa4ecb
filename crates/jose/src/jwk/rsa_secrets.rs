//! The secret numbers of an RSA key (RFC 7518 section 6.3.2).

use avouch_crypto::PrivateKeyParts;
use zeroize::Zeroizing;

use super::{JwkError, Members};

/// All of them are asked for: a key that gives `d` alone would have to be factored first.
pub(crate) struct RsaSecrets {
    d: Zeroizing<Vec<u8>>,
    p: Zeroizing<Vec<u8>>,
    q: Zeroizing<Vec<u8>>,
    dp: Zeroizing<Vec<u8>>,
    dq: Zeroizing<Vec<u8>>,
    qi: Zeroizing<Vec<u8>>,
}

impl RsaSecrets {
    pub(crate) fn take(members: &mut Members) -> Result<Self, JwkError> {
        // RFC 7518 section 6.3.2.7: a key of more than two primes must not be used by who does not support it.
        if members.has("oth") {
            return Err(JwkError::UnsupportedKeyType);
        }
        Ok(Self {
            d: members.take_secret("d")?,
            p: members.take_secret("p")?,
            q: members.take_secret("q")?,
            dp: members.take_secret("dp")?,
            dq: members.take_secret("dq")?,
            qi: members.take_secret("qi")?,
        })
    }

    pub(crate) fn parts(&self) -> PrivateKeyParts<'_> {
        PrivateKeyParts::Rsa {
            d: &self.d,
            p: &self.p,
            q: &self.q,
            dp: &self.dp,
            dq: &self.dq,
            qi: &self.qi,
        }
    }
}
