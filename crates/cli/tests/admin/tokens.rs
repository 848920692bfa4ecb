//! `avouch token`.

use serde_json::json;

use crate::stage::Stage;

#[test]
fn an_issued_token_can_be_piped_shown_and_revoked() {
    let it = Stage::set();
    it.shop_and_pay();
    let issue = [
        "token",
        "issue",
        "--client",
        "shop",
        "--subject",
        "erika",
        "--scope",
        "pay",
    ];
    let issued = it.run(&issue);
    assert_eq!(issued.err, "", "nothing but the token, where nobody looks");
    let token = issued.well();
    assert_eq!(token.lines().count(), 1);
    assert!(token.starts_with("avt_"));

    let shown = it
        .run_with(&["token", "show", "--token", "-"], &token)
        .well();
    assert!(shown.starts_with("active\n"), "{shown}");
    for part in [
        "client       shop",
        "subject      erika",
        "scope        pay",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains(token.trim()));

    let file = it.write("token.txt", &token);
    let revoked = it.run(&["token", "revoke", "--token", &file]).well();
    assert!(revoked.starts_with("revoked: the token "), "{revoked}");
    let again = it
        .run(&["token", "revoke", "--token", &file, "--json"])
        .json();
    assert_eq!(again["outcome"], "already");
    let shown = it.run(&["token", "show", "--token", &file]).well();
    assert!(shown.starts_with("inactive: token revoked\n"), "{shown}");
}

#[test]
fn claims_and_details_come_from_files_or_standard_input() {
    let it = Stage::set();
    it.shop_and_pay();
    let details = it.write(
        "details.json",
        r#"[{"type": "payment", "amount": "10.00"}]"#,
    );
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    let options = [
        "--claims",
        "-",
        "--authorization-details",
        &details,
        "--legal-basis",
        "contract 4711",
        "--lifetime",
        "60",
        "--acr",
        "mfa",
        "--resource",
        "https://pay.example",
        "--json",
    ];
    let claims = r#"{"iban": "DE02120300000000202051"}"#;
    let issued = it.run_with(&[&issue[..], &options].concat(), claims).json();
    assert_eq!(issued["expires_in"], 60);
    let token = issued["access_token"].as_str().unwrap();
    let shown = it
        .run_with(&["token", "show", "--token", "-", "--json"], token)
        .json();
    assert_eq!(shown["token"]["claims"], json!(["iban"]));
    assert_eq!(
        shown["token"]["authorization_details_types"],
        json!(["payment"])
    );
    assert_eq!(shown["token"]["legal_basis"], "contract 4711");

    let both = [
        "--claims",
        "-",
        "--legal-basis",
        "x",
        "--authorization-details",
        "-",
    ];
    let error = it.run_with(&[&issue[..], &both].concat(), claims).badly();
    assert!(error.contains("only one"), "{error}");
    let twice = ["--claims", "-", "--legal-basis", "x"];
    let error = it
        .run_with(&[&issue[..], &twice].concat(), r#"{"a": 1, "a": 2}"#)
        .badly();
    assert!(error.contains("occurs twice"), "{error}");
    let error = it
        .run_with(&[&issue[..], &twice].concat(), r#"{"sub": "x"}"#)
        .badly();
    assert!(error.contains("sub"), "{error}");
}

#[test]
fn everything_of_a_subject_dies_by_one_command() {
    let it = Stage::set();
    it.shop_and_pay();
    let token = it
        .run(&["token", "issue", "--client", "shop", "--subject", "erika"])
        .well();
    let asked = it.run(&["token", "revoke", "--subject", "erika"]).badly();
    assert!(asked.contains("--yes"), "{asked}");
    let shown = it
        .run_with(&["token", "show", "--token", "-"], &token)
        .well();
    assert!(shown.starts_with("active"), "nothing is done without a yes");
    let revoked = it.run(&["token", "revoke", "--subject", "erika", "--yes"]);
    // Nobody keeps a list of subjects.
    assert!(revoked.err.contains("is not checked"), "{revoked:?}");
    let revoked = revoked.well();
    assert!(
        revoked.starts_with("revoked: every token of the subject erika issued until 20"),
        "{revoked}"
    );
    let shown = it
        .run_with(&["token", "show", "--token", "-"], &token)
        .well();
    assert!(shown.starts_with("inactive: subject revoked"), "{shown}");
    let error = it
        .run(&["token", "revoke", "--client", "shpo", "-y"])
        .badly();
    assert!(error.contains("did you mean shop?"), "{error}");
    it.run(&["token", "revoke", "--client", "shop", "-y"])
        .well();
    let error = it
        .run(&["token", "revoke", "--grant", "g-none", "-y"])
        .badly();
    assert!(error.contains("no grant g-none"), "{error}");
}

#[test]
fn a_token_never_stands_on_the_command_line() {
    let it = Stage::set();
    // A token in the place of a file name is a file that is not there.
    let error = it.run(&["token", "show", "--token", "avt_secret"]);
    assert_eq!(error.code, 1);
    let error = it.run(&["token", "show", "avt_secret"]);
    assert_eq!(error.code, 2, "{error:?}");
    let error = it
        .run_with(&["token", "show", "--token", "-"], " \n")
        .badly();
    assert!(error.contains("standard input is empty"), "{error}");
}

#[test]
fn what_the_server_refuses_is_said_in_its_words() {
    let it = Stage::set();
    it.shop_and_pay();
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    let error = it
        .run(&[&issue[..], &["--scope", "admin"]].concat())
        .badly();
    assert!(error.contains("the scope value admin"), "{error}");
    let error = it
        .run(&["token", "issue", "--client", "shpo", "--subject", "e"])
        .badly();
    assert!(error.contains("did you mean shop?"), "{error}");
    let usage = it.run(&[&issue[..], &["--claims", "-"]].concat());
    assert_eq!(usage.code, 2, "claims ask for a legal basis");
    assert!(usage.err.contains("--legal-basis"), "{}", usage.err);
}

#[test]
fn an_answer_is_explained_line_by_line_and_the_token_is_not_said() {
    let it = Stage::set();
    it.shop_and_pay();
    let claims = it.write("claims.json", r#"{"iban": "DE02", "name": "Erika"}"#);
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    let options = ["--claims", &claims, "--legal-basis", "consent 4711"];
    let token = it.run(&[&issue[..], &options].concat()).well();
    let explain = ["explain", "--token", "-", "--resource-server", "pay"];
    let said = it.run_with(&explain, &token).well();
    for line in [
        "active for pay\n",
        "  + claim     iban: the policy names it\n",
        "  - claim     name: the policy does not name it\n",
        "  + audience  https://pay.example: a resource of this resource server\n",
        "policy revision 1 since 20",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    for hidden in [token.trim(), "DE02", "Erika"] {
        assert!(!said.contains(hidden), "{hidden} in {said}");
    }
    let json = it
        .run_with(&[&explain[..], &["--json"]].concat(), &token)
        .json();
    assert_eq!(json["active"], true);
    let dead = it.run_with(&explain, "unknown").well();
    assert!(
        dead.starts_with("not active for pay: never issued"),
        "{dead}"
    );
    let error = it
        .run_with(
            &["explain", "--token", "-", "--resource-server", "pya"],
            "x",
        )
        .badly();
    assert!(error.contains("did you mean pay?"), "{error}");
}

#[test]
fn everything_there_is_dies_by_one_command_that_asks() {
    let it = Stage::set();
    it.shop_and_pay();
    let issue = || {
        it.run(&["token", "issue", "--client", "shop", "--subject", "erika"])
            .well()
    };
    let shown = |token: &str| {
        it.run_with(&["token", "show", "--token", "-"], token)
            .well()
    };
    let token = issue();
    let revoke = ["token", "revoke", "--issued-before", "now"];
    let asked = it.run(&revoke).badly();
    assert!(asked.contains("--yes"), "{asked}");
    assert!(shown(&token).starts_with("active"));
    let revoked = it.run(&[&revoke[..], &["--yes"]].concat()).well();
    assert!(
        revoked.starts_with("revoked: every access token issued until now, 0 tokens of resource"),
        "{revoked}"
    );
    assert!(shown(&token).starts_with("inactive: everything revoked"));

    let token = issue();
    assert!(shown(&token).starts_with("active"));
    let then = |when| {
        it.run(&[
            "token",
            "revoke",
            "--yes",
            "--json",
            "--issued-before",
            when,
        ])
    };
    let revoked = then("2001-09-09T03:46:40+02:00").json();
    assert_eq!(revoked["caller_tokens"], 0, "{revoked}");
    assert!(shown(&token).starts_with("active"));
    let error = then("2101-09-09T01:46:40Z").badly();
    assert!(error.contains("an instant to come"), "{error}");
    for nonsense in ["yesterday", "2001-09-09", "2001-09-09T01:46:40.5Z"] {
        let refused = then(nonsense);
        assert_eq!(refused.code, 2);
        let error = refused.err;
        assert!(error.contains("say now, or a whole second"), "{error}");
    }
    let two = ["token", "revoke", "--client", "shop", "--issued-before"];
    assert_eq!(it.run(&[&two[..], &["now"]].concat()).code, 2);
    assert!(shown(&token).starts_with("active"));
}
