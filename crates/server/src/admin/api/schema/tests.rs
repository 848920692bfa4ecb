//! Each stand-in holds the members of the type it stands for.

use avouch_core::apply::{Change, Current, Description as Described, FieldChange, Target};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::json;

use super::explanation::{Because, MemberKind};
use super::profile::{ContentEncryption, Forms, KeyManagement, Legacy};
use super::*;

/// Checks a full sample against the schema of its stand-in: every member of
/// the one is a property of the other, at every level.
fn check<S: JsonSchema>(sample: &impl Serialize) {
    let mut generator: SchemaGenerator = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator();
    let schema = generator.root_schema_for::<S>().to_value();
    compare(&serde_json::to_value(sample).unwrap(), &schema, "");
}

fn compare(sample: &Value, schema: &Value, path: &str) {
    match sample {
        Value::Object(members) if schema.get("properties").is_some() => {
            let properties = schema["properties"].as_object().unwrap();
            let sampled: BTreeSet<_> = members.keys().collect();
            let described: BTreeSet<_> = properties.keys().collect();
            // Keys are given by value or by reference, never both.
            let absent = |name: &&&String| path.ends_with(".encryption") && **name == "jwks";
            let described = described
                .into_iter()
                .filter(|name| !absent(&name))
                .collect();
            assert_eq!(sampled, described, "at {path}");
            for (name, value) in members {
                compare(value, &properties[name], &format!("{path}.{name}"));
            }
        }
        Value::Array(items) => {
            for item in items {
                compare(item, &schema["items"], &format!("{path}[]"));
            }
        }
        _ => {}
    }
}

fn describe() -> Described {
    serde_json::from_value(json!({
        "client": [{
            "id": "shop",
            "details": {
                "name": "Shop", "uri": "https://shop.example", "contacts": ["it@shop.example"],
                "tos_uri": "https://shop.example/tos", "policy_uri": "https://shop.example/privacy",
            },
            "access_token_lifetime": 60, "access_token_format": "jwt", "token_binding": "dpop",
        }],
        "resource_server": [{
            "id": "pay", "resources": ["https://pay.example"], "suspended": "audit",
            "grant_types": ["client_credentials"],
            "profile": {
                "typ": "JWT", "members": {"ath": true},
                "encryption": {"alg": "RSA-OAEP-256", "jwks_uri": "https://pay.example/keys"},
            },
            "access_tokens": {"format": "jwt", "for_scopes": "pay"}, "policy": {"not_cleared": "audit"},
            "details": {
                "name": "Pay", "uri": "https://pay.example", "contacts": ["it@pay.example"],
                "tos_uri": "https://pay.example/tos", "policy_uri": "https://pay.example/privacy",
            },
        }],
    }))
    .unwrap()
}

#[test]
fn descriptions_have_the_members_they_are_described_with() {
    check::<Description>(&describe());
}

#[test]
fn changes_have_the_members_they_are_described_with() {
    let field = FieldChange {
        field: "scope".into(),
        from: json!("a"),
        to: json!("b"),
        weaker: true,
    };
    check::<super::Change>(&Change {
        target: Target::Client,
        id: "shop".into(),
        current: Current::Differs,
        fields: vec![field],
    });
}

#[test]
fn authentication_has_the_members_it_is_described_with() {
    check::<Authentication>(&avouch_core::records::Authentication {
        acr: Some("mfa".into()),
        auth_time: Some(1),
    });
}

#[test]
fn words_are_described_as_they_are_read() {
    fn words<S: JsonSchema>() -> Vec<Value> {
        let schema = SchemaSettings::draft2020_12()
            .with(|settings| settings.inline_subschemas = true)
            .into_generator()
            .root_schema_for::<S>()
            .to_value();
        let variants = |schema: &Value| schema["enum"].as_array().cloned();
        variants(&schema).unwrap_or_else(|| {
            let one_of = schema["oneOf"].as_array().unwrap();
            let words = one_of.iter().flat_map(|one| match &one["const"] {
                Value::Null => variants(one).unwrap_or_default(),
                word => vec![word.clone()],
            });
            words.collect()
        })
    }
    fn all_read<S: JsonSchema, T: serde::de::DeserializeOwned + Serialize>(expected: usize) {
        let words = words::<S>();
        assert_eq!(words.len(), expected, "{words:?}");
        for word in words {
            let read: T = serde_json::from_value(word.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), word);
        }
    }
    use avouch_core::records;
    use avouch_oauth::negotiate;
    all_read::<Forms, negotiate::AnswerForms>(3);
    all_read::<Legacy, negotiate::LegacyForm>(2);
    all_read::<SubjectForm, records::SubjectForm>(3);
    all_read::<Kinds, records::RegistrationKinds>(3);
    all_read::<Sharing, records::ResourceSharing>(2);
    all_read::<Life, records::KeyLife>(4);
    all_read::<Purpose, records::KeyPurpose>(2);
    all_read::<Format, records::TokenFormat>(2);
    all_read::<TokenBinding, records::TokenBinding>(3);
    all_read::<super::Target, Target>(2);
    all_read::<change::Current, Current>(3);
    all_read::<MemberKind, avouch_core::introspection::MemberKind>(5);
    all_read::<Because, avouch_core::introspection::Because>(11);
    all_read::<KeyManagement, avouch_jose::KeyManagementAlgorithm>(
        avouch_jose::KeyManagementAlgorithm::ALL.len(),
    );
    all_read::<ContentEncryption, avouch_jose::ContentEncryption>(
        avouch_jose::ContentEncryption::ALL.len(),
    );
    all_read::<Algorithm, avouch_jose::SignatureAlgorithm>(
        avouch_jose::SignatureAlgorithm::ALL.len(),
    );
    all_read::<client_authentication::Method, avouch_oauth::auth_method::AuthenticationMethod>(6);
    all_read::<GrantType, records::GrantType>(1);
}
