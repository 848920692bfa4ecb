use std::collections::BTreeSet;

use avouch_crypto::random::SystemRandom;
use avouch_crypto::seal::SealingKey;
use avouch_jose::jws::UnverifiedJws;
use avouch_jose::{VerificationKey, strict_json};
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::scope::Scope;
use serde_json::{Map, Value, json};

use super::*;
use crate::introspection::fixtures::{SIGN, found, resource_server, seconds};
use crate::keys::{MadeKey, Sealer, SoftwareSigner, make_signing_key};
use crate::records::{Authentication, KeySchedule, ReleasePolicy, ReleasedScopes, SubjectForm};

struct Bench {
    made: MadeKey,
    issuer: Issuer,
    pairwise: PairwiseSubjects,
}

/// A token as it is read: header and claims.
type Read = (Map<String, Value>, Map<String, Value>);

impl Bench {
    fn new(purpose: KeyPurpose) -> Self {
        let sealer = Sealer::new(SealingKey::new(&[1; 32]), vec![]);
        let schedule = KeySchedule::at_once(seconds(0));
        let algorithm = SignatureAlgorithm::Es256;
        let made = make_signing_key(algorithm, purpose, schedule, &sealer, &SystemRandom);
        Self {
            made: made.unwrap(),
            issuer: Issuer::parse("https://as.example").unwrap(),
            pairwise: PairwiseSubjects::new(&[1; 32]),
        }
    }

    fn sign(
        &self,
        found: &FoundToken,
        servers: Vec<ResourceServer>,
    ) -> Result<(IssuedSecret, Disclosure), IssueError> {
        let ring = KeyRing::new([&self.made.record]);
        let key = avouch_jose::SigningKey::from_pkcs8(
            self.made.record.algorithm,
            &self.made.key.to_pkcs8().unwrap(),
        );
        let signer = SoftwareSigner::new([key.unwrap()]);
        let tokens = JwtTokens {
            issuer: &self.issuer,
            pairwise: &self.pairwise,
            ring: &ring,
            signer: &signer,
            algorithm: SignatureAlgorithm::Es256,
        };
        let servers: Vec<_> = servers.into_iter().map(Arc::new).collect();
        let signing = tokens.sign(&found.grant, &found.token, &servers, seconds(1_000));
        ready(signing)
    }

    fn read(&self, token: &IssuedSecret) -> Read {
        let key = VerificationKey::try_from(&self.made.record.public).unwrap();
        let unverified = UnverifiedJws::parse(token.expose()).unwrap();
        let verified = unverified.verify(&key).unwrap();
        let header = token.expose().split('.').next().unwrap();
        let header = avouch_jose::base64url::decode(header).unwrap();
        (
            strict_json::object(&header).unwrap(),
            strict_json::object(verified.payload()).unwrap(),
        )
    }

    /// The claims of a token for this RS alone.
    fn claims(&self, found: &FoundToken, server: ResourceServer) -> Map<String, Value> {
        let (token, _) = self.sign(found, vec![server]).unwrap();
        self.read(&token).1
    }
}

/// Signing in software never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

fn bench() -> Bench {
    Bench::new(KeyPurpose::AccessTokens)
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// An RS that may learn these claims, and has the latter inside its tokens.
fn server(released: &[&str], embedded: &[&str]) -> ResourceServer {
    let mut server = resource_server("sign", SIGN);
    server.policy.value = ReleasePolicy {
        claims: words(released),
        ..ReleasePolicy::default()
    };
    server.access_tokens.value.claims = words(embedded);
    server
}

#[test]
fn row_9068_2_1_01_the_header_says_at_jwt_and_names_the_key() {
    let bench = bench();
    let (token, _) = bench.sign(&found(SIGN), vec![server(&[], &[])]).unwrap();
    let header = Value::Object(bench.read(&token).0);
    let kid = bench.made.key.kid();
    assert_eq!(header, json!({"typ": "at+jwt", "alg": "ES256", "kid": kid}));
}

#[test]
fn row_9068_2_1_01_a_key_for_statements_signs_no_access_token() {
    let bench = Bench::new(KeyPurpose::Statements);
    let signed = bench.sign(&found(SIGN), vec![server(&[], &[])]);
    assert!(matches!(signed, Err(IssueError::NoKey(_))));
}

#[test]
fn row_9068_2_2_01_the_required_claims_are_there_and_no_personal_data() {
    let bench = bench();
    let claims = bench.claims(&found(SIGN), server(&["family_name", "iban"], &[]));
    let sub = claims["sub"].as_str().unwrap();
    assert_ne!(sub, "erika");
    assert_eq!(
        Value::Object(claims.clone()),
        json!({
            "iss": "https://as.example", "sub": sub, "aud": SIGN, "client_id": "shop",
            "exp": 1_600, "iat": 1_000, "jti": "jti-1", "scope": "sign pay",
        })
    );
}

#[test]
fn row_9701_9_06_only_claims_named_for_it_travel_inside_and_only_released_ones() {
    let bench = bench();
    let server = server(&["family_name", "iban"], &["family_name", "birthdate"]);
    let (token, disclosure) = bench.sign(&found(SIGN), vec![server]).unwrap();
    let claims = bench.read(&token).1;
    assert_eq!(claims["family_name"], "Mustermann");
    assert_eq!(claims.get("iban"), None, "released, but not to travel");
    assert_eq!(claims.get("birthdate"), None, "to travel, but not released");
    assert_eq!(disclosure.claims, ["family_name"]);
    assert_eq!(disclosure.resource_server.as_str(), "sign");
}

#[test]
fn row_9701_9_06_without_a_legal_basis_nothing_travels() {
    let mut found = found(SIGN);
    found.grant.legal_basis = None;
    let claims = bench().claims(&found, server(&["family_name"], &["family_name"]));
    assert_eq!(claims.get("family_name"), None);
}

#[test]
fn the_subject_has_the_form_of_the_release_policy() {
    let bench = bench();
    let subject = |form, found: &FoundToken| {
        let mut server = server(&[], &[]);
        server.policy.value.subject = form;
        bench.claims(found, server)["sub"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let erika = found(SIGN);
    let server = resource_server("sign", SIGN);
    let pairwise = bench
        .pairwise
        .derive(erika.grant.subject.as_ref().unwrap(), &server.id);
    assert_eq!(subject(SubjectForm::Public, &erika), "erika");
    assert_eq!(subject(SubjectForm::Pairwise, &erika), pairwise);
    assert_eq!(subject(SubjectForm::Withheld, &erika), "jti-1");

    let mut alone = found(SIGN);
    alone.grant.subject = None;
    for form in [SubjectForm::Pairwise, SubjectForm::Withheld] {
        assert_eq!(subject(form, &alone), "shop", "a client is its own subject");
    }
}

#[test]
fn scope_and_details_are_narrowed_as_at_introspection() {
    let mut server = server(&[], &[]);
    server.policy.value.scopes = ReleasedScopes::Only(Scope::parse("sign").unwrap());
    server.policy.value.authorization_details_types = words(&["signature"]);
    let claims = bench().claims(&found(SIGN), server);
    assert_eq!(claims["scope"], "sign");
    assert_eq!(
        claims["authorization_details"],
        json!([{"type": "signature", "document": "contract"}])
    );
}

#[test]
fn what_is_known_of_the_login_and_the_start_is_said() {
    let mut found = found(SIGN);
    found.token.not_before = Some(seconds(1_200));
    found.grant.authentication = Some(Authentication {
        acr: Some("high".into()),
        auth_time: Some(900),
    });
    let claims = bench().claims(&found, server(&[], &[]));
    assert_eq!(claims["nbf"], 1_200, "issued before it is good");
    assert_eq!(claims["acr"], "high");
    assert_eq!(claims["auth_time"], 900);
}

#[test]
fn row_8705_3_01_a_bound_token_says_to_which_certificate() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/rfc8705-x5t-s256.json"
    );
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let thumbprint = vectors["cases"][0]["x5t#S256"].as_str().unwrap();
    let mut found = found(SIGN);
    found.token.confirmation = Some(Confirmation::x5t_s256(
        Sha256Thumbprint::parse(thumbprint).unwrap(),
    ));
    let claims = bench().claims(&found, server(&[], &[]));
    assert_eq!(claims["cnf"], json!({"x5t#S256": thumbprint}));
}

#[test]
fn a_jwt_is_for_one_resource_server() {
    let other = resource_server("pay", "https://pay.example");
    let signed = bench().sign(&found(SIGN), vec![server(&[], &[]), other]);
    assert!(matches!(signed, Err(IssueError::SeveralServers)));
}

#[test]
fn a_jwt_is_not_made_for_a_suspended_resource_server() {
    let mut server = server(&[], &[]);
    server.standing = Standing::Suspended {
        reason: "audit".into(),
    };
    let signed = bench().sign(&found(SIGN), vec![server]);
    assert!(matches!(signed, Err(IssueError::Suspended(_))));
}

#[test]
fn a_jwt_that_introspection_would_not_take_is_not_given_out() {
    let mut found = found(SIGN);
    let long = json!({"family_name": "x".repeat(MAX_TOKEN_LENGTH)});
    found.grant.claims = FurtherClaims::new(long.as_object().unwrap().clone()).unwrap();
    let bench = bench();
    let signed = bench.sign(&found, vec![server(&["family_name"], &["family_name"])]);
    assert!(matches!(signed, Err(IssueError::TooLong)));
    assert!(
        bench
            .sign(&found, vec![server(&["family_name"], &[])])
            .is_ok()
    );
}
