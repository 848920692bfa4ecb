//! JWT access tokens (RFC 9068): what is in them, that introspection and
//! revocation treat them like opaque ones, and that no kind of JWT passes as
//! another.

use std::collections::BTreeSet;
use std::time::Duration;

use avouch_core::records::{AllowedResources, ReleasePolicy, TokenFormat};
use avouch_jose::{SignatureAlgorithm, base64url};
use avouch_oauth::access_token::{AccessTokenError, AccessTokenVerifier, VerifiedAccessToken};
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::introspection::{StatementError, StatementVerifier};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::failing::lose;
use crate::support::{
    Answer, CLAIMS, Caller, Jwt, PAY, Running, SIGN, START, Setup, resource, sign_as,
};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn ask(server: &Running, caller: &Caller, form: &[(&str, &str)]) -> Answer {
    server.post("/token").by(caller).form(form).send().await
}

#[track_caller]
fn issued(answer: &Answer) -> String {
    let token = &answer.is_json(200)["access_token"];
    token.as_str().unwrap().to_owned()
}

/// What the RS would do that does not ask.
async fn verified(
    server: &Running,
    serves: &str,
    token: &str,
) -> Result<VerifiedAccessToken, AccessTokenError> {
    let issuer = server.server.issuer().clone();
    let now = server.now();
    AccessTokenVerifier::new(issuer, resource(serves)).verify(token, &server.keys().await, now)
}

/// An RS that may learn all of Erika's claims and has one inside its tokens.
async fn embedding(setup: &Setup) -> Caller {
    let changed = setup.resource_server_with("sign", SIGN, |record| {
        record.policy.value = ReleasePolicy {
            claims: CLAIMS.map(str::to_owned).into(),
            authorization_details_types: ["signature".to_owned()].into(),
            ..ReleasePolicy::default()
        };
        record.access_tokens.value.claims = BTreeSet::from(["family_name".to_owned()]);
    });
    changed.await
}

#[tokio::test]
async fn row_9068_2_1_01_and_2_2_01_a_client_gets_a_signed_jwt_with_all_that_is_required() {
    let setup = Setup::new().await.jwt();
    setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let form = [GRANT, ("resource", SIGN), ("scope", "sign read")];
    let answer = ask(&server, &shop, &form).await;
    assert_eq!(answer.is_json(200)["token_type"], "Bearer");
    let token = issued(&answer);

    let jwt = Jwt::read(&token);
    assert_eq!(jwt.header["typ"], "at+jwt");
    assert_eq!(jwt.header["alg"], "ES256");
    assert!(
        server
            .keys()
            .await
            .find(jwt.header["kid"].as_str().unwrap())
            .count()
            == 1
    );
    assert_eq!(
        jwt.claims,
        json!({
            "iss": "https://as.example", "sub": "shop", "aud": SIGN, "client_id": "shop",
            "iat": START, "exp": START + 600, "jti": jwt.claims["jti"], "scope": "sign read",
        })
    );
    let token = verified(&server, SIGN, &token).await.unwrap();
    assert_eq!(token.subject(), "shop");
}

/// The longest signatures there are: it passes every limit on the way, in bodies and headers.
#[tokio::test]
async fn row_9068_2_1_01_a_token_signed_with_ml_dsa_87_goes_wherever_others_do() {
    let setup = Setup::new().await;
    let setup = setup.configured("[tokens]\nformat = \"jwt\"\nsigning_algorithm = \"ML-DSA-87\"\n");
    let sign = setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let form = [GRANT, ("resource", SIGN), ("scope", "sign read")];
    let token = issued(&ask(&server, &shop, &form).await);
    assert_eq!(Jwt::read(&token).header["alg"], "ML-DSA-87");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(base64url::decode(signature).unwrap().len(), 4627);
    assert_eq!(
        verified(&server, SIGN, &token).await.unwrap().subject(),
        "shop"
    );

    let forged = format!("{signed}.{}", base64url::encode(vec![7; 4627]));
    let error = verified(&server, SIGN, &forged).await.unwrap_err();
    assert!(matches!(error, AccessTokenError::Signature(_)), "{error}");
    server.introspect(&sign, &forged).await.is_inactive();
    let answer = server.introspect(&sign, &token).await;
    assert_eq!(answer.is_json(200)["active"], true);
    // In the header it is read to its end, and is no token for this purpose.
    let asked = server.post("/register").bearer(&token);
    let answer = asked.json(&json!({"grant_types": []})).send().await;
    answer.is_error(401, "invalid_token");
    let revoked = server.post("/revoke").by(&shop);
    let revoked = revoked.form(&[("token", &token)]).send().await;
    assert_eq!(revoked.is_json(200), json!({}));
    server.introspect(&sign, &token).await.is_inactive();
}

#[tokio::test]
async fn row_9068_3_01_aud_reflects_the_resource_asked_for_or_the_clients_own() {
    let setup = Setup::new().await.jwt();
    setup.resource_server("sign", SIGN).await;
    setup.resource_server("pay", PAY).await;
    let any = setup.client("any").await;
    let only = |all: &[&str]| AllowedResources::Only(all.iter().map(|one| resource(one)).collect());
    let one = setup
        .client_with("one", |client| client.resources = only(&[PAY]))
        .await;
    let two = setup
        .client_with("two", |client| client.resources = only(&[SIGN, PAY]))
        .await;
    let server = setup.start().await;
    let aud = async |caller: &Caller, form: &[(&str, &str)]| {
        let answer = ask(&server, caller, form).await;
        Jwt::read(&issued(&answer)).claims["aud"].clone()
    };
    assert_eq!(aud(&any, &[GRANT, ("resource", SIGN)]).await, SIGN);
    assert_eq!(aud(&one, &[GRANT]).await, PAY, "the client's own, unasked");
    assert_eq!(aud(&two, &[GRANT, ("resource", PAY)]).await, PAY);
    // One provider would read the other's part.
    for form in [
        &[GRANT][..],
        &[GRANT, ("resource", SIGN), ("resource", PAY)],
    ] {
        let answer = ask(&server, &two, form).await;
        answer.is_error(400, "invalid_target");
        let description = answer.json()["error_description"].to_string();
        assert!(
            description.contains("ask for a token for each"),
            "{description}"
        );
    }
    ask(&server, &any, &[GRANT])
        .await
        .is_error(400, "invalid_target");
}

#[tokio::test]
async fn several_resources_of_one_resource_server_are_one_audience() {
    let setup = Setup::new().await.jwt();
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.resources.insert(resource(PAY));
        })
        .await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let form = [GRANT, ("resource", SIGN), ("resource", PAY)];
    let token = issued(&ask(&server, &shop, &form).await);
    assert_eq!(Jwt::read(&token).claims["aud"], json!([SIGN, PAY]));
    for serves in [SIGN, PAY] {
        assert!(verified(&server, serves, &token).await.is_ok());
    }
    assert_eq!(
        server.introspect(&sign, &token).await.json()["active"],
        true
    );
}

#[tokio::test]
async fn a_resource_that_two_serve_is_no_audience_for_a_jwt() {
    let setup = Setup::new().await.jwt();
    setup.resource_server("sign", SIGN).await;
    setup.resource_server("sign-too", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let answer = ask(&server, &shop, &[GRANT, ("resource", SIGN)]).await;
    answer.is_error(400, "invalid_target");
}

#[tokio::test]
async fn row_9068_2_1_02_rs256_is_what_signs_unless_told_otherwise() {
    let setup = Setup::new()
        .await
        .configured("[tokens]\nformat = \"jwt\"\n");
    setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let token = issued(&ask(&server, &shop, &[GRANT, ("resource", SIGN)]).await);
    assert_eq!(Jwt::read(&token).header["alg"], "RS256");
    let issuer = server.server.issuer().clone();
    let verifier = AccessTokenVerifier::new(issuer, resource(SIGN));
    assert!(
        verifier
            .allowed_algorithms()
            .contains(&SignatureAlgorithm::Rs256)
    );
    let now = server.now();
    assert!(verifier.verify(&token, &server.keys().await, now).is_ok());
}

#[tokio::test]
async fn without_a_word_tokens_are_opaque_and_there_is_no_key_for_jwts() {
    let setup = Setup::new().await;
    setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let token = issued(&ask(&server, &shop, &[GRANT, ("resource", SIGN)]).await);
    assert!(token.starts_with("avt_"));
    assert_eq!(
        server.keys().await.keys.len(),
        3,
        "one a statement algorithm"
    );
}

#[tokio::test]
async fn the_resource_server_decides_then_the_client_then_the_server() {
    let setup = Setup::new().await.jwt();
    for (id, format) in [
        ("silent", None),
        ("opaque", Some(TokenFormat::Opaque)),
        ("jwt", Some(TokenFormat::Jwt)),
    ] {
        let serves = format!("https://{id}.example");
        let adding = setup.resource_server_with(id, &serves, |record| {
            record.access_tokens.value.format = format;
        });
        adding.await;
    }
    let opaque = setup
        .client_with("opaque-too", |client| {
            client.access_token_format = Some(TokenFormat::Opaque);
        })
        .await;
    let server = setup.start().await;
    let form = async |resources: &[&str]| {
        let mut form = vec![GRANT];
        let urls: Vec<_> = resources
            .iter()
            .map(|id| format!("https://{id}.example"))
            .collect();
        form.extend(urls.iter().map(|url| ("resource", url.as_str())));
        ask(&server, &opaque, &form).await
    };
    let is_jwt = |answer: &Answer| issued(answer).starts_with("eyJ");
    assert!(
        !is_jwt(&form(&["silent"]).await),
        "the client against the server"
    );
    assert!(!is_jwt(&form(&["opaque"]).await));
    assert!(is_jwt(&form(&["jwt"]).await), "the RS against the client");
    assert!(!is_jwt(&form(&["opaque", "silent"]).await));
    let contradiction = form(&["opaque", "jwt"]).await;
    contradiction.is_error(400, "invalid_target");
}

#[tokio::test]
async fn row_9701_9_06_claims_travel_inside_where_the_operator_says_so() {
    let setup = Setup::new().await.jwt();
    let sign = embedding(&setup).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let claims = Jwt::read(&token.text).claims;
    assert_eq!(claims["family_name"], "Mustermann");
    for kept_back in ["birthdate", "iban", "username", "legal_basis"] {
        assert_eq!(claims.get(kept_back), None, "{kept_back}");
    }
    assert_eq!(claims["acr"], "high");
    assert_eq!(claims["auth_time"], 1_795_305_000);
    assert_eq!(claims["authorization_details"][0]["type"], "signature");
    assert_eq!(claims["authorization_details"].as_array().unwrap().len(), 1);

    // The RS needs not ask, and if it does, it hears the same and more.
    let offline = verified(&server, SIGN, &token.text).await.unwrap();
    assert_eq!(offline.claim("family_name"), Some(&json!("Mustermann")));
    let online = server.introspect(&sign, &token.text).await.is_json(200);
    for (name, value) in claims.as_object().unwrap() {
        assert_eq!(&online[name], value, "{name}");
    }
    assert_eq!(online["iban"], "DE02120300000000202051");
}

#[tokio::test]
async fn introspection_answers_about_a_jwt_as_about_an_opaque_token() {
    let mut answers = Vec::new();
    for setup in [Setup::new().await, Setup::new().await.jwt()] {
        let sign = embedding(&setup).await;
        setup.client("shop").await;
        let token = setup.token().await;
        let server = setup.start().await;
        let mut json = server.introspect(&sign, &token.text).await.is_json(200);
        let statement = server.statement(&sign, &token.text).await;
        assert_eq!(statement.jwt().claims["token_introspection"], json);
        // Drawn afresh for each token and server.
        for own in ["jti", "sub"] {
            json.as_object_mut().unwrap().remove(own).unwrap();
        }
        answers.push(json);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn row_8705_3_01_a_bound_token_says_so_inside_and_at_introspection() {
    let thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    let setup = Setup::new().await.jwt();
    let (sign, _) = setup.usual().await;
    let cnf = Confirmation::x5t_s256(Sha256Thumbprint::parse(thumbprint).unwrap());
    let token = setup
        .token_with(|order| order.confirmation = Some(cnf))
        .await;
    let server = setup.start().await;
    let expected = json!({"x5t#S256": thumbprint});
    assert_eq!(Jwt::read(&token.text).claims["cnf"], expected);
    let answer = server.introspect(&sign, &token.text).await;
    assert_eq!(answer.is_json(200)["cnf"], expected);
}

#[tokio::test]
async fn a_revoked_jwt_is_dead_at_introspection_and_lives_on_where_nobody_asks() {
    let setup = Setup::new().await.jwt();
    let sign = setup.resource_server("sign", SIGN).await;
    let (shop, other) = (setup.client("shop").await, setup.client("other").await);
    let token = setup.token().await;
    let server = setup.start().await;
    let revoke = async |caller: &Caller| {
        let asked = server.post("/revoke").by(caller);
        asked.form(&[("token", &token.text)]).send().await
    };
    revoke(&other).await.is_error(400, "invalid_grant");
    let before = server.introspect(&sign, &token.text).await;
    assert_eq!(before.is_json(200)["active"], true);
    assert_eq!(revoke(&shop).await.is_json(200), json!({}));
    server.introspect(&sign, &token.text).await.is_inactive();
    assert!(verified(&server, SIGN, &token.text).await.is_ok());
    server.clock.advance(Duration::from_mins(11));
    let expired = verified(&server, SIGN, &token.text).await;
    assert!(matches!(expired, Err(AccessTokenError::Expired { .. })));
}

#[tokio::test]
async fn row_8725_3_11_01_each_kind_of_jwt_is_refused_as_the_other() {
    let setup = Setup::new().await.jwt();
    let sign = setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let token = setup.token().await.text;
    let server = setup.start().await;
    let keys = server.keys().await;
    let now = server.now();
    let statement = server.statement(&sign, &token).await.text().to_owned();

    // An access token is no statement.
    let issuer = server.server.issuer().clone();
    let every = SignatureAlgorithm::ALL;
    for client_id in ["sign", SIGN] {
        let verifier = StatementVerifier::new(issuer.clone(), client_id, every);
        let read = verifier.verify(&token, &keys, now);
        assert_eq!(read.unwrap_err(), StatementError::WrongTyp);
    }

    // A statement is no access token: not where a token is shown,
    let shown = verified(&server, SIGN, &statement).await;
    assert_eq!(shown.unwrap_err(), AccessTokenError::WrongTyp);
    // nor at any endpoint that takes one.
    server.introspect(&sign, &statement).await.is_inactive();
    let revoked = server.post("/revoke").by(&shop);
    let revoked = revoked.form(&[("token", &statement)]).send().await;
    assert_eq!(revoked.is_json(200), json!({}));
    for bearer in [&statement, &token] {
        let asked = server.post("/register").bearer(bearer);
        let answer = asked.json(&json!({"grant_types": []})).send().await;
        answer.is_error(401, "invalid_token");
        let caller = server.about(&token).bearer(bearer).send().await;
        caller.is_error(401, "invalid_token");
    }
    // The two kinds never have a key in common.
    let kid = |jwt: &str| Jwt::read(jwt).header["kid"].clone();
    assert_ne!(kid(&token), kid(&statement));
}

#[tokio::test]
async fn row_9701_8_1_01_an_introspection_answer_never_passes_as_an_access_token() {
    let setup = Setup::new().await.jwt();
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.profile.value.legacy = avouch_oauth::negotiate::LegacyForm::On;
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await.text;
    let server = setup.start().await;
    // Draft -08 has its members at the top level, nearest to an access token.
    for media_type in ["application/token-introspection+jwt", "application/jwt"] {
        let asked = server.about(&token).by(&sign).accept(media_type);
        let answer = asked.send().await;
        assert_eq!(answer.jwt().header["typ"], "token-introspection+jwt");
        let shown = verified(&server, SIGN, answer.text()).await;
        assert_eq!(shown.unwrap_err(), AccessTokenError::WrongTyp);
        server.introspect(&sign, answer.text()).await.is_inactive();
    }
}

/// Even with the key itself, nothing can be made that is active: there is no
/// record of it.
#[tokio::test]
async fn row_7662_4_05_what_a_thief_signs_with_our_own_key_is_never_active() {
    let setup = Setup::new().await.jwt();
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let claims = Jwt::read(&token.text).claims;
    let mut wider = claims.clone();
    wider["scope"] = json!("sign pay read admin");
    for forged in [sign_as("at+jwt", &claims), sign_as("at+jwt", &wider)] {
        // An ECDSA signature is another each time.
        assert_ne!(forged, token.text);
        assert!(
            verified(&server, SIGN, &forged).await.is_ok(),
            "offline it passes"
        );
        server.introspect(&sign, &forged).await.is_inactive();
    }
}

#[tokio::test]
async fn a_forgery_never_reaches_the_database() {
    let setup = Setup::new().await.jwt();
    let (sign, token) = setup.usual().await;
    let genuine = setup.genuine();
    let server = setup.start().await;
    // The tables are gone: whoever looks fails.
    lose(&server, "access_token");
    let (head, _) = token.text.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.{}", "A".repeat(86));
    let other_typ = sign_as("JWT", &json!({"iss": "https://as.example"}));
    let other_iss = sign_as("at+jwt", &json!({"iss": "https://as.example/"}));
    for forged in [unsigned, other_typ, other_iss, format!("{head}.")] {
        server.introspect(&sign, &forged).await.is_inactive();
    }
    let looked_up = server.introspect(&sign, &genuine).await;
    assert!(looked_up.status >= 500, "{}", looked_up.text());
}

#[tokio::test]
async fn tokens_outlive_the_server_and_the_key_that_signed_them() {
    let setup = Setup::new().await.jwt();
    let (sign, token) = setup.usual().await;
    let retired = Duration::from_secs(2);
    setup.retire_access_token_key(retired).await;
    let server = setup.start_without_keys().await;
    let is_active = async |server: &Running| {
        let answer = server.introspect(&sign, &token.text).await;
        answer.is_json(200)["active"] == true
    };
    assert!(is_active(&server).await);
    assert!(verified(&server, SIGN, &token.text).await.is_ok());

    server.clock.advance(retired);
    assert!(is_active(&server).await, "withdrawn, and still ours");
    let offline = verified(&server, SIGN, &token.text).await;
    assert!(matches!(offline, Err(AccessTokenError::NoKey(_))));
    let server = server.restart().await;
    assert!(is_active(&server).await);
}

#[test]
fn nothing_made_up_is_active_and_nothing_makes_it_fail() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (server, sign, token) = runtime.block_on(async {
        let setup = Setup::new().await.jwt();
        let (sign, token) = setup.usual().await;
        (setup.start().await, sign, token.text)
    });
    let any_claims = prop_oneof![
        Just(json!({"iss": "https://as.example"})),
        "\\PC{0,40}".prop_map(Value::from),
        "\\PC{0,20}".prop_map(|name| json!({name: 1, "iss": "https://as.example"})),
    ];
    let strategy = (0..token.len(), any::<u8>(), "\\PC{0,60}", any_claims);
    proptest!(ProptestConfig::with_cases(60), |((at, byte, text, claims) in strategy)| {
        let mut changed = token.clone().into_bytes();
        changed[at] = byte & 0x7f;
        let tampered = String::from_utf8(changed).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let odd = base64url::encode(&text);
        for presented in [
            tampered,
            format!("{}.{odd}.{}", parts[0], parts[2]),
            format!("{odd}.{}.{}", parts[1], parts[2]),
            sign_as(&text, &claims),
            format!("eyJ{text}.{text}.{text}"),
        ] {
            if presented != token {
                let answer = runtime.block_on(server.introspect(&sign, &presented));
                answer.is_inactive();
            }
        }
    });
}
