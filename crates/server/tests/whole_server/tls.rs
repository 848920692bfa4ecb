//! TLS by the server itself: what is spoken, and what is not.

use rustls::crypto::aws_lc_rs::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};
use rustls::version::{TLS12, TLS13};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Authority, Caller, Running, STATEMENT, Setup, TlsClient, TlsFiles, Token};

/// Alerts of TLS (RFC 8446 section 6).
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

struct Desk {
    server: Running,
    client: TlsClient,
    sign: Caller,
    token: Token,
    _files: TlsFiles,
}

impl Desk {
    async fn new() -> Self {
        let authority = Authority::new();
        Self::with(TlsFiles::new(&authority), &authority, "").await
    }

    async fn with(files: TlsFiles, authority: &Authority, further: &str) -> Self {
        let further = format!("{}{further}", files.section());
        let setup = Setup::new().await.configured(&further);
        let (sign, token) = setup.usual().await;
        Self {
            server: setup.start().await,
            client: TlsClient::trusting(authority),
            sign,
            token,
            _files: files,
        }
    }

    /// That a statement is had over this client's TLS.
    async fn serves(&self, client: &TlsClient) {
        let asked = self.server.about(&self.token.text).by(&self.sign);
        let answer = client.send(&asked.accept(STATEMENT)).await;
        assert_eq!(answer.jwt().claims["token_introspection"]["active"], true);
    }

    /// Sends bytes and reads until the server closes.
    async fn says(&self, bytes: &[u8]) -> Vec<u8> {
        self.server.raw_bytes(bytes).await
    }

    /// That a handshake that begins like this is answered with a fatal alert, and what it says.
    async fn alert(&self, hello: &[u8]) -> u8 {
        let received = self.says(hello).await;
        let [21, 3, _, 0, 2, 2, what] = received[..] else {
            panic!("no fatal alert: {received:02x?}")
        };
        what
    }
}

/// The first message of a client that speaks `version` at most and offers these cipher suites
/// (RFC 5246 section 7.4.1.2), sound but for that.
pub(crate) fn client_hello(version: [u8; 2], suites: &[u16]) -> Vec<u8> {
    fn with_length(content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap();
        [&length.to_be_bytes(), content].concat()
    }
    let extension =
        |kind: u16, content: &[u8]| [&kind.to_be_bytes()[..], &with_length(content)].concat();
    let suites: Vec<_> = suites
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    let extensions = [
        // supported_groups: P-256; ec_point_formats: uncompressed
        extension(10, &[0, 2, 0, 23]),
        extension(11, &[1, 0]),
        // signature_algorithms: ecdsa_secp256r1_sha256, rsa_pkcs1_sha256
        extension(13, &[0, 4, 4, 3, 4, 1]),
        // extended_master_secret
        extension(23, &[]),
    ]
    .concat();
    let body = [
        &version[..],
        &[7; 32],
        &[0],
        &with_length(&suites),
        &[1, 0],
        &with_length(&extensions),
    ]
    .concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1], &length[1..], &body].concat();
    [&[22, 3, 1][..], &with_length(&message)].concat()
}

const ECDSA_AES_128_GCM: u16 = 0xc02b;
const RSA_AES_128_GCM: u16 = 0xc02f;

#[tokio::test]
async fn row_7662_4_10_introspection_is_served_over_tls_1_2_and_1_3() {
    let desk = Desk::new().await;
    desk.serves(&desk.client.clone().only(&TLS12)).await;
    desk.serves(&desk.client.clone().only(&TLS13)).await;
    desk.serves(&desk.client.clone().protocol("http/1.1")).await;
}

#[tokio::test]
async fn row_9701_8_2_02_tls_below_1_2_is_refused() {
    let desk = Desk::new().await;
    for old in [[3, 2], [3, 1], [3, 0]] {
        let hello = client_hello(old, &[ECDSA_AES_128_GCM, 0xc009, 0x002f]);
        assert_eq!(desk.alert(&hello).await, PROTOCOL_VERSION, "{old:?}");
    }
    // It is the version: the same in TLS 1.2 is answered with a ServerHello.
    let received = first_record(&desk, &client_hello([3, 3], &[ECDSA_AES_128_GCM])).await;
    assert_eq!((received[0], received[5]), (22, 2), "{received:02x?}");
}

/// What comes back first, on a connection that stays open.
async fn first_record(desk: &Desk, hello: &[u8]) -> [u8; 6] {
    let mut stream = TcpStream::connect(desk.server.address()).await.unwrap();
    stream.write_all(hello).await.unwrap();
    let mut received = [0; 6];
    stream.read_exact(&mut received).await.unwrap();
    received
}

#[tokio::test]
async fn row_9701_8_2_02_plain_http_is_refused_where_tls_is_spoken() {
    let desk = Desk::new().await;
    let asked = desk.server.about(&desk.token.text).by(&desk.sign);
    for bytes in [
        asked.bytes(),
        b"GET /jwks.json HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"\r\n\r\n\r\n".to_vec(),
        vec![0xff; 300],
    ] {
        let received = desk.says(&bytes).await;
        let text = String::from_utf8_lossy(&received);
        assert!(
            !text.contains("HTTP/") && !text.contains("active"),
            "{text}"
        );
    }
    desk.serves(&desk.client).await;
}

#[tokio::test]
async fn row_fsp_5_2_1_01_with_tls_1_2_the_recommended_suites_work() {
    let authority = Authority::new();
    let ecdsa = Desk::new().await;
    let rsa = Desk::with(TlsFiles::with_rsa(&authority), &authority, "").await;
    for (desk, suites) in [
        (
            &ecdsa,
            [
                TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            ],
        ),
        (
            &rsa,
            [
                TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            ],
        ),
    ] {
        for suite in suites {
            let client = desk.client.clone().only(&TLS12);
            desk.serves(&client.suite(suite)).await;
        }
    }
}

#[tokio::test]
async fn row_fsp_5_2_1_01_with_tls_1_2_no_other_suite_works() {
    let authority = Authority::new();
    let ecdsa = Desk::new().await;
    let rsa = Desk::with(TlsFiles::with_rsa(&authority), &authority, "").await;
    // RSA key transport, CBC, 3DES, RC4, NULL, anonymous, finite-field DHE, CHACHA20, CCM.
    let weak = [
        0x002f, 0x009c, 0xc009, 0xc013, 0xc023, 0xc027, 0x000a, 0x0005, 0x0001, 0xc018, 0x0033,
        0x009e, 0xcca8, 0xcca9, 0xc0ac,
    ];
    for (desk, sound) in [(&ecdsa, ECDSA_AES_128_GCM), (&rsa, RSA_AES_128_GCM)] {
        // It is the suite: the same with a sound one is answered with a ServerHello.
        let received = first_record(desk, &client_hello([3, 3], &[sound])).await;
        assert_eq!((received[0], received[5]), (22, 2), "{received:02x?}");
        let all = client_hello([3, 3], &weak);
        assert_eq!(desk.alert(&all).await, HANDSHAKE_FAILURE);
        for suite in weak {
            let alert = desk.alert(&client_hello([3, 3], &[suite])).await;
            assert_eq!(alert, HANDSHAKE_FAILURE, "{suite:04x}");
        }
    }
    for (desk, suite) in [
        (&ecdsa, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        (&rsa, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    ] {
        let client = desk.client.clone().only(&TLS12).suite(suite);
        assert!(client.connect(desk.server.address()).await.is_err());
    }
}

#[tokio::test]
async fn row_fsp_5_2_1_01_a_client_that_does_not_trust_the_authority_gets_nothing() {
    let desk = Desk::new().await;
    let stranger = TlsClient::trusting(&Authority::new());
    assert!(stranger.connect(desk.server.address()).await.is_err());
}

#[tokio::test]
async fn row_fsp_5_4_2_01_the_key_set_is_served_over_tls_and_no_key_is_named_elsewhere() {
    let desk = Desk::new().await;
    let document = desk
        .server
        .request("GET", "/.well-known/openid-configuration");
    let document = desk.client.send(&document).await.json();
    assert_eq!(document["jwks_uri"], "https://as.example/jwks.json");
    let set = desk
        .client
        .send(&desk.server.request("GET", "/jwks.json"))
        .await;
    let set = set.json();
    let kids = set["keys"].as_array().unwrap().iter();
    let mut kids: Vec<_> = kids.map(|key| key["kid"].as_str().unwrap()).collect();
    kids.sort_unstable();
    let all = kids.len();
    kids.dedup();
    assert_eq!((kids.len(), all), (3, 3));
    let asked = desk.server.about(&desk.token.text).by(&desk.sign);
    let statement = desk.client.send(&asked.accept(STATEMENT)).await.jwt();
    for name in ["x5u", "jku", "jwk", "x5c"] {
        assert!(statement.header.get(name).is_none(), "{name}");
    }
    let plain = b"GET /jwks.json HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(!String::from_utf8_lossy(&desk.says(plain).await).contains("keys"));
}

#[tokio::test]
async fn row_7591_3_1_01_registration_is_done_over_tls() {
    let authority = Authority::new();
    let files = TlsFiles::new(&authority);
    let setup = Setup::new().await.configured(&files.section());
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let asked = server.post("/register").bearer(&token);
    let asked = asked.json(&json!({ "grant_types": ["client_credentials"] }));
    let client = TlsClient::trusting(&authority);
    assert_eq!(client.send(&asked).await.status, 201);
    let received = server.raw_bytes(&asked.bytes()).await;
    assert!(!String::from_utf8_lossy(&received).contains("client_id"));
}

#[tokio::test]
async fn nothing_but_http_1_1_is_spoken_over_it() {
    let desk = Desk::new().await;
    let other = desk.client.clone().protocol("h2");
    assert!(other.connect(desk.server.address()).await.is_err());
    let both = desk.client.clone().protocol("h2").protocol("http/1.1");
    let stream = both.connect(desk.server.address()).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn peers_that_are_silent_in_the_handshake_hold_nobody_else_up() {
    let authority = Authority::new();
    let files = TlsFiles::new(&authority);
    let desk = Desk::with(files, &authority, "[limits]\nconnections = 4\n").await;
    let address = desk.server.address();
    let mut silent = Vec::new();
    for begun in [&b""[..], b"\x16", b"\x16\x03\x01\x40\x00\x01"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        silent.push(stream);
    }
    for _ in 0..5 {
        desk.serves(&desk.client).await;
    }
    // They do not keep the server from stopping either, well before their time is up.
    desk.server.stop().await;
    let mut received = Vec::new();
    let _ = silent[0].read_to_end(&mut received).await;
    assert!(received.is_empty());
}

#[tokio::test]
async fn browsers_are_told_to_come_over_tls_and_only_there() {
    let desk = Desk::new().await;
    for (method, target) in [
        ("GET", "/jwks.json"),
        ("GET", "/nowhere"),
        ("PUT", "/token"),
    ] {
        let answer = desk.client.send(&desk.server.request(method, target)).await;
        let told = answer.header("strict-transport-security");
        assert_eq!(told, Some("max-age=31536000"), "{target}");
        let cors = |name: &str| name.starts_with("access-control-");
        assert!(!answer.headers.iter().any(|(name, _)| cors(name)));
    }
    let plain = Setup::new().await.start().await;
    let answer = plain.get("/jwks.json").await;
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[tokio::test]
async fn where_certificates_are_asked_for_is_in_the_metadata() {
    let authority = Authority::new();
    let files = TlsFiles::new(&authority);
    let aliases = async |further: &str| {
        let further = format!("{}{further}", files.section());
        let setup = Setup::new().await.path("/a").configured(&further);
        let server = setup.start().await;
        let place = "/.well-known/oauth-authorization-server/a";
        let asked = server.request("GET", place);
        let document = TlsClient::trusting(&authority).send(&asked).await.json();
        (document["mtls_endpoint_aliases"].clone(), server)
    };
    assert_eq!(aliases("").await.0, json!(null));
    let (found, server) = aliases("[mtls]\nlisten = \"127.0.0.1:0\"\n").await;
    let address = server.server.mtls_address().unwrap();
    let base = format!("https://as.example:{}/a", address.port());
    let expected = json!({
        "token_endpoint": format!("{base}/token"),
        "introspection_endpoint": format!("{base}/introspect"),
        "revocation_endpoint": format!("{base}/revoke"),
    });
    assert_eq!(found, expected);
    // And they are there, for who shows no certificate too.
    let asked = crate::support::Asked::new(address, "POST", "/a/token").form(&[("a", "b")]);
    let answer = TlsClient::trusting(&authority).send(&asked).await;
    answer.is_error(400, "invalid_client");

    let url = "[mtls]\nlisten = \"127.0.0.1:0\"\nurl = \"https://mtls.example\"\n";
    let (found, _server) = aliases(url).await;
    assert_eq!(found["token_endpoint"], "https://mtls.example/token");
}

#[tokio::test]
async fn row_9700_4_13_01_every_request_is_asked_who_forwards_its_certificate() {
    let broken = ("Client-Cert", "what is this");
    let believed =
        "[listen]\ntrusted_proxies = [\"127.0.0.1\"]\n[mtls]\nclient_cert_header = true\n";
    for (further, status) in [("", 200), (believed, 400)] {
        let server = Setup::new().await.configured(further).start().await;
        let asked = server.request("GET", "/jwks.json");
        let answer = asked.header(broken.0, broken.1).send().await;
        assert_eq!(answer.status, status, "{further}");
    }
}
