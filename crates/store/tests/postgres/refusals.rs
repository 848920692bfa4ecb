//! Which databases are not used, and what the refusal says.

use avouch_core::records::{ResourceSharing, UsedProof};
use avouch_core::storage::{CallerStore, ReplayStore, StoreError, TokenStore};
use avouch_store::{DatabaseUrl, PostgresError, PostgresOptions, PostgresStore};

use crate::fixtures::{at, client, issued, resource_server};
use crate::place::{Place, server, skipped};
use crate::{by_hand, open};

#[tokio::test]
async fn servers_that_start_at_once_make_one_layout() {
    let Some(place) = Place::new() else { return };
    let starting: Vec<_> = (0..6)
        .map(|_| {
            let options = place.options.clone();
            tokio::spawn(async move { open(&options).await })
        })
        .collect();
    let mut stores = Vec::new();
    for started in starting {
        stores.push(started.await.unwrap());
    }
    stores[0].insert_client(&client("shop")).await.unwrap();
    for store in &stores {
        assert!(store.find_caller("shop").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_database_of_a_later_release_is_left_alone() {
    let Some(place) = Place::new() else { return };
    drop(open(&place.options).await);
    let hand = by_hand(&place).await;
    hand.batch_execute("UPDATE avouch_layout SET step = 99")
        .await
        .unwrap();
    let refused = PostgresStore::open(&place.options).await.unwrap_err();
    assert!(
        matches!(refused, PostgresError::Newer { found: 99, .. }),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("newer release"), "{refused}");
}

#[tokio::test]
async fn a_schema_of_another_application_is_left_alone() {
    let Some(place) = Place::new() else { return };
    let hand = by_hand(&place).await;
    hand.batch_execute("CREATE TABLE client (name TEXT)")
        .await
        .unwrap();
    let refused = PostgresStore::open(&place.options).await.unwrap_err();
    assert!(
        matches!(refused, PostgresError::AnotherApplication(_)),
        "{refused:?}"
    );
    let tables = "SELECT 1 FROM information_schema.tables WHERE table_schema = $1";
    let schema = place.options.schema.as_str();
    assert_eq!(hand.query(tables, &[&schema]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_schema_that_is_not_there_is_asked_for() {
    let Some(mut options) = server() else { return };
    options.schema = "no_such_schema".to_owned().try_into().unwrap();
    let refused = PostgresStore::open(&options).await.unwrap_err().to_string();
    assert!(
        refused.contains("CREATE SCHEMA no_such_schema"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it() {
    let Some(mut options) = server() else { return };
    if options.password.is_none() {
        skipped("the server asks for no password");
        return;
    }
    options.password = Some(b"not the password".to_vec().into());
    let refused = PostgresStore::open(&options).await.unwrap_err();
    let told = format!("{refused} {refused:?}");
    assert!(told.contains("check user and password"), "{told}");
    assert!(!told.contains("not the password"), "{told}");
}

/// The same server, as a user of its own with this setting.
async fn as_one_who_has(place: &Place, setting: &str) -> Option<PostgresOptions> {
    let hand = by_hand(place).await;
    let schema = place.options.schema.as_str();
    let made = hand
        .batch_execute(&format!(
            "CREATE ROLE {schema} LOGIN PASSWORD 'hush';
             ALTER ROLE {schema} SET {setting};
             GRANT ALL ON SCHEMA {schema} TO {schema}"
        ))
        .await;
    if let Err(refused) = made {
        skipped(&format!("no role can be made there ({refused})"));
        return None;
    }
    let (_, after) = place.options.url.as_str().split_once('@').unwrap();
    Some(PostgresOptions {
        url: DatabaseUrl::parse(&format!("postgres://{schema}@{after}")).unwrap(),
        password: Some(b"hush".to_vec().into()),
        ..place.options.clone()
    })
}

async fn drop_role(place: &Place) {
    let schema = place.options.schema.as_str();
    by_hand(place)
        .await
        .batch_execute(&format!(
            "DROP OWNED BY {schema} CASCADE; DROP ROLE {schema}"
        ))
        .await
        .unwrap();
}

#[tokio::test]
async fn sessions_wait_for_the_disk_whatever_the_default_is() {
    let Some(place) = Place::new() else { return };
    let lazy = as_one_who_has(&place, "synchronous_commit = off").await;
    let Some(options) = lazy else { return };
    // Refused, were it not set anew: the sessions are asked for what they have.
    let store = open(&options).await;
    store.insert_client(&client("shop")).await.unwrap();
    drop(store);
    drop_role(&place).await;
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_refused() {
    let Some(place) = Place::new() else { return };
    let reader = as_one_who_has(&place, "default_transaction_read_only = on").await;
    let Some(options) = reader else { return };
    let refused = PostgresStore::open(&options).await.unwrap_err().to_string();
    assert!(refused.contains("takes no writes"), "{refused}");
    drop_role(&place).await;
}

#[tokio::test]
async fn histories_cannot_be_changed_even_by_hand() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    let served = resource_server("sign", &["https://sign.example"]);
    store
        .insert_resource_server(&served, ResourceSharing::Exclusive)
        .await
        .unwrap();
    let hand = by_hand(&place).await;
    for table in [
        "jwt_profile_revision",
        "release_policy_revision",
        "access_token_profile_revision",
    ] {
        for sql in [
            format!("UPDATE {table} SET since = 0"),
            format!("DELETE FROM {table}"),
        ] {
            let refused = hand.batch_execute(&sql).await.unwrap_err();
            let told = refused.as_db_error().unwrap().message();
            assert!(told.contains("append-only"), "{told}");
        }
    }
}

#[tokio::test]
async fn a_damaged_record_is_reported_without_what_it_holds() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    let hand = by_hand(&place).await;
    hand.batch_execute("UPDATE access_grant SET claims = '[\"Mustermann\"'")
        .await
        .unwrap();
    let error = store.find(&token.hash).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    let told = format!("{error} {error:?}");
    assert!(
        told.contains("claims") && !told.contains("Mustermann"),
        "{told}"
    );
}

#[tokio::test]
async fn what_the_database_says_of_a_value_is_not_repeated() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    store.insert_client(&client("shop")).await.unwrap();
    let hand = by_hand(&place).await;
    // PostgreSQL shows the whole row in the detail of such an error.
    hand.batch_execute("ALTER TABLE access_grant ADD CHECK (claims NOT LIKE '%Mustermann%')")
        .await
        .unwrap();
    let (grant, token) = issued("one", 1_600);
    let error = store.issue(&grant, &token).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(told.contains("23514"), "{told}");
    assert!(!told.contains("Mustermann"), "{told}");
}

#[tokio::test]
async fn a_text_that_cannot_be_kept_is_not_there() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    assert!(store.find_caller("sh\0op").await.unwrap().is_none());
    let proof = UsedProof::client_assertion("sh\0op", "\0", at(1_600));
    // Hashed, hence kept all the same.
    let _ = store.use_once(&proof, 1, at(1_100)).await.unwrap();
}
