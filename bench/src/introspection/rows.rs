//! The forms of answer that are measured.

use avouch_core::records::{JwtProfile, StatementEncryption};
use avouch_crypto::random::SystemRandom;
use avouch_jose::{
    ContentEncryption, DecryptionKey, JwkSet, KeyManagementAlgorithm, SignatureAlgorithm,
};

use crate::Failure;
use crate::engine::Engine;
use crate::introspection::parts::Part;
use crate::request::Form;

/// Every algorithm that signs here.
pub(crate) const ALGORITHMS: [SignatureAlgorithm; 5] = [
    SignatureAlgorithm::Rs256,
    SignatureAlgorithm::Ps256,
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::MlDsa44,
];

/// How an answer is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    name: &'static str,
    signed: Option<SignatureAlgorithm>,
    encrypted: Option<KeyManagementAlgorithm>,
    engine: Engine,
}

const JSON: Kind = Kind {
    name: "JSON",
    signed: None,
    encrypted: None,
    engine: Engine::Sqlite,
};

const fn signed(name: &'static str, algorithm: SignatureAlgorithm) -> Kind {
    Kind {
        name,
        signed: Some(algorithm),
        ..JSON
    }
}

const fn nested(
    name: &'static str,
    algorithm: SignatureAlgorithm,
    management: KeyManagementAlgorithm,
) -> Kind {
    Kind {
        encrypted: Some(management),
        ..signed(name, algorithm)
    }
}

const fn on_postgres(name: &'static str, kind: Kind) -> Kind {
    Kind {
        name,
        engine: Engine::Postgres,
        ..kind
    }
}

impl Kind {
    /// Every row.
    pub(crate) const ALL: [Self; 13] = [
        JSON,
        signed("RS256", SignatureAlgorithm::Rs256),
        signed("PS256", SignatureAlgorithm::Ps256),
        signed("ES256", SignatureAlgorithm::Es256),
        signed("Ed25519", SignatureAlgorithm::Ed25519),
        signed("ML-DSA-44", SignatureAlgorithm::MlDsa44),
        nested(
            "RS256 in RSA-OAEP-256",
            SignatureAlgorithm::Rs256,
            KeyManagementAlgorithm::RsaOaep256,
        ),
        nested(
            "RS256 in ECDH-ES",
            SignatureAlgorithm::Rs256,
            KeyManagementAlgorithm::EcdhEs,
        ),
        nested(
            "ES256 in RSA-OAEP-256",
            SignatureAlgorithm::Es256,
            KeyManagementAlgorithm::RsaOaep256,
        ),
        nested(
            "ES256 in ECDH-ES",
            SignatureAlgorithm::Es256,
            KeyManagementAlgorithm::EcdhEs,
        ),
        on_postgres("JSON, PostgreSQL", JSON),
        on_postgres("RS256, PostgreSQL", signed("", SignatureAlgorithm::Rs256)),
        on_postgres("ES256, PostgreSQL", signed("", SignatureAlgorithm::Es256)),
    ];

    pub(crate) const fn name(self) -> &'static str {
        self.name
    }

    /// The `client_id` of the resource server that gets such answers.
    pub(crate) fn id(self) -> String {
        self.name.replace([' ', ','], "-")
    }

    /// Where the token is found.
    pub(crate) const fn engine(self) -> Engine {
        self.engine
    }

    /// How it is signed.
    pub(crate) const fn signed(self) -> Option<SignatureAlgorithm> {
        self.signed
    }

    /// How it is encrypted.
    pub(crate) const fn encrypted(self) -> Option<KeyManagementAlgorithm> {
        self.encrypted
    }

    pub(crate) const fn form(self) -> Form {
        match self.signed {
            None => Form::Json,
            Some(_) => Form::Jwt,
        }
    }

    /// What goes into such an answer beside HTTP and the look-up.
    pub(crate) fn parts(self) -> impl Iterator<Item = Part> {
        let signature = self.signed.map(Part::Signature);
        signature
            .into_iter()
            .chain(self.encrypted.map(Part::Encryption))
    }

    /// How its resource server is registered, and the key that opens its answers.
    pub(crate) fn profile(self) -> Result<(JwtProfile, Option<DecryptionKey>), Failure> {
        let key = match self.encrypted {
            None => None,
            Some(algorithm) => Some((
                algorithm,
                DecryptionKey::generate(algorithm, &SystemRandom)?,
            )),
        };
        let encryption = match &key {
            None => None,
            Some((algorithm, key)) => {
                let keys = vec![key.public_jwk().clone()];
                let enc = ContentEncryption::A256Gcm;
                let set = JwkSet { keys };
                Some(StatementEncryption::to_keys(*algorithm, enc, set)?)
            }
        };
        let profile = JwtProfile {
            signing_algorithm: self.signed.unwrap_or(SignatureAlgorithm::Rs256),
            encryption,
            ..JwtProfile::default()
        };
        Ok((profile, key.map(|(_, key)| key)))
    }
}
