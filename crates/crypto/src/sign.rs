//! Signing.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
        RSA_PSS_SHA512, RsaEncoding,
    },
};

use crate::{
    ml_dsa,
    private_key::{KeyPair, PrivateKey},
    signature_scheme::SignatureScheme,
};

/// The library could not sign. No input of a caller leads here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signing failed")]
pub struct SigningFailed;

impl PrivateKey {
    /// Signs `message` under the key's one scheme.
    ///
    /// RSA signatures are as long as the modulus; the others as [`SignatureScheme`] says.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        // aws-lc-rs takes a random source here for the sake of an older interface, and does not use it.
        let unused = SystemRandom::new();
        match &self.key_pair {
            KeyPair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(self.scheme)?, &unused, message, &mut signature)
                    .map_err(|_| SigningFailed)?;
                Ok(signature)
            }
            KeyPair::Ec(pair) => Ok(pair
                .sign(&unused, message)
                .map_err(|_| SigningFailed)?
                .as_ref()
                .to_vec()),
            KeyPair::Ed25519(pair) => Ok(pair
                .try_sign(message)
                .map_err(|_| SigningFailed)?
                .as_ref()
                .to_vec()),
            KeyPair::MlDsa(pair) => ml_dsa::sign(pair, message),
        }
    }
}

fn rsa_encoding(scheme: SignatureScheme) -> Result<&'static dyn RsaEncoding, SigningFailed> {
    match scheme {
        SignatureScheme::RsaPkcs1Sha256 => Ok(&RSA_PKCS1_SHA256),
        SignatureScheme::RsaPkcs1Sha384 => Ok(&RSA_PKCS1_SHA384),
        SignatureScheme::RsaPkcs1Sha512 => Ok(&RSA_PKCS1_SHA512),
        SignatureScheme::RsaPssSha256 => Ok(&RSA_PSS_SHA256),
        SignatureScheme::RsaPssSha384 => Ok(&RSA_PSS_SHA384),
        SignatureScheme::RsaPssSha512 => Ok(&RSA_PSS_SHA512),
        SignatureScheme::EcdsaP256Sha256
        | SignatureScheme::EcdsaP384Sha384
        | SignatureScheme::EcdsaP521Sha512
        | SignatureScheme::Ed25519
        | SignatureScheme::MlDsa44
        | SignatureScheme::MlDsa65
        | SignatureScheme::MlDsa87 => Err(SigningFailed),
    }
}
