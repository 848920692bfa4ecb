//! Tokens that are there before the server starts.

use std::time::Duration;

use avouch_core::introspection::PairwiseSubjects;
use avouch_core::issuance::{Issuance, JwtTokens, Lifetimes, SubjectOrder, issue_for_subject};
use avouch_core::keys::{KeyRing, SoftwareSigner, load_or_make_secret, open_signing_key};
use avouch_core::opaque_token::TokenKind;
use avouch_core::records::TokenFormat;
use avouch_core::storage::ServerSecret;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{ProtectedHeader, SignatureAlgorithm, SigningKey, jws};
use serde_json::Value;

use super::setup::{access_token_key, sealer};
use super::{Setup, Token, order};

impl Setup {
    /// A token as [`order`] has it.
    pub(crate) async fn token(&self) -> Token {
        self.token_with(|_| {}).await
    }

    /// A token as [`order`] has it but for these changes.
    pub(crate) async fn token_with(&self, change: impl FnOnce(&mut SubjectOrder)) -> Token {
        let mut order = order();
        change(&mut order);
        let secret = ServerSecret::PairwiseSubjects;
        let sealer = sealer();
        let secret = load_or_make_secret(secret, &self.store, &sealer, &SystemRandom);
        let pairwise = PairwiseSubjects::new(&secret.await.unwrap());
        let issuance = Issuance {
            store: &self.store,
            mint: &self.mint,
            jwt: JwtTokens {
                issuer: &self.issuer(),
                pairwise: &pairwise,
                ring: &KeyRing::new([&access_token_key()]),
                signer: &SoftwareSigner::new([signing_key()]),
                algorithm: SignatureAlgorithm::Es256,
            },
            default_format: self.format,
            random: &SystemRandom,
            lifetimes: Lifetimes {
                default: Duration::from_mins(10),
                longest: Duration::from_hours(24),
            },
            sender_constrained: false,
            admin: None,
            now: self.now(),
        };
        let issued = issue_for_subject(&issuance, order).await.unwrap();
        Token {
            text: issued.token.expose().to_owned(),
            record: issued.record,
        }
    }

    /// A token that this server made and does not keep.
    pub(crate) fn genuine(&self) -> String {
        match self.format {
            TokenFormat::Opaque => {
                let token = self.mint.mint(TokenKind::Access, &SystemRandom);
                token.unwrap().expose().to_owned()
            }
            TokenFormat::Jwt => {
                let claims = serde_json::json!({"iss": self.issuer(), "jti": "not-kept"});
                sign_as("at+jwt", &claims)
            }
        }
    }
}

fn signing_key() -> SigningKey {
    open_signing_key(&access_token_key(), &sealer()).unwrap()
}

/// Whatever one likes, signed with the key for access tokens of
/// [`Setup::jwt`]: what a thief of it could make.
pub(crate) fn sign_as(typ: &str, claims: &Value) -> String {
    let key = signing_key();
    let header = ProtectedHeader::new(key.algorithm())
        .typ(typ)
        .kid(key.kid());
    jws::sign(&key, &header.encode(), claims.to_string().as_bytes()).unwrap()
}
