//! ML-DSA (FIPS 204), pure and with the empty context. A private key is kept and imported as the seed it was made of,
//! never in its expanded form.

use aws_lc_rs::signature::{
    KeyPair as _, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87,
    ML_DSA_87_SIGNING, ParsedPublicKey, PqdsaKeyPair, PqdsaSigningAlgorithm,
    PqdsaVerificationAlgorithm,
};
use zeroize::Zeroizing;

use crate::{
    private_key::{KeyGenerationError, PrivateKeyRejected},
    public_key::PublicKeyRejected,
    random::{self, SecureRandom},
    sign::SigningFailed,
    signature_scheme::SignatureScheme,
};

/// Length of the seed, the same for every parameter set (FIPS 204 section 5.1).
const SEED_LEN: usize = 32;

pub(crate) fn generate(
    scheme: SignatureScheme,
    rng: &dyn SecureRandom,
) -> Result<PqdsaKeyPair, KeyGenerationError> {
    let seed: Zeroizing<[u8; SEED_LEN]> = Zeroizing::new(random::octets(rng)?);
    from_seed(scheme, seed.as_slice()).map_err(|_| KeyGenerationError::Failed)
}

/// Takes the forms of RFC 9881 that have the seed. An expanded key alone is refused: its seed cannot be found from it,
/// and then it could be neither stored again nor written as a JWK.
pub(crate) fn from_pkcs8(
    scheme: SignatureScheme,
    pkcs8: &[u8],
) -> Result<PqdsaKeyPair, PrivateKeyRejected> {
    let algorithm = signing_algorithm(scheme).ok_or(PrivateKeyRejected::Malformed)?;
    let pair =
        PqdsaKeyPair::from_pkcs8(algorithm, pkcs8).map_err(|_| PrivateKeyRejected::Malformed)?;
    // Writing it out again needs the seed.
    match pair.to_pkcs8v1() {
        Ok(_) => Ok(pair),
        Err(_) => Err(PrivateKeyRejected::Malformed),
    }
}

/// Joins a seed with the public key that is said to belong to it.
pub(crate) fn from_parts(
    scheme: SignatureScheme,
    public: &[u8],
    seed: &[u8],
) -> Result<PqdsaKeyPair, PrivateKeyRejected> {
    let pair = from_seed(scheme, seed)?;
    if pair.public_key().as_ref() == public {
        Ok(pair)
    } else {
        Err(PrivateKeyRejected::Malformed)
    }
}

fn from_seed(scheme: SignatureScheme, seed: &[u8]) -> Result<PqdsaKeyPair, PrivateKeyRejected> {
    let algorithm = signing_algorithm(scheme).ok_or(PrivateKeyRejected::Malformed)?;
    PqdsaKeyPair::from_seed(algorithm, seed).map_err(|_| PrivateKeyRejected::Malformed)
}

/// Signs with fresh randomness, in the hedged way of FIPS 204: no two signatures are the same.
pub(crate) fn sign(pair: &PqdsaKeyPair, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
    let mut signature = vec![0; pair.algorithm().signature_len()];
    pair.sign(message, &mut signature)
        .map_err(|_| SigningFailed)?;
    Ok(signature)
}

/// Parses an encoded public key, whose length was checked: any octets of the right number are one.
pub(crate) fn parse_public(
    scheme: SignatureScheme,
    public: &[u8],
) -> Result<ParsedPublicKey, PublicKeyRejected> {
    let algorithm = verification_algorithm(scheme).ok_or(PublicKeyRejected::WrongKind)?;
    ParsedPublicKey::new(algorithm, public).map_err(|_| PublicKeyRejected::WrongKind)
}

fn signing_algorithm(scheme: SignatureScheme) -> Option<&'static PqdsaSigningAlgorithm> {
    match scheme {
        SignatureScheme::MlDsa44 => Some(&ML_DSA_44_SIGNING),
        SignatureScheme::MlDsa65 => Some(&ML_DSA_65_SIGNING),
        SignatureScheme::MlDsa87 => Some(&ML_DSA_87_SIGNING),
        _ => None,
    }
}

fn verification_algorithm(scheme: SignatureScheme) -> Option<&'static PqdsaVerificationAlgorithm> {
    match scheme {
        SignatureScheme::MlDsa44 => Some(&ML_DSA_44),
        SignatureScheme::MlDsa65 => Some(&ML_DSA_65),
        SignatureScheme::MlDsa87 => Some(&ML_DSA_87),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsRawBytes as _;

    use super::*;
    use crate::{PrivateKey, PrivateKeyParts, PublicKey, PublicKeyParts, random::SystemRandom};

    const SCHEMES: [(SignatureScheme, usize, usize); 3] = [
        (SignatureScheme::MlDsa44, 1312, 2420),
        (SignatureScheme::MlDsa65, 1952, 3309),
        (SignatureScheme::MlDsa87, 2592, 4627),
    ];

    fn from_seed_octet(scheme: SignatureScheme, octet: u8) -> PrivateKey {
        struct Fixed(u8);
        impl SecureRandom for Fixed {
            fn fill(&self, octets: &mut [u8]) -> Result<(), random::RandomError> {
                octets.fill(self.0);
                Ok(())
            }
        }
        PrivateKey::generate(scheme, &Fixed(octet)).unwrap()
    }

    fn public(key: &PrivateKey) -> PublicKey {
        PublicKey::from_parts(key.scheme(), key.public_parts()).unwrap()
    }

    fn encoded(key: &PrivateKey) -> Vec<u8> {
        match key.public_parts() {
            PublicKeyParts::MlDsa { public } => public.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_and_signatures_are_as_long_as_the_standard_says() {
        for (scheme, public_len, signature_len) in SCHEMES {
            let key = PrivateKey::generate(scheme, &SystemRandom).unwrap();
            assert_eq!(encoded(&key).len(), public_len);
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.len(), signature_len);
            assert_ne!(key.sign(b"message").unwrap(), signature, "hedged");
            let verifier = public(&key);
            assert!(verifier.verify(b"message", &signature).is_ok());
            assert!(verifier.verify(b"Message", &signature).is_err());
            assert!(verifier.verify(b"message", &signature[1..]).is_err());
            let longer = [signature.as_slice(), &[0]].concat();
            assert!(verifier.verify(b"message", &longer).is_err());
            assert!(verifier.verify(b"message", &[]).is_err());
        }
    }

    #[test]
    fn a_key_is_its_seed() {
        for (scheme, _, _) in SCHEMES {
            let key = from_seed_octet(scheme, 7);
            let seed = [7; SEED_LEN];
            assert!(key.to_pkcs8().unwrap().ends_with(&seed));
            let join = |public: &PublicKeyParts, seed: &[u8]| {
                PrivateKey::from_parts(scheme, public, &PrivateKeyParts::MlDsa { seed })
            };
            let joined = join(key.public_parts(), &seed).unwrap();
            assert_eq!(joined.public_parts(), key.public_parts());
            let malformed = PrivateKeyRejected::Malformed;
            for wrong in [&[8; 32][..], &[7; 31], &[7; 33], &[]] {
                assert_eq!(join(key.public_parts(), wrong).unwrap_err(), malformed);
            }
            let other = from_seed_octet(scheme, 8);
            assert_eq!(join(other.public_parts(), &seed).unwrap_err(), malformed);
        }
    }

    #[test]
    fn a_key_of_one_parameter_set_is_never_taken_for_one_of_another() {
        for (scheme, public_len, _) in SCHEMES {
            let key = from_seed_octet(scheme, 7);
            let pkcs8 = key.to_pkcs8().unwrap();
            for (other, other_len, _) in SCHEMES {
                if other == scheme {
                    assert!(PrivateKey::from_pkcs8(other, &pkcs8).is_ok());
                    continue;
                }
                let error = PublicKey::from_parts(other, key.public_parts()).unwrap_err();
                let lengths = PublicKeyRejected::EncodedLength {
                    expected: other_len,
                    found: public_len,
                };
                assert_eq!(error, lengths);
                let error = PrivateKey::from_pkcs8(other, &pkcs8).unwrap_err();
                assert_eq!(error, PrivateKeyRejected::Malformed);
            }
        }
    }

    #[test]
    fn an_expanded_key_is_not_imported() {
        let key = from_seed(SignatureScheme::MlDsa44, &[7; SEED_LEN]).unwrap();
        let expanded = key.private_key().as_raw_bytes().unwrap();
        let octet_string = |content: &[u8]| {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            [&[0x04, 0x82], &length[..], content].concat()
        };
        // Version 0 and 2.16.840.1.101.3.4.3.17, then the key as the OCTET STRING among the choices of RFC 9881.
        let head = b"\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11";
        let content = [head, &octet_string(&octet_string(expanded.as_ref()))[..]].concat();
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let pkcs8 = [&[0x30, 0x82], &length[..], &content].concat();
        // The library would take it.
        assert!(PqdsaKeyPair::from_pkcs8(&ML_DSA_44_SIGNING, &pkcs8).is_ok());
        let error = PrivateKey::from_pkcs8(SignatureScheme::MlDsa44, &pkcs8).unwrap_err();
        assert_eq!(error, PrivateKeyRejected::Malformed);
    }
}
