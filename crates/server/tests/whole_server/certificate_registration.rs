//! Registering for certificates (RFC 8705 sections 2.1.2 and 2.2).

use serde_json::{Value, json};

use crate::support::{
    Answer, Authority, ClientCertificate, Running, SIGN, STATEMENT, Setup, TlsClient, TlsFiles,
    bearing,
};

struct Desk {
    server: Running,
    client: TlsClient,
    clients: Authority,
    token: String,
    _files: TlsFiles,
}

impl Desk {
    async fn new() -> Self {
        let (ours, clients) = (Authority::new(), Authority::new());
        let files = TlsFiles::new(&ours);
        let further = format!(
            "{}{}[client_authentication]\nmethods = [\"tls_client_auth\", \
             \"self_signed_tls_client_auth\"]\n",
            files.section(),
            files.mtls_section(&clients)
        );
        let setup = Setup::new().await.configured(&further);
        let token = setup.initial_access_token("both", |_| {}).await;
        Self {
            server: setup.start().await,
            client: TlsClient::trusting(&ours),
            clients,
            token,
            _files: files,
        }
    }

    async fn register(&self, method: &str, further: &Value) -> Answer {
        let mut metadata = json!({
            "resource": SIGN, "token_endpoint_auth_method": method,
            "introspection_signed_response_alg": "ES256",
        });
        for (name, value) in further.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let asked = self.server.post("/register").bearer(&self.token);
        self.client.send(&asked.json(&metadata)).await
    }

    /// What is read back of a registration.
    async fn read(&self, registered: &Value) -> Value {
        let uri = registered["registration_client_uri"].as_str().unwrap();
        let path = uri.strip_prefix("https://as.example").unwrap();
        let token = registered["registration_access_token"].as_str().unwrap();
        let asked = self.server.request("GET", path).bearer(token);
        self.client.send(&asked).await.is_json(200).clone()
    }

    async fn asks(&self, registered: &Value, certificate: &ClientCertificate) -> Answer {
        let id = registered["client_id"].as_str().unwrap();
        let form = [("token", "unknown"), ("client_id", id)];
        let asked = self.server.mtls_post("/introspect").form(&form);
        let client = self.client.clone().showing(certificate);
        client.send(&asked.accept(STATEMENT)).await
    }
}

#[tokio::test]
async fn row_8705_2_01_a_name_is_registered_read_back_and_works() {
    let desk = Desk::new().await;
    let name = json!({"tls_client_auth_subject_dn": "CN=Sign\\, Ltd"});
    let registered = desk
        .register("tls_client_auth", &name)
        .await
        .is_json(201)
        .clone();
    assert_eq!(registered.get("client_secret"), None);
    let read = desk.read(&registered).await;
    let member = "tls_client_auth_subject_dn";
    assert_eq!(
        (&read[member], &registered[member]),
        (&name[member], &name[member])
    );
    let own = ClientCertificate::by(&desk.clients, &bearing("Sign, Ltd"));
    assert_eq!(desk.asks(&registered, &own).await.status, 200);
    let other = ClientCertificate::by(&desk.clients, &bearing("Sign"));
    let refused = desk.asks(&registered, &other).await;
    refused.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_8705_2_01_no_name_two_names_and_broken_ones_are_refused() {
    let desk = Desk::new().await;
    for further in [
        json!({}),
        json!({"tls_client_auth_subject_dn": "CN=a", "tls_client_auth_san_dns": "a.example"}),
        json!({"tls_client_auth_san_ip": "192.0.2.1", "tls_client_auth_san_email": "a@b.example"}),
        json!({"tls_client_auth_subject_dn": "a"}),
        json!({"tls_client_auth_subject_dn": 5}),
        json!({"tls_client_auth_san_dns": "*.example"}),
        json!({"tls_client_auth_san_ip": "a.example"}),
    ] {
        let answer = desk.register("tls_client_auth", &further).await;
        answer.is_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn row_8705_2_02_a_certificate_is_registered_read_back_and_works() {
    let desk = Desk::new().await;
    let certificate = ClientCertificate::self_signed(&bearing("sign"));
    let keys = json!({"jwks": certificate.jwks()});
    let method = "self_signed_tls_client_auth";
    let registered = desk.register(method, &keys).await.is_json(201).clone();
    let read = desk.read(&registered).await;
    assert_eq!(
        read["jwks"]["keys"][0]["x5c"],
        keys["jwks"]["keys"][0]["x5c"]
    );
    assert_eq!(desk.asks(&registered, &certificate).await.status, 200);
    let other = ClientCertificate::self_signed(&bearing("sign"));
    let refused = desk.asks(&registered, &other).await;
    refused.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_8705_2_02_a_key_without_its_certificate_is_refused() {
    let desk = Desk::new().await;
    let own = ClientCertificate::self_signed(&bearing("sign")).jwks();
    let other = ClientCertificate::self_signed(&bearing("sign")).jwks();
    let with = |x5c: Value| {
        let mut keys = own.clone();
        keys["keys"][0]["x5c"] = x5c;
        json!({ "jwks": keys })
    };
    for further in [
        json!({}),
        json!({"jwks": {"keys": []}}),
        with(json!([])),
        with(json!(["AAAA"])),
        with(other["keys"][0]["x5c"].clone()),
        json!({"jwks": own, "tls_client_auth_san_dns": "a.example"}),
    ] {
        let answer = desk.register("self_signed_tls_client_auth", &further).await;
        answer.is_error(400, "invalid_client_metadata");
    }
}
