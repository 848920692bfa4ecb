use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;

#[test]
fn an_object_comes_through_unchanged() {
    let json = br#" {"a":1,"b":[true,null,{"c":"\u00e9"}],"d":1.5,"e":18446744073709551615,"f":-9223372036854775808} "#;
    let expected = json!({"a":1,"b":[true,null,{"c":"é"}],"d":1.5,"e":u64::MAX,"f":i64::MIN});
    assert_eq!(Value::Object(object(json).unwrap()), expected);
}

#[test]
fn row_7515_4_01_duplicate_members_are_refused_at_every_level() {
    for json in [
        r#"{"alg":"RS256","alg":"RS256"}"#,
        r#"{"aud":"a","x":1,"aud":"b"}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":[[{"b":1,"b":2}]]}"#,
        r#"{"alg":1,"\u0061lg":2}"#,
    ] {
        assert!(
            matches!(
                object(json.as_bytes()),
                Err(JsonError::DuplicateMember { .. })
            ),
            "{json}"
        );
    }
    assert!(object(br#"{"a":{"b":1},"b":{"b":2}}"#).is_ok());
}

#[test]
fn row_7515_4_01_json_is_an_object_in_utf_8() {
    for json in ["[]", "\"a\"", "1", "null", "true", "[{}]"] {
        assert_eq!(
            object(json.as_bytes()),
            Err(JsonError::NotAnObject),
            "{json}"
        );
    }
    let utf16: Vec<u8> = "{\"a\":1}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(matches!(object(&utf16), Err(JsonError::Malformed { .. })));
    assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(JsonError::NotUtf8));
    for json in [
        "\u{feff}{}",
        "{} {}",
        "{}x",
        "",
        "{",
        r#"{"a":"\ud800"}"#,
        "{'a':1}",
        r#"{"a":01}"#,
        r#"{"a":NaN}"#,
        r#"{"a":1e999}"#,
    ] {
        assert!(
            matches!(object(json.as_bytes()), Err(JsonError::Malformed { .. })),
            "{json:?}"
        );
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        format!(
            "{{\"a\":{}1{}}}",
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        )
    };
    assert!(object(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(
        object(nested(MAX_DEPTH + 1).as_bytes()),
        Err(JsonError::TooDeep)
    );
    assert_eq!(object(nested(100_000).as_bytes()), Err(JsonError::TooDeep));
}

#[test]
fn nothing_hides_in_a_name_that_serde_json_keeps_for_itself() {
    let json = br#"{"a":{"$serde_json::private::RawValue":"{\"b\":1,\"b\":2}"}}"#;
    assert!(matches!(object(json), Err(JsonError::Malformed { .. })));
}

#[derive(Debug, Deserialize)]
struct Claims {
    #[allow(dead_code, reason = "only its absence and type matter here")]
    iss: String,
}

#[test]
fn errors_of_shape_name_the_member_and_never_the_value() {
    let shape = |json: &str| {
        from_slice::<Claims>(json.as_bytes())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        shape("{}"),
        "not of the expected shape: missing field `iss`"
    );
    assert_eq!(
        shape(r#"{"iss":12345}"#),
        "not of the expected shape: expected a string"
    );
    assert!(from_slice::<Claims>(br#"{"iss":"a"}"#).is_ok());
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(json: Vec<u8>) {
        let _ = object(&json);
    }

    #[test]
    fn no_text_of_json_characters_makes_it_panic(json in r#"[\[\]{}:,"\\u0-9a-f.eE+\- ]{0,64}"#) {
        let _ = object(json.as_bytes());
    }
}
