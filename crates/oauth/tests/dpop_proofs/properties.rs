//! What holds for every proof.

use crate::{KEY, NOW, TOKEN, check, claims, forge, header, post, signed, target, with};
use avouch_crypto::random::SystemRandom;
use avouch_oauth::PresentedToken;
use avouch_oauth::dpop::{DpopRequest, DpopVerifier, NewDpopProof, single_header};
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", payload in "\\PC{0,80}", header in "\\PC{0,80}",
                              bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(check(&text).is_err());
        prop_assert!(check(&forge(&KEY, &self::header().to_string(), &payload)).is_err());
        prop_assert!(check(&forge(&KEY, &header, &payload)).is_err());
        let _ = single_header([&bytes[..]]);
    }

    #[test]
    fn no_tampering_passes(at in 0_usize..1000, byte in 0_u8..0x80) {
        let proof = signed(&header(), &claims());
        let mut changed = proof.clone().into_bytes();
        let at = at % changed.len();
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != proof);
        prop_assert!(check(&changed).is_err());
    }

    #[test]
    fn no_piece_cut_or_put_in_passes(at in 0_usize..1000, piece in "[-_A-Za-z0-9.=]{1,8}", length in 1_usize..300) {
        let proof = signed(&header(), &claims());
        let (before, after) = proof.split_at(at % proof.len());
        let longer = [before, &piece, after].concat();
        prop_assert!(check(&longer).is_err());
        let shorter = [before, after.get(length..).unwrap_or_default()].concat();
        prop_assert!(check(&shorter).is_err());
    }

    #[test]
    fn a_proof_is_good_for_its_own_request_alone(method in "GET|POST|PUT", path in "[a-z]{0,3}", token in "[a-c]", nonce in "[a-c]",
                                                 other_method in "GET|POST|PUT", other_path in "[a-z]{0,3}", other_token in "[a-c]", other_nonce in "[a-c]") {
        let urls = [&path, &other_path].map(|path| target(&format!("https://as.example/{path}")));
        let tokens = [&token, &other_token].map(PresentedToken::new);
        let sent = NewDpopProof::new(&method, &urls[0]).access_token(&tokens[0]).nonce(&nonce)
            .sign(&KEY, NOW, &SystemRandom).unwrap();
        let nonces = [other_nonce.clone()];
        let request = DpopRequest::new(&other_method, &urls[1]).access_token(&tokens[1]).nonces(&nonces);
        let same = (&method, &path, &token, &nonce) == (&other_method, &other_path, &other_token, &other_nonce);
        prop_assert_eq!(DpopVerifier::new().verify(sent.expose(), &request, NOW).is_ok(), same);
    }

    #[test]
    fn any_claim_of_any_type_is_read_or_refused(name in "htm|htu|iat|jti|ath|nonce|[a-z]{1,8}",
                                                 number in any::<i64>(), text in "\\PC{0,20}") {
        let accepted = [String::from("n")];
        let request = post().access_token(&TOKEN).nonces(&accepted);
        for value in [json!(number), json!(text), json!([text, number]), json!({text: number})] {
            let proof = signed(&header(), &with(claims(), &name, value));
            prop_assert!(DpopVerifier::new().verify(&proof, &request, NOW).is_err());
        }
    }
}
