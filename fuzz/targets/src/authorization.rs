//! The `Authorization` header, `Basic` credentials above all.

use avouch_oauth::Authorization;
use avouch_oauth::basic::{BasicCredentials, BasicError};
use avouch_oauth::introspection::MAX_TOKEN_LENGTH;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

/// A whole header; and the user and password that `Basic` would hide in base64.
pub fn authorization(data: &[u8]) {
    header(data);
    credentials(data);
}

fn header(value: &[u8]) {
    let Ok(authorization) = Authorization::parse(value) else {
        return;
    };
    let shown = format!("{authorization:?}");
    let scheme = authorization.scheme();
    match &authorization {
        Authorization::Basic(credentials) => {
            check_written(credentials);
            let id = &credentials.client_id;
            assert_eq!(
                shown,
                format!(
                    "Basic(BasicCredentials {{ client_id: {id:?}, client_secret: \
                     PresentedSecret(redacted) }})"
                )
            );
        }
        Authorization::Bearer(token) | Authorization::DPoP(token) => {
            let scheme = scheme.expect("a scheme of ours");
            assert_eq!(shown, format!("{scheme}(PresentedToken(redacted))"));
            let token = token.expose();
            assert!(!token.is_empty() && token.len() <= MAX_TOKEN_LENGTH);
            assert!(token.bytes().all(|octet| octet.is_ascii_graphic()));
            let written = format!("{}  {token} ", scheme.as_str().to_lowercase());
            match Authorization::parse(written.as_bytes()) {
                Ok(Authorization::Bearer(again) | Authorization::DPoP(again)) => {
                    assert_eq!(again.expose(), token);
                }
                _ => panic!("what was taken is taken again"),
            }
        }
        Authorization::Other => assert_eq!(scheme, None),
    }
}

fn credentials(joined: &[u8]) {
    let parsed = BasicCredentials::parse(&STANDARD.encode(joined));
    let colon = joined.iter().position(|&octet| octet == b':');
    let is_encoded = joined.contains(&b'%') || joined.contains(&b'+');
    match parsed {
        Ok(credentials) => {
            check_written(&credentials);
            if !is_encoded {
                let (user, password) = joined.split_at(colon.expect("a colon"));
                assert_eq!(credentials.client_id.as_bytes(), user);
                let secret = credentials.client_secret.expose().as_bytes();
                assert_eq!(secret, &password[1..]);
            }
        }
        Err(BasicError::NotBase64) => panic!("it was base64"),
        Err(BasicError::NoColon) => assert_eq!(colon, None),
        Err(BasicError::EmptyClientId) => assert_eq!(colon, Some(0)),
        Err(BasicError::NotFormEncoded) => {
            assert!(is_encoded || std::str::from_utf8(joined).is_err());
        }
    }
}

/// Written as RFC 6749 section 2.3.1 wants them, they are read the same.
fn check_written(credentials: &BasicCredentials) {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (id, secret) = (&credentials.client_id, credentials.client_secret.expose());
    assert!(!id.is_empty());
    let written = STANDARD.encode(format!("{}:{}", encode(id), encode(secret)));
    match Authorization::parse(format!("bAsIc {written}").as_bytes()) {
        Ok(Authorization::Basic(again)) => {
            assert_eq!(&again.client_id, id);
            assert_eq!(again.client_secret.expose(), secret);
        }
        _ => panic!("what was taken is taken again"),
    }
}
