//! Whether a certificate is that of a key.

use avouch_jose::KeyMaterial;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;

use super::PresentedCertificateError;

/// Whether the public key in the certificate is this one, as the first certificate in `x5c` has to
/// be (RFC 7517 section 4.7).
pub fn is_of_key(der: &[u8], key: &KeyMaterial) -> Result<bool, PresentedCertificateError> {
    let Ok(([], certificate)) = X509Certificate::from_der(der) else {
        return Err(PresentedCertificateError::Malformed);
    };
    let public = certificate.public_key();
    let octets: &[u8] = &public.subject_public_key.data;
    Ok(match key {
        KeyMaterial::Rsa { n, e } => match public.parsed() {
            Ok(PublicKey::RSA(rsa)) => {
                significant(rsa.modulus) == n && significant(rsa.exponent) == e
            }
            _ => false,
        },
        // The uncompressed point of RFC 5480 section 2.2; its length tells the curve.
        KeyMaterial::Ec { x, y, .. } => octets == [&[4], &x[..], y].concat(),
        // The same octets in both (RFC 8410 section 4; RFC 9881 section 4).
        KeyMaterial::Okp { x, .. } => octets == x,
        KeyMaterial::Akp { public, .. } => octets == public,
    })
}

/// The number without the zero octet that keeps it positive in DER.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    number.get(zeros..).unwrap_or_default()
}
