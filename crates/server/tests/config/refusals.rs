//! What is refused, and in which words.

use avouch_server::config::{Config, ConfigError};

use super::LEAST;

/// The messages with which `text` is refused.
fn refusal(text: &str) -> String {
    match Config::parse(text, "avouch.toml") {
        Ok(_) => "not refused".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What is added to the least file from line 8 on, and the one complaint.
const ONE_MISTAKE: &[(&str, &str)] = &[
    (
        r#"[listen]
adress = "127.0.0.1:1""#,
        "avouch.toml:9:1: unknown key `adress` in [listen]; did you mean `address`?",
    ),
    (
        r#"[listn]
address = "127.0.0.1:1""#,
        "avouch.toml:8:2: unknown section [listn]; did you mean [listen]?",
    ),
    (
        r#"[proxy]
certificate = "a""#,
        "avouch.toml:8:2: unknown section [proxy]; the sections are `listen`, `tls`, `mtls`, `admin`, `data`, `database`, `sealing`, `tokens`, `keys`, `introspection`, `client_authentication`, `dpop`, `registration`, `fetch`, `limits`, `rates`, `log`, `metrics`",
    ),
    (
        r#"[database]
url = "postgres://avouch:hush@127.0.0.1/avouch""#,
        "avouch.toml:9:7: database.url: the URL has a password in it; take it out and name a file that holds it",
    ),
    (
        r#"[database]
url = "postgres://avouch@db.example/avouch""#,
        "avouch.toml:9:7: database.url: the connection is to be encrypted and checked, but it is not said which authorities to trust; add sslrootcert=FILE, with their certificates in PEM, or sslmode=disable if nobody else can reach the way to the database",
    ),
    (
        r#"[database]
schema = "Avouch""#,
        "avouch.toml:9:10: database.schema: the name of a schema begins with a small letter, goes on with small letters, digits and _, and has 63 characters at most; pg_ is PostgreSQL's own beginning",
    ),
    (
        r#"[database]
password_file = "/etc/avouch/password""#,
        "avouch.toml:9:17: database.password_file: this is for a database, and none is named; add `url` to [database]",
    ),
    (
        "[limits]
default_lifetime = 60",
        "avouch.toml:9:1: unknown key `default_lifetime` in [limits]; it belongs in [tokens]",
    ),
    (
        r#"[limits]
issuer = "https://as.example.com""#,
        "avouch.toml:9:1: unknown key `issuer` in [limits]; it belongs at the top of the file",
    ),
    (
        "[limits]
bananas = 60",
        "avouch.toml:9:1: unknown key `bananas` in [limits]; the keys here are `body`, `header`, `request_timeout`, `connections`, `remembered_proofs`, `statement_memory`, `waiting_signatures`",
    ),
    (
        "[[limits]]
body = 4096",
        "avouch.toml:8:3: `limits` is a section; write [limits] on a line of its own",
    ),
    (
        "[listen]
address = 8080",
        "avouch.toml:9:11: listen.address: this is a whole number; give text in quotes",
    ),
    (
        r#"[listen]
address = "localhost:8080""#,
        "avouch.toml:9:11: listen.address: `localhost:8080` is not an IP address and port; write one such as 127.0.0.1:8080 or [::1]:8080",
    ),
    (
        r#"[listen]
address = "0.0.0.0:8080""#,
        "avouch.toml:9:11: listen.address: 0.0.0.0:8080 is not a loopback address, and plain HTTP is served on loopback or to stated proxies only; set a certificate in [tls], or listen on 127.0.0.1 or [::1], or name the proxies that end TLS in `trusted_proxies`",
    ),
    (
        r#"[tls]
certificate_file = "/c.pem""#,
        "avouch.toml:9:20: tls.certificate_file: the certificate is of no use without `key_file`",
    ),
    (
        r#"[tls]
key_file = "/c.key""#,
        "avouch.toml:9:12: tls.key_file: the key is of no use without `certificate_file`",
    ),
    (
        r#"[tls]
certificate_file = """#,
        "avouch.toml:9:20: tls.certificate_file: the path is empty or has a NUL in it; write where the file or folder is",
    ),
    (
        r#"[mtls]
listen = "127.0.0.1:8443""#,
        "avouch.toml:9:10: mtls.listen: certificates are asked for in TLS handshakes; set the server's own in [tls]",
    ),
    (
        r#"[mtls]
url = "https://me:pw@mtls.example""#,
        "avouch.toml:9:7: mtls.url: this is not an https URL without query, fragment and user name; write one such as https://mtls.as.example.com",
    ),
    (
        "[mtls]
client_cert_header = true",
        "avouch.toml:9:22: mtls.client_cert_header: forwarded certificates are taken from stated proxies only; name them in `listen.trusted_proxies`",
    ),
    (
        "[admin]\nlisten = \"8081\"",
        "avouch.toml:9:10: admin.listen: `8081` is not an IP address and port; write one such as 127.0.0.1:8080 or [::1]:8080",
    ),
    (
        r#"[admin]
url = "http://admin.example.com""#,
        "avouch.toml:9:7: admin.url: this is not an https URL of a host alone, nor an http URL of a loopback host; write one such as https://admin.example.com, without slash at the end",
    ),
    (
        r#"[admin]
listen = "10.0.0.1:8081"
url = "https://admin.example.com""#,
        "avouch.toml:9:10: admin.listen: 10.0.0.1:8081 is not a loopback address, and plain HTTP is served on loopback or to stated proxies only; set a certificate in [tls], or listen on 127.0.0.1 or [::1], or name the proxies that end TLS in `listen.trusted_proxies`",
    ),
    (
        r#"[listen]
trusted_proxies = ["10.0.0.2"]
[admin]
listen = "10.0.0.1:8081""#,
        "avouch.toml:11:10: admin.listen: the admin API listens on more than loopback: say in `admin.url` under which URL it is reached",
    ),
    (
        r#"[listen]
trusted_proxies = ["10.0.0.2"]
[admin]
listen = "10.0.0.1:8081"
url = "https://admin.example.com"
bearer_tokens = true"#,
        "avouch.toml:13:17: admin.bearer_tokens: tokens that are bound to no key are taken on loopback only; listen on 127.0.0.1 or [::1], or leave `bearer_tokens` out",
    ),
    (
        r#"[admin]
listen = "127.0.0.1:8080""#,
        "avouch.toml:9:10: admin.listen: 127.0.0.1:8080 is taken by another listener; choose another port",
    ),
    (
        r#"[admin]
listen = "127.0.0.1:8081"
[[registration.software_statement_issuers]]
issuer = "https://federation.example"
jwks_file = "/keys.json"
resources = ["http://127.0.0.1:8081"]"#,
        "avouch.toml:10:1: registration.software_statement_issuers: no software statement gives the admin API away; take its URL out of `resources`",
    ),
    (
        r#"[listen]
address = "0.0.0.0:443"
[tls]
certificate_file = "/c.pem"
key_file = "/c.key"
[mtls]
listen = "0.0.0.0:443""#,
        "avouch.toml:14:10: mtls.listen: 0.0.0.0:443 is taken by another listener; choose another port",
    ),
    (
        r#"[client_authentication]
methods = ["self_signed_tls_client_auth"]"#,
        "avouch.toml:9:11: client_authentication.methods: self_signed_tls_client_auth needs certificates, and nobody is asked for one; set `listen` in [mtls], or `client_cert_header` behind a proxy that forwards them",
    ),
    (
        r#"[listen]
trusted_proxies = ["10.0.0.1"]
[mtls]
client_cert_header = true
[client_authentication]
methods = ["tls_client_auth"]"#,
        "avouch.toml:13:11: client_authentication.methods: tls_client_auth needs an authority that vouches for certificates; name it in `ca_file` in [mtls]",
    ),
    (
        r#"[listen]
trusted_proxies = ["10.0.0.1", 5]"#,
        "avouch.toml:9:32: listen.trusted_proxies: this is a whole number; give a list in brackets, each entry text in quotes",
    ),
    (
        r#"[listen]
trusted_proxies = [
  "10.0.0.1",
  "10.0.0.1/8",
]"#,
        "avouch.toml:9:19: listen.trusted_proxies: `10.0.0.1/8` has address bits beyond its prefix; write 10.0.0.0/8",
    ),
    (
        r#"[tokens]
default_lifetime = "10m""#,
        "avouch.toml:9:20: tokens.default_lifetime: this is text; give whole seconds from 1 to 31536000",
    ),
    (
        "[tokens]
default_lifetime = 0",
        "avouch.toml:9:20: tokens.default_lifetime: 0 is out of range; give a whole number from 1 to 31536000",
    ),
    (
        "[tokens]
default_lifetime = -99999999999999999999999999",
        "avouch.toml:9:20: tokens.default_lifetime: -99999999999999999999999999 is out of range; give a whole number from 1 to 31536000",
    ),
    (
        "[tokens]
default_lifetime = 600.0",
        "avouch.toml:9:20: tokens.default_lifetime: this is a number with a fraction; give whole seconds from 1 to 31536000",
    ),
    (
        "[tokens]
longest_lifetime = 60",
        "avouch.toml:9:20: tokens.default_lifetime: the default lifetime of 600 s is above `longest_lifetime` (60 s); lower the one or raise the other",
    ),
    (
        "[tokens]
longest_lifetime = 31_536_000",
        "avouch.toml:9:20: keys.keep_after_use: a token may live 31536000 s, but the key that vouched for it is withdrawn after 2592000 s; make `keep_after_use` at least as long as `tokens.longest_lifetime`",
    ),
    (
        r#"[keys]
algorithms = ["RS256", "none"]"#,
        r#"avouch.toml:9:24: keys.algorithms: this is an unknown name; give a list in brackets, each entry one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87""#,
    ),
    (
        "[keys]
algorithms = []",
        "avouch.toml:9:14: keys.algorithms: the list is empty, and then nothing can be signed; name one algorithm at least, or leave the key out for the usual ones",
    ),
    (
        r#"[keys]
algorithms = ["RS256", "ES256", "RS256"]"#,
        "avouch.toml:9:14: keys.algorithms: RS256 is in the list twice; name it once",
    ),
    (
        "[keys]
jwks_max_age = 86400",
        "avouch.toml:9:16: keys.jwks_max_age: a cached key set may be 86400 s old, but a new key is used 86400 s after it is published, so that a resource server could meet a key it has not seen; make `jwks_max_age` shorter than `publish_before_use`",
    ),
    (
        "[introspection]
always_jwt = true
jwt_only = true",
        "avouch.toml:10:12: introspection.jwt_only: `always_jwt` ignores `Accept` and `jwt_only` honours it, so that they contradict each other; either one keeps plain JSON from being sent: leave the other out",
    ),
    (
        r#"[introspection]
always_jwt = "yes""#,
        "avouch.toml:9:14: introspection.always_jwt: this is text; give true or false",
    ),
    (
        "[registration]
enabled = 1",
        "avouch.toml:9:11: registration.enabled: this is a whole number; give true or false",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = "https://federation.example""#,
        "avouch.toml:8:1: registration.software_statement_issuers: missing field `jwks_file`",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = "https://federation.example"
jwks_file = "f.json"
jwk_file = "g.json""#,
        "avouch.toml:11:1: unknown key `jwk_file` in [[registration.software_statement_issuers]]; did you mean `jwks_file`?",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = 5
jwks_file = "f.json""#,
        "avouch.toml:9:10: registration.software_statement_issuers: this is a whole number; give tables, each with `issuer`, `jwks_file`, `algorithms`, `kinds`, `resources`, `any_resource`, `shared`",
    ),
    (
        r#"[registration]
software_statement_issuers = ["https://federation.example"]"#,
        "avouch.toml:9:31: registration.software_statement_issuers: this is text; give tables, each with `issuer`, `jwks_file`, `algorithms`, `kinds`, `resources`, `any_resource`, `shared`",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = "https://as.example.com"
jwks_file = "f.json""#,
        "avouch.toml:8:1: registration.software_statement_issuers: `https://as.example.com`: this server itself is no issuer of software statements; leave it out",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = "https://federation.example"
jwks_file = "f.json"
kinds = "both""#,
        "avouch.toml:8:1: registration.software_statement_issuers: `https://federation.example`: a resource server that serves nothing cannot be registered; name what may be given away in `resources`, or set `any_resource`",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = "https://federation.example"
jwks_file = "f.json"
any_resource = true
resources = ["https://pay.example"]"#,
        "avouch.toml:8:1: registration.software_statement_issuers: `https://federation.example`: `any_resource` and `resources` contradict each other; leave one of them out",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = "https://federation.example"
jwks_file = "f.json"
algorithms = []"#,
        "avouch.toml:8:1: registration.software_statement_issuers: `https://federation.example`: no algorithm is allowed; name one at least, or leave `algorithms` out",
    ),
    (
        r#"[[registration.software_statement_issuers]]
issuer = "https://federation.example"
jwks_file = "f.json"
[[registration.software_statement_issuers]]
issuer = "https://federation.example"
jwks_file = "g.json""#,
        "avouch.toml:8:1: registration.software_statement_issuers: `https://federation.example` is there twice; name it once",
    ),
    (
        "[rates]
calls_at_once = 0",
        "avouch.toml:9:17: rates.calls_at_once: 0 is out of range; give a whole number from 1 to 10000000",
    ),
    (
        r#"[log]
format = "xml""#,
        r#"avouch.toml:9:10: log.format: this is an unknown name; give one of "text", "json""#,
    ),
    (
        r#"[log]
level = "inof""#,
        "avouch.toml:9:9: log.level: `inof` is neither a level (off, error, warn, info, debug, trace) nor `module=level`",
    ),
    (
        r#"[metrics]
listen = "0.0.0.0:9090""#,
        "avouch.toml:9:10: metrics.listen: 0.0.0.0:9090 is not a loopback address, and metrics are served without a login; use 127.0.0.1 or [::1]",
    ),
    (
        r#"[metrics]
listen = "127.0.0.1:8080""#,
        "avouch.toml:9:10: metrics.listen: 127.0.0.1:8080 is the address of `listen.address`; give metrics a port of their own",
    ),
    (
        r#"[data]
folder = "/tmp""#,
        "avouch.toml:8:2: this is not TOML: duplicate key",
    ),
    (
        "issuer",
        "avouch.toml:8:7: this is not TOML: key with no value, expected `=`",
    ),
];

/// Whole files, and all that is wrong with them.
const MANY_MISTAKES: &[(&str, &str)] = &[
    (
        "",
        r#"avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: `data.folder` is missing; write in [data]: folder = "/var/lib/avouch"
avouch.toml: sealing.key_file: no sealing key is named; make one with `openssl rand -hex 32`, store it in a file only the server can read, and set `key_file` in [sealing] to its path (or `key_env` to the environment variable that holds it)"#,
    ),
    (
        "[data]
folder=5",
        r#"avouch.toml:2:8: data.folder: this is a whole number; give text in quotes
avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: sealing.key_file: no sealing key is named; make one with `openssl rand -hex 32`, store it in a file only the server can read, and set `key_file` in [sealing] to its path (or `key_env` to the environment variable that holds it)"#,
    ),
    (
        r#"issuer = 5
[data]
folder = """#,
        "avouch.toml:1:10: issuer: this is a whole number; give text in quotes
avouch.toml:3:10: data.folder: the path is empty or has a NUL in it; write where the file or folder is
avouch.toml: sealing.key_file: no sealing key is named; make one with `openssl rand -hex 32`, store it in a file only the server can read, and set `key_file` in [sealing] to its path (or `key_env` to the environment variable that holds it)",
    ),
    (
        "sealing = 5",
        r#"avouch.toml:1:1: `sealing` is a section; write [sealing] on a line of its own
avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: `data.folder` is missing; write in [data]: folder = "/var/lib/avouch"
avouch.toml: sealing.key_file: no sealing key is named; make one with `openssl rand -hex 32`, store it in a file only the server can read, and set `key_file` in [sealing] to its path (or `key_env` to the environment variable that holds it)"#,
    ),
    (
        r#"sealing.key_file = """#,
        r#"avouch.toml:1:20: sealing.key_file: the path is empty or has a NUL in it; write where the file or folder is
avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: `data.folder` is missing; write in [data]: folder = "/var/lib/avouch""#,
    ),
    (
        r#"sealing = { key_file = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F", previous_key_files = ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] }"#,
        r#"avouch.toml:1:24: sealing.key_file: this looks like the key itself, which must not stand in this file; store it in a file of its own, and treat it as exposed if others have seen this one
avouch.toml:1:114: sealing.previous_key_files: this looks like the key itself, which must not stand in this file; store it in a file of its own, and treat it as exposed if others have seen this one
avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: `data.folder` is missing; write in [data]: folder = "/var/lib/avouch""#,
    ),
    (
        r#"sealing = { key_env = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" }"#,
        r#"avouch.toml:1:23: sealing.key_env: this looks like the key itself, which must not stand in this file; store it in a file of its own, and treat it as exposed if others have seen this one
avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: `data.folder` is missing; write in [data]: folder = "/var/lib/avouch""#,
    ),
    (
        r#"sealing = { key_env = "my key" }"#,
        r#"avouch.toml:1:23: sealing.key_env: this is not the name of an environment variable; write one such as AVOUCH_SEALING_KEY
avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: `data.folder` is missing; write in [data]: folder = "/var/lib/avouch""#,
    ),
    (
        r#"sealing = { key_file = "a", key_env = "A" }"#,
        r#"avouch.toml:1:24: sealing.key_file: `key_file` and `key_env` are both set; leave one of them out
avouch.toml: `issuer` is missing; write at the top of the file: issuer = "https://as.example.com"
avouch.toml: `data.folder` is missing; write in [data]: folder = "/var/lib/avouch""#,
    ),
];

#[test]
fn each_mistake_is_named_with_its_place_and_what_to_do() {
    for (added, message) in ONE_MISTAKE {
        assert_eq!(refusal(&format!("{LEAST}\n{added}")), *message, "{added}");
    }
}

#[test]
fn all_mistakes_are_listed_at_once() {
    for (text, messages) in MANY_MISTAKES {
        assert_eq!(refusal(text), *messages, "{text}");
    }
}

#[test]
fn a_contradiction_is_not_reported_about_a_value_that_was_refused_anyway() {
    let text = format!("{LEAST}\n[tokens]\nlongest_lifetime = 60\ndefault_lifetime = \"soon\"");
    assert_eq!(
        refusal(&text),
        "avouch.toml:10:20: tokens.default_lifetime: this is text; give whole seconds from 1 to 31536000"
    );
}

#[test]
fn problems_come_in_the_order_of_the_file() {
    let text = format!(
        "{LEAST}\n[tokens]\nlongest_lifetime = 60\n[log]\ncolour = true\nformat = \"xml\"\n[keys]\nalgorithms = []"
    );
    let Err(ConfigError::Refused(refused)) = Config::parse(&text, "avouch.toml") else {
        panic!("taken");
    };
    let lines: Vec<_> = refused
        .problems()
        .iter()
        .map(|p| p.position.unwrap().line)
        .collect();
    assert_eq!(lines, [9, 11, 12, 14]);
}

#[test]
fn a_key_pasted_into_the_file_is_refused_and_not_repeated() {
    let hex = "00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100";
    for line in [
        format!("key_file = \"{hex}\""),
        format!("key_env = \"{hex}\""),
        format!("key_env = \"{hex}00\""),
        format!("previous_key_files = \"{hex}\""),
        format!("previous_key_files = [\"/old\", \"{hex}\"]"),
        format!("key = \"{hex}\""),
        format!("key_file = {hex}"),
    ] {
        let message = refusal(&format!("[sealing]\n{line}"));
        assert!(message.starts_with("avouch.toml:2:"), "{message}");
        assert!(!message.contains(&hex[..8]), "{message}");
    }
}
