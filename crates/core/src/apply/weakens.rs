//! Which changes of a record weaken what protects it.
//!
//! For people who read a plan: a description that leaves something out returns it to its default,
//! and what a caller registered by itself is easily left out.

use serde_json::Value;

/// Whether this change takes protection away or lets a resource server learn more. `field` is its
/// name in the description, with dots for tables within tables.
pub(super) fn weakens(field: &str, from: &Value, to: &Value) -> bool {
    match field {
        "profile.encryption" => removes_encryption(field, to),
        "profile.forms" => to == "json_or_jwt",
        "profile.legacy" => to == "on",
        "policy.scopes" => to == "all",
        "policy.scopes.only" | "access_tokens.for_scopes" => widens(&words(from), &words(to)),
        "policy.claims" | "policy.authorization_details_types" | "access_tokens.claims" => {
            widens(items(from), items(to))
        }
        "policy.subject" => openness(to) > openness(from),
        "policy.not_cleared" => to.is_null(),
        "suspended" => !to.is_string(),
        // Only what is bound to nothing is left out.
        "token_binding" => to.is_null() || to == "optional",
        // From a key of its own to a secret that both sides know.
        "authentication" => method(from) == "private_key_jwt",
        "authentication.method" => from == "private_key_jwt",
        // Who can read the answers, or speak in its name, is another.
        field => {
            let source = field
                .strip_prefix("profile.encryption.")
                .or_else(|| field.strip_prefix("authentication."));
            source.is_some_and(|name| name == "jwks_uri" || name.starts_with("jwks"))
                && !from.is_null()
        }
    }
}

/// Whether answers would no longer be encrypted.
pub(super) fn removes_encryption(field: &str, to: &Value) -> bool {
    field == "profile.encryption" && to.is_null()
}

/// The values of a scope.
fn words(scope: &Value) -> Vec<&str> {
    let scope = scope.as_str().unwrap_or_default();
    scope.split_ascii_whitespace().collect()
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether something is added.
fn widens<T: PartialEq>(from: &[T], to: &[T]) -> bool {
    to.iter().any(|added| !from.contains(added))
}

/// How much the form of the subject tells.
fn openness(subject: &Value) -> u8 {
    match subject.as_str() {
        Some("public") => 2,
        Some("pairwise") => 1,
        _ => 0,
    }
}

fn method(authentication: &Value) -> &str {
    authentication
        .get("method")
        .unwrap_or(authentication)
        .as_str()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn less_protection_and_more_to_learn_are_marked_and_the_reverse_is_not() {
        let encryption = json!({"alg": "ECDH-ES", "jwks_uri": "https://rs.example/jwks"});
        let by_key = json!({"method": "private_key_jwt", "jwks_uri": "https://rs.example/jwks"});
        let none = Value::Null;
        for (field, strong, weak) in [
            ("profile.encryption", &encryption, &none),
            ("profile.forms", &json!("jwt_only"), &json!("json_or_jwt")),
            ("profile.forms", &json!("always_jwt"), &json!("json_or_jwt")),
            ("profile.legacy", &json!("off"), &json!("on")),
            ("policy.scopes", &json!({"only": "pay"}), &json!("all")),
            ("policy.scopes.only", &json!(""), &json!("pay")),
            ("policy.scopes.only", &json!("pay"), &json!("sign pay")),
            ("access_tokens.for_scopes", &none, &json!("pay")),
            (
                "access_tokens.for_scopes",
                &json!("pay"),
                &json!("pay sign"),
            ),
            ("policy.claims", &json!(["iban"]), &json!(["iban", "name"])),
            (
                "policy.authorization_details_types",
                &json!([]),
                &json!(["payment"]),
            ),
            ("access_tokens.claims", &json!([]), &json!(["name"])),
            ("policy.subject", &json!("pairwise"), &json!("public")),
            ("policy.subject", &json!("withheld"), &json!("pairwise")),
            ("policy.not_cleared", &json!("contract ended"), &none),
            ("suspended", &json!("audit"), &json!(false)),
            ("token_binding", &json!("dpop"), &none),
            ("token_binding", &json!("certificate"), &none),
            ("authentication", &by_key, &json!("client_secret_basic")),
            (
                "authentication.method",
                &json!("private_key_jwt"),
                &json!("client_secret_jwt"),
            ),
        ] {
            assert!(weakens(field, strong, weak), "{field}: {strong} -> {weak}");
            assert!(!weakens(field, weak, strong), "{field}: {weak} -> {strong}");
        }
    }

    #[test]
    fn another_key_is_marked_whoever_reads_with_it_or_speaks_with_it() {
        let (one, other) = (json!("https://a.example"), json!("https://b.example"));
        for field in [
            "profile.encryption.jwks_uri",
            "profile.encryption.jwks.keys",
            "authentication.jwks_uri",
            "authentication.jwks.keys",
        ] {
            assert!(weakens(field, &one, &other), "{field}");
            assert!(weakens(field, &other, &Value::Null), "{field}");
        }
        // The old source that is gone is marked; the new one beside it need not be.
        assert!(!weakens("profile.encryption.jwks_uri", &Value::Null, &one));
    }

    #[test]
    fn what_protects_nobody_is_not_marked() {
        for (field, from, to) in [
            ("profile.signing_algorithm", json!("ES256"), json!("RS256")),
            (
                "profile.encryption.alg",
                json!("ECDH-ES"),
                json!("RSA-OAEP"),
            ),
            ("profile.encryption.enc", json!("A256GCM"), json!("A128GCM")),
            ("profile.forms", json!("jwt_only"), json!("always_jwt")),
            ("profile.forms", json!("always_jwt"), json!("jwt_only")),
            ("policy.claims", json!(["iban", "name"]), json!(["name"])),
            ("policy.scopes.only", json!("pay sign"), json!("sign")),
            (
                "policy.not_cleared",
                json!("audit"),
                json!("contract ended"),
            ),
            ("suspended", json!("audit"), json!("contract ended")),
            ("token_binding", json!("dpop"), json!("certificate")),
            (
                "authentication.signing_algorithm",
                json!("ES256"),
                Value::Null,
            ),
            (
                "authentication",
                json!("client_secret_basic"),
                json!("client_secret_post"),
            ),
            ("details.name", json!("Pay"), json!("Payments")),
            ("scope", json!("pay"), json!("pay sign")),
        ] {
            assert!(!weakens(field, &from, &to), "{field}: {from} -> {to}");
        }
    }
}
