//! How the resource server says who it is (RFC 6749, section 2.3.1; RFC 7523, section 2.2;
//! RFC 8705, section 2).

mod prepared;

use crate::client_certificate::ClientCertificate;
use crate::error::SetupError;
use avouch_jose::{MacAlgorithm, MacKey, SigningKey};
use avouch_oauth::authorization::Scheme;
use avouch_oauth::client_assertion::AssertionAlgorithm;
use avouch_oauth::{AuthenticationMethod, Issuer, PresentedSecret};
use std::fmt;
use std::sync::Arc;

pub(crate) use self::prepared::{Prepared, encode};

/// A secret, a private key or a certificate, with the method it is used by. `Debug` shows the method alone.
///
/// With [`private_key_jwt`](Self::private_key_jwt) nothing that is sent is of use to anybody
/// else:
///
/// ```no_run
/// use avouch_resource_server::{Credentials, Introspector, SigningKey};
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// // The public half, under the same `kid`, is registered with the authorization server.
/// let key = SigningKey::from_private_jwk(&std::fs::read("pay.private.jwk")?)?;
/// let issuer = "https://as.example.com".parse()?;
/// let credentials = Credentials::private_key_jwt(key);
/// let introspector = Introspector::builder(issuer, "pay", credentials).discover().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Credentials {
    kind: Kind,
    own_token: Option<OwnTokenKind>,
}

/// An access token that is fetched to ask with.
#[derive(Clone)]
pub(crate) enum OwnTokenKind {
    Bearer,
    Bound(Arc<SigningKey>),
}

#[derive(Clone)]
enum Kind {
    Basic(PresentedSecret),
    Post(PresentedSecret),
    PrivateKeyJwt(Arc<SigningKey>),
    ClientSecretJwt {
        algorithm: MacAlgorithm,
        secret: PresentedSecret,
    },
    Certificate {
        method: AuthenticationMethod,
        certificate: Arc<ClientCertificate>,
    },
}

impl Credentials {
    /// `client_secret_basic`: identifier and secret in the `Authorization` header.
    pub fn client_secret_basic(secret: impl Into<String>) -> Self {
        Kind::Basic(PresentedSecret::new(secret)).into()
    }

    /// `client_secret_post`: identifier and secret in the body.
    pub fn client_secret_post(secret: impl Into<String>) -> Self {
        Kind::Post(PresentedSecret::new(secret)).into()
    }

    /// `private_key_jwt`: every request holds an assertion of its own, signed with this key, good
    /// for a minute, for this authorization server, once.
    ///
    /// The authorization server finds the public half by the `kid` of the key, which is its
    /// RFC 7638 thumbprint unless another was given.
    pub fn private_key_jwt(key: SigningKey) -> Self {
        Kind::PrivateKeyJwt(Arc::new(key)).into()
    }

    /// `client_secret_jwt`: the same, but authenticated with the shared secret, which must be as
    /// long as the hash (RFC 7518, section 3.2). The secret itself is not sent.
    ///
    /// ```
    /// use avouch_resource_server::{Credentials, MacAlgorithm};
    ///
    /// let secret = "EzGVIaDNTQGv6k2cYkfL8-xqvHk6PZ4xN5KvWvYQf0s";
    /// let credentials = Credentials::client_secret_jwt(MacAlgorithm::Hs256, secret);
    /// assert_eq!(format!("{credentials:?}"), "Credentials(client_secret_jwt)");
    /// ```
    pub fn client_secret_jwt(algorithm: MacAlgorithm, secret: impl Into<String>) -> Self {
        let secret = PresentedSecret::new(secret);
        Kind::ClientSecretJwt { algorithm, secret }.into()
    }

    /// `tls_client_auth` (RFC 8705, section 2.1): the certificate that the connection shows, which
    /// an authority vouches for. Requests go to where the authorization server asks for
    /// certificates (`mtls_endpoint_aliases`), and hold the identifier alone.
    ///
    /// Over an HTTP client of the caller's
    /// ([`discover_over`](crate::IntrospectorBuilder::discover_over)) it is that client's to show
    /// the certificate.
    pub fn tls_client_auth(certificate: ClientCertificate) -> Self {
        Kind::Certificate {
            method: AuthenticationMethod::TlsClientAuth,
            certificate: Arc::new(certificate),
        }
        .into()
    }

    /// `self_signed_tls_client_auth` (RFC 8705, section 2.2): the same with a certificate that was
    /// registered itself.
    pub fn self_signed_tls_client_auth(certificate: ClientCertificate) -> Self {
        Kind::Certificate {
            method: AuthenticationMethod::SelfSignedTlsClientAuth,
            certificate: Arc::new(certificate),
        }
        .into()
    }

    /// An access token (RFC 9701, section 4) that is fetched at the token endpoint with these
    /// credentials, by the grant `client_credentials`, and renewed when it is about to expire.
    /// Questions then hold it instead of the credentials.
    pub fn access_token(fetched_with: Self) -> Self {
        Self {
            own_token: Some(OwnTokenKind::Bearer),
            ..fetched_with
        }
    }

    /// The same, with the token bound to this key (RFC 9449): fetching it and every question need
    /// a proof by the key, so that the token is of no use to a thief. A token that is not bound is
    /// not taken. A fresh key for every start will do:
    ///
    /// ```
    /// use avouch_resource_server::{Credentials, SignatureAlgorithm, SigningKey, SystemRandom};
    ///
    /// let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
    /// let secret = Credentials::client_secret_basic("EzGVIaDNTQGv6k2cYkfL8");
    /// let credentials = Credentials::dpop_access_token(secret, key);
    /// assert_eq!(format!("{credentials:?}"), "Credentials(DPoP token by client_secret_basic)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dpop_access_token(fetched_with: Self, key: SigningKey) -> Self {
        Self {
            own_token: Some(OwnTokenKind::Bound(Arc::new(key))),
            ..fetched_with
        }
    }

    /// The method, as the authorization server knows it; for an access token, that by which it is
    /// fetched.
    pub fn method(&self) -> AuthenticationMethod {
        match &self.kind {
            Kind::Basic(_) => AuthenticationMethod::ClientSecretBasic,
            Kind::Post(_) => AuthenticationMethod::ClientSecretPost,
            Kind::PrivateKeyJwt(_) => AuthenticationMethod::PrivateKeyJwt,
            Kind::ClientSecretJwt { .. } => AuthenticationMethod::ClientSecretJwt,
            Kind::Certificate { method, .. } => *method,
        }
    }

    /// The token to ask with, if the credentials are only for fetching it.
    pub(crate) fn own_token(&self) -> Option<&OwnTokenKind> {
        self.own_token.as_ref()
    }

    /// What the connection has to show, if anything.
    pub(crate) fn certificate(&self) -> Option<&ClientCertificate> {
        match &self.kind {
            Kind::Certificate { certificate, .. } => Some(certificate),
            _ => None,
        }
    }

    /// How assertions are secured, if there are any.
    pub(crate) fn assertion_algorithm(&self) -> Option<AssertionAlgorithm> {
        match &self.kind {
            Kind::Basic(_) | Kind::Post(_) | Kind::Certificate { .. } => None,
            Kind::PrivateKeyJwt(key) => Some(AssertionAlgorithm::Signature(key.algorithm())),
            Kind::ClientSecretJwt { algorithm, .. } => Some(AssertionAlgorithm::Mac(*algorithm)),
        }
    }

    /// Makes now what is the same for every request.
    pub(crate) fn prepare(&self, client_id: &str, issuer: &Issuer) -> Result<Prepared, SetupError> {
        Ok(match &self.kind {
            Kind::Basic(secret) => Prepared::basic(client_id, secret),
            Kind::Post(secret) => Prepared::post(client_id, secret),
            Kind::PrivateKeyJwt(key) => Prepared::signed(client_id, issuer, Arc::clone(key)),
            Kind::ClientSecretJwt { algorithm, secret } => {
                let key = MacKey::from_shared_secret(*algorithm, secret.expose().as_bytes());
                Prepared::authenticated(client_id, issuer, key?)
            }
            Kind::Certificate { .. } => Prepared::identifier(client_id),
        })
    }
}

impl OwnTokenKind {
    /// How the token is shown.
    pub(crate) fn scheme(&self) -> Scheme {
        match self {
            Self::Bearer => Scheme::Bearer,
            Self::Bound(_) => Scheme::DPoP,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method();
        match &self.own_token {
            None => write!(f, "Credentials({method})"),
            Some(kind) => write!(f, "Credentials({} token by {method})", kind.scheme()),
        }
    }
}

impl From<Kind> for Credentials {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            own_token: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        let shown = format!("{:?}", Credentials::client_secret_post("s3cret"));
        assert_eq!(shown, "Credentials(client_secret_post)");
    }

    #[test]
    fn a_secret_too_short_for_its_hash_comes_to_light_at_once() {
        let issuer = "https://as.example.com".parse().unwrap();
        let credentials = Credentials::client_secret_jwt(MacAlgorithm::Hs384, "s".repeat(47));
        let error = credentials.prepare("pay", &issuer).err().unwrap();
        assert_eq!(
            error.to_string(),
            "HS384 needs a secret of at least 48 octets: take a longer one or a shorter hash"
        );
    }
}
