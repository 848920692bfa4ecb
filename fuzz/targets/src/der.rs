//! Certificates written octet by octet, so that what no library would write can be written too.

use avouch_jose::KeyMaterial;

use crate::published::SIGNING_KEY;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// Ed25519 (RFC 8410 section 3).
const ALGORITHM: &[u8] = &[SEQUENCE, 5, OBJECT_IDENTIFIER, 3, 0x2b, 0x65, 0x70];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

/// Types of attributes: common name, organization, serial number, unit, domain component, mail address, and one that
/// has no name.
const ATTRIBUTES: [&[u8]; 7] = [
    COMMON_NAME,
    &[0x55, 4, 10],
    &[0x55, 4, 5],
    &[0x55, 4, 11],
    &[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
    &[0x2b, 6, 1, 4, 1, 0x8b, 0x3a, 0],
];

/// Tag, length and content; of the content as much as three octets of length can say.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("fits").to_be_bytes();
    let mut der = match content.len() {
        0..=0x7f => vec![tag, length[3]],
        0x80..=0xff => vec![tag, 0x81, length[3]],
        0x100..=0xffff => vec![tag, 0x82, length[2], length[3]],
        _ => vec![tag, 0x83, length[1], length[2], length[3]],
    };
    der.extend_from_slice(content);
    der
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    let content = [&der(OBJECT_IDENTIFIER, kind), value].concat();
    der(SET, &der(SEQUENCE, &content))
}

fn extension(kind: &[u8], value: &[u8]) -> Vec<u8> {
    let parts = [der(OBJECT_IDENTIFIER, kind), der(OCTET_STRING, value)];
    der(SEQUENCE, &parts.concat())
}

/// Of the authority, from 2020 to 2049, about its own key.
fn to_be_signed(subject: &[u8], extensions: &[u8]) -> Vec<u8> {
    let issuer = der(
        SEQUENCE,
        &attribute(COMMON_NAME, &der(UTF8_STRING, b"Authority")),
    );
    let validity = [
        der(UTC_TIME, b"200101000000Z"),
        der(UTC_TIME, b"491231235959Z"),
    ]
    .concat();
    let KeyMaterial::Okp { x, .. } = SIGNING_KEY.public_jwk().material() else {
        panic!("an Ed25519 key");
    };
    let key = [ALGORITHM, &der(BIT_STRING, &[&[0], &x[..]].concat())].concat();
    let parts = [
        der(VERSION, &der(INTEGER, &[2])),
        der(INTEGER, &[1]),
        ALGORITHM.to_vec(),
        issuer,
        der(SEQUENCE, &validity),
        der(SEQUENCE, subject),
        der(SEQUENCE, &key),
        der(EXTENSIONS, &der(SEQUENCE, extensions)),
    ];
    der(SEQUENCE, &parts.concat())
}

/// The authority's own certificate.
pub(crate) fn authority() -> Vec<u8> {
    let subject = attribute(COMMON_NAME, &der(UTF8_STRING, b"Authority"));
    let is_authority = der(SEQUENCE, &der(BOOLEAN, &[0xff]));
    signed(&to_be_signed(
        &subject,
        &extension(BASIC_CONSTRAINTS, &is_authority),
    ))
}

/// What the authority makes of this, which should be the part of a certificate that is signed.
pub(crate) fn signed(to_be_signed: &[u8]) -> Vec<u8> {
    let signature = SIGNING_KEY.sign(to_be_signed).expect("a signature");
    let signature = der(BIT_STRING, &[&[0], &signature[..]].concat());
    der(SEQUENCE, &[to_be_signed, ALGORITHM, &signature].concat())
}

/// That part, with names out of records of a tag, the number of octets, and the octets: those with a tag of context
/// (RFC 5280 section 4.2.1.6) are alternative names, the others attributes of the subject, one type after the other.
pub(crate) fn with_names(records: &[u8]) -> Vec<u8> {
    let (mut subject, mut alternatives) = (Vec::new(), Vec::new());
    let mut types = ATTRIBUTES.iter().cycle();
    for (tag, content) in self::records(records) {
        if tag & 0xc0 == 0x80 {
            alternatives.extend(der(tag, content));
        } else {
            let kind = types.next().expect("it goes around");
            subject.extend(attribute(kind, &der(tag, content)));
        }
    }
    let alternatives = extension(SUBJECT_ALT_NAME, &der(SEQUENCE, &alternatives));
    to_be_signed(&subject, &alternatives)
}

fn records(mut rest: &[u8]) -> Vec<(u8, &[u8])> {
    let mut records = Vec::new();
    while let [tag, length, further @ ..] = rest {
        let (content, behind) = further.split_at(further.len().min(usize::from(*length)));
        records.push((*tag, content));
        rest = behind;
    }
    records
}

/// The same records under other tags.
pub(crate) fn with_tags(records: &[u8], other: impl Fn(u8) -> u8) -> Vec<u8> {
    let mut changed = Vec::new();
    for (tag, content) in self::records(records) {
        let length = u8::try_from(content.len()).expect("it was an octet");
        changed.extend([other(tag), length]);
        changed.extend(content);
    }
    changed
}
