//! What the configuration comes to while the server runs.

use std::net::IpAddr;
use std::time::Duration;

use avouch_core::issuance::Lifetimes;
use avouch_core::keys::Overlap;
use avouch_core::rates::Limit;
use avouch_core::records::{ServerAnswers, TokenFormat};
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::negotiate::AnswerForms;
use http::HeaderValue;

use crate::client_certificate::Forwarders;
use crate::config::{Config, TrustedProxies};

/// Settings that are read while serving.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The most bytes a body may have.
    pub(crate) body_limit: usize,
    /// How long one request may take.
    pub(crate) request_timeout: Duration,
    /// The server's own policy about forms of answers.
    pub(crate) answers: ServerAnswers,
    /// Whether clients may ask about their own tokens.
    pub(crate) clients_own_tokens: bool,
    /// How long tokens live.
    pub(crate) lifetimes: Lifetimes,
    /// The form of access tokens where neither resource server nor client says.
    pub(crate) access_token_format: TokenFormat,
    /// What JWT access tokens are signed with.
    pub(crate) access_token_algorithm: SignatureAlgorithm,
    /// Whether no token is issued that is bound to nothing.
    pub(crate) sender_constrained: bool,
    /// How long expired tokens are kept before they are cleaned away.
    pub(crate) keep_expired: Duration,
    /// How long keys overlap.
    pub(crate) overlap: Overlap,
    /// The algorithms to have keys for statements for.
    pub(crate) algorithms: Vec<SignatureAlgorithm>,
    /// The methods of client authentication on offer.
    pub(crate) methods: Vec<AuthenticationMethod>,
    /// The most used proofs that are remembered of one caller.
    pub(crate) proof_quota: u32,
    /// Whether `/register` is served.
    pub(crate) registration: bool,
    /// How long older client secrets work on after a registrant's own rotation.
    pub(crate) secret_overlap: Duration,
    /// How long verifiers may keep the published keys.
    pub(crate) jwks_cache_control: HeaderValue,
    /// Who may speak plain HTTP to us from another machine.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Whose forwarded client certificates are taken.
    pub(crate) forwarders: Forwarders,
    /// How often one caller may call; none for as often as it likes.
    pub(crate) calls: Option<Limit>,
    /// How often requests from one address may fail to authenticate.
    pub(crate) source_failures: Option<Limit>,
    /// How often requests may fail that claim one `client_id`.
    pub(crate) caller_failures: Option<Limit>,
}

impl Settings {
    /// Whether callers may authenticate with certificates.
    pub(crate) fn certificates_prove(&self) -> bool {
        self.methods.iter().any(|method| method.is_mutual_tls())
    }

    /// Plain HTTP is for this machine and for stated proxies.
    pub(crate) fn plain_http_admits(&self, peer: IpAddr) -> bool {
        peer.is_loopback() || self.trusted_proxies.admits(peer)
    }
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let Config {
            tokens,
            keys,
            introspection,
            limits,
            rates,
            ..
        } = config;
        Self {
            body_limit: limits.body.as_usize(),
            request_timeout: limits.request_timeout.duration(),
            answers: ServerAnswers {
                forms: match (introspection.always_jwt, introspection.jwt_only) {
                    (true, _) => AnswerForms::AlwaysJwt,
                    (false, true) => AnswerForms::JwtOnly,
                    (false, false) => AnswerForms::JsonOrJwt,
                },
                encrypted_only: introspection.encrypted_only,
            },
            clients_own_tokens: introspection.clients_own_tokens,
            lifetimes: Lifetimes {
                default: tokens.default_lifetime.duration(),
                longest: tokens.longest_lifetime.duration(),
            },
            access_token_format: tokens.format.into(),
            access_token_algorithm: tokens.signing_algorithm.algorithm(),
            sender_constrained: tokens.sender_constrained,
            keep_expired: tokens.keep_expired.duration(),
            overlap: Overlap {
                before_use: keys.publish_before_use.duration(),
                after_use: keys.keep_after_use.duration(),
            },
            algorithms: keys
                .algorithms
                .iter()
                .map(|name| name.algorithm())
                .collect(),
            methods: config.client_authentication.methods(),
            proof_quota: u32::try_from(limits.remembered_proofs.get()).unwrap_or(u32::MAX),
            registration: config.registration.enabled,
            secret_overlap: config.registration.secret_overlap.duration(),
            jwks_cache_control: cache_for(keys.jwks_max_age.duration()),
            trusted_proxies: config.listen.trusted_proxies.clone(),
            forwarders: Forwarders::new(
                config.mtls.client_cert_header,
                &config.listen.trusted_proxies,
            ),
            calls: rates.calls(),
            source_failures: rates.source_failures(),
            caller_failures: rates.caller_failures(),
        }
    }
}

fn cache_for(lifetime: Duration) -> HeaderValue {
    HeaderValue::from_str(&format!("public, max-age={}", lifetime.as_secs()))
        .unwrap_or(HeaderValue::from_static("no-store"))
}
