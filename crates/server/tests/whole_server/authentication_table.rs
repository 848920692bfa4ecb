//! Every registered method against every presented one: only the diagonal
//! passes (RFC 6749 section 2.3, requirement C2ID-04).

use avouch_core::records::ClientAuthentication;
use serde_json::json;

use crate::support::{
    Answer, Authority, Caller, ClientCertificate, Prover, Running, SIGN, Setup, TlsClient,
    TlsFiles, bearing, question,
};

const ON: &str = "[client_authentication]\n\
                  methods = [\"client_secret_basic\", \"client_secret_post\", \"private_key_jwt\", \
                  \"client_secret_jwt\", \"tls_client_auth\", \"self_signed_tls_client_auth\"]\n";

/// A resource server, and what it proves itself with by its own method.
struct Registered {
    method: &'static str,
    caller: Caller,
    prover: Prover,
    certificate: ClientCertificate,
}

/// What is presented: a method, with the material of this very caller where it
/// has some, so that nothing but the method is wrong.
///
/// Its certificate is shown whatever is presented: where something else is, it means nothing.
async fn present(
    server: &Running,
    client: &TlsClient,
    token: &str,
    method: &str,
    who: &Registered,
    jti: &str,
) -> Answer {
    let asked = server.mtls_post("/introspect");
    let id = who.caller.id.as_str();
    let asked = match method {
        "client_secret_basic" => asked.by(&who.caller).form(&[("token", token)]),
        "client_secret_post" => asked.form(&[
            ("token", token),
            ("client_id", id),
            ("client_secret", &who.caller.secret),
        ]),
        "tls_client_auth" | "self_signed_tls_client_auth" => {
            asked.form(&[("token", token), ("client_id", id)])
        }
        _ => {
            let assertion = who.prover.good(id, jti);
            asked.form(&question(token, &assertion))
        }
    };
    client.clone().showing(&who.certificate).send(&asked).await
}

/// A resource server for each method on offer.
async fn one_of_each(setup: &Setup, clients: &Authority) -> Vec<Registered> {
    let key = || Prover::key(avouch_jose::SignatureAlgorithm::Es256);
    let certificate = |name: &str| ClientCertificate::by(clients, &bearing(name));
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
            certificate: certificate(method),
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
        certificate: certificate("private_key_jwt"),
    });
    let (prover, caller) = setup.secret_resource_server("client_secret_jwt").await;
    registered.push(Registered {
        method: "client_secret_jwt",
        caller,
        prover,
        certificate: certificate("client_secret_jwt"),
    });
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let certificate = certificate(method);
        let description = match method {
            "tls_client_auth" => json!({
                "method": method, "tls_client_auth_subject_dn": format!("CN={method}")
            }),
            _ => json!({"method": method, "jwks": certificate.jwks()}),
        };
        let caller = setup.resource_server_with(method, SIGN, |record| {
            record.credentials.authentication = serde_json::from_value(description).unwrap();
        });
        registered.push(Registered {
            method,
            caller: caller.await,
            prover: key(),
            certificate,
        });
    }
    registered
}

#[tokio::test]
async fn row_8414_2_04_every_method_listed_works_and_only_where_it_is_registered() {
    let (ours, clients) = (Authority::new(), Authority::new());
    let files = TlsFiles::new(&ours);
    let further = format!("{}{}{ON}", files.section(), files.mtls_section(&clients));
    let setup = Setup::new().await.configured(&further);
    let client = TlsClient::trusting(&ours);
    setup.client("shop").await;
    let registered = one_of_each(&setup, &clients).await;
    let token = setup.token().await.text;
    let server = setup.start().await;

    let document = server.request("GET", "/.well-known/oauth-authorization-server");
    let listed = client.send(&document).await.json();
    let listed = &listed["introspection_endpoint_auth_methods_supported"];
    let names: Vec<_> = registered.iter().map(|one| one.method).collect();
    let schemes = ["Bearer", "DPoP"];
    assert_eq!(
        *listed,
        json!([names.as_slice(), &schemes].concat()),
        "the table has every method on offer"
    );

    for who in &registered {
        for method in &names {
            let answer = present(&server, &client, &token, method, who, method).await;
            let same_kind = |kind: &str| who.method.ends_with(kind) && method.ends_with(kind);
            if who.method == *method {
                assert_eq!(answer.is_json(200)["active"], true, "{method}");
            } else if same_kind("_jwt") || same_kind("tls_client_auth") {
                // The same on the wire: which of the two it is, the record alone decides.
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
    let asked = server.post("/introspect").form(&question(&token, &other));
    let answer = client.send(&asked).await;
    answer.is_error(401, "invalid_client");
    // Nor is one's certificate.
    let asked = server.mtls_post("/introspect");
    let asked = asked.form(&[("token", token.as_str()), ("client_id", "tls_client_auth")]);
    let other = &registered[5].certificate;
    let answer = client.clone().showing(other).send(&asked).await;
    answer.is_error(401, "invalid_client");
    // And two ways at once are none.
    for who in &registered {
        let assertion = who.prover.good(&who.caller.id, "both");
        let asked = server
            .post("/introspect")
            .form(&question(&token, &assertion));
        let answer = client.send(&asked.by(&who.caller)).await;
        answer.is_error(400, "invalid_request");
    }
}
