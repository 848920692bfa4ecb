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
