//! Tokens bound to the certificate of who asked for them (RFC 8705 section 3), over real TLS.

use avouch_core::records::{ClientAuthentication, Credentials, GrantType, TokenBinding};
use avouch_crypto::hash;
use avouch_jose::base64url;
use serde_json::{Value, json};

use crate::support::{
    Answer, Authority, Caller, ClientCertificate, Jwt, Running, SIGN, STATEMENT, Setup, TlsClient,
    TlsFiles, bearing, caller,
};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const ON: &str = "[client_authentication]\n\
                  methods = [\"client_secret_basic\", \"tls_client_auth\", \
                  \"self_signed_tls_client_auth\"]\n";

/// Records to be made, and a server that asks callers for certificates.
struct Site {
    setup: Setup,
    ours: Authority,
    clients: Authority,
    /// Kept for as long as the server reads them.
    files: TlsFiles,
}

struct Desk {
    server: Running,
    client: TlsClient,
    sign: Caller,
    _files: TlsFiles,
}

impl Site {
    async fn new() -> Self {
        Self::of(Setup::new().await, "")
    }

    fn of(setup: Setup, further: &str) -> Self {
        let (ours, clients) = (Authority::new(), Authority::new());
        let files = TlsFiles::new(&ours);
        let sections = [files.section(), files.mtls_section(&clients), ON.into()].concat();
        Self {
            setup: setup.configured(&format!("{sections}{further}")),
            ours,
            clients,
            files,
        }
    }

    /// A client that authenticates as this says.
    async fn client(&self, id: &str, binding: TokenBinding, authentication: Value) {
        let authentication: ClientAuthentication = serde_json::from_value(authentication).unwrap();
        let adding = self.setup.client_with(id, |record| {
            record.credentials = Credentials::first(authentication, None);
            record.token_binding = binding;
        });
        adding.await;
    }

    async fn open(self) -> Desk {
        Desk {
            sign: self.setup.resource_server("sign", SIGN).await,
            server: self.setup.start().await,
            client: TlsClient::trusting(&self.ours),
            _files: self.files,
        }
    }
}

impl Desk {
    fn showing(&self, certificate: &ClientCertificate) -> TlsClient {
        self.client.clone().showing(certificate)
    }

    /// Asks for a token as a client that a certificate authenticates.
    async fn get(&self, id: &str, certificate: &ClientCertificate) -> Answer {
        let form = [GRANT, ("resource", SIGN), ("client_id", id)];
        let asked = self.server.mtls_post("/token").form(&form);
        self.showing(certificate).send(&asked).await
    }

    /// Asks for a token with a secret.
    async fn get_by_secret(&self, client: &TlsClient, caller: &Caller) -> Answer {
        let asked = self.server.mtls_post("/token").by(caller);
        client.send(&asked.form(&[GRANT, ("resource", SIGN)])).await
    }

    /// What introspection says, as JSON and as a statement.
    async fn told(&self, token: &str) -> Value {
        let asked = || self.server.about(token).by(&self.sign);
        let json = self.client.send(&asked()).await.is_json(200);
        let statement = self.client.send(&asked().accept(STATEMENT)).await.jwt();
        assert_eq!(statement.claims["token_introspection"], json);
        assert_eq!(json["active"], true);
        json
    }

    /// That this token was issued to the holder of the certificate and of nothing else.
    async fn is_bound(&self, answer: &Answer, certificate: &ClientCertificate) {
        assert_eq!(answer.is_json(200)["token_type"], "Bearer");
        let told = self.told(&issued(answer)).await;
        assert_eq!(told["cnf"], json!({"x5t#S256": thumbprint(certificate)}));
        assert_eq!(told["token_type"], "Bearer");
    }

    /// That no token is issued, and that the answer says what is missing.
    fn lacks_certificate(answer: &Answer) {
        answer.is_error(400, "invalid_request");
        assert!(answer.text().contains("certificate"), "{}", answer.text());
    }
}

/// RFC 8705 section 3.1: SHA-256 of the DER.
fn thumbprint(certificate: &ClientCertificate) -> String {
    base64url::encode(hash::sha256(certificate.der()))
}

fn issued(answer: &Answer) -> String {
    let token = &answer.is_json(200)["access_token"];
    token.as_str().unwrap().to_owned()
}

fn subject(name: &str) -> Value {
    json!({"method": "tls_client_auth", "tls_client_auth_subject_dn": name})
}

fn registered(certificate: &ClientCertificate) -> Value {
    json!({"method": "self_signed_tls_client_auth", "jwks": certificate.jwks()})
}

#[tokio::test]
async fn row_8705_3_01_a_token_shows_the_certificate_it_was_asked_for_with() {
    let site = Site::new().await;
    let vouched = ClientCertificate::by(&site.clients, &bearing("vouched"));
    let own = ClientCertificate::self_signed(&bearing("own"));
    let certificate = TokenBinding::Certificate;
    site.client("vouched", certificate, subject("CN=vouched"))
        .await;
    site.client("own", certificate, registered(&own)).await;
    let desk = site.open().await;
    assert_ne!(thumbprint(&vouched), thumbprint(&own));
    desk.is_bound(&desk.get("vouched", &vouched).await, &vouched)
        .await;
    desk.is_bound(&desk.get("own", &own).await, &own).await;
}

#[tokio::test]
async fn row_8705_3_01_the_certificate_of_each_request_counts() {
    let site = Site::new().await;
    site.client("app", TokenBinding::Certificate, subject("CN=app"))
        .await;
    let [old, new] = [(); 2].map(|()| ClientCertificate::by(&site.clients, &bearing("app")));
    let desk = site.open().await;
    let before = desk.get("app", &old).await;
    desk.is_bound(&desk.get("app", &new).await, &new).await;
    // A token stays with the certificate it began with.
    desk.is_bound(&before, &old).await;
}

#[tokio::test]
async fn row_8705_3_01_a_bound_jwt_says_so_inside() {
    let on = "[tokens]\nformat = \"jwt\"\nsigning_algorithm = \"ES256\"\n";
    let site = Site::of(Setup::new().await.jwt(), on);
    site.client("app", TokenBinding::Certificate, subject("CN=app"))
        .await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("app"));
    let desk = site.open().await;
    let answer = desk.get("app", &certificate).await;
    let inside = Jwt::read(&issued(&answer)).claims;
    assert_eq!(inside["cnf"], json!({"x5t#S256": thumbprint(&certificate)}));
    desk.is_bound(&answer, &certificate).await;
}

#[tokio::test]
async fn row_8705_3_01_who_did_not_ask_for_it_gets_a_token_of_no_certificate() {
    let site = Site::new().await;
    site.client("app", TokenBinding::Optional, subject("CN=app"))
        .await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("app"));
    let desk = site.open().await;
    let answer = desk.get("app", &certificate).await;
    assert_eq!(desk.told(&issued(&answer)).await.get("cnf"), None);

    let on = "[tokens]\nsender_constrained = true\n";
    let site = Site::of(Setup::new().await, on);
    site.client("app", TokenBinding::Optional, subject("CN=app"))
        .await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("app"));
    let desk = site.open().await;
    let answer = desk.get("app", &certificate).await;
    desk.is_bound(&answer, &certificate).await;
}

#[tokio::test]
async fn row_8705_3_03_a_client_registered_for_it_gets_no_token_without_certificate() {
    let site = Site::new().await;
    let approval = site.setup.initial_access_token("clients", |_| {}).await;
    let own = ClientCertificate::self_signed(&bearing("anybody"));
    let desk = site.open().await;
    let metadata = json!({
        "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic",
        "tls_client_certificate_bound_access_tokens": true
    });
    let asked = desk.server.post("/register").bearer(&approval);
    let answer = desk.client.send(&asked.json(&metadata)).await;
    let body = answer.is_json(201);
    assert_eq!(body["tls_client_certificate_bound_access_tokens"], true);
    let registered = caller(&answer);

    // Neither where it is asked for one nor where nobody is.
    Desk::lacks_certificate(&desk.get_by_secret(&desk.client, &registered).await);
    let public = desk.server.post("/token").by(&registered);
    let public = public.form(&[GRANT, ("resource", SIGN)]);
    Desk::lacks_certificate(&desk.client.send(&public).await);
    let beside = desk.showing(&own);
    Desk::lacks_certificate(&beside.send(&public).await);

    // It authenticates in another way: then any certificate binds that it holds the key of.
    let answer = desk.get_by_secret(&beside, &registered).await;
    desk.is_bound(&answer, &own).await;
    // Nor does the certificate make up for the secret.
    let wrong = registered.with_secret("wrong");
    let refused = desk.get_by_secret(&beside, &wrong).await;
    refused.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_8705_3_02_a_callers_own_bound_token_is_good_with_its_certificate_alone() {
    let on = "[tokens]\nsender_constrained = true\n";
    let site = Site::of(Setup::new().await, on);
    let authentication: ClientAuthentication = serde_json::from_value(subject("CN=pay")).unwrap();
    let adding = site.setup.resource_server_with("pay", SIGN, |record| {
        record.credentials = Credentials::first(authentication, None);
        record.grant_types.insert(GrantType::ClientCredentials);
    });
    adding.await;
    site.client("app", TokenBinding::Certificate, subject("CN=app"))
        .await;
    let of = |name| ClientCertificate::by(&site.clients, &bearing(name));
    let (app, pay, renewed) = (of("app"), of("pay"), of("pay"));
    let desk = site.open().await;
    let token = issued(&desk.get("app", &app).await);
    let form = [GRANT, ("client_id", "pay")];
    let asked = desk.server.mtls_post("/token").form(&form);
    let own = issued(&desk.showing(&pay).send(&asked).await);

    let asked = desk.server.mtls_post("/introspect").bearer(&own);
    let asked = asked.form(&[("token", token.as_str())]);
    let answer = desk.showing(&pay).send(&asked).await;
    assert_eq!(answer.is_json(200)["active"], true);
    for other in [&desk.client, &desk.showing(&app), &desk.showing(&renewed)] {
        other.send(&asked).await.is_error(401, "invalid_token");
    }
}
