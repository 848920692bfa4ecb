//! A server of a test's own, whose settings it changes: what a start says to it.
//!
//! One test, for to start a server is what takes the time.

use std::sync::Arc;

use avouch_core::storage::{CallerStore, Storage, StoreError};
use avouch_store::{DatabaseUrl, PostgresOptions, PostgresStore};
use xtask::postgres::Server;

use crate::fixtures::client;
use crate::{open, place};

fn options(server: &Server, url: &str) -> PostgresOptions {
    PostgresOptions {
        password: Some(server.password().as_bytes().to_vec().into()),
        ..PostgresOptions::new(DatabaseUrl::parse(url).unwrap())
    }
}

async fn refusal(options: &PostgresOptions) -> String {
    let refused = PostgresStore::open(options).await;
    refused.unwrap_err().to_string()
}

/// An administrator has a commit wait no longer for the standbys that there must be: PostgreSQL answers that it is done.
async fn what_no_standby_has_is_not_acknowledged(server: &Server, store: PostgresStore) {
    server.set("synchronous_standby_names", "*").unwrap();
    let store = Arc::new(store);
    let writing = Arc::clone(&store);
    let written = tokio::spawn(async move { writing.insert_client(&client("alone")).await });
    let cancel =
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    while server.query(cancel).unwrap() == "0" {}
    let outcome = written.await.unwrap();
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{outcome:?}"
    );
    server.set("synchronous_standby_names", "").unwrap();
    // It is there all the same, as after any write whose outcome is unknown.
    assert!(store.find_caller("alone").await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_refuses_servers_that_could_lose_writes_or_take_none() {
    // Where there is no server for the tests, there may be no PostgreSQL at all.
    let Some(_) = place::server() else { return };
    // To prove the password costs both ends much, for every connection that is made anew.
    let server = Server::start_with("start", &[], &["--auth=password"]).unwrap();
    let sound = options(&server, &server.url());
    drop(open(&sound).await);

    for setting in ["fsync", "full_page_writes"] {
        server.set(setting, "off").unwrap();
        let refused = refusal(&sound).await;
        assert!(
            refused.contains(&format!("could be lost: {setting} is off")),
            "{refused}"
        );
        assert!(
            refused.contains(&format!("set {setting} = on in postgresql.conf and reload")),
            "{refused}"
        );
        server.set(setting, "on").unwrap();
        drop(open(&sound).await);
    }

    // Sessions set it anew, whoever has turned it off, and for every write.
    server.set("synchronous_commit", "off").unwrap();
    server
        .query("ALTER ROLE avouch_test SET synchronous_commit = local")
        .unwrap();
    let store = open(&sound).await;
    store.insert_client(&client("shop")).await.unwrap();
    what_no_standby_has_is_not_acknowledged(&server, store).await;

    // What is copied now is not kept, and encoding and standby are told before this.
    server.set("fsync", "off").unwrap();
    for (encoding, name) in [("SQL_ASCII", "ascii"), ("LATIN1", "latin")] {
        server
            .query(&format!(
                "CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0"
            ))
            .unwrap();
        let url = server.url().replace("/postgres", &format!("/{name}"));
        let refused = refusal(&options(&server, &url)).await;
        assert!(
            refused.contains(&format!("encoded in {encoding}")),
            "{refused}"
        );
        assert!(refused.contains("ENCODING 'UTF8'"), "{refused}");
    }

    let standby = server.standby("start-standby", server.port()).unwrap();
    let refused = refusal(&options(&server, &standby.url())).await;
    assert!(
        refused.contains("takes no writes") && refused.contains("primary"),
        "{refused}"
    );
    server.set("fsync", "on").unwrap();
    let (of_standby, of_server) = (standby.port(), server.port());
    let both = server.url().replace(
        &of_server.to_string(),
        &format!("{of_standby},127.0.0.1:{of_server}"),
    );
    let by_both = open(&options(&server, &both)).await;
    by_both.ping().await.unwrap();

    // Once it is promoted, both take writes. A start takes the one that is further on, in whichever order they are named;
    // a server that has worked with that one refuses the other.
    drop(by_both);
    standby.promote().unwrap();
    standby.set("fsync", "on").unwrap();
    let reverse = server.url().replace(
        &of_server.to_string(),
        &format!("{of_server},127.0.0.1:{of_standby}"),
    );
    for (number, url) in [both, reverse].iter().enumerate() {
        let store = open(&options(&server, url)).await;
        let name = format!("later-{number}");
        store.insert_client(&client(&name)).await.unwrap();
        let sql = format!("SELECT count(*) FROM caller WHERE id = '{name}'");
        assert_eq!(standby.query(&sql).unwrap(), "1");
        assert_eq!(server.query(&sql).unwrap(), "0");
    }
}
