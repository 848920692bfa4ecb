//! A resource server's own access token (RFC 9701 section 4, RFC 7662 section
//! 2.1): it tells who the caller is, and is good for introspection alone.

use avouch_oauth::authorization::Scheme;
use avouch_oauth::confirmation::Sha256Thumbprint;
use avouch_oauth::dpop::{BindingError, VerifiedDpopProof, check_binding};
use avouch_oauth::secret::PresentedToken;

use super::{AuthenticationError, AuthenticationFailure};
use crate::introspection::reason_against;
use crate::opaque_token::{TokenKind, TokenMint};
use crate::records::{GrantType, UsedProof};
use crate::storage::{
    CallerRecord, CallerStore, CallerTokenStore, ReplayStore, StoreError, TokenStore, Used,
};
use crate::time::Timestamp;

/// A token, with all that came along to show that it is its sender's.
#[derive(Debug)]
pub struct PresentedAccessToken {
    /// The token.
    pub token: PresentedToken,
    /// How it was sent.
    pub scheme: Scheme,
    /// The proof that came along, made for this token and this request.
    pub proof: Option<VerifiedDpopProof>,
    /// The thumbprint of the TLS client certificate, if there was one.
    pub certificate: Option<Sha256Thumbprint>,
}

/// What is wrong with a caller's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFailure {
    /// Not a token of a resource server, or good no longer.
    NotGood,
    /// A good token of somebody else's: it does not tell who asks.
    NoRight,
    /// It is bound to nothing, where only bound tokens are taken.
    Unbound,
    /// It is bound to a `DPoP` key, and that was not shown for it.
    Binding(BindingError),
    /// It is bound to another certificate.
    Certificate,
    /// The proof was used before.
    ProofReplayed,
    /// More proofs were used than are remembered of one caller.
    TooManyProofs,
}

/// Finds the RS that the token names. A proof is used up by this.
pub(super) async fn check(
    presented: &PresentedAccessToken,
    mint: &TokenMint,
    store: &(impl CallerStore + CallerTokenStore + TokenStore + ReplayStore),
    proof_quota: u32,
    now: Timestamp,
) -> Result<CallerRecord, AuthenticationError> {
    let text = presented.token.expose();
    let Some(hash) = mint.recognise(TokenKind::Caller, text) else {
        return Err(failure(not_of_a_caller(text, mint, store, now).await?));
    };
    let found = store.find_caller_token(&hash).await?;
    let found = found.filter(|token| now < token.expires_at);
    let token = found.ok_or_else(|| failure(TokenFailure::NotGood))?;
    let id = token.resource_server.as_str();
    let Some(record) = store.find_caller(id).await? else {
        return Err(failure(TokenFailure::NotGood));
    };
    let CallerRecord::ResourceServer(server) = &record else {
        return Err(failure(TokenFailure::NotGood));
    };
    if !server.grant_types.contains(&GrantType::ClientCredentials) {
        return Err(failure(TokenFailure::NotGood));
    }

    let confirmation = token.confirmation.as_ref();
    let proof = presented.proof.as_ref();
    check_binding(&presented.token, presented.scheme, confirmation, proof)
        .map_err(|error| failure(TokenFailure::Binding(error)))?;
    let certificate = confirmation.and_then(|confirmation| confirmation.x5t_s256);
    if certificate.is_some() && certificate != presented.certificate {
        return Err(failure(TokenFailure::Certificate));
    }
    if let Some(proof) = proof {
        let end = Timestamp::from_numeric_date(proof.usable_until().saturating_add(1));
        let used = UsedProof::dpop(id, &proof.jkt(), proof.jti(), end);
        match store.use_once(&used, proof_quota, now).await? {
            Used::First => {}
            Used::Again => return Err(failure(TokenFailure::ProofReplayed)),
            Used::OverQuota => return Err(failure(TokenFailure::TooManyProofs)),
        }
    }
    Ok(record)
}

/// A live token of a client does not tell which RS asks: that is too weak, where
/// anything else is no token at all (reading L-18).
async fn not_of_a_caller(
    text: &str,
    mint: &TokenMint,
    tokens: &impl TokenStore,
    now: Timestamp,
) -> Result<TokenFailure, StoreError> {
    let Some(hash) = mint.recognise(TokenKind::Access, text) else {
        return Ok(TokenFailure::NotGood);
    };
    let found = tokens.find(&hash).await?;
    Ok(match found {
        Some(found) if reason_against(&found, now).is_none() => TokenFailure::NoRight,
        _ => TokenFailure::NotGood,
    })
}

fn failure(failure: TokenFailure) -> AuthenticationError {
    AuthenticationFailure::Token(failure).into()
}
