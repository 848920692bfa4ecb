//! The commands under "For keeps" in README.md work as printed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::for_keeps::{Server, free_address};

/// Where the page says that the server is.
const PRINTED: &str = "127.0.0.1:8080";

#[test]
fn every_command_for_keeps_works_as_printed() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("\n## For keeps\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = |language: &str| -> Vec<String> {
        section
            .split(&format!("```{language}\n"))
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap().to_owned())
            .collect()
    };
    let commands = blocks("sh");
    let [first, commands @ ..] = &commands[..] else {
        panic!("no commands")
    };
    let (init, serve) = first.split_once("avouch serve").unwrap();
    assert_eq!(serve, " --config my-avouch/avouch.toml\n");

    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let binaries = Path::new(env!("CARGO_BIN_EXE_avouch")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let run = |script: &str| -> String {
        let output = Command::new("sh")
            .args(["-e", "-c", &script.replace(PRINTED, &address.to_string())])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env_remove("AVOUCH_DATA")
            .env_remove("AVOUCH_CONFIG")
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}\n{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };

    run(init);
    let config = folder.path().join("my-avouch/avouch.toml");
    let text = fs::read_to_string(&config).unwrap();
    // Another server may have the usual address.
    let default = format!("\n#address = \"{PRINTED}\"\n");
    assert_eq!(text.matches(&default).count(), 1, "{text}");
    let text = text.replace(&default, &default.replace('#', ""));
    fs::write(&config, text.replace(PRINTED, &address.to_string())).unwrap();
    let (_, server) = Server::start(&config);

    let script = commands.join("echo -- --\n");
    let printed = run(&script);
    let printed: Vec<_> = printed.split("-- --\n").collect();
    let [checked, applied, issued, introspected, explained] = printed[..] else {
        panic!("{printed:?}")
    };
    assert!(checked.ends_with("avouch.toml: sound\n"), "{checked}");
    let added = applied.matches("+ resource server pay").count();
    assert_eq!(added, 2, "shown, then done: {applied}");
    assert_eq!(issued, "", "the token is in its file");
    assert!(introspected.contains("states: active"), "{introspected}");
    assert!(introspected.contains("DE02120300000000202051"));
    assert!(!introspected.contains("birthdate"), "{introspected}");
    assert!(explained.contains("birthdate"), "{explained}");

    // The last step is a line in a file.
    let line = blocks("toml").join("");
    let parties = folder.path().join("parties.toml");
    let text = fs::read_to_string(&parties).unwrap();
    let policy = text.find("\n[[client]]").unwrap();
    let (server_part, client_part) = text.split_at(policy);
    fs::write(&parties, format!("{server_part}{line}{client_part}")).unwrap();
    let variables = &commands[0];
    let apply = "avouch apply -f parties.toml --yes";
    let changed = run(&format!("{variables}{apply}"));
    assert!(
        changed.contains("~ resource server pay") && changed.contains("jwt"),
        "{changed}"
    );
    drop(server);
}
