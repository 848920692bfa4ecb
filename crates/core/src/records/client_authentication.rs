//! How a client or resource server proves itself: one method, with all that
//! belongs to it but its secrets.

mod written;

use avouch_jose::{JwkError, JwkSet, MacAlgorithm, SignatureAlgorithm};
use avouch_oauth::auth_method::AuthenticationMethod;
use thiserror::Error;

use super::{CertificateName, CertificateNameError, KeySource};
use crate::certificate;

/// Client authentication as registered (RFC 7591 section 2,
/// `token_endpoint_auth_method`). There is no way to say a method without what
/// it is checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`: a secret in the `Authorization` header.
    ClientSecretBasic,
    /// `client_secret_post`: a secret in the body.
    ClientSecretPost,
    /// `client_secret_jwt`: an assertion under a secret that both keep.
    ClientSecretJwt {
        /// The one algorithm it uses.
        algorithm: MacAlgorithm,
    },
    /// `private_key_jwt`: an assertion signed with a key of its own (RFC 7523).
    PrivateKeyJwt {
        /// Its public keys.
        keys: KeySource,
        /// `token_endpoint_auth_signing_alg`; any that is supported if left out.
        algorithm: Option<SignatureAlgorithm>,
    },
    /// `tls_client_auth`: a certificate that an authority vouches for (RFC 8705 section 2.1).
    TlsClientAuth {
        /// The name it must bear.
        name: CertificateName,
    },
    /// `self_signed_tls_client_auth`: a certificate that was registered (RFC 8705 section 2.2).
    SelfSignedTlsClientAuth {
        /// The keys whose `x5c` holds it.
        keys: KeySource,
    },
}

/// What belongs to a method, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct Particulars<'a> {
    /// The name of the algorithm of assertions.
    pub algorithm: Option<&'a str>,
    /// The public keys. A caller has one set of them, so they may be there for encryption alone.
    pub keys: Option<KeySource>,
    /// The name that a certificate must bear.
    pub certificate_name: Option<CertificateName>,
}

/// Which kind of secret a method needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Sent by its owner, so a hash is enough.
    Hashed,
    /// Never sent, so it is kept, sealed.
    Sealed,
}

/// Why a description of client authentication says nothing that works.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientAuthenticationError {
    /// A method that does not work here.
    #[error("{0} is not supported; use {SUPPORTED}")]
    Method(AuthenticationMethod),
    /// Something that this method has no use for.
    #[error("{0} has no use for {1}: leave it out")]
    Useless(AuthenticationMethod, &'static str),
    /// Neither `jwks` nor `jwks_uri`, or both.
    #[error("{0} needs jwks or jwks_uri, and not both")]
    KeySource(AuthenticationMethod),
    /// The keys are not sound.
    #[error("jwks: {0}")]
    Keys(#[from] JwkError),
    /// None of the keys verifies anything.
    #[error("no key in jwks can verify {0}: register a public key for use sig")]
    NoKeyFits(String),
    /// No such algorithm for this method.
    #[error("the signing algorithm is not supported; use one of {0}")]
    Algorithm(String),
    /// No name that the certificate must bear.
    #[error(
        "tls_client_auth needs tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip or \
         _san_email, the name in the certificate"
    )]
    NoCertificateName,
    /// The name is none, or there are several.
    #[error(transparent)]
    CertificateName(#[from] CertificateNameError),
    /// None of the keys comes with a certificate.
    #[error("no key in jwks has a certificate: register it in the x5c of its key")]
    NoCertificate,
    /// What is in `x5c` does not belong to the key.
    #[error("the first certificate in x5c is not an X.509 certificate of the key it stands with")]
    ForeignCertificate,
}

/// The methods that work, for messages.
const SUPPORTED: &str = "client_secret_basic, client_secret_post, private_key_jwt, \
                         client_secret_jwt, tls_client_auth or self_signed_tls_client_auth";

impl ClientAuthentication {
    /// The method by name.
    pub const fn method(&self) -> AuthenticationMethod {
        match self {
            Self::ClientSecretBasic => AuthenticationMethod::ClientSecretBasic,
            Self::ClientSecretPost => AuthenticationMethod::ClientSecretPost,
            Self::ClientSecretJwt { .. } => AuthenticationMethod::ClientSecretJwt,
            Self::PrivateKeyJwt { .. } => AuthenticationMethod::PrivateKeyJwt,
            Self::TlsClientAuth { .. } => AuthenticationMethod::TlsClientAuth,
            Self::SelfSignedTlsClientAuth { .. } => AuthenticationMethod::SelfSignedTlsClientAuth,
        }
    }

    /// Puts a method and its particulars together. Keys it has no use for are left out.
    pub fn new(
        method: AuthenticationMethod,
        particulars: Particulars<'_>,
    ) -> Result<Self, ClientAuthenticationError> {
        let Particulars {
            algorithm,
            keys,
            certificate_name,
        } = particulars;
        if algorithm.is_some() && !uses_assertions(method) {
            let what = "an algorithm of assertions";
            return Err(ClientAuthenticationError::Useless(method, what));
        }
        if let Some(name) = &certificate_name
            && method != AuthenticationMethod::TlsClientAuth
        {
            let what = name.kind().member();
            return Err(ClientAuthenticationError::Useless(method, what));
        }
        let needed = keys.ok_or(ClientAuthenticationError::KeySource(method));
        match method {
            AuthenticationMethod::ClientSecretBasic => Ok(Self::ClientSecretBasic),
            AuthenticationMethod::ClientSecretPost => Ok(Self::ClientSecretPost),
            AuthenticationMethod::ClientSecretJwt => Ok(Self::ClientSecretJwt {
                algorithm: mac_algorithm(algorithm)?,
            }),
            AuthenticationMethod::PrivateKeyJwt => {
                let keys = needed?;
                let algorithm = algorithm.map(signature_algorithm).transpose()?;
                if let KeySource::Keys(set) = &keys
                    && !has_key_for(set, algorithm)
                {
                    let what = algorithm.map_or("an assertion", SignatureAlgorithm::name);
                    return Err(ClientAuthenticationError::NoKeyFits(what.to_owned()));
                }
                Ok(Self::PrivateKeyJwt { keys, algorithm })
            }
            AuthenticationMethod::TlsClientAuth => {
                let name = certificate_name.ok_or(ClientAuthenticationError::NoCertificateName)?;
                Ok(Self::TlsClientAuth { name })
            }
            AuthenticationMethod::SelfSignedTlsClientAuth => {
                let keys = needed?;
                if let KeySource::Keys(set) = &keys {
                    check_certificates(set)?;
                }
                Ok(Self::SelfSignedTlsClientAuth { keys })
            }
            AuthenticationMethod::None => Err(ClientAuthenticationError::Method(method)),
        }
    }

    /// The kind of secret it works with, if it works with one.
    pub const fn secret_kind(&self) -> Option<SecretKind> {
        match self {
            Self::ClientSecretBasic | Self::ClientSecretPost => Some(SecretKind::Hashed),
            Self::ClientSecretJwt { .. } => Some(SecretKind::Sealed),
            Self::PrivateKeyJwt { .. }
            | Self::TlsClientAuth { .. }
            | Self::SelfSignedTlsClientAuth { .. } => None,
        }
    }

    /// The public keys it is checked with, if it is.
    pub const fn keys(&self) -> Option<&KeySource> {
        match self {
            Self::PrivateKeyJwt { keys, .. } | Self::SelfSignedTlsClientAuth { keys } => Some(keys),
            Self::ClientSecretBasic
            | Self::ClientSecretPost
            | Self::ClientSecretJwt { .. }
            | Self::TlsClientAuth { .. } => None,
        }
    }

    /// The name of the algorithm of its assertions, if it is bound to one.
    pub const fn algorithm_name(&self) -> Option<&'static str> {
        match self {
            Self::ClientSecretJwt { algorithm } => Some(algorithm.name()),
            Self::PrivateKeyJwt {
                algorithm: Some(algorithm),
                ..
            } => Some(algorithm.name()),
            Self::PrivateKeyJwt {
                algorithm: None, ..
            }
            | Self::ClientSecretBasic
            | Self::ClientSecretPost
            | Self::TlsClientAuth { .. }
            | Self::SelfSignedTlsClientAuth { .. } => None,
        }
    }

    /// The name that its certificate must bear, if it is known by one.
    pub const fn certificate_name(&self) -> Option<&CertificateName> {
        match self {
            Self::TlsClientAuth { name } => Some(name),
            _ => None,
        }
    }
}

const fn uses_assertions(method: AuthenticationMethod) -> bool {
    matches!(
        method,
        AuthenticationMethod::PrivateKeyJwt | AuthenticationMethod::ClientSecretJwt
    )
}

/// `HS256` for want of another.
fn mac_algorithm(name: Option<&str>) -> Result<MacAlgorithm, ClientAuthenticationError> {
    name.map_or(Ok(MacAlgorithm::Hs256), |name| {
        name.parse().map_err(|_| {
            ClientAuthenticationError::Algorithm(
                MacAlgorithm::ALL.map(MacAlgorithm::name).join(", "),
            )
        })
    })
}

fn signature_algorithm(name: &str) -> Result<SignatureAlgorithm, ClientAuthenticationError> {
    name.parse().map_err(|_| {
        let names = SignatureAlgorithm::ALL.map(SignatureAlgorithm::name);
        ClientAuthenticationError::Algorithm(names.join(", "))
    })
}

fn has_key_for(set: &JwkSet, algorithm: Option<SignatureAlgorithm>) -> bool {
    let fits = |algorithm| set.keys.iter().any(|key| key.fits(algorithm));
    match algorithm {
        Some(algorithm) => fits(algorithm),
        None => SignatureAlgorithm::ALL.into_iter().any(fits),
    }
}

/// There is a certificate, and each is of the key it stands with: who registers it is there to be
/// told.
fn check_certificates(set: &JwkSet) -> Result<(), ClientAuthenticationError> {
    let mut certificates = set
        .keys
        .iter()
        .filter_map(|key| Some((key.certificates().first()?, key.material())))
        .peekable();
    if certificates.peek().is_none() {
        return Err(ClientAuthenticationError::NoCertificate);
    }
    let mut foreign =
        certificates.filter(|(der, key)| certificate::is_of_key(der, key) != Ok(true));
    match foreign.next() {
        None => Ok(()),
        Some(_) => Err(ClientAuthenticationError::ForeignCertificate),
    }
}

impl Default for ClientAuthentication {
    /// As RFC 7591 section 2 says.
    fn default() -> Self {
        Self::ClientSecretBasic
    }
}

#[cfg(test)]
mod tests;
