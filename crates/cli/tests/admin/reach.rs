//! Finding the server, and saying so when there is none.

use std::path::Path;

use crate::stage::{Stage, avouch};

#[test]
fn the_server_is_found_by_folder_or_configuration_from_option_or_environment() {
    let it = Stage::set();
    let (data, config) = (it.path("data"), it.path("avouch.toml"));
    let list = ["client", "list"];
    let with = |option, path: &Path| {
        avouch(
            &[&list[..], &[option, path.to_str().unwrap()]].concat(),
            &[],
            "",
        )
    };
    with("--data", &data).well();
    with("--config", &config).well();
    avouch(&list, &[("AVOUCH_DATA", &data)], "").well();
    avouch(&list, &[("AVOUCH_CONFIG", &config)], "").well();
    // What stands on the command line counts before the environment.
    let nowhere = Path::new("/nowhere");
    let both = [&list[..], &["--config", config.to_str().unwrap()]].concat();
    avouch(&both, &[("AVOUCH_DATA", nowhere)], "").well();

    // Of two that disagree neither counts before the other.
    let (of_data, of_config) = (("AVOUCH_DATA", &*data), ("AVOUCH_CONFIG", &*config));
    avouch(&list, &[of_data, of_config], "").well();
    let error = avouch(&list, &[("AVOUCH_DATA", nowhere), of_config], "").badly();
    for part in ["/nowhere", data.to_str().unwrap(), "unset", "--config FILE"] {
        assert!(error.contains(part), "{part} in {error}");
    }
    let socket = format!("{}\n", data.join("admin.sock").display());
    for set in [of_data, of_config] {
        assert_eq!(avouch(&["config", "socket"], &[set], "").well(), socket);
    }
}

#[test]
fn no_server_is_said_with_how_to_start_one() {
    let folder = tempfile::TempDir::new().unwrap();
    let error = avouch(&["key", "list"], &[("AVOUCH_DATA", folder.path())], "").badly();
    assert!(error.contains("no server answers on"), "{error}");
    assert!(error.contains("avouch serve --config"), "{error}");
    let error = avouch(&["key", "list"], &[], "").badly();
    assert!(
        error.contains("--data FOLDER") && error.contains("AVOUCH_CONFIG"),
        "{error}"
    );
    let missing = folder.path().join("avouch.toml");
    let error = avouch(&["key", "list"], &[("AVOUCH_CONFIG", &missing)], "").badly();
    assert!(
        error.contains("cannot read the configuration file"),
        "{error}"
    );
}

#[test]
fn a_socket_that_speaks_no_http_is_told_as_such() {
    let it = Stage::set();
    let folder = it.path("other");
    std::fs::create_dir(&folder).unwrap();
    let listener = it
        .runtime()
        .block_on(async { tokio::net::UnixListener::bind(folder.join("admin.sock")).unwrap() });
    it.runtime().spawn(async move {
        // Taken and dropped, over and over.
        while listener.accept().await.is_ok() {}
    });
    let error = avouch(&["key", "list"], &[("AVOUCH_DATA", &folder)], "").badly();
    assert!(error.contains("the connection broke"), "{error}");
}

#[test]
fn every_help_shows_and_names_what_it_takes() {
    for command in [
        &["token", "issue"][..],
        &["token", "revoke"],
        &["token", "show"],
        &["client", "add"],
        &["resource-server", "add"],
        &["initial-access-token", "create"],
        &["client", "registration-token"],
        &["key", "rotate"],
        &["apply"],
        &["config"],
    ] {
        let help = avouch(&[command, &["--help"]].concat(), &[], "").well();
        assert!(
            help.contains("Example"),
            "{command:?} teaches by example: {help}"
        );
    }
}
