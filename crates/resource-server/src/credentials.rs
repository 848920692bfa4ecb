//! How the resource server says who it is (RFC 6749, section 2.3.1; RFC 7523, section 2.2).

mod prepared;

use crate::error::SetupError;
use avouch_jose::{MacAlgorithm, MacKey, SigningKey};
use avouch_oauth::client_assertion::AssertionAlgorithm;
use avouch_oauth::{AuthenticationMethod, Issuer, PresentedSecret};
use std::fmt;
use std::sync::Arc;

pub(crate) use self::prepared::{ForOneRequest, Prepared, Shown, encode};

/// A secret or a private key, with the method it is used by. `Debug` shows the method alone.
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
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Basic(PresentedSecret),
    Post(PresentedSecret),
    PrivateKeyJwt(Arc<SigningKey>),
    ClientSecretJwt {
        algorithm: MacAlgorithm,
        secret: PresentedSecret,
    },
}

impl Credentials {
    /// `client_secret_basic`: identifier and secret in the `Authorization` header.
    pub fn client_secret_basic(secret: impl Into<String>) -> Self {
        Self(Kind::Basic(PresentedSecret::new(secret)))
    }

    /// `client_secret_post`: identifier and secret in the body.
    pub fn client_secret_post(secret: impl Into<String>) -> Self {
        Self(Kind::Post(PresentedSecret::new(secret)))
    }

    /// `private_key_jwt`: every request holds an assertion of its own, signed with this key, good
    /// for a minute, for this authorization server, once.
    ///
    /// The authorization server finds the public half by the `kid` of the key, which is its
    /// RFC 7638 thumbprint unless another was given.
    pub fn private_key_jwt(key: SigningKey) -> Self {
        Self(Kind::PrivateKeyJwt(Arc::new(key)))
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
        Self(Kind::ClientSecretJwt { algorithm, secret })
    }

    /// The method, as the authorization server knows it.
    pub fn method(&self) -> AuthenticationMethod {
        match &self.0 {
            Kind::Basic(_) => AuthenticationMethod::ClientSecretBasic,
            Kind::Post(_) => AuthenticationMethod::ClientSecretPost,
            Kind::PrivateKeyJwt(_) => AuthenticationMethod::PrivateKeyJwt,
            Kind::ClientSecretJwt { .. } => AuthenticationMethod::ClientSecretJwt,
        }
    }

    /// How assertions are secured, if there are any.
    pub(crate) fn assertion_algorithm(&self) -> Option<AssertionAlgorithm> {
        match &self.0 {
            Kind::Basic(_) | Kind::Post(_) => None,
            Kind::PrivateKeyJwt(key) => Some(AssertionAlgorithm::Signature(key.algorithm())),
            Kind::ClientSecretJwt { algorithm, .. } => Some(AssertionAlgorithm::Mac(*algorithm)),
        }
    }

    /// Makes now what is the same for every request.
    pub(crate) fn prepare(&self, client_id: &str, issuer: &Issuer) -> Result<Prepared, SetupError> {
        Ok(match &self.0 {
            Kind::Basic(secret) => Prepared::basic(client_id, secret),
            Kind::Post(secret) => Prepared::post(client_id, secret),
            Kind::PrivateKeyJwt(key) => Prepared::signed(client_id, issuer, Arc::clone(key)),
            Kind::ClientSecretJwt { algorithm, secret } => {
                let key = MacKey::from_shared_secret(*algorithm, secret.expose().as_bytes());
                Prepared::authenticated(client_id, issuer, key?)
            }
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.method().as_str())
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
