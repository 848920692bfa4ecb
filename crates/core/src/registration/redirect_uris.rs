//! Where a browser would be sent back to. No grant of this server redirects, so
//! none is kept; but a bad one is told to its owner before it becomes a hole
//! somewhere else.

use std::net::IpAddr;

use avouch_oauth::resource::ResourceIdentifier;

use super::details::too_many;
use super::{MAX_ENTRIES, RegistrationError};

/// Checks `redirect_uris` (RFC 7591 section 5, RFC 8252 section 7).
pub(super) fn check(uris: &[String]) -> Result<(), RegistrationError> {
    if uris.len() > MAX_ENTRIES {
        return Err(too_many());
    }
    if uris.iter().all(|uri| is_acceptable(uri)) {
        Ok(())
    } else {
        Err(RegistrationError::RedirectUri(
            "a redirect URI is an https URL, an http URL on a loopback host, or has a scheme of \
             the app's own with a dot in it; it has no fragment",
        ))
    }
}

fn is_acceptable(text: &str) -> bool {
    // A resource identifier is an absolute URI without a fragment too.
    if ResourceIdentifier::parse(text).is_err() {
        return false;
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => rest.strip_prefix("//").is_some_and(is_on_loopback),
        // The reverse domain name that an app's own scheme is.
        own => own.contains('.'),
    }
}

fn is_on_loopback(rest: &str) -> bool {
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return false;
    }
    let host = match authority
        .strip_prefix('[')
        .and_then(|v6| v6.split_once(']'))
    {
        Some((v6, _)) => v6,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_forms_that_come_back_to_their_owner_are_taken() {
        for good in [
            "https://shop.example/back?a=b",
            "http://localhost/back",
            "http://127.0.0.1:4711/back",
            "http://[::1]:4711/back",
            "com.example.app:/back",
            "COM.example.app:/back",
        ] {
            assert!(check(&[good.to_owned()]).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/back",
            "https://shop.example/#back",
            "https:shop.example",
            "http://shop.example/back",
            "http://localhost@shop.example/back",
            "http://127.0.0.1.shop.example/back",
            "http://[::1].shop.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://shop.example/a b",
        ] {
            let refused = check(&[bad.to_owned()]);
            assert!(
                matches!(refused, Err(RegistrationError::RedirectUri(_))),
                "{bad}"
            );
        }
        assert!(check(&vec!["https://shop.example/".to_owned(); 33]).is_err());
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*", rest in "[a-z0-9@:/?.\\[\\]]{0,20}") {
            let _ = check(&[text]);
            let _ = check(&[format!("http://{rest}")]);
        }
    }
}
