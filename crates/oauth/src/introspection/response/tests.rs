//! What the answer looks like on the wire, both ways.

use super::*;
use crate::confirmation::Sha256Thumbprint;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn read(value: &Value) -> Result<IntrospectionResponse, serde_json::Error> {
    serde_json::from_str(&value.to_string())
}

fn claims(value: &Value) -> FurtherClaims {
    FurtherClaims::new(value.as_object().unwrap().clone()).unwrap()
}

fn full() -> ActiveToken {
    ActiveToken {
        iss: Some("https://as.example.com/".into()),
        aud: Some(Audience::one("https://rs.example.com/resource")),
        iat: Some(1_514_797_822),
        exp: Some(1_514_797_942),
        nbf: Some(1_514_797_822),
        client_id: Some("paiB2goo0a".into()),
        scope: Some(Scope::parse("read write").unwrap()),
        sub: Some("Z5O3upPC88QrAjx00dis".into()),
        username: Some("jdoe".into()),
        token_type: Some("DPoP".into()),
        jti: Some("t1".into()),
        cnf: Some(Confirmation::jkt(Sha256Thumbprint::from_bytes([0; 32]))),
        authorization_details: Some(AuthorizationDetails::parse(r#"[{"type":"a"}]"#).unwrap()),
        acr: Some("phr".into()),
        auth_time: Some(1_514_797_000),
        claims: claims(&json!({"given_name": "John", "birthdate": "1982-02-01"})),
    }
}

#[test]
fn row_7662_2_2_04_nothing_else_is_said_about_an_inactive_token() {
    assert_eq!(
        IntrospectionResponse::Inactive.to_json(),
        br#"{"active":false}"#
    );
}

#[test]
fn members_have_a_fixed_order_and_further_claims_that_of_their_giver() {
    let json = String::from_utf8(IntrospectionResponse::active(full()).to_json()).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"active":true,"iss":"https://as.example.com/","aud":"https://rs.example.com/resource","#,
            r#""iat":1514797822,"exp":1514797942,"nbf":1514797822,"client_id":"paiB2goo0a","#,
            r#""scope":"read write","sub":"Z5O3upPC88QrAjx00dis","username":"jdoe","token_type":"DPoP","#,
            r#""jti":"t1","cnf":{"jkt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"#,
            r#""authorization_details":[{"type":"a"}],"acr":"phr","auth_time":1514797000,"#,
            r#""given_name":"John","birthdate":"1982-02-01"}"#
        )
    );
    let members: Map<String, Value> = serde_json::from_str(&json).unwrap();
    assert!(
        STANDARD_MEMBERS
            .iter()
            .all(|name| members.contains_key(*name))
    );
}

#[test]
fn row_7662_2_2_02_active_is_always_there_and_a_boolean() {
    assert_eq!(
        IntrospectionResponse::active(ActiveToken::default()).to_json(),
        br#"{"active":true}"#
    );
    for bad in [
        json!({}),
        json!({"active": "true"}),
        json!({"active": 1}),
        json!({"active": null}),
        json!([]),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn row_7662_2_2_06_times_are_integers() {
    for name in ["exp", "iat", "nbf", "auth_time"] {
        for bad in [
            json!("123"),
            json!(1.5),
            json!(-1),
            json!(1e300),
            json!(null),
        ] {
            assert!(
                read(&json!({"active": true, name: bad})).is_err(),
                "{name} {bad}"
            );
        }
        assert!(read(&json!({"active": true, name: 1_514_797_822})).is_ok());
    }
}

#[test]
fn row_7662_2_2_05_and_07_strings_are_strings() {
    for name in [
        "client_id",
        "username",
        "token_type",
        "sub",
        "iss",
        "jti",
        "scope",
        "acr",
    ] {
        for bad in [json!(1), json!(null), json!(["a"]), json!({})] {
            assert!(
                read(&json!({"active": true, name: bad})).is_err(),
                "{name} {bad}"
            );
        }
    }
}

#[test]
fn row_7662_2_2_07_aud_is_a_string_or_an_array() {
    let one = read(&json!({"active": true, "aud": "a"})).unwrap();
    assert_eq!(one.to_json(), br#"{"active":true,"aud":"a"}"#);
    let two = read(&json!({"active": true, "aud": ["a", "b"]})).unwrap();
    assert_eq!(two.to_json(), br#"{"active":true,"aud":["a","b"]}"#);
    for bad in [json!([]), json!([1]), json!(1), json!({})] {
        assert!(read(&json!({"active": true, "aud": bad})).is_err(), "{bad}");
    }
}

#[test]
fn row_7515_4_01_no_member_is_taken_twice() {
    for twice in [
        r#"{"active":false,"active":true}"#,
        r#"{"active":true,"exp":1,"exp":2}"#,
        r#"{"active":true,"colour":1,"colour":2}"#,
    ] {
        assert!(
            serde_json::from_str::<IntrospectionResponse>(twice).is_err(),
            "{twice}"
        );
    }
}

#[test]
fn row_9701_5_08_an_inactive_answer_with_more_members_is_refused() {
    assert!(read(&json!({"active": false, "sub": "a"})).is_err());
    assert!(read(&json!({"active": false, "colour": "blue"})).is_err());
    assert_eq!(
        read(&json!({"active": false})).unwrap(),
        IntrospectionResponse::Inactive
    );
}

#[test]
fn further_claims_cannot_shadow_a_standard_member() {
    for name in STANDARD_MEMBERS.into_iter().chain([STATEMENT_CLAIM]) {
        let map = Map::from_iter([(name.to_owned(), json!(true))]);
        assert_eq!(
            FurtherClaims::new(map),
            Err(ShadowedMember(name.to_owned()))
        );
    }
}

#[test]
fn what_narrowing_left_empty_is_not_sent() {
    let token = ActiveToken {
        scope: Some(Scope::default()),
        authorization_details: Some(AuthorizationDetails::default()),
        ..ActiveToken::default()
    };
    assert_eq!(
        IntrospectionResponse::active(token).to_json(),
        br#"{"active":true}"#
    );
}

#[test]
fn row_9449_6_2_01_cnf_stands_among_the_members() {
    let token = ActiveToken {
        cnf: full().cnf,
        ..ActiveToken::default()
    };
    let value: Value =
        serde_json::from_slice(&IntrospectionResponse::active(token).to_json()).unwrap();
    assert!(value["cnf"]["jkt"].is_string());
}

#[test]
fn debug_shows_no_values_of_further_claims() {
    assert!(!format!("{:?}", full()).contains("1982-02-01"));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        sub in proptest::option::of("\\PC{0,12}"),
        exp in proptest::option::of(any::<u64>()),
        aud in proptest::collection::vec("\\PC{0,8}", 0..4),
        extra in proptest::collection::btree_map("x_[a-z]{1,6}", "\\PC{0,8}", 0..5),
    ) {
        let further = extra.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        let response = IntrospectionResponse::active(ActiveToken {
            sub, exp,
            aud: Audience::several(aud),
            claims: FurtherClaims::new(further).unwrap(),
            ..ActiveToken::default()
        });
        let json = response.to_json();
        let again: IntrospectionResponse = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(&again, &response);
        prop_assert_eq!(again.to_json(), json);
    }

    #[test]
    fn no_input_panics(json in "\\PC*") {
        let _ = serde_json::from_str::<IntrospectionResponse>(&json);
    }
}
