//! The check of a proof by a server (RFC 9449, section 4.3).

use super::{DpopError, TargetUri, access_token_hash};
use crate::confirmation::Sha256Thumbprint;
use crate::media_type::DPOP_JWT_TYP;
use crate::proof::{Claims, MAX_PROOF_LENGTH, too_far_ahead};
use crate::secret::PresentedToken;
use avouch_crypto::constant_time;
use avouch_jose::jws::self_signed::{SelfSignedError, UnverifiedSelfSigned, VerifiedSelfSigned};
use avouch_jose::{ParseError, SignatureAlgorithm, base64url};

/// How many seconds ago a proof may have been made, unless told.
const MAX_AGE: u64 = 60;

/// What a server expects of the proofs it gets. Set up once, used for every one.
#[derive(Debug, Clone)]
pub struct DpopVerifier {
    algorithms: Vec<SignatureAlgorithm>,
    max_age: u64,
}

/// The request that a proof came with.
#[derive(Debug, Clone, Copy)]
pub struct DpopRequest<'a> {
    method: &'a str,
    url: &'a TargetUri,
    access_token: Option<&'a PresentedToken>,
    nonces: Option<&'a [String]>,
}

/// A proof that passed every check but one: whether its `jti` was seen before is for a replay
/// guard to say. [`DpopVerifier::verify`] alone makes one.
///
/// It proves that whoever sent the request holds the key, and nothing of who that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedDpopProof {
    jkt: Sha256Thumbprint,
    jti: String,
    issued_at: u64,
    usable_until: u64,
    access_token_hash: Option<[u8; 32]>,
}

/// The value of the one `DPoP` header; `None` if there is none.
///
/// Several in one, joined with commas as a proxy may do, are several too.
pub fn single_header<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Option<&'a str>, DpopError> {
    let mut values = values.into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() || value.contains(&b',') {
        return Err(DpopError::Several);
    }
    match std::str::from_utf8(value.trim_ascii()) {
        Ok(proof) => Ok(Some(proof)),
        Err(_) => Err(SelfSignedError::Malformed(ParseError::NotCompact).into()),
    }
}

impl Default for DpopVerifier {
    fn default() -> Self {
        Self::new()
    }
}

impl DpopVerifier {
    /// Takes proofs signed with any algorithm that has a public key and made a minute ago at most.
    pub fn new() -> Self {
        Self {
            algorithms: SignatureAlgorithm::ALL.to_vec(),
            max_age: MAX_AGE,
        }
    }

    /// Allows these algorithms and no others.
    #[must_use]
    pub fn algorithms(mut self, allowed: impl Into<Vec<SignatureAlgorithm>>) -> Self {
        self.algorithms = allowed.into();
        self
    }

    /// Sets how many seconds ago a proof may have been made; 60 unless told. How far `iat` may lie
    /// in the future is fixed: [`MAX_CLOCK_SKEW`](crate::proof::MAX_CLOCK_SKEW).
    #[must_use]
    pub fn max_age(mut self, seconds: u64) -> Self {
        self.max_age = seconds;
        self
    }

    /// The algorithms that are allowed, for `dpop_signing_alg_values_supported` and challenges.
    pub fn allowed_algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    /// Checks a proof, the value of the `DPoP` header, for a request; `now` is in seconds.
    ///
    /// The nonce comes last: who is told to try again with another one has all else right.
    pub fn verify(
        &self,
        proof: &str,
        request: &DpopRequest<'_>,
        now: u64,
    ) -> Result<VerifiedDpopProof, DpopError> {
        let jws = self.check_signature(proof)?;
        let mut claims = Claims::parse(jws.payload()).map_err(DpopError::Claims)?;
        let jti = claims.jti()?;
        request.check_target(&mut claims)?;
        let access_token_hash = request.check_access_token(&mut claims)?;
        let issued_at = claims.seconds("iat")?;
        self.check_freshness(issued_at, now)?;
        request.check_nonce(&mut claims)?;
        Ok(VerifiedDpopProof {
            jkt: Sha256Thumbprint::from_bytes(jws.jwk().thumbprint()),
            jti,
            issued_at,
            usable_until: issued_at.saturating_add(self.max_age),
            access_token_hash,
        })
    }

    fn check_signature(&self, proof: &str) -> Result<VerifiedSelfSigned, DpopError> {
        let unverified = UnverifiedSelfSigned::parse_bounded(proof, MAX_PROOF_LENGTH)?;
        let header = unverified.header();
        if !header.is_typ(DPOP_JWT_TYP) {
            return Err(DpopError::WrongTyp);
        }
        if !self.algorithms.contains(&header.algorithm()) {
            return Err(DpopError::AlgorithmNotAllowed(header.algorithm()));
        }
        Ok(unverified.verify()?)
    }

    fn check_freshness(&self, issued_at: u64, now: u64) -> Result<(), DpopError> {
        let age = now.saturating_sub(issued_at);
        if age > self.max_age {
            return Err(DpopError::TooOld { age });
        }
        match too_far_ahead(issued_at, now) {
            Some(ahead) => Err(DpopError::FromTheFuture { ahead }),
            None => Ok(()),
        }
    }
}

impl<'a> DpopRequest<'a> {
    /// A request with this method to this URL, as the client sees it: that of the server's own
    /// name, not what a proxy made of it.
    pub fn new(method: &'a str, url: &'a TargetUri) -> Self {
        Self {
            method,
            url,
            access_token: None,
            nonces: None,
        }
    }

    /// An access token came along, and the proof must be made for it.
    #[must_use]
    pub fn access_token(mut self, token: &'a PresentedToken) -> Self {
        self.access_token = Some(token);
        self
    }

    /// The proof must hold one of these nonces. Unless told, a nonce is neither asked for nor
    /// looked at.
    #[must_use]
    pub fn nonces(mut self, accepted: &'a [String]) -> Self {
        self.nonces = Some(accepted);
        self
    }

    fn check_target(&self, claims: &mut Claims) -> Result<(), DpopError> {
        if claims.string("htm")? != self.method {
            return Err(DpopError::WrongMethod);
        }
        match TargetUri::parse(&claims.string("htu")?) {
            Ok(htu) if htu == *self.url => Ok(()),
            _ => Err(DpopError::WrongUrl {
                expected: self.url.clone(),
            }),
        }
    }

    fn check_access_token(&self, claims: &mut Claims) -> Result<Option<[u8; 32]>, DpopError> {
        let Some(token) = self.access_token else {
            return Ok(None);
        };
        let hash = access_token_hash(token);
        match claims.optional_string("ath")? {
            Some(ath) if ath == base64url::encode(hash) => Ok(Some(hash)),
            _ => Err(DpopError::WrongAccessTokenHash),
        }
    }

    fn check_nonce(&self, claims: &mut Claims) -> Result<(), DpopError> {
        let Some(accepted) = self.nonces else {
            return Ok(());
        };
        let nonce = claims.optional_string("nonce")?;
        let nonce = nonce.ok_or(DpopError::NoNonce)?;
        let is_nonce = |own: &String| constant_time::eq(own.as_bytes(), nonce.as_bytes());
        if accepted.iter().any(is_nonce) {
            Ok(())
        } else {
            Err(DpopError::WrongNonce)
        }
    }
}

impl VerifiedDpopProof {
    /// The thumbprint of the key that was proven: what a token is bound to.
    pub fn jkt(&self) -> Sha256Thumbprint {
        self.jkt
    }

    /// What the client called the proof: good once for this key.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// When the client says it made it, in seconds.
    pub fn issued_at(&self) -> u64 {
        self.issued_at
    }

    /// After this instant it is refused anyway, in seconds. Until then the `jti` is to be
    /// remembered.
    pub fn usable_until(&self) -> u64 {
        self.usable_until
    }

    /// Whether it was checked to be made for this very access token.
    pub fn is_for(&self, token: &PresentedToken) -> bool {
        self.access_token_hash == Some(access_token_hash(token))
    }
}
