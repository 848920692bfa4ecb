//! What holds for every assertion.

use crate::{
    KEY, NOW, check, check_with, claims, forge, header, issuer, public, secret, signed, verifier,
    with,
};
use avouch_crypto::random::SystemRandom;
use avouch_jose::{MacAlgorithm, mac};
use avouch_oauth::client_assertion::{ClientAssertion, ClientKeys, NewClientAssertion};
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", payload in "\\PC{0,80}") {
        prop_assert!(check(&text).is_err());
        prop_assert!(check(&forge(&KEY, &header(None), &payload)).is_err());
    }

    #[test]
    fn no_tampering_passes(at in 0_usize..1000, byte in 0_u8..0x80, secret_one: bool) {
        let mac_key = secret(MacAlgorithm::Hs256);
        let (jwt, keys) = if secret_one {
            let header = "JWT";
            (mac::sign(&mac_key, header, claims().to_string().as_bytes()), ClientKeys::Secret(&mac_key))
        } else {
            (signed(&claims()), public())
        };
        prop_assert!(check_with(&verifier(), &jwt, keys, NOW).is_ok());
        let mut changed = jwt.clone().into_bytes();
        let at = at % changed.len();
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != jwt);
        prop_assert!(check_with(&verifier(), &changed, keys, NOW).is_err());
    }

    #[test]
    fn no_piece_cut_or_put_in_passes(at in 0_usize..1000, piece in "[-_A-Za-z0-9.=]{1,8}", length in 1_usize..300) {
        let jwt = signed(&claims());
        let at = at % jwt.len();
        let (before, after) = jwt.split_at(at);
        let longer = [before, &piece, after].concat();
        prop_assert!(check(&longer).is_err());
        let cut = after.get(length..).unwrap_or_default();
        let shorter = [before, cut].concat();
        prop_assert!(check(&shorter).is_err());
    }

    #[test]
    fn halves_of_two_assertions_do_not_make_a_third(a in "[a-z]{1,8}", b in "[a-z]{1,8}") {
        prop_assume!(a != b);
        let (a, b) = (signed(&with("jti", json!(a))), signed(&with("jti", json!(b))));
        let mixed = format!("{}.{}", a.rsplit_once('.').unwrap().0, b.rsplit_once('.').unwrap().1);
        prop_assert!(check(&mixed).is_err());
    }

    #[test]
    fn any_claim_of_any_type_is_read_or_refused(name in "exp|nbf|iat|aud|iss|sub|jti|[a-z]{1,8}",
                                                 number in any::<i64>(), text in "\\PC{0,20}") {
        for value in [json!(number), json!(text), json!([text, number]), json!({text: number})] {
            let _ = check(&signed(&with(&name, value)));
        }
    }

    #[test]
    fn what_is_made_is_accepted_while_it_lives(now in 0..u64::MAX / 2, id in "\\PC{1,40}", lifetime in 1_u64..=300, later in 0_u64..400) {
        let sent = NewClientAssertion::new(&id, &issuer()).lifetime(lifetime).sign(&KEY, now, &SystemRandom).unwrap();
        let assertion = ClientAssertion::parse(sent.expose()).unwrap();
        let verified = verifier().verify(&assertion, &id, public(), now + later);
        prop_assert_eq!(verified.is_ok(), later < lifetime);
    }
}
