//! Replacing the key that seals the signing keys at rest.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use avouch_jose::SignatureAlgorithm;

use crate::support::{Setup, Stopped};

/// A second sealing key in a file of its own.
fn new_key_file(stopped: &Stopped) -> PathBuf {
    let file = stopped.folder.path().join("sealing-new.key");
    fs::write(&file, "1f".repeat(31) + "2e").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

#[tokio::test]
async fn the_sealing_key_is_replaced_and_the_former_one_not_needed_after() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let keys = server.keys().await;

    let mut stopped = server.stop().await;
    let former = stopped.config.sealing.key_file.take().unwrap();
    stopped.config.sealing.key_file = Some(new_key_file(&stopped));
    stopped.config.sealing.previous_key_files = vec![former.clone()];
    let server = stopped.start().await;
    assert_eq!(
        server.keys().await.to_json(),
        keys.to_json(),
        "the keys are the same"
    );

    let mut stopped = server.stop().await;
    stopped.config.sealing.previous_key_files.clear();
    fs::remove_file(former).unwrap();
    let server = stopped.start().await;
    let answer = server.statement(&sign, &token.text).await;
    let response = server.verify(&keys, &sign, &answer, SignatureAlgorithm::Rs256);
    assert!(
        response.is_active(),
        "old tokens are recognised, old keys sign"
    );
}

#[tokio::test]
async fn without_the_right_sealing_key_the_server_says_what_to_do() {
    let setup = Setup::new().await;
    setup.usual().await;
    let mut stopped = setup.start().await.stop().await;
    stopped.config.sealing.key_file = Some(new_key_file(&stopped));
    let said = stopped.fails_to_start().await;
    assert!(said.contains("sealing.previous_key_files"), "{said}");
}
