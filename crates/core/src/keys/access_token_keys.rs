//! Telling JWT access tokens of this server from forgeries, without a look-up.

use std::collections::HashMap;

use avouch_jose::jws::UnverifiedJws;
use avouch_jose::{VerificationKey, strict_json};
use avouch_oauth::introspection::MAX_TOKEN_LENGTH;
use avouch_oauth::issuer::Issuer;
use avouch_oauth::media_type::ACCESS_TOKEN_JWT_TYP;

use super::OpenKeyError;
use crate::opaque_token::TokenHash;
use crate::records::{KeyPurpose, SigningKeyRecord};

/// The public halves of every key that ever signed access tokens, by `kid`.
///
/// Retired ones too: what one of them signed was issued by this server, and
/// whether it still lives is for its record to say. The record is found by the
/// hash of the whole JWT, so that a thief of a key, even of one in use, makes
/// nothing that is found.
#[derive(Debug, Default)]
pub struct AccessTokenKeys(HashMap<String, VerificationKey>);

impl AccessTokenKeys {
    /// Those among these keys that are for access tokens.
    pub fn new<'a>(
        records: impl IntoIterator<Item = &'a SigningKeyRecord>,
    ) -> Result<Self, OpenKeyError> {
        let keys = records
            .into_iter()
            .filter(|record| record.purpose == KeyPurpose::AccessTokens)
            .map(|record| {
                let key = VerificationKey::from_jwk(&record.public, record.algorithm);
                match key {
                    Ok(key) => Ok((record.kid().to_owned(), key)),
                    Err(reason) => Err(OpenKeyError::Key {
                        kid: record.kid().to_owned(),
                        reason,
                    }),
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(Self(keys))
    }

    /// Whether no key ever signed access tokens.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The look-up hash of a presented string, if it is a JWT access token
    /// that this issuer signed: `typ`, `kid` of a key for access tokens, `alg`
    /// of that key, signature and `iss` are right. Times and the rest of its
    /// state are judged by its record.
    pub fn recognise(&self, presented: &str, issuer: &Issuer) -> Option<TokenHash> {
        let unverified = UnverifiedJws::parse_bounded(presented, MAX_TOKEN_LENGTH).ok()?;
        if !unverified.header().is_typ(ACCESS_TOKEN_JWT_TYP) {
            return None;
        }
        let key = self.0.get(unverified.header().kid()?)?;
        let verified = unverified.verify(key).ok()?;
        let claims = strict_json::object(verified.payload()).ok()?;
        let iss = claims.get("iss")?.as_str()?;
        (iss == issuer.as_str()).then(|| TokenHash::of(presented))
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;
    use avouch_crypto::seal::SealingKey;
    use avouch_jose::{ProtectedHeader, SignatureAlgorithm, jws};
    use proptest::prelude::*;

    use super::*;
    use crate::keys::{MadeKey, Sealer, make_signing_key};
    use crate::records::KeySchedule;
    use crate::time::Timestamp;

    const CLAIMS: &[u8] = br#"{"iss":"https://as.example"}"#;

    fn issuer() -> Issuer {
        Issuer::parse("https://as.example").unwrap()
    }

    fn made(purpose: KeyPurpose) -> MadeKey {
        let sealer = Sealer::new(SealingKey::new(&[1; 32]), vec![]);
        let schedule = KeySchedule::at_once(Timestamp::from_secs(0));
        let algorithm = SignatureAlgorithm::Es256;
        make_signing_key(algorithm, purpose, schedule, &sealer, &SystemRandom).unwrap()
    }

    fn signed(made: &MadeKey, typ: &str, claims: &[u8]) -> String {
        let header = ProtectedHeader::new(made.key.algorithm())
            .typ(typ)
            .kid(made.key.kid());
        jws::sign(&made.key, &header.encode(), claims).unwrap()
    }

    #[test]
    fn row_7662_4_05_a_token_of_ours_is_recognised_whatever_became_of_its_key() {
        let mut made = made(KeyPurpose::AccessTokens);
        let token = signed(&made, "at+jwt", CLAIMS);
        made.record.schedule.retired_at = Some(Timestamp::from_secs(1));
        let keys = AccessTokenKeys::new([&made.record]).unwrap();
        assert_eq!(
            keys.recognise(&token, &issuer()),
            Some(TokenHash::of(&token))
        );
    }

    #[test]
    fn row_8725_3_11_01_another_typ_another_issuer_another_purpose_is_none_of_ours() {
        let made_for_tokens = made(KeyPurpose::AccessTokens);
        let made_for_statements = made(KeyPurpose::Statements);
        let keys =
            AccessTokenKeys::new([&made_for_tokens.record, &made_for_statements.record]).unwrap();
        for token in [
            signed(&made_for_tokens, "token-introspection+jwt", CLAIMS),
            signed(&made_for_tokens, "JWT", CLAIMS),
            signed(
                &made_for_tokens,
                "at+jwt",
                br#"{"iss":"https://as.example/"}"#,
            ),
            signed(&made_for_tokens, "at+jwt", br#"{"iss":1}"#),
            signed(&made_for_tokens, "at+jwt", b"{}"),
            signed(&made_for_tokens, "at+jwt", b"no JSON"),
            // Even under the right typ, a key for statements signs no access token.
            signed(&made_for_statements, "at+jwt", CLAIMS),
            signed(&made(KeyPurpose::AccessTokens), "at+jwt", CLAIMS),
        ] {
            assert_eq!(keys.recognise(&token, &issuer()), None, "{token}");
        }
    }

    #[test]
    fn row_7662_4_05_no_bit_of_it_can_be_changed() {
        let made = made(KeyPurpose::AccessTokens);
        let token = signed(&made, "at+jwt", CLAIMS);
        let keys = AccessTokenKeys::new([&made.record]).unwrap();
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                assert_eq!(keys.recognise(&changed, &issuer()), None, "{at} {bit}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_string_makes_it_panic(text in "\\PC{0,200}", header in "\\PC{0,60}") {
            let keys = AccessTokenKeys::new([&made(KeyPurpose::AccessTokens).record]).unwrap();
            prop_assert_eq!(keys.recognise(&text, &issuer()), None);
            let encoded = avouch_jose::base64url::encode(&header);
            let jws = format!("{encoded}.{encoded}.{encoded}");
            prop_assert_eq!(keys.recognise(&jws, &issuer()), None);
        }
    }
}
