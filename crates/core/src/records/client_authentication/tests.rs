use avouch_crypto::random::SystemRandom;
use avouch_jose::{SigningKey, base64url};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use super::*;

fn read(value: Value) -> Result<ClientAuthentication, serde_json::Error> {
    serde_json::from_value(value)
}

fn jwks() -> Value {
    let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
    json!({"keys": [key.public_jwk()]})
}

/// A key set with a certificate of the key in it, or of another.
fn with_certificate(own: bool) -> Value {
    let pair = KeyPair::generate().unwrap();
    let other = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new([]).unwrap();
    let certificate = parameters.self_signed(if own { &pair } else { &other });
    let (x, y) = pair.public_key_raw()[1..].split_at(32);
    json!({"keys": [{
        "kty": "EC", "x5c": [STANDARD.encode(certificate.unwrap().der())], "crv": "P-256",
        "x": base64url::encode(x), "y": base64url::encode(y),
    }]})
}

#[test]
fn what_is_written_reads_back() {
    for written in [
        json!("client_secret_basic"),
        json!("client_secret_post"),
        json!({"method": "client_secret_jwt", "signing_algorithm": "HS512"}),
        json!({"method": "private_key_jwt", "jwks": jwks()}),
        json!({
            "method": "private_key_jwt", "signing_algorithm": "PS256",
            "jwks_uri": "https://rs.example/keys"
        }),
        json!({"method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=shop,C=DE"}),
        json!({"method": "tls_client_auth", "tls_client_auth_san_dns": "shop.example"}),
        json!({"method": "tls_client_auth", "tls_client_auth_san_uri": "urn:example:shop"}),
        json!({"method": "tls_client_auth", "tls_client_auth_san_ip": "2001:db8::7"}),
        json!({"method": "tls_client_auth", "tls_client_auth_san_email": "it@shop.example"}),
        json!({"method": "self_signed_tls_client_auth", "jwks": with_certificate(true)}),
        json!({
            "method": "self_signed_tls_client_auth", "jwks_uri": "https://rs.example/keys"
        }),
    ] {
        let once = read(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&once).unwrap(), written);
    }
    let short = json!({"method": "client_secret_basic"});
    assert_eq!(read(short).unwrap(), ClientAuthentication::default());
    let hs256 = ClientAuthentication::ClientSecretJwt {
        algorithm: MacAlgorithm::Hs256,
    };
    assert_eq!(read(json!("client_secret_jwt")).unwrap(), hs256);
}

#[test]
fn nothing_is_registered_that_cannot_be_checked() {
    let both = json!({
        "method": "private_key_jwt", "jwks": jwks(), "jwks_uri": "https://rs.example/keys"
    });
    let wrong_key = json!({
        "method": "private_key_jwt", "jwks": jwks(), "signing_algorithm": "RS256"
    });
    for (bad, why) in [
        (json!("none"), "not supported"),
        (json!("private_key_jwt"), "needs jwks or jwks_uri"),
        (json!("tls"), "unknown variant"),
        (json!(5), "the name of a method"),
        (json!({}), "missing field `method`"),
        (
            json!({"method": "private_key_jwt"}),
            "needs jwks or jwks_uri",
        ),
        (
            json!({"method": "private_key_jwt", "jwks": {"keys": []}}),
            "no key in jwks",
        ),
        (both, "not both"),
        (wrong_key, "no key in jwks can verify RS256"),
        (
            json!({"method": "client_secret_basic", "jwks": jwks()}),
            "no use for keys",
        ),
        (
            json!({"method": "client_secret_post", "signing_algorithm": "HS256"}),
            "no use for an algorithm",
        ),
        (
            json!({"method": "client_secret_jwt", "signing_algorithm": "RS256"}),
            "use one of HS256",
        ),
        (
            json!({"method": "private_key_jwt", "jwks": jwks(), "signing_algorithm": "HS256"}),
            "use one of RS256",
        ),
        (json!("tls_client_auth"), "needs tls_client_auth_subject_dn"),
        (
            json!({
                "method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=shop",
                "tls_client_auth_san_dns": "shop.example"
            }),
            "exactly one of",
        ),
        (
            json!({"method": "tls_client_auth", "tls_client_auth_subject_dn": "shop"}),
            "tls_client_auth_subject_dn: each part",
        ),
        (
            json!({
                "method": "tls_client_auth", "tls_client_auth_san_ip": "192.0.2.7", "jwks": jwks()
            }),
            "no use for keys",
        ),
        (
            json!({"method": "private_key_jwt", "jwks": jwks(), "tls_client_auth_san_dns": "a"}),
            "no use for tls_client_auth_san_dns",
        ),
        (
            json!("self_signed_tls_client_auth"),
            "needs jwks or jwks_uri",
        ),
        (
            json!({"method": "self_signed_tls_client_auth", "jwks": jwks()}),
            "no key in jwks has a certificate",
        ),
        (
            json!({"method": "self_signed_tls_client_auth", "jwks": with_certificate(false)}),
            "not an X.509 certificate of the key",
        ),
        (
            json!({
                "method": "self_signed_tls_client_auth", "jwks": with_certificate(true),
                "signing_algorithm": "ES256"
            }),
            "no use for an algorithm",
        ),
        (
            json!({"method": "client_secret_basic", "colour": 1}),
            "unknown field",
        ),
    ] {
        let error = read(bad.clone()).unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
}
