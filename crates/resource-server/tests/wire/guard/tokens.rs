//! Where the token is taken from, and what is learnt of it.

use super::{BASE, Scene, bearer, denied, jkt, proof, request, with_proof};
use crate::fake_as::{NOW, sign_as, status};
use avouch_resource_server::{
    AccessTokenError, BindingError, DenialReason, ErrorCode, GuardError, ReceivedRequest,
    RequestGuard,
};
use http::{Request, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_token_bound_to_nothing_is_good_from_anybody() {
    let scene = Scene::unbound().await;
    let verified = scene.check(&bearer()).await.unwrap();
    assert!(!verified.is_sender_constrained());
    assert_eq!(verified.active().scope.as_ref().unwrap().to_string(), "pay");
    let sent = &scene.server.seen("/introspect")[0].body;
    assert!(sent.starts_with(b"token=t0ken"));
}

#[tokio::test]
async fn row_fsp_5_3_4_01_a_token_is_taken_from_the_header_and_never_from_the_url() {
    let scene = Scene::unbound().await;
    for request in [
        Request::get("/payments?access_token=t0ken"),
        Request::get("/payments?a=b&access%5Ftoken=t0ken"),
        // Nor both at once (RFC 6750, section 3.1).
        Request::get("/payments?access_token=t0ken").header("authorization", "Bearer t0ken"),
    ] {
        let denial = scene.denied(&request.body(()).unwrap()).await;
        assert_eq!(denial.reason(), &DenialReason::TokenInUrl);
        assert_eq!(denial.response().status(), StatusCode::BAD_REQUEST);
    }
    // A token in the body is not seen: bodies are not looked into.
    let form = "application/x-www-form-urlencoded";
    let request = Request::post("/payments").header("content-type", form);
    let request = request.body("access_token=t0ken").unwrap();
    let checked = scene.guard.check(ReceivedRequest::new(&request)).await;
    assert_eq!(denied(checked).reason(), &DenialReason::NoToken);
    assert_eq!(scene.questions(), 0);
}

#[tokio::test]
async fn what_is_no_token_is_not_asked_about() {
    let scene = Scene::unbound().await;
    let two = [
        ("authorization", "Bearer t0ken"),
        ("authorization", "Bearer t0ken"),
    ];
    for (headers, code, status) in [
        (&[][..], None, 401),
        (&[("authorization", "Basic cGF5OnNlY3JldA==")], None, 401),
        (&[("authorization", "Basic %")], None, 401),
        (&[("authorization", "Negotiate YII")], None, 401),
        (&[("authorization", "Bearer")], Some("invalid_request"), 400),
        (
            &[("authorization", "Bearer a b")],
            Some("invalid_request"),
            400,
        ),
        (
            &[("authorization", "DPoP \"a\"")],
            Some("invalid_request"),
            400,
        ),
        (&two, Some("invalid_request"), 400),
    ] {
        let denial = scene.denied(&request(headers)).await;
        let found = denial.reason().code().map(ErrorCode::as_str);
        assert_eq!(found, code, "{headers:?}");
        assert_eq!(denial.response().status(), status, "{headers:?}");
    }
    assert_eq!(scene.questions(), 0);
}

#[tokio::test]
async fn row_fsp_5_3_4_02_a_token_that_is_not_active_is_invalid() {
    let scene = Scene::bound().await;
    scene.token(&json!({"active": false}));
    for request in [bearer(), with_proof(&scene.proof())] {
        let denial = scene.denied(&request).await;
        assert_eq!(denial.reason(), &DenialReason::NotActive);
        assert_eq!(denial.response().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn where_nothing_can_be_learnt_nothing_is_served() {
    let scene = Scene::bound().await;
    for code in [500, 401] {
        scene.server.on_introspection(move |_| status(code, ""));
        let error = scene.check(&bearer()).await.unwrap_err();
        assert!(matches!(error, GuardError::Introspect(_)), "{error}");
        let response = error.response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!response.headers().contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn jwt_access_tokens_are_guarded_alike() {
    let scene = Scene::bound().await;
    let resource = "https://pay.example/api";
    let checker = scene.introspector.access_tokens(resource.parse().unwrap());
    let guard = RequestGuard::new(checker, BASE).unwrap();
    let token = |cnf| {
        let claims = json!({
            "iss": scene.server.issuer(), "sub": "erika", "aud": resource, "client_id": "shop",
            "exp": NOW + 600, "iat": NOW, "jti": "j-1", "scope": "pay", "cnf": cnf,
        });
        sign_as(&scene.signer, "at+jwt", &claims)
    };
    let bound = token(json!({ "jkt": jkt(&scene.key) }));
    let url = "https://pay.example/payments";
    let own = proof(&scene.key, "POST", url, &bound);
    let send = async |scheme: &str, token: &str, proof: &str| {
        let authorization = format!("{scheme} {token}");
        let request = request(&[("authorization", &authorization), ("dpop", proof)]);
        guard.check(ReceivedRequest::new(&request)).await
    };
    let verified = send("DPoP", &bound, &own).await.unwrap();
    assert!(verified.is_sender_constrained());
    assert_eq!(verified.token().subject(), "erika");
    let denial = denied(send("Bearer", &bound, &own).await);
    super::is_binding(&denial, BindingError::Downgraded);
    let unknown = token(json!({"kid": "k"}));
    let denial = denied(send("Bearer", &unknown, &own).await);
    assert_eq!(denial.reason(), &DenialReason::UnknownBinding);
    let denial = denied(send("Bearer", "t0ken", &own).await);
    assert!(matches!(
        denial.reason(),
        DenialReason::AccessToken(AccessTokenError::Malformed(_))
    ));
    assert_eq!(scene.questions(), 0);
}

#[tokio::test]
async fn debug_shows_no_token_no_proof_and_no_claim() {
    let scene = Scene::bound().await;
    let proof = scene.proof();
    let request = with_proof(&proof);
    let received = ReceivedRequest::new(&request);
    let verified = scene.guard.check(received).await.unwrap();
    let denial = scene.denied(&request).await;
    let shown = format!(
        "{received:?} {verified:?} {denial:?} {denial} {:?}",
        scene.guard
    );
    for hidden in ["t0ken", &proof, "pay\"", &jkt(&scene.key)] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
