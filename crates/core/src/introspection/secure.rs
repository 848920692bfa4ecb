//! From what is said to the bytes that say it (RFC 9701 section 5).

use std::sync::Arc;

use avouch_crypto::hash;
use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_jose::nested::{NestError, NestedJwtEncrypter};
use avouch_jose::{ContentEncryption, KeyManagementAlgorithm, SignatureAlgorithm, base64url, jws};
use avouch_oauth::introspection::{FurtherStatementClaims, IntrospectionResponse, StatementClaims};
use avouch_oauth::issuer::Issuer;
use avouch_oauth::media_type;
use avouch_oauth::negotiate::ResponseFormat;
use avouch_oauth::secret::PresentedToken;
use bytes::Bytes;
use thiserror::Error;

use super::statement_memory::{Said, StatementKey, StatementMemory};
use crate::id::StatementId;
use crate::keys::{KeyRing, RecipientKeyError, RecipientKeys, Signer, SignerError};
use crate::records::{
    KeyPurpose, Recipient, ResourceServer, StatementEncryption, StatementMembers,
};
use crate::time::Timestamp;

/// The body of an answer, ready to send.
#[derive(Clone, PartialEq, Eq)]
pub struct SecuredAnswer {
    /// The body: JSON, or the compact JWT and nothing else.
    pub body: Bytes,
    /// Its media type, without parameters.
    pub content_type: &'static str,
    /// What signed it; `None` for plain JSON.
    pub signed_with: Option<SignatureAlgorithm>,
    /// What it is encrypted with, if it is.
    pub encrypted_with: Option<Encryption>,
    /// The `jti` of the statement, where it has one.
    pub statement: Option<StatementId>,
    /// Whether the same was said a moment ago, so that nothing had to be signed.
    pub remembered: bool,
}

/// How an answer was encrypted, and to which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// How the content encryption key is given to the RS.
    pub algorithm: KeyManagementAlgorithm,
    /// How the content is encrypted.
    pub encryption: ContentEncryption,
    /// The `kid` of the RS's key, where it has one.
    pub kid: Option<String>,
}

/// Why an answer could not be secured. Always a 5xx: never plain JSON instead,
/// never `active: false`.
#[derive(Debug, Error)]
pub enum SecureError {
    /// No active key for what the RS is registered for.
    #[error("there is no active {0} key to sign statements with")]
    NoKey(SignatureAlgorithm),
    /// The key is there but does not answer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The RS's key cannot be had: never plain instead (requirement 9701-6-11).
    #[error(transparent)]
    Recipient(#[from] RecipientKeyError),
    /// The key is there and nothing could be encrypted to it.
    #[error(transparent)]
    Encrypt(#[from] NestError),
    /// No random octets to name the statement with.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl SecureError {
    /// Every name, for metrics that start at zero.
    pub const NAMES: [&str; 6] = [
        "no_key",
        "busy",
        "signer",
        "recipient_key",
        "encryption",
        "random",
    ];

    /// A name for metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoKey(_) => "no_key",
            Self::Signer(SignerError::Busy) => "busy",
            Self::Signer(_) => "signer",
            Self::Recipient(_) => "recipient_key",
            Self::Encrypt(_) => "encryption",
            Self::Random(_) => "random",
        }
    }
}

/// What an AS secures its answers with.
pub struct Means<'a, S, K> {
    /// In whose name it speaks.
    pub issuer: &'a Issuer,
    /// Which key is for what.
    pub keys: &'a KeyRing,
    /// The keys themselves, wherever they are.
    pub signer: &'a S,
    /// The keys that RSs publish.
    pub recipient_keys: &'a K,
    /// What was said a moment ago.
    pub statements: &'a StatementMemory,
    /// Where the names of statements come from.
    pub random: &'a dyn SecureRandom,
}

/// What of the question the statement repeats, for callers that asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Echo<'a> {
    /// The token asked about.
    pub token: &'a PresentedToken,
    /// The `nonce` of the request.
    pub nonce: Option<&'a str>,
}

/// Renders the response in the negotiated format.
pub async fn secure(
    response: &IntrospectionResponse,
    format: ResponseFormat,
    resource_server: &ResourceServer,
    echo: Echo<'_>,
    now: Timestamp,
    means: &Means<'_, impl Signer, impl RecipientKeys>,
) -> Result<SecuredAnswer, SecureError> {
    let profile = &resource_server.profile.value;
    if format == ResponseFormat::Json {
        return Ok(SecuredAnswer {
            body: response.to_json().into(),
            content_type: media_type::JSON,
            signed_with: None,
            encrypted_with: None,
            statement: None,
            remembered: false,
        });
    }
    let algorithm = profile.signing_algorithm;
    let key = means
        .keys
        .active(KeyPurpose::Statements, algorithm, now)
        .ok_or(SecureError::NoKey(algorithm))?;

    // Asked for first: where there is no key to encrypt to, nothing is signed.
    let encrypter = match &profile.encryption {
        None => None,
        Some(encryption) => Some(encrypter(encryption, means.recipient_keys).await?),
    };

    let further = Further::of(profile.members, echo, means.random)?;
    let claims = StatementClaims {
        iss: means.issuer.as_str(),
        aud: resource_server.id.as_str(),
        iat: now.numeric_date(),
        further: further.claims(),
        token_introspection: response,
    };
    let claims = match format {
        ResponseFormat::LegacyJwt => claims.to_legacy_json(),
        ResponseFormat::Jwt | ResponseFormat::Json => claims.to_json(),
    };
    let signing_input = match &profile.typ {
        None => jws::signing_input(key.header(), &claims),
        Some(typ) => jws::signing_input(&key.header_of(typ.as_str()), &claims),
    };
    // One with a name of its own is not asked for again.
    let remembered_as = further.jti.is_none().then(|| {
        let encrypter = encrypter.as_deref().map(NestedJwtEncrypter::identity);
        StatementKey::of(&signing_input, encrypter)
    });
    let make = async {
        let signer = means.signer;
        let signature = signer.sign(key.kid(), signing_input.as_bytes()).await?;
        let signed = jws::append_signature(signing_input, &signature);
        match &encrypter {
            None => Ok(signed),
            Some(encrypter) => Ok::<_, SecureError>(encrypter.encrypt(&signed, means.random)?),
        }
    };
    let said = match remembered_as {
        Some(key) => means.statements.say(key, make).await?,
        None => Said::new(make.await?.into()),
    };
    Ok(SecuredAnswer {
        body: said.statement,
        content_type: format.media_type(),
        signed_with: Some(algorithm),
        encrypted_with: encrypter.as_deref().map(Encryption::by),
        statement: further.jti,
        remembered: said.remembered,
    })
}

/// Ready to encrypt to this RS: at once where its key is registered by value.
async fn encrypter(
    encryption: &StatementEncryption,
    published: &impl RecipientKeys,
) -> Result<Arc<NestedJwtEncrypter>, RecipientKeyError> {
    match encryption.recipient() {
        Recipient::Keys { encrypter, .. } => Ok(Arc::clone(encrypter)),
        Recipient::Uri(uri) => {
            let (algorithm, encryption) = (encryption.algorithm(), encryption.encryption());
            published.encrypter(uri, algorithm, encryption).await
        }
    }
}

impl Encryption {
    fn by(encrypter: &NestedJwtEncrypter) -> Self {
        Self {
            algorithm: encrypter.algorithm(),
            encryption: encrypter.encryption(),
            kid: encrypter.kid().map(str::to_owned),
        }
    }
}

/// The claims about the statement itself that this RS asked for.
struct Further<'a> {
    jti: Option<StatementId>,
    ath: Option<String>,
    nonce: Option<&'a str>,
}

impl<'a> Further<'a> {
    fn of(
        wanted: StatementMembers,
        echo: Echo<'a>,
        random: &dyn SecureRandom,
    ) -> Result<Self, RandomError> {
        Ok(Self {
            jti: wanted
                .jti
                .then(|| StatementId::generate(random))
                .transpose()?,
            ath: wanted
                .ath
                .then(|| base64url::encode(hash::sha256(echo.token.expose().as_bytes()))),
            nonce: echo.nonce.filter(|_| wanted.nonce),
        })
    }

    fn claims(&self) -> FurtherStatementClaims<'_> {
        FurtherStatementClaims {
            jti: self.jti.as_ref().map(StatementId::as_str),
            ath: self.ath.as_deref(),
            nonce: self.nonce,
        }
    }
}
