//! Every registered method against every presented one: only the diagonal
//! passes (RFC 6749 section 2.3, requirement C2ID-04).

use avouch_core::records::ClientAuthentication;

use crate::support::{Answer, Caller, Prover, Running, SIGN, Setup, question};

const ON: &str = "[client_authentication]\n\
                  methods = [\"client_secret_basic\", \"client_secret_post\", \"private_key_jwt\", \
                  \"client_secret_jwt\"]\n";

/// A resource server, and what it proves itself with by its own method.
struct Registered {
    method: &'static str,
    caller: Caller,
    prover: Prover,
}

/// What is presented: a method, with the material of this very caller where it
/// has some, so that nothing but the method is wrong.
async fn present(
    server: &Running,
    token: &str,
    method: &str,
    who: &Registered,
    jti: &str,
) -> Answer {
    let asked = server.post("/introspect");
    let id = who.caller.id.as_str();
    let asked = match method {
        "client_secret_basic" => asked.by(&who.caller).form(&[("token", token)]),
        "client_secret_post" => asked.form(&[
            ("token", token),
            ("client_id", id),
            ("client_secret", &who.caller.secret),
        ]),
        _ => {
            let assertion = who.prover.good(id, jti);
            asked.form(&question(token, &assertion))
        }
    };
    asked.send().await
}

#[tokio::test]
async fn row_8414_2_04_every_method_listed_works_and_only_where_it_is_registered() {
    let setup = Setup::new().await.configured(ON);
    setup.client("shop").await;
    let key = || Prover::key(avouch_jose::SignatureAlgorithm::Es256);
    let mut registered = Vec::new();
    for (method, authentication) in [
        (
            "client_secret_basic",
            ClientAuthentication::ClientSecretBasic,
        ),
        ("client_secret_post", ClientAuthentication::ClientSecretPost),
    ] {
        let caller = setup.resource_server_with(method, SIGN, |record| {
            record.credentials.authentication = authentication;
        });
        registered.push(Registered {
            method,
            caller: caller.await,
            prover: key(),
        });
    }
    let prover = setup.signing_resource_server("private_key_jwt").await;
    registered.push(Registered {
        method: "private_key_jwt",
        caller: Caller {
            id: "private_key_jwt".to_owned(),
            secret: "a secret it does not have".to_owned(),
        },
        prover,
    });
    let (prover, caller) = setup.secret_resource_server("client_secret_jwt").await;
    registered.push(Registered {
        method: "client_secret_jwt",
        caller,
        prover,
    });
    let token = setup.token().await.text;
    let server = setup.start().await;

    let listed = server
        .request("GET", "/.well-known/oauth-authorization-server")
        .send()
        .await
        .json();
    let listed = &listed["introspection_endpoint_auth_methods_supported"];
    let names: Vec<_> = registered.iter().map(|one| one.method).collect();
    assert_eq!(
        *listed,
        serde_json::json!(names),
        "the table has every method on offer"
    );

    for who in &registered {
        for method in &names {
            let answer = present(&server, &token, method, who, method).await;
            let same_kind = |kind: &str| who.method.ends_with(kind) && method.ends_with(kind);
            if who.method == *method {
                assert_eq!(answer.is_json(200)["active"], true, "{method}");
            } else if same_kind("_jwt") {
                // The same assertion: which of the two it is, the key alone decides.
                assert_eq!(answer.is_json(200)["active"], true, "{method}");
            } else {
                answer.is_error(401, "invalid_client");
                let challenge = answer.header("www-authenticate").unwrap();
                assert!(challenge.starts_with("Basic "), "{challenge}");
            }
        }
    }
    // One's assertion is not another's.
    let other = registered[2].prover.good("client_secret_jwt", "crossed");
    let answer = server
        .post("/introspect")
        .form(&question(&token, &other))
        .send()
        .await;
    answer.is_error(401, "invalid_client");
    // And two ways at once are none.
    for who in &registered {
        let assertion = who.prover.good(&who.caller.id, "both");
        let asked = server
            .post("/introspect")
            .form(&question(&token, &assertion));
        asked
            .by(&who.caller)
            .send()
            .await
            .is_error(400, "invalid_request");
    }
}
