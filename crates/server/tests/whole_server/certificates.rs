//! Callers that prove themselves with a certificate (RFC 8705 section 2), over real TLS.

use std::time::Duration;

use avouch_core::records::{ClientAuthentication, Credentials};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, SanType, date_time_ymd};
use serde_json::{Value, json};

use crate::support::{
    Answer, Asked, Authority, ClientCertificate, Publisher, Running, SIGN, STATEMENT, Setup,
    TlsClient, TlsFiles, bearing, question,
};

const ON: &str = "[client_authentication]\n\
                  methods = [\"client_secret_basic\", \"private_key_jwt\", \"tls_client_auth\", \
                  \"self_signed_tls_client_auth\"]\n";

/// Records to be made, and a server that asks callers for certificates.
struct Site {
    setup: Setup,
    ours: Authority,
    /// Whose word about callers is taken.
    clients: Authority,
    files: TlsFiles,
}

struct Desk {
    server: Running,
    client: TlsClient,
    token: String,
    clients: Authority,
    files: TlsFiles,
}

impl Site {
    async fn new() -> Self {
        Self::with(ON).await
    }

    async fn with(further: &str) -> Self {
        let (ours, clients) = (Authority::new(), Authority::new());
        let files = TlsFiles::new(&ours);
        let further = format!(
            "{}{}{further}",
            files.section(),
            files.mtls_section(&clients)
        );
        let setup = Setup::new().await.configured(&further);
        Self {
            setup,
            ours,
            clients,
            files,
        }
    }

    /// An RS that authenticates as this says.
    async fn resource_server(&self, id: &str, authentication: Value) {
        let authentication: ClientAuthentication = serde_json::from_value(authentication).unwrap();
        let adding = self.setup.resource_server_with(id, SIGN, |record| {
            record.credentials = Credentials::first(authentication, None);
        });
        adding.await;
    }

    async fn open(self) -> Desk {
        self.setup.client("shop").await;
        let token = self.setup.token().await.text;
        Desk {
            server: self.setup.start().await,
            client: TlsClient::trusting(&self.ours),
            token,
            clients: self.clients,
            files: self.files,
        }
    }
}

impl Desk {
    /// The question of this caller, for adding to.
    fn about(&self, id: &str) -> Asked {
        let form = [("token", self.token.as_str()), ("client_id", id)];
        self.server.mtls_post("/introspect").form(&form)
    }

    async fn ask(&self, id: &str, certificate: &ClientCertificate) -> Answer {
        let client = self.client.clone().showing(certificate);
        client.send(&self.about(id)).await
    }

    /// That it is refused, for this private reason, and looks like every other refusal.
    async fn refuses(&self, id: &str, certificate: &ClientCertificate, reason: &str) {
        let name = format!("avouch_authentication_failures_total{{reason=\"{reason}\"}}");
        let before = self.server.metric(&name).await;
        let answer = self.ask(id, certificate).await;
        answer.is_error(401, "invalid_client");
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Basic realm=\"avouch\"")
        );
        let unknown = self.ask("nobody", certificate).await;
        assert_eq!(answer.but_for_the_time(), unknown.but_for_the_time());
        let count = |text: Option<String>| text.map_or(0, |text| text.parse::<u64>().unwrap());
        let after = self.server.metric(&name).await;
        assert_eq!(count(after), count(before) + 1, "{reason}");
    }
}

fn subject(name: &str) -> Value {
    json!({"method": "tls_client_auth", "tls_client_auth_subject_dn": name})
}

fn registered(certificate: &ClientCertificate) -> Value {
    json!({"method": "self_signed_tls_client_auth", "jwks": certificate.jwks()})
}

#[tokio::test]
async fn row_9701_4_02_a_certificate_of_a_trusted_authority_gets_a_statement() {
    let site = Site::new().await;
    site.resource_server("sign", subject("CN=Sign Ltd")).await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("Sign Ltd"));
    let desk = site.open().await;
    let client = desk.client.clone().showing(&certificate);
    let answer = client.send(&desk.about("sign").accept(STATEMENT)).await;
    let statement = answer.jwt();
    assert_eq!(statement.claims["aud"], "sign");
    assert_eq!(statement.claims["token_introspection"]["active"], true);
}

#[tokio::test]
async fn row_9701_4_02_a_certificate_that_was_registered_gets_a_statement() {
    let site = Site::new().await;
    let certificate = ClientCertificate::self_signed(&bearing("anybody"));
    site.resource_server("sign", registered(&certificate)).await;
    let desk = site.open().await;
    let client = desk.client.clone().showing(&certificate);
    let answer = client.send(&desk.about("sign").accept(STATEMENT)).await;
    let statement = answer.jwt();
    assert_eq!(statement.claims["aud"], "sign");
    assert_eq!(statement.claims["token_introspection"]["active"], true);
}

/// One of every name.
fn of_many_names(name: &str, ip: &str) -> CertificateParams {
    let mut parameters = bearing(name);
    parameters.subject_alt_names = vec![
        SanType::DnsName("second.example".try_into().unwrap()),
        SanType::DnsName(format!("{name}.example").try_into().unwrap()),
        SanType::URI(format!("urn:example:{name}").try_into().unwrap()),
        SanType::IpAddress(ip.parse().unwrap()),
        SanType::Rfc822Name(format!("it@{name}.example").try_into().unwrap()),
    ];
    parameters
}

#[tokio::test]
async fn row_8705_2_01_each_of_the_five_names_authenticates_whose_certificate_bears_it() {
    let site = Site::new().await;
    let names = [
        ("dn", "tls_client_auth_subject_dn", "CN=sign"),
        ("dns", "tls_client_auth_san_dns", "sign.example"),
        ("uri", "tls_client_auth_san_uri", "urn:example:sign"),
        ("ip", "tls_client_auth_san_ip", "2001:db8::7"),
        ("email", "tls_client_auth_san_email", "it@sign.example"),
    ];
    for (id, member, name) in names {
        let authentication = json!({"method": "tls_client_auth", member: name});
        site.resource_server(id, authentication).await;
    }
    let own = ClientCertificate::by(&site.clients, &of_many_names("sign", "2001:db8::7"));
    let other = ClientCertificate::by(&site.clients, &of_many_names("pay", "2001:db8::8"));
    let desk = site.open().await;
    for (id, ..) in names {
        assert_eq!(
            desk.ask(id, &own).await.is_json(200)["active"],
            true,
            "{id}"
        );
        desk.refuses(id, &other, "wrong_certificate_name").await;
    }
}

#[tokio::test]
async fn row_8705_2_01_only_the_word_of_a_trusted_authority_counts() {
    let site = Site::new().await;
    site.resource_server("sign", subject("CN=sign")).await;
    let of = |authority| ClientCertificate::by(authority, &bearing("sign"));
    let good = of(&site.clients);
    let mut for_servers = bearing("sign");
    for_servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let untrusted = [
        of(&Authority::new()),
        // The authority of the server itself vouches for no caller.
        of(&site.ours),
        ClientCertificate::self_signed(&bearing("sign")),
        ClientCertificate::by(&site.clients, &for_servers),
    ];
    let desk = site.open().await;
    assert_eq!(desk.ask("sign", &good).await.is_json(200)["active"], true);
    for certificate in &untrusted {
        desk.refuses("sign", certificate, "untrusted_certificate")
            .await;
    }
    // Whom is trusted may change while the server runs.
    desk.files.write_client_authority(&Authority::new());
    desk.server.server.look_at_certificates().await;
    desk.refuses("sign", &good, "untrusted_certificate").await;
    desk.files.write_client_authority(&desk.clients);
    desk.server.server.look_at_certificates().await;
    assert_eq!(desk.ask("sign", &good).await.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_8705_2_01_a_certificate_counts_from_its_first_instant_to_its_last() {
    let site = Site::new().await;
    site.resource_server("sign", subject("CN=sign")).await;
    let dated = |from: (i32, u8, u8), to: (i32, u8, u8)| {
        let mut parameters = bearing("sign");
        parameters.not_before = date_time_ymd(from.0, from.1, from.2);
        parameters.not_after = date_time_ymd(to.0, to.1, to.2);
        ClientCertificate::by(&site.clients, &parameters)
    };
    let past = dated((2025, 1, 1), (2026, 11, 21));
    let present = dated((2026, 11, 22), (2026, 11, 23));
    let future = dated((2026, 11, 23), (2027, 1, 1));
    let desk = site.open().await;
    desk.refuses("sign", &past, "certificate_out_of_date").await;
    desk.refuses("sign", &future, "certificate_out_of_date")
        .await;
    assert_eq!(
        desk.ask("sign", &present).await.is_json(200)["active"],
        true
    );
    desk.server
        .clock
        .advance(Duration::from_hours(24) + Duration::from_secs(1));
    desk.refuses("sign", &present, "certificate_out_of_date")
        .await;
    assert_eq!(desk.ask("sign", &future).await.status, 200);
}

#[tokio::test]
async fn row_8705_2_02_no_other_certificate_than_the_registered_one_counts() {
    let site = Site::new().await;
    let own = ClientCertificate::self_signed(&bearing("sign"));
    let mut old = bearing("sign");
    old.not_after = date_time_ymd(2026, 11, 21);
    let old = ClientCertificate::self_signed(&old);
    let mut early = bearing("sign");
    early.not_before = date_time_ymd(2026, 11, 23);
    let early = ClientCertificate::self_signed(&early);
    site.resource_server("sign", registered(&own)).await;
    site.resource_server("old", registered(&old)).await;
    site.resource_server("early", registered(&early)).await;
    let others = [
        // Of another key, of the same key, and by an authority that is trusted in other things.
        ClientCertificate::self_signed(&bearing("sign")),
        own.renewed(&bearing("sign")),
        ClientCertificate::by(&site.clients, &bearing("sign")),
        old.renewed(&bearing("sign")),
    ];
    let desk = site.open().await;
    assert_eq!(desk.ask("sign", &own).await.is_json(200)["active"], true);
    for certificate in &others {
        desk.refuses("sign", certificate, "certificate_not_registered")
            .await;
    }
    desk.refuses("old", &old, "certificate_out_of_date").await;
    desk.refuses("early", &early, "certificate_out_of_date")
        .await;
}

#[tokio::test]
async fn row_8705_2_02_a_published_certificate_counts_and_a_new_one_is_found() {
    let mut site = Site::new().await;
    site.setup = site.setup.for_development();
    let (first, second) = (
        ClientCertificate::self_signed(&bearing("first")),
        ClientCertificate::self_signed(&bearing("second")),
    );
    let publisher = Publisher::start(first.jwks()).await;
    let authentication = json!({
        "method": "self_signed_tls_client_auth", "jwks_uri": publisher.uri
    });
    site.resource_server("sign", authentication).await;
    let desk = site.open().await;
    assert_eq!(desk.ask("sign", &first).await.is_json(200)["active"], true);
    desk.refuses("sign", &second, "certificate_not_registered")
        .await;
    publisher.publish(Some(second.jwks()));
    desk.server.clock.advance(Duration::from_mins(1));
    assert_eq!(desk.ask("sign", &second).await.is_json(200)["active"], true);
    desk.refuses("sign", &first, "certificate_not_registered")
        .await;
    publisher.publish(None);
    desk.server.clock.advance(Duration::from_hours(2));
    desk.refuses("sign", &second, "keys_unavailable").await;
}

#[tokio::test]
async fn row_8705_2_03_a_certificate_without_client_id_is_invalid_client() {
    let site = Site::new().await;
    site.resource_server("sign", subject("CN=sign")).await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("sign"));
    let desk = site.open().await;
    let client = desk.client.clone().showing(&certificate);
    let asked = desk.server.mtls_post("/introspect");
    let asked = asked.form(&[("token", desk.token.as_str())]);
    let answer = client.send(&asked).await;
    answer.is_error(400, "invalid_client");
    assert!(answer.text().contains("client_id"), "{}", answer.text());
    // Nor does the id do without the certificate, wherever it is sent.
    let bare = desk.client.send(&desk.about("sign")).await;
    bare.is_error(400, "invalid_client");
    let form = [("token", desk.token.as_str()), ("client_id", "sign")];
    let public = desk.server.post("/introspect").form(&form);
    client.send(&public).await.is_error(400, "invalid_client");
    // With an id that is another's it proves nothing.
    desk.refuses("shop", &certificate, "wrong_method").await;
}

#[tokio::test]
async fn who_authenticates_in_another_way_may_show_a_certificate_beside_it() {
    let site = Site::new().await;
    let prover = site.setup.signing_resource_server("assert").await;
    let basic = site.setup.resource_server("basic", SIGN).await;
    site.resource_server("sign", subject("CN=sign")).await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("sign"));
    let desk = site.open().await;
    let client = desk.client.clone().showing(&certificate);
    let about = || desk.server.mtls_post("/introspect");
    let assertion = prover.good("assert", "one");
    let by_assertion = about().form(&question(&desk.token, &assertion));
    assert_eq!(
        client.send(&by_assertion).await.is_json(200)["active"],
        true
    );
    let token = [("token", desk.token.as_str())];
    let by_secret = about().form(&token).by(&basic);
    assert_eq!(client.send(&by_secret).await.is_json(200)["active"], true);
    // It makes up for nothing that is wrong with them.
    let wrong = about().form(&token).by(&basic.with_secret("wrong"));
    client.send(&wrong).await.is_error(401, "invalid_client");
    let as_another = desk.about("sign").by(&basic.with_secret("wrong"));
    let answer = client.send(&as_another).await;
    answer.is_error(400, "invalid_request");
}

#[tokio::test]
async fn where_certificates_are_not_on_offer_they_are_no_credential() {
    let site = Site::with("").await;
    site.resource_server("sign", subject("CN=sign")).await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("sign"));
    let desk = site.open().await;
    let answer = desk.ask("sign", &certificate).await;
    answer.is_error(400, "invalid_client");

    let one = "[client_authentication]\nmethods = [\"self_signed_tls_client_auth\"]\n";
    let site = Site::with(one).await;
    site.resource_server("sign", subject("CN=sign")).await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("sign"));
    let desk = site.open().await;
    desk.refuses("sign", &certificate, "method_not_offered")
        .await;
}

#[tokio::test]
async fn clients_get_and_revoke_tokens_with_a_certificate() {
    let site = Site::new().await;
    let sign = site.setup.resource_server("sign", SIGN).await;
    let authentication: ClientAuthentication = serde_json::from_value(subject("CN=app")).unwrap();
    let adding = site.setup.client_with("app", |record| {
        record.credentials = Credentials::first(authentication, None);
    });
    adding.await;
    let certificate = ClientCertificate::by(&site.clients, &bearing("app"));
    let desk = site.open().await;
    let client = desk.client.clone().showing(&certificate);
    let grant = [
        ("grant_type", "client_credentials"),
        ("resource", SIGN),
        ("client_id", "app"),
    ];
    let issued = client
        .send(&desk.server.mtls_post("/token").form(&grant))
        .await;
    let token = issued.is_json(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let asked = desk.server.about(&token).by(&sign);
    assert_eq!(desk.client.send(&asked).await.is_json(200)["active"], true);
    let form = [("token", token.as_str()), ("client_id", "app")];
    let revoked = client
        .send(&desk.server.mtls_post("/revoke").form(&form))
        .await;
    assert_eq!(revoked.status, 200);
    desk.client.send(&asked).await.is_inactive();
}

#[tokio::test]
async fn row_8705_2_01_behind_a_stated_proxy_the_certificate_it_forwards_counts() {
    let clients = Authority::new();
    let files = TlsFiles::new(&Authority::new());
    let ca_file = files
        .mtls_section(&clients)
        .replace("listen = \"127.0.0.1:0\"", "client_cert_header = true");
    let proxies = "[listen]\ntrusted_proxies = [\"127.0.0.1\"]\n";
    let setup = Setup::new()
        .await
        .configured(&format!("{proxies}{ca_file}{ON}"));
    let authentication: ClientAuthentication = serde_json::from_value(subject("CN=sign")).unwrap();
    let adding = setup.resource_server_with("sign", SIGN, |record| {
        record.credentials = Credentials::first(authentication, None);
    });
    adding.await;
    setup.client("shop").await;
    let token = setup.token().await.text;
    let server = setup.start().await;
    let form = [("token", token.as_str()), ("client_id", "sign")];
    let ask = |certificate: &ClientCertificate| {
        let asked = server.post("/introspect").form(&form);
        asked.header("Client-Cert", &certificate.forwarded()).send()
    };
    let good = ClientCertificate::by(&clients, &bearing("sign"));
    assert_eq!(ask(&good).await.is_json(200)["active"], true);
    let bad = ClientCertificate::by(&Authority::new(), &bearing("sign"));
    ask(&bad).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn where_certificates_alone_are_on_offer_no_algorithm_of_assertions_is_listed() {
    let one = "[client_authentication]\nmethods = [\"tls_client_auth\"]\n";
    let site = Site::with(one).await;
    site.resource_server("sign", subject("CN=sign")).await;
    let desk = site.open().await;
    let place = "/.well-known/oauth-authorization-server";
    let document = desk
        .client
        .send(&desk.server.request("GET", place))
        .await
        .json();
    let methods = &document["token_endpoint_auth_methods_supported"];
    assert_eq!(*methods, json!(["tls_client_auth"]));
    let algorithms = document.get("token_endpoint_auth_signing_alg_values_supported");
    assert_eq!(algorithms, None);
}
