use std::net::IpAddr;

use super::*;
use crate::time::Timestamp;
use avouch_jose::{EcCurve, KeyMaterial, OkpCurve};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize, SanType, date_time_ymd,
};
use rustls_pki_types::pem::PemObject as _;

/// 2026-11-22T00:00:00Z
const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

/// RFC 8705 appendix A.
const OF_THE_RFC: &str = "-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::new([]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn client() -> CertificateParams {
    let mut parameters = CertificateParams::new(["client.example".to_owned()]).unwrap();
    let subject = &mut parameters.distinguished_name;
    subject.remove(DnType::CommonName);
    subject.push(DnType::CountryName, "DE");
    subject.push(DnType::OrganizationName, "Shop, Inc.");
    subject.push(DnType::CommonName, "shop");
    parameters
}

fn signed(parameters: &CertificateParams, authority: &Authority) -> PresentedCertificate {
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, authority).unwrap();
    PresentedCertificate::new(certificate.der().to_vec(), Vec::new()).unwrap()
}

fn authorities(authority: &Authority) -> CertificateAuthorities {
    CertificateAuthorities::from_pem(authority.pem().as_bytes()).unwrap()
}

#[test]
fn the_thumbprint_is_the_one_of_the_rfc() {
    let der = CertificateDer::from_pem_slice(OF_THE_RFC.as_bytes()).unwrap();
    let presented = PresentedCertificate::new(der.to_vec(), Vec::new()).unwrap();
    let thumbprint = presented.thumbprint().to_string();
    assert_eq!(thumbprint, "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
    assert!(!presented.validity().includes(NOW));
    // notAfter is 2022-05-02T12:37:09Z and still belongs to it.
    assert!(
        presented
            .validity()
            .includes(Timestamp::from_secs(1_651_495_029))
    );
    assert!(
        !presented
            .validity()
            .includes(Timestamp::from_secs(1_651_495_030))
    );
}

#[test]
fn the_names_of_a_verified_certificate_are_read() {
    let authority = authority();
    let mut parameters = client();
    let uri = "urn:example:shop".try_into().unwrap();
    let email = "shop@client.example".try_into().unwrap();
    parameters.subject_alt_names.extend([
        SanType::URI(uri),
        SanType::Rfc822Name(email),
        SanType::IpAddress("192.0.2.7".parse().unwrap()),
        SanType::IpAddress("2001:db8::7".parse().unwrap()),
    ]);
    let presented = signed(&parameters, &authority);
    let verified = authorities(&authority).verify(&presented, NOW).unwrap();
    let names = verified.names();
    assert_eq!(names.subject.to_string(), "CN=shop,O=Shop\\, Inc.,C=DE");
    assert_eq!(names.dns, ["client.example"]);
    assert_eq!(names.uri, ["urn:example:shop"]);
    assert_eq!(names.email, ["shop@client.example"]);
    let ip: [IpAddr; 2] = ["192.0.2.7", "2001:db8::7"].map(|text| text.parse().unwrap());
    assert_eq!(names.ip, ip);
}

/// Found by a fuzz target: the reader that judges the chain looks at the whole tag, ours at its number alone.
#[test]
fn what_is_tagged_otherwise_is_no_name_and_no_certificate() {
    // A host, tagged as one is, in a list.
    const LIST: [u8; 8] = [0x30, 6, 0x82, 4, b's', b'h', b'o', b'p'];
    let with = |value: &[u8]| {
        let mut parameters = CertificateParams::new([]).unwrap();
        let extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], value.to_vec());
        parameters.custom_extensions.push(extension);
        let certificate = parameters.self_signed(&KeyPair::generate().unwrap());
        PresentedCertificate::new(certificate.unwrap().der().to_vec(), Vec::new())
    };
    assert_eq!(with(&LIST).unwrap().names.dns, ["shop"]);
    for tag in [0x02, 0x0c, 0x42, 0x80, 0x89, 0x96, 0xa2, 0xc2] {
        let mut other = LIST;
        other[2] = tag;
        let error = with(&other).unwrap_err();
        assert_eq!(error, PresentedCertificateError::Malformed, "{tag:#x}");
    }
    for broken in [&LIST[..7], &[0x31, 0], &[0x30, 0, 0], &[]] {
        let error = with(broken).unwrap_err();
        assert_eq!(error, PresentedCertificateError::Malformed, "{broken:?}");
    }
    // Tagged as they should be, but no host and no address.
    let others = [0x30, 6, 0x82, 1, 0xff, 0x87, 1, 7];
    let names = with(&others).unwrap().names;
    assert!(names.dns.is_empty() && names.ip.is_empty());
}

/// Found by a fuzz target: of a name that cannot be read to its end, the parser keeps the beginning.
#[test]
fn a_subject_counts_as_a_whole() {
    let mut parameters = client();
    parameters.distinguished_name.remove(DnType::CountryName);
    let sound = parameters
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap();
    let sound = sound.der().to_vec();
    assert!(PresentedCertificate::new(sound.clone(), Vec::new()).is_ok());
    // The last attribute, told by its type: its tag becomes that of a set, its type another kind of thing.
    let kind = [6, 3, 0x55, 4, 3];
    let at = sound.windows(5).rposition(|octets| octets == kind).unwrap();
    for (offset, octet) in [(-4, 0x30), (-2, 0x31), (0, 0x02), (1, 4), (6, 9)] {
        let mut broken = sound.clone();
        broken[at.checked_add_signed(offset).unwrap()] = octet;
        let read = PresentedCertificate::new(broken, Vec::new());
        assert_eq!(
            read.err(),
            Some(PresentedCertificateError::Malformed),
            "{offset}"
        );
    }
}

#[test]
fn a_chain_is_judged_at_the_instant_of_the_question() {
    let authority = authority();
    let trusted = authorities(&authority);
    let mut parameters = client();
    parameters.not_before = date_time_ymd(2026, 11, 21);
    parameters.not_after = date_time_ymd(2026, 11, 23);
    let presented = signed(&parameters, &authority);
    let day = std::time::Duration::from_hours(24);
    assert!(trusted.verify(&presented, NOW).is_ok());
    assert!(trusted.verify(&presented, NOW.after(2 * day)).is_err());
    let before = Timestamp::from_secs(NOW.as_secs() - 2 * 86_400);
    assert!(trusted.verify(&presented, before).is_err());
}

#[test]
fn who_an_authority_does_not_vouch_for_is_not_verified() {
    let (authority, other) = (authority(), authority_of_another());
    let presented = signed(&client(), &authority);
    assert!(authorities(&authority).verify(&presented, NOW).is_ok());
    assert!(authorities(&other).verify(&presented, NOW).is_err());

    let key = KeyPair::generate().unwrap();
    let own = client().self_signed(&key).unwrap();
    let own = PresentedCertificate::new(own.der().to_vec(), Vec::new()).unwrap();
    assert!(authorities(&authority).verify(&own, NOW).is_err());

    // One that says what it is for, and it is not this.
    let mut for_servers = client();
    for_servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let for_servers = signed(&for_servers, &authority);
    assert!(authorities(&authority).verify(&for_servers, NOW).is_err());
}

fn authority_of_another() -> Authority {
    authority()
}

#[test]
fn certificates_in_between_are_followed() {
    let root = authority();
    let mut parameters = CertificateParams::new([]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let subject = &mut parameters.distinguished_name;
    subject.push(DnType::CommonName, "in between");
    let between =
        CertifiedIssuer::signed_by(parameters, KeyPair::generate().unwrap(), &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = client().signed_by(&key, &between).unwrap().der().to_vec();
    let alone = PresentedCertificate::new(certificate.clone(), Vec::new()).unwrap();
    let chain = vec![between.der().to_vec()];
    let whole = PresentedCertificate::new(certificate, chain).unwrap();
    let trusted = authorities(&root);
    assert!(trusted.verify(&alone, NOW).is_err());
    assert!(trusted.verify(&whole, NOW).is_ok());
}

/// The public key of a pair as the members of a JWK.
fn material(pair: &KeyPair) -> KeyMaterial {
    let octets = pair.public_key_raw();
    let algorithm = pair.algorithm();
    if algorithm == &PKCS_ED25519 {
        let (curve, x) = (OkpCurve::Ed25519, octets.to_vec());
        return KeyMaterial::Okp { curve, x };
    }
    if algorithm == &PKCS_RSA_SHA256 {
        // A sequence of modulus and exponent, 2048 bits and 65537.
        let n = octets[octets.len() - 5 - 256..octets.len() - 5].to_vec();
        let e = vec![1, 0, 1];
        return KeyMaterial::Rsa { n, e };
    }
    let (x, y) = octets[1..].split_at((octets.len() - 1) / 2);
    let curve = if x.len() == 32 {
        EcCurve::P256
    } else {
        EcCurve::P384
    };
    let (x, y) = (x.to_vec(), y.to_vec());
    KeyMaterial::Ec { curve, x, y }
}

#[test]
fn a_certificate_is_known_to_be_of_its_key() {
    let pairs = [
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&PKCS_ED25519).unwrap(),
        KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap(),
    ];
    for (own, pair) in pairs.iter().enumerate() {
        let certificate = client().self_signed(pair).unwrap();
        for (other, key) in pairs.iter().enumerate() {
            let is = is_of_key(certificate.der(), &material(key));
            assert_eq!(is, Ok(own == other), "{own} {other}");
        }
        let presented = PresentedCertificate::new(certificate.der().to_vec(), Vec::new()).unwrap();
        assert!(presented.is(certificate.der()));
        // Of the same key, and still another certificate.
        assert!(!presented.is(client().self_signed(&pairs[1]).unwrap().der()));
    }
    let none = is_of_key(b"certificate", &material(&pairs[0]));
    assert_eq!(none, Err(PresentedCertificateError::Malformed));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let der = CertificateDer::from_pem_slice(OF_THE_RFC.as_bytes()).unwrap();
    let mut longer = der.to_vec();
    longer.push(0);
    for broken in [&b""[..], &longer, &der[..der.len() - 1]] {
        let error = PresentedCertificate::new(broken.to_vec(), Vec::new()).unwrap_err();
        assert_eq!(error, PresentedCertificateError::Malformed);
    }
    let many = vec![Vec::new(); MOST_FURTHER + 1];
    let error = PresentedCertificate::new(der.to_vec(), many).unwrap_err();
    assert_eq!(error, PresentedCertificateError::TooMany);
}

#[test]
fn authorities_are_certificates_in_pem() {
    let refusal = |pem: &str| CertificateAuthorities::from_pem(pem.as_bytes()).unwrap_err();
    assert_eq!(refusal(""), AuthoritiesError::Empty);
    assert_eq!(refusal("/etc/ssl/ca.pem"), AuthoritiesError::Empty);
    let broken = "-----BEGIN CERTIFICATE-----\n???";
    assert_eq!(refusal(broken), AuthoritiesError::NotPem);
    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let two = format!("{}{empty}", authority().pem());
    assert_eq!(refusal(&two), AuthoritiesError::Unusable { number: 2 });
}

proptest! {
    #[test]
    fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..250) {
        let _ = PresentedCertificate::new(octets.clone(), Vec::new());
        // One octet of a sound certificate changed: read or refused.
        let mut der = CertificateDer::from_pem_slice(OF_THE_RFC.as_bytes()).unwrap().to_vec();
        der[at] = octets.first().copied().unwrap_or_default();
        let presented = PresentedCertificate::new(der, vec![octets]);
        if let Ok(presented) = presented {
            let _ = authorities_of_the_rfc().map(|trusted| trusted.verify(&presented, NOW).is_ok());
        }
    }
}

fn authorities_of_the_rfc() -> Result<CertificateAuthorities, AuthoritiesError> {
    CertificateAuthorities::from_pem(OF_THE_RFC.as_bytes())
}
