//! A client assertion as it arrives: read far enough to know whose it claims to be.

use super::{CLIENT_ASSERTION_TYPE, ClientAssertionError};
use crate::form::Form;
use crate::media_type::CLIENT_AUTHENTICATION_JWT_TYP;
use crate::proof::{Claims, MAX_PROOF_LENGTH};
use crate::secret::PresentedSecret;
use avouch_jose::jws::{JwsHeader, UnverifiedJws};
use avouch_jose::mac::UnverifiedMac;
use avouch_jose::{MacAlgorithm, ParseError, SignatureAlgorithm, TokenKind};
use std::fmt;

/// A client assertion that nobody has checked. What it says is a stranger's word, good for finding
/// the client whose keys to try and for nothing else.
#[derive(Debug, Clone)]
pub struct ClientAssertion {
    jwt: PresentedSecret,
    algorithm: AssertionAlgorithm,
    kid: Option<String>,
    claimed_client_id: String,
}

/// How a client assertion is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssertionAlgorithm {
    /// With the private key of the client: `private_key_jwt`.
    Signature(SignatureAlgorithm),
    /// With the secret of the client: `client_secret_jwt`.
    Mac(MacAlgorithm),
}

impl ClientAssertion {
    /// Takes the assertion out of a request, if there is one (RFC 7523, section 2.2).
    pub fn from_form(form: &Form<'_>) -> Result<Option<Self>, ClientAssertionError> {
        let assertion = match (
            form.get("client_assertion_type"),
            form.get("client_assertion"),
        ) {
            (None, None) => return Ok(None),
            (Some(CLIENT_ASSERTION_TYPE), Some(jwt)) => Self::parse(jwt)?,
            (Some(CLIENT_ASSERTION_TYPE), None) => return Err(ClientAssertionError::NoAssertion),
            (_, _) => return Err(ClientAssertionError::WrongType),
        };
        match form.get("client_id") {
            Some(id) if id != assertion.claimed_client_id => {
                Err(ClientAssertionError::OtherClientId)
            }
            _ => Ok(Some(assertion)),
        }
    }

    /// Reads the value of `client_assertion`, of at most [`MAX_PROOF_LENGTH`] bytes.
    pub fn parse(jwt: &str) -> Result<Self, ClientAssertionError> {
        if jwt.len() <= MAX_PROOF_LENGTH && TokenKind::of(jwt) == Some(TokenKind::Jwe) {
            return Err(ClientAssertionError::Encrypted);
        }
        match UnverifiedJws::parse_bounded(jwt, MAX_PROOF_LENGTH) {
            Ok(jws) => {
                let algorithm = AssertionAlgorithm::Signature(jws.header().algorithm());
                Self::read(jwt, algorithm, jws.header(), jws.unverified_payload())
            }
            Err(error @ ParseError::UnsupportedAlgorithm) => {
                let mac = UnverifiedMac::parse_bounded(jwt, MAX_PROOF_LENGTH).map_err(|_| error)?;
                let algorithm = AssertionAlgorithm::Mac(mac.header().algorithm());
                Self::read(jwt, algorithm, mac.header(), mac.unverified_payload())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn read<A>(
        jwt: &str,
        algorithm: AssertionAlgorithm,
        header: &JwsHeader<A>,
        payload: &[u8],
    ) -> Result<Self, ClientAssertionError> {
        let own_typ = |typ| header.is_typ(typ);
        if header.typ().is_some()
            && ![CLIENT_AUTHENTICATION_JWT_TYP, "JWT"]
                .into_iter()
                .any(own_typ)
        {
            return Err(ClientAssertionError::WrongTyp);
        }
        let mut claims = Claims::parse(payload).map_err(ClientAssertionError::Claims)?;
        let claimed_client_id = claims.string("iss")?;
        if claims.string("sub")? != claimed_client_id {
            return Err(ClientAssertionError::IssuerIsNotSubject);
        }
        Ok(Self {
            jwt: PresentedSecret::new(jwt),
            algorithm,
            kid: header.kid().map(str::to_owned),
            claimed_client_id,
        })
    }

    /// The client that both `iss` and `sub` name.
    pub fn claimed_client_id(&self) -> &str {
        &self.claimed_client_id
    }

    /// The algorithm in the header. It picks among the keys of the client and never overrules one.
    pub fn algorithm(&self) -> AssertionAlgorithm {
        self.algorithm
    }

    /// The `kid` in the header, if there is one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn jwt(&self) -> &str {
        self.jwt.expose()
    }
}

impl fmt::Display for AssertionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature(algorithm) => algorithm.fmt(f),
            Self::Mac(algorithm) => algorithm.fmt(f),
        }
    }
}
