//! Dynamic registration: a body that registers, and one that changes what was registered.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use avouch_core::client_secrets::ClientSecrets;
use avouch_core::id::InitialAccessTokenId;
use avouch_core::opaque_token::{TokenHash, TokenMint};
use avouch_core::records::{
    Allowance, AllowedResources, Approval, InitialAccessToken, RegistrationKinds, ResourceSharing,
};
use avouch_core::registration::{
    JwksUriPolicy, Registered, RegistrationContext, StatementIssuer, TrustedStatements, register,
    update,
};
use avouch_core::storage::{CallerRecord, RegisteredCaller};
use avouch_core::time::Timestamp;
use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_fetch::{DocumentUrl, Policy};
use avouch_jose::{JwkSet, SignatureAlgorithm, strict_json};
use avouch_oauth::client_metadata::{RegistrationResponse, RegistrationUpdate};
use avouch_oauth::jwks_uri::JwksUri;
use avouch_oauth::{AuthenticationMethod, ResourceIdentifier};
use serde_json::{Map, Value};
use url::{Host, Url};

use crate::assembled::signed;
use crate::published::SIGNING_KEY;

const RESOURCES: [&str; 2] = ["https://rs.example.com/api", "urn:example:rs"];
const RESERVED: &str = "https://as.example.com/admin";
const ISSUER: &str = "https://federation.example";
const NOW: Timestamp = Timestamp::from_secs(1_514_797_892);

static SECRETS: LazyLock<ClientSecrets> = LazyLock::new(|| ClientSecrets::new(&[8; 32]));
static MINT: LazyLock<TokenMint> = LazyLock::new(|| TokenMint::new(&[7; 32]));

/// One issuer, whose statements register resource servers.
static STATEMENTS: LazyLock<TrustedStatements> = LazyLock::new(|| TrustedStatements {
    issuers: vec![StatementIssuer {
        issuer: ISSUER.to_owned(),
        keys: JwkSet {
            keys: vec![SIGNING_KEY.public_jwk().clone()],
        },
        algorithms: vec![SignatureAlgorithm::Ed25519],
        allowance: allowance(RegistrationKinds::ResourceServers),
    }],
    audiences: vec!["https://as.example.com".to_owned()],
});

/// The body of a registration, and on the next line that of an update. A `software_statement` that is an object is one
/// that its issuer is yet to sign.
pub fn registration(data: &[u8]) {
    let (first, second) = match data.iter().position(|&octet| octet == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &b""[..]),
    };
    let Ok(body) = strict_json::object(first).map(with_statement) else {
        return;
    };
    let change = strict_json::object(second).ok().map(with_statement);
    for kinds in [
        RegistrationKinds::Both,
        RegistrationKinds::Clients,
        RegistrationKinds::ResourceServers,
    ] {
        let token = initial_access_token(kinds);
        if let Ok(registered) = register(body.clone(), Some(&token), &context()) {
            check_registered(&registered, kinds, &body);
            check_change(&registered.registered, kinds, change.as_ref());
        }
    }
    if let Ok(registered) = register(body.clone(), None, &context()) {
        let by = &registered.registered.registration.approval;
        assert_eq!(*by, Approval::SoftwareStatement(ISSUER.to_owned()));
        check_registered(&registered, RegistrationKinds::ResourceServers, &body);
        check_change(
            &registered.registered,
            RegistrationKinds::ResourceServers,
            change.as_ref(),
        );
    }
}

fn with_statement(mut body: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(claims)) = body.get("software_statement") {
        let claims = Value::Object(claims.clone()).to_string();
        let text = signed(br#"{"alg":"Ed25519"}"#, claims.as_bytes());
        body.insert("software_statement".to_owned(), text.into());
    }
    body
}

fn context() -> RegistrationContext<'static> {
    static RESERVED_RESOURCE: LazyLock<ResourceIdentifier> =
        LazyLock::new(|| ResourceIdentifier::parse(RESERVED).expect("a resource"));
    RegistrationContext {
        statements: &STATEMENTS,
        signing_algorithms: &[SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256],
        methods: AuthenticationMethod::ALL,
        secrets: &SECRETS,
        jwks_uris: &PublicHosts,
        encrypted_only: false,
        reserved: Some(&RESERVED_RESOURCE),
        mint: &MINT,
        random: &Sevens,
        now: NOW,
    }
}

struct PublicHosts;

impl JwksUriPolicy for PublicHosts {
    fn check(&self, uri: &JwksUri) -> Result<(), String> {
        let url = DocumentUrl::parse(uri.as_str(), &Policy::public_hosts());
        url.map(drop).map_err(|error| error.to_string())
    }
}

/// The same for the same input.
struct Sevens;

impl SecureRandom for Sevens {
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomError> {
        octets.fill(7);
        Ok(())
    }
}

fn allowance(kinds: RegistrationKinds) -> Allowance {
    let resource = |text: &str| ResourceIdentifier::parse(text).expect("a resource");
    let resources = RESOURCES.into_iter().chain([RESERVED]).map(resource);
    Allowance {
        kinds,
        resources: AllowedResources::Only(resources.collect()),
        sharing: ResourceSharing::Exclusive,
    }
}

fn initial_access_token(kinds: RegistrationKinds) -> InitialAccessToken {
    InitialAccessToken {
        hash: TokenHash::of("token"),
        id: InitialAccessTokenId::new("iat-1").expect("an id"),
        allowance: allowance(kinds),
        uses_left: None,
        created_at: NOW,
        expires_at: None,
    }
}

fn check_registered(made: &Registered, kinds: RegistrationKinds, body: &Map<String, Value>) {
    let registered = &made.registered;
    check_reach(registered, kinds);
    check_said(registered, body);
    check_redirect_uris(body);
    let needs_secret = registered.caller.credentials().lacks_secret(NOW).is_none();
    assert!(needs_secret, "no secret was made");
    check_shown(made);
    check_unchanged(registered);
}

/// Nobody gets to be what the approval does not make, nor to serve what it does not give.
fn check_reach(registered: &RegisteredCaller, kinds: RegistrationKinds) {
    match &registered.caller {
        CallerRecord::ResourceServer(server) => {
            assert_ne!(kinds, RegistrationKinds::Clients);
            assert!(!server.resources.is_empty());
            let mut resources = server.resources.iter();
            assert!(resources.all(|resource| RESOURCES.contains(&resource.as_str())));
        }
        CallerRecord::Client(client) => {
            assert_ne!(kinds, RegistrationKinds::ResourceServers);
            let AllowedResources::Only(resources) = &client.resources else {
                panic!("tokens for anything");
            };
            assert!(
                resources
                    .iter()
                    .map(ResourceIdentifier::as_str)
                    .eq(RESOURCES)
            );
        }
    }
}

/// What is registered is what was said, by the registrant or by the statement; or was said by nobody.
fn check_said(registered: &RegisteredCaller, body: &Map<String, Value>) {
    const AS_IT_IS: [&str; 14] = [
        "client_name",
        "client_uri",
        "contacts",
        "tos_uri",
        "policy_uri",
        "software_id",
        "software_version",
        "software_statement",
        "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg",
        "jwks_uri",
        "tls_client_auth_san_dns",
        "tls_client_auth_san_uri",
        "tls_client_auth_san_email",
    ];

    let shown = serde_json::to_value(registered.metadata()).expect("JSON");
    let statement = registered.registration.software.statement.as_ref();
    let stated = |name: &str| statement.and_then(|statement| statement.metadata.get(name));
    for name in AS_IT_IS {
        let Some(value) = shown.get(name) else {
            continue;
        };
        match stated(name).or_else(|| body.get(name)) {
            Some(said) if !said.is_null() => assert_eq!(value, said, "{name}"),
            _ => assert!(
                name.starts_with("token_endpoint_auth"),
                "{name} was not said"
            ),
        }
    }
    assert!(statement.is_none_or(|statement| statement.issuer == ISSUER));
}

/// A browser is sent back over TLS, to its own machine, or to an app.
fn check_redirect_uris(body: &Map<String, Value>) {
    let uris = body.get("redirect_uris").and_then(Value::as_array);
    for uri in uris.into_iter().flatten() {
        let uri = Url::parse(uri.as_str().expect("a string")).expect("a URL");
        assert_eq!(uri.fragment(), None);
        let is_loopback = match uri.host() {
            None => false,
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        };
        match uri.scheme() {
            "https" => assert!(uri.has_host()),
            "http" => assert!(is_loopback && uri.username().is_empty() && uri.password().is_none()),
            own => assert!(own.contains('.')),
        }
    }
}

/// The answer says what is registered and shows each secret once.
fn check_shown(made: &Registered) {
    let metadata = made.registered.metadata();
    let answer = RegistrationResponse {
        client_id: made.registered.caller.id().to_owned(),
        client_id_issued_at: Some(NOW.numeric_date()),
        secret: None,
        management: None,
        metadata: metadata.clone(),
    };
    let read: RegistrationResponse =
        serde_json::from_slice(&answer.to_json()).expect("what is answered is read");
    assert_eq!(read.metadata, metadata);
    let shown = format!("{made:?}");
    assert!(!shown.contains(made.token.expose()), "a token shows");
    assert!(
        made.secret
            .as_ref()
            .is_none_or(|secret| !shown.contains(secret.expose()))
    );
}

/// Sent back as it is shown, it changes nothing.
fn check_unchanged(registered: &RegisteredCaller) {
    let Ok(Value::Object(mut shown)) = serde_json::to_value(registered.metadata()) else {
        panic!("metadata are an object");
    };
    shown.insert("client_id".to_owned(), registered.caller.id().into());
    let again = RegistrationUpdate::parse(&serde_json::to_vec(&shown).expect("JSON"))
        .expect("what is shown can be sent");
    let (changed, secret) =
        update(registered, &again, &context()).expect("what is registered is allowed");
    assert_eq!(changed, *registered);
    assert!(secret.is_none());
}

/// Whatever an update asks, kind, id and approval stay, and it reaches no further.
fn check_change(
    registered: &RegisteredCaller,
    kinds: RegistrationKinds,
    change: Option<&Map<String, Value>>,
) {
    let Some(mut change) = change.cloned() else {
        return;
    };
    change.insert("client_id".to_owned(), registered.caller.id().into());
    let Ok(asked) = RegistrationUpdate::parse(&serde_json::to_vec(&change).expect("JSON")) else {
        return;
    };
    let Ok((changed, _)) = update(registered, &asked, &context()) else {
        return;
    };
    assert_eq!(changed.caller.id(), registered.caller.id());
    let kind = |caller: &CallerRecord| matches!(caller, CallerRecord::Client(_));
    assert_eq!(kind(&changed.caller), kind(&registered.caller));
    let (now, before) = (&changed.registration, &registered.registration);
    assert_eq!(now.approval, before.approval);
    assert_eq!(now.allowance, before.allowance);
    assert_eq!(now.tokens, before.tokens);
    if let (CallerRecord::ResourceServer(now), CallerRecord::ResourceServer(before)) =
        (&changed.caller, &registered.caller)
    {
        assert!(Arc::ptr_eq(now, before) || now.policy == before.policy);
        assert_eq!(now.standing, before.standing);
    }
    check_reach(&changed, kinds);
    check_said(&changed, &change);
    check_redirect_uris(&change);
    check_unchanged(&changed);
}
