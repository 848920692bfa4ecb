//! What a server says that does not start.

use std::fs;

use avouch_server::DATABASE_FILE;
use tokio::net::TcpListener;

use crate::support::{Setup, Stopped};

async fn stopped() -> Stopped {
    let setup = Setup::new().await;
    setup.usual().await;
    setup.start().await.stop().await
}

#[tokio::test]
async fn an_occupied_port_names_its_setting() {
    let mut stopped = stopped().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    stopped.config.metrics.listen = Some(address);
    let said = stopped.fails_to_start().await;
    for part in ["metrics.listen", &address.to_string(), "another process"] {
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let stopped = stopped().await;
    let file = stopped.config.data.folder.join(DATABASE_FILE);
    fs::write(&file, "no database ".repeat(1_000)).unwrap();
    let said = stopped.fails_to_start().await;
    assert!(said.contains(&*file.to_string_lossy()), "{said}");
    assert!(said.contains("not a database"), "{said}");
}
