//! Defaults, and printing what was read.

use avouch_server::config::{AlgorithmName, Config};

use super::LEAST;

#[test]
fn the_least_file_has_the_documented_defaults() {
    let config = Config::parse(LEAST, "avouch.toml").unwrap();
    assert_eq!(config.issuer.as_str(), "https://as.example.com");
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:8080");
    assert!(config.listen.trusted_proxies.is_empty());
    assert_eq!(config.tokens.default_lifetime.get(), 600);
    assert_eq!(config.tokens.longest_lifetime.get(), 86_400);
    assert_eq!(config.tokens.keep_expired.get(), 3600);
    assert_eq!(config.keys.algorithms, AlgorithmName::USUAL);
    assert_eq!(config.keys.publish_before_use.get(), 86_400);
    assert_eq!(config.keys.keep_after_use.get(), 2_592_000);
    assert_eq!(config.keys.jwks_max_age.get(), 3600);
    assert!(!config.introspection.always_jwt && !config.introspection.jwt_only);
    assert!(config.registration.enabled);
    assert_eq!(config.registration.secret_overlap.get(), 86_400);
    assert!(config.registration.software_statement_issuers.is_empty());
    assert_eq!(config.limits.body.as_usize(), 65_536);
    assert_eq!(config.limits.header.as_usize(), 16_384);
    assert_eq!(config.limits.remembered_proofs.get(), 100_000);
    assert_eq!(config.limits.statement_memory.get(), 8_388_608);
    assert_eq!(config.limits.waiting_signatures.get(), 1_000);
    assert_eq!(config.rates.calls_per_second.get(), 5_000);
    assert_eq!(config.rates.calls_at_once.get(), 10_000);
    assert_eq!(config.rates.source_failures_per_minute.get(), 60);
    assert_eq!(config.rates.caller_failures_per_minute.get(), 60);
    assert_eq!(config.metrics.listen, None);
    assert!(!config.tls.is_on());
    assert_eq!(config.mtls.listen, None);
    assert!(!config.mtls.client_cert_header);
    assert_eq!(config.admin.listen, None);
    assert!(!config.admin.bearer_tokens);
}

#[test]
fn with_tls_any_address_may_be_listened_on_and_the_issuer_is_https() {
    let further = "[listen]\naddress = \"0.0.0.0:443\"\n\
                   [tls]\ncertificate_file = \"/c.pem\"\nkey_file = \"/c.key\"\n";
    let text = format!("{LEAST}{further}");
    let config = Config::parse(&text, "avouch.toml").unwrap();
    assert_eq!(config.listen.address.port(), 443);
    let plain = text.replace("https://as.example.com", "http://127.0.0.1:8080");
    let error = Config::parse(&plain, "avouch.toml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "avouch.toml:2:10: issuer: the server speaks TLS, so the issuer begins with https://"
    );
}

#[test]
fn what_is_printed_reads_back_the_same() {
    let full = r#"
        issuer = "https://127.0.0.1:9000/a"
        [listen]
        address = "0.0.0.0:9000"
        trusted_proxies = ["10.0.0.7", "2001:db8::/32"]
        [tls]
        certificate_file = "/certificate.pem"
        key_file = "/certificate.key"
        [mtls]
        listen = "0.0.0.0:9443"
        url = "https://mtls.example:9443/a"
        ca_file = "/authorities.pem"
        client_cert_header = true
        [admin]
        listen = "[::1]:8081"
        url = "https://admin.example.com"
        bearer_tokens = true
        [data]
        folder = 'C:\odd "name"'
        [sealing]
        key_env = "SEALING_KEY"
        previous_key_files = ["/old", "/older"]
        [keys]
        algorithms = ["EdDSA", "RS256", "ML-DSA-87"]
        [introspection]
        jwt_only = true
        [registration]
        enabled = false
        [[registration.software_statement_issuers]]
        issuer = "https://federation.example"
        jwks_file = "/etc/avouch/federation.jwks.json"
        kinds = "both"
        resources = ["https://pay.example"]
        [[registration.software_statement_issuers]]
        issuer = "https://other.example"
        jwks_file = "other.json"
        algorithms = ["PS256"]
        any_resource = true
        shared = true
        [rates]
        calls_per_second = 0
        caller_failures_per_minute = 7
        [log]
        format = "json"
        level = "warn,avouch_store=debug"
        [metrics]
        listen = "[::1]:9090"
    "#;
    for text in [LEAST, full] {
        let config = Config::parse(text, "avouch.toml").unwrap();
        let printed = config.to_toml().unwrap();
        assert_eq!(
            Config::parse(&printed, "printed").unwrap(),
            config,
            "{printed}"
        );
    }
}
