//! A protected header with everything encoded that is the same for every message. For an agreement that is all but
//! the coordinates of the passing key, which therefore come last.

use avouch_crypto::{PublicKeyParts, key_agreement::AgreementCurve};

use crate::base64url;

pub(super) enum PreparedHeader {
    Whole(Box<str>),
    BeforeEpk {
        /// The greatest part of the text whose encoding does not depend on what follows.
        encoded: Box<str>,
        /// What is left of the text: up to two octets.
        rest: Box<[u8]>,
    },
}

impl PreparedHeader {
    /// `json` is an object with at least one member, without white space. With a curve, an `epk` on it is to follow.
    pub(super) fn new(json: &str, curve: Option<AgreementCurve>) -> Self {
        let Some(curve) = curve else {
            return Self::Whole(base64url::encode(json).into_boxed_str());
        };
        let kty_and_crv = match curve {
            AgreementCurve::P256 => r#""kty":"EC","crv":"P-256""#,
            AgreementCurve::P384 => r#""kty":"EC","crv":"P-384""#,
            AgreementCurve::P521 => r#""kty":"EC","crv":"P-521""#,
            AgreementCurve::X25519 => r#""kty":"OKP","crv":"X25519""#,
        };
        let members = json.strip_suffix('}').unwrap_or(json);
        let text = format!(r#"{members},"epk":{{{kty_and_crv}"#).into_bytes();
        let (whole, rest) = text.split_at(text.len() / 3 * 3);
        Self::BeforeEpk {
            encoded: base64url::encode(whole).into_boxed_str(),
            rest: rest.into(),
        }
    }

    /// Room for the header, and no less.
    pub(super) fn room(&self) -> usize {
        /// The members `x` and `y` on P-521, with what is around them.
        const COORDINATES: usize =
            2 * (r#","x":"""#.len() + base64url::encoded_len(66)) + "}}".len();
        match self {
            Self::Whole(encoded) => encoded.len(),
            Self::BeforeEpk { encoded, rest } => {
                encoded.len() + base64url::encoded_len(rest.len() + COORDINATES)
            }
        }
    }

    /// Appends the header to `token`.
    pub(super) fn append_to(&self, epk: Option<&PublicKeyParts>, token: &mut String) {
        match self {
            Self::Whole(encoded) => token.push_str(encoded),
            Self::BeforeEpk { encoded, rest } => {
                token.push_str(encoded);
                let mut text = rest.to_vec();
                let coordinates: [(&str, &[u8]); 2] = match epk {
                    Some(PublicKeyParts::Ec { x, y }) => [("x", x), ("y", y)],
                    Some(PublicKeyParts::X25519 { x }) => [("x", x), ("", &[])],
                    _ => [("", &[]), ("", &[])],
                };
                for (name, coordinate) in coordinates {
                    if !name.is_empty() {
                        let coordinate = base64url::encode(coordinate);
                        text.extend_from_slice(format!(r#","{name}":"{coordinate}""#).as_bytes());
                    }
                }
                text.extend_from_slice(b"}}");
                base64url::encode_to(text, token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(header: &PreparedHeader, epk: Option<&PublicKeyParts>) -> String {
        let mut token = String::new();
        header.append_to(epk, &mut token);
        assert!(token.len() <= header.room());
        String::from_utf8(base64url::decode(token).unwrap()).unwrap()
    }

    #[test]
    fn an_epk_comes_last_and_nothing_shows_where_the_encoding_was_resumed() {
        let x = vec![0xff; 32];
        for kid in ["", "k", "kk", "kkk"] {
            let json = format!(r#"{{"kid":"{kid}"}}"#);
            let on_p256 = PreparedHeader::new(&json, Some(AgreementCurve::P256));
            let epk = PublicKeyParts::Ec {
                x: x.clone(),
                y: vec![0; 32],
            };
            let coordinate = base64url::encode(&x);
            let zero = "A".repeat(43);
            assert_eq!(
                written(&on_p256, Some(&epk)),
                format!(
                    r#"{{"kid":"{kid}","epk":{{"kty":"EC","crv":"P-256","x":"{coordinate}","y":"{zero}"}}}}"#
                )
            );
            let on_x25519 = PreparedHeader::new(&json, Some(AgreementCurve::X25519));
            let epk = PublicKeyParts::X25519 { x: x.clone() };
            assert_eq!(
                written(&on_x25519, Some(&epk)),
                format!(
                    r#"{{"kid":"{kid}","epk":{{"kty":"OKP","crv":"X25519","x":"{coordinate}"}}}}"#
                )
            );
            assert_eq!(written(&PreparedHeader::new(&json, None), None), json);
        }
    }

    #[test]
    fn the_longest_epk_has_room() {
        let header = PreparedHeader::new(r#"{"a":1}"#, Some(AgreementCurve::P521));
        let epk = PublicKeyParts::Ec {
            x: vec![1; 66],
            y: vec![1; 66],
        };
        written(&header, Some(&epk));
    }
}
