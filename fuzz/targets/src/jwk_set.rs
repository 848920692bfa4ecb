//! Key sets, published or registered.

use avouch_jose::jwk::{JwkError, MAX_KEYS};
use avouch_jose::{Jwk, JwkSet, KeyManagementAlgorithm, SelectError, SignatureAlgorithm};

use crate::jwk::check_sound;

/// One JWK Set.
pub fn jwk_set(data: &[u8]) {
    let registered = JwkSet::parse_registered(data);
    let published = match JwkSet::parse_published(data) {
        Ok(set) => set,
        Err(error) => return check_refused(&registered, &error),
    };
    assert!(published.keys.len() <= MAX_KEYS);
    // What is registered is read as a whole or not at all; of what is published, the rest is left out.
    if let Ok(registered) = registered {
        assert_eq!(registered, published);
    }
    let again = JwkSet::parse_registered(published.to_json().as_bytes());
    assert_eq!(again.as_ref(), Ok(&published));
    // Each costs a thousand times what reading it costs.
    published.keys.iter().take(2).for_each(check_sound);
    let kids = published
        .keys
        .iter()
        .map(Jwk::kid)
        .take(4)
        .chain([None, Some("nobody's")]);
    for kid in kids {
        for algorithm in SignatureAlgorithm::ALL {
            check_selection(&published, kid, algorithm);
        }
    }
    for algorithm in KeyManagementAlgorithm::ALL {
        match published.select_for_encryption(algorithm) {
            Some(key) => assert!(key.encrypts(algorithm) && published.keys.contains(key)),
            None => assert!(!published.keys.iter().any(|key| key.encrypts(algorithm))),
        }
    }
}

fn check_refused(registered: &Result<JwkSet, JwkError>, error: &JwkError) {
    assert_eq!(
        registered.as_ref(),
        Err(error),
        "registered, but not publishable"
    );
}

fn check_selection(set: &JwkSet, kid: Option<&str>, algorithm: SignatureAlgorithm) {
    let is_named = |key: &&Jwk| kid.is_none() || key.kid() == kid;
    let named: Vec<&Jwk> = set.keys.iter().filter(is_named).collect();
    let fitting: Vec<&&Jwk> = named.iter().filter(|key| key.fits(algorithm)).collect();
    let same = |pair: &[&&Jwk]| pair[0].material() == pair[1].material();
    match set.select(kid, algorithm) {
        Ok(key) => assert!(fitting.contains(&&key) && fitting.windows(2).all(same)),
        Err(SelectError::UnknownKid) => assert!(named.is_empty()),
        Err(SelectError::NoneFits) => assert!(!named.is_empty() && fitting.is_empty()),
        Err(SelectError::Ambiguous) => assert!(!fitting.windows(2).all(same)),
    }
}
