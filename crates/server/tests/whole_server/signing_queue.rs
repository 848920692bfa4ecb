//! Many costly signatures at one time: each waits for its turn, and beyond the stated number it is
//! 503 with `Retry-After`. What needs none is answered all the while.

use avouch_core::records::ResourceServer;
use avouch_jose::SignatureAlgorithm;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Asked, SIGN, STATEMENT, Setup};

/// Sends them all before one is answered, each over a connection of its own.
async fn at_once(questions: Vec<Asked>) -> Vec<Answer> {
    let mut asking = Vec::new();
    for question in questions {
        let stream = TcpStream::connect(question.address()).await.unwrap();
        asking.push((stream, question.bytes()));
    }
    for (stream, question) in &mut asking {
        stream.write_all(question).await.unwrap();
    }
    let mut answers = Vec::new();
    for (mut stream, _) in asking {
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        answers.push(Answer::read(&received));
    }
    answers
}

/// Refused for now, and told when to come again.
#[track_caller]
fn is_refused(answer: &Answer) -> bool {
    if answer.status == 200 {
        return false;
    }
    answer.is_error(503, "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
    true
}

fn es256(record: &mut ResourceServer) {
    record.profile.value.signing_algorithm = SignatureAlgorithm::Es256;
}

#[tokio::test]
async fn beyond_the_bound_it_is_503_and_what_is_cheap_is_answered() {
    let setup = Setup::new()
        .await
        .configured("[limits]\nwaiting_signatures = 0\nstatement_memory = 0\n");
    let (costly, token) = setup.usual().await;
    let cheap = setup.resource_server_with("cheap", SIGN, es256).await;
    let server = setup.start().await;
    let keys = server.keys().await;
    let (mut made, mut refused) = (0, 0);
    // Those that arrive at one time compete; mostly all do.
    for _ in 0..100 {
        let mut questions = Vec::new();
        for _ in 0..12 {
            let about = server.about(&token.text);
            questions.push(about.clone().by(&costly).accept(STATEMENT));
            questions.push(about.clone().by(&cheap).accept(STATEMENT));
            questions.push(about.by(&costly));
        }
        let answers = at_once(questions).await;
        for answers in answers.chunks(3) {
            let [by_rsa, by_ecdsa, plain] = answers else {
                panic!("{answers:?}");
            };
            let rs256 = SignatureAlgorithm::Rs256;
            if is_refused(by_rsa) {
                refused += 1;
            } else {
                made += 1;
                assert!(server.verify(&keys, &costly, by_rsa, rs256).is_active());
            }
            let es256 = SignatureAlgorithm::Es256;
            assert!(server.verify(&keys, &cheap, by_ecdsa, es256).is_active());
            assert_eq!(plain.is_json(200)["active"], true);
        }
        if made > 0 && refused > 0 {
            break;
        }
    }
    assert!(made > 0 && refused > 0, "{made} made, {refused} refused");
    let busy = r#"avouch_unsecured_answers_total{reason="busy"}"#;
    assert_eq!(server.metric(busy).await.unwrap(), refused.to_string());
    let now = server.statement(&costly, &token.text).await;
    assert_eq!(now.status, 200, "when nobody else signs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_the_bound_all_are_answered() {
    let setup = Setup::new()
        .await
        .configured("[limits]\nstatement_memory = 0\n");
    let (costly, token) = setup.usual().await;
    let server = setup.start().await;
    let keys = server.keys().await;
    let question = server.about(&token.text).by(&costly).accept(STATEMENT);
    for answer in at_once(vec![question; 40]).await {
        let answer = server.verify(&keys, &costly, &answer, SignatureAlgorithm::Rs256);
        assert!(answer.is_active());
    }
    let waiting = server.metric("avouch_waiting_signatures").await;
    assert_eq!(waiting.unwrap(), "0");
}

#[tokio::test]
async fn a_token_that_could_not_be_signed_is_503_and_not_kept() {
    let setup = Setup::new().await.configured(
        "[limits]\nwaiting_signatures = 0\n\
         [tokens]\nformat = \"jwt\"\nsigning_algorithm = \"RS256\"\n",
    );
    let sign = setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let question = server.post("/token").by(&shop).form(&form);
    let (mut issued, mut refused) = (0_i64, 0);
    for _ in 0..100 {
        for answer in at_once(vec![question.clone(); 12]).await {
            if is_refused(&answer) {
                refused += 1;
                continue;
            }
            issued += 1;
            let answer = answer.is_json(200);
            let token = answer["access_token"].as_str().unwrap();
            let told = server.introspect(&sign, token).await;
            assert_eq!(told.is_json(200)["active"], true);
        }
        if issued > 0 && refused > 0 {
            break;
        }
    }
    assert!(
        issued > 0 && refused > 0,
        "{issued} issued, {refused} refused"
    );
    let database = rusqlite::Connection::open(server.database()).unwrap();
    for table in ["access_token", "access_grant"] {
        let count = format!("SELECT count(*) FROM {table}");
        let kept: i64 = database.query_row(&count, (), |row| row.get(0)).unwrap();
        assert_eq!(kept, issued, "{table}");
    }
}
