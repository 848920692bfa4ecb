//! The ways in which a resource server says who asks.

use std::time::{Duration, Instant};

use avouch_core::id::{ResourceServerId, TokenId};
use avouch_core::opaque_token::TokenKind;
use avouch_core::records::{CallerToken, ClientAuthentication, JwtProfile, KeySource};
use avouch_core::storage::CallerTokenStore;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, MacAlgorithm, MacKey, RsaKeySize, SignatureAlgorithm, SigningKey};
use avouch_oauth::client_assertion::{CLIENT_ASSERTION_TYPE, NewClientAssertion};
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use avouch_oauth::secret::PresentedToken;
use avouch_oauth::{Issuer, SignedProof};
use avouch_resource_server::{Clock, SystemClock};
use url::form_urlencoded::byte_serialize;

use crate::Failure;
use crate::certificates::Certificates;
use crate::parties::{RESOURCE, basic, register_resource_server};
use crate::request::{Credentials, Shown};
use crate::site::Seeding;

/// A way to authenticate at introspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// `client_secret_jwt`, HS256.
    ClientSecretJwt,
    /// `private_key_jwt` with a key for this algorithm.
    PrivateKeyJwt(SignatureAlgorithm),
    /// `tls_client_auth`
    TlsClientAuth,
    /// `self_signed_tls_client_auth`
    SelfSignedTlsClientAuth,
    /// The RS's own token, bound to nothing.
    BearerToken,
    /// The same, bound to a key on P-256.
    DpopToken,
    /// The same, bound to a certificate.
    CertificateToken,
}

/// A resource server that is registered for a way.
pub(super) struct Caller {
    /// Its `client_id`.
    pub(super) id: String,
    proof: Proof,
}

enum Proof {
    Shown(Shown),
    PrivateKey(SigningKey),
    SharedKey(Box<MacKey>),
    Dpop { token: String, key: SigningKey },
}

/// Seconds that an assertion lives: below the most that a server takes, and longer than a run of
/// few minutes, in which none is then cleaned up while something else is measured.
const ASSERTION_LIFETIME: u64 = 290;
/// The life of an own token: longer than any run.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

impl Way {
    /// Every way that goes over any connection.
    pub(super) const ANYWHERE: [Self; 9] = [
        Self::Basic,
        Self::Post,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt(SignatureAlgorithm::Rs256),
        Self::PrivateKeyJwt(SignatureAlgorithm::Ps256),
        Self::PrivateKeyJwt(SignatureAlgorithm::Es256),
        Self::PrivateKeyJwt(SignatureAlgorithm::EdDsa),
        Self::BearerToken,
        Self::DpopToken,
    ];

    /// Those that need a certificate.
    pub(super) const WITH_CERTIFICATE: [Self; 3] = [
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::CertificateToken,
    ];

    /// What it is called.
    pub(super) fn name(self) -> String {
        match self {
            Self::Basic => "client_secret_basic".into(),
            Self::Post => "client_secret_post".into(),
            Self::ClientSecretJwt => "client_secret_jwt, HS256".into(),
            Self::PrivateKeyJwt(algorithm) => format!("private_key_jwt, {}", algorithm.name()),
            Self::TlsClientAuth => "tls_client_auth".into(),
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth".into(),
            Self::BearerToken => "own token".into(),
            Self::DpopToken => "own token, DPoP-bound (ES256)".into(),
            Self::CertificateToken => "own token, certificate-bound".into(),
        }
    }

    /// Registers a resource server that authenticates this way.
    pub(super) async fn register(
        self,
        seeding: &Seeding,
        profile: JwtProfile,
        certificates: &Certificates,
    ) -> Result<Caller, Failure> {
        let id = match self {
            Self::PrivateKeyJwt(algorithm) => format!("rs-{}", algorithm.name()),
            other => format!("rs-{other:?}"),
        };
        let register = |authentication| {
            register_resource_server(seeding, &id, RESOURCE, authentication, profile.clone())
        };
        let proof = match self {
            Self::Basic | Self::Post => {
                let secret = register(match self {
                    Self::Post => ClientAuthentication::ClientSecretPost,
                    _ => ClientAuthentication::ClientSecretBasic,
                });
                let secret = secret.await?.ok_or("no secret was made")?;
                Proof::Shown(match self {
                    Self::Post => post(&[("client_id", &id), ("client_secret", secret.expose())]),
                    _ => basic(&id, &secret),
                })
            }
            Self::ClientSecretJwt => {
                let algorithm = MacAlgorithm::Hs256;
                let authentication = ClientAuthentication::ClientSecretJwt { algorithm };
                let secret = register(authentication).await?;
                let secret = secret.ok_or("no secret was made")?;
                let key = MacKey::from_shared_secret(algorithm, secret.expose().as_bytes())?;
                Proof::SharedKey(Box::new(key))
            }
            Self::PrivateKeyJwt(algorithm) => {
                let key = key_for(algorithm)?;
                let keys = vec![key.public_jwk().clone()];
                let keys = KeySource::Keys(JwkSet { keys });
                let algorithm = Some(algorithm);
                register(ClientAuthentication::PrivateKeyJwt { keys, algorithm }).await?;
                Proof::PrivateKey(key)
            }
            Self::TlsClientAuth => {
                register(Certificates::tls_client_auth()).await?;
                Proof::Shown(post(&[("client_id", &id)]))
            }
            Self::SelfSignedTlsClientAuth => {
                register(certificates.self_signed_tls_client_auth()?).await?;
                Proof::Shown(post(&[("client_id", &id)]))
            }
            Self::BearerToken | Self::DpopToken | Self::CertificateToken => {
                register(ClientAuthentication::ClientSecretBasic).await?;
                own_token(self, seeding, &id, certificates).await?
            }
        };
        Ok(Caller { id, proof })
    }
}

impl Caller {
    /// What it shows in the requests to come. What is good once is made before anything is
    /// measured: `least` of it, and more for as long as `time`.
    pub(super) fn credentials(
        &self,
        issuer: &Issuer,
        least: usize,
        time: Duration,
    ) -> Result<Credentials, Failure> {
        let target = TargetUri::parse(&format!("{}/introspect", issuer.as_str()))?;
        let now = SystemClock.now();
        let assertion = NewClientAssertion::new(&self.id, issuer).lifetime(ASSERTION_LIFETIME);
        match &self.proof {
            Proof::Shown(shown) => Ok(Credentials::Same(shown.clone())),
            Proof::PrivateKey(key) => once(least, time, || {
                Ok(self.with_assertion(&assertion.sign(key, now, &SystemRandom)?))
            }),
            Proof::SharedKey(key) => once(least, time, || {
                Ok(self.with_assertion(&assertion.authenticate(key, now, &SystemRandom)?))
            }),
            Proof::Dpop { token, key } => {
                let presented = PresentedToken::new(token);
                let proof = NewDpopProof::new("POST", &target).access_token(&presented);
                once(least, time, || {
                    let proof = proof.sign(key, now, &SystemRandom)?;
                    Ok(Shown {
                        headers: format!(
                            "authorization: DPoP {token}\r\ndpop: {}\r\n",
                            proof.expose()
                        ),
                        form: String::new(),
                    })
                })
            }
        }
    }

    fn with_assertion(&self, assertion: &SignedProof) -> Shown {
        post(&[
            ("client_id", &self.id),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE),
            ("client_assertion", assertion.expose()),
        ])
    }
}

/// `least`, and as many more as can be made in `time`, though not more than anybody could use in it.
fn once(
    least: usize,
    time: Duration,
    mut make: impl FnMut() -> Result<Shown, Failure>,
) -> Result<Credentials, Failure> {
    const MOST_A_SECOND: f64 = 60_000.0;
    let most = time.as_secs_f64() * MOST_A_SECOND;
    let mut made = Vec::new();
    while made.len() < least {
        made.push(make()?);
    }
    let started = Instant::now();
    while ((made.len() - least) as f64) < most && started.elapsed() < time {
        made.push(make()?);
    }
    Ok(Credentials::Once(made))
}

/// A token that the RS has got itself.
async fn own_token(
    way: Way,
    seeding: &Seeding,
    id: &str,
    certificates: &Certificates,
) -> Result<Proof, Failure> {
    let token = seeding.mint.mint(TokenKind::Caller, &SystemRandom)?;
    let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom)?;
    let confirmation = match way {
        Way::DpopToken => {
            let jkt = Sha256Thumbprint::from_bytes(key.public_jwk().thumbprint());
            Some(Confirmation::jkt(jkt))
        }
        Way::CertificateToken => Some(Confirmation::x5t_s256(certificates.vouched.thumbprint())),
        _ => None,
    };
    let record = CallerToken {
        hash: token.hash(),
        id: TokenId::generate(&SystemRandom)?,
        resource_server: ResourceServerId::new(id)?,
        confirmation,
        issued_at: seeding.now,
        expires_at: seeding.now.after(TOKEN_LIFETIME),
    };
    seeding.store.insert_caller_token(&record).await?;
    let token = token.expose().to_owned();
    Ok(match way {
        Way::DpopToken => Proof::Dpop { token, key },
        _ => Proof::Shown(Shown {
            headers: format!("authorization: Bearer {token}\r\n"),
            form: String::new(),
        }),
    })
}

fn key_for(algorithm: SignatureAlgorithm) -> Result<SigningKey, Failure> {
    Ok(match algorithm {
        SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256 => {
            SigningKey::generate_rsa(algorithm, RsaKeySize::Bits2048)?
        }
        _ => SigningKey::generate(algorithm, &SystemRandom)?,
    })
}

/// Form parameters, to stand behind the token.
fn post(parameters: &[(&str, &str)]) -> Shown {
    let mut form = String::new();
    for (name, value) in parameters {
        form.push('&');
        form.push_str(name);
        form.push('=');
        form.extend(byte_serialize(value.as_bytes()));
    }
    let headers = String::new();
    Shown { headers, form }
}
