//! A resource server that shows its secret to nobody: `client_secret_jwt`, where the server offers
//! it, from both ends.

use avouch_server::config::MethodName;

use crate::stage::Stage;

#[test]
fn introspect_authenticates_its_question_with_the_secret() {
    let it = Stage::set_with(|config| {
        let methods = &mut config.client_authentication.methods;
        methods.push(MethodName::ClientSecretJwt);
    });
    let add = |id: &str, resource: &str, further: &[&str]| {
        let usual = ["resource-server", "add", id, "--resource", resource];
        let method = [
            "--authentication",
            "client_secret_jwt",
            "--signing-alg",
            "ES256",
        ];
        let secret = it.run(&[&usual[..], &method, further].concat()).well();
        it.write(&format!("{id}.secret"), &secret)
    };
    let secret = add("pay", "https://pay.example", &[]);
    let issuer = format!("http://{}", it.address());
    let token = it.write("token.txt", "unknown");
    let ask = |id: &str, secret: &str, further: &[&str]| {
        let question = ["introspect", "--issuer", &issuer, "--client-id", id];
        let files = ["--secret-file", secret, "--token", &token];
        it.run(&[&question[..], &files, further].concat())
    };
    let jwt = ["--method", "client_secret_jwt"];
    let asked = ask("pay", &secret, &jwt);
    assert_eq!(asked.code, 3, "{asked:?}");
    assert!(asked.out.contains("pay"), "{asked:?}");

    let other = it.write("other.secret", &"x".repeat(43));
    let error = ask("pay", &other, &jwt).badly();
    assert!(error.contains("invalid_client"), "{error}");
    // The secret itself is for no other method.
    let error = ask("pay", &secret, &[]).badly();
    assert!(error.contains("invalid_client"), "{error}");
    let wrong = [&jwt[..], &["--authentication-alg", "HS1"]].concat();
    let error = ask("pay", &secret, &wrong).badly();
    assert!(error.contains("--authentication-alg"), "{error}");
}

#[test]
fn what_the_server_does_not_offer_is_told_before_anything_is_sent() {
    let it = Stage::set();
    let add = ["resource-server", "add", "pay"];
    let profile = [
        "--resource",
        "https://pay.example",
        "--signing-alg",
        "ES256",
    ];
    let secret = it.run(&[&add[..], &profile].concat()).well();
    let secret = it.write("pay.secret", &secret);
    let token = it.write("token.txt", "unknown");
    let issuer = format!("http://{}", it.address());
    let question = ["introspect", "--issuer", &issuer, "--client-id", "pay"];
    let files = ["--secret-file", &secret, "--token", &token];
    let method = ["--method", "client_secret_jwt"];
    let error = it.run(&[&question[..], &files, &method].concat()).badly();
    assert!(
        error.contains(
            "does not take client_secret_jwt at its introspection endpoint, \
             but client_secret_basic, client_secret_post, private_key_jwt"
        ),
        "{error}"
    );
}
