//! A server for keeps that speaks TLS, as a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Ends with the test.
pub(crate) struct Server(Child);

impl Server {
    /// Starts with this configuration, and says as which issuer.
    pub(crate) fn start(config: &Path) -> (String, Self) {
        let mut server = Self(
            Command::new(env!("CARGO_BIN_EXE_avouch"))
                .args(["serve", "--json", "--config"])
                .arg(config)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        let mut line = String::new();
        let output = server.0.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let announced: Value = serde_json::from_str(&line).unwrap();
        (announced["issuer"].as_str().unwrap().to_owned(), server)
    }

    pub(crate) fn id(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Its own address is the issuer, so it has to be known before.
pub(crate) fn free_address() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

/// Writes a configuration for this address, with the certificate `tls.pem` and its key `tls.key`.
pub(crate) fn configure(folder: &Path, address: SocketAddr) -> PathBuf {
    let at = folder.display();
    let key = folder.join("sealing.key");
    fs::write(&key, "5".repeat(32) + &"a".repeat(32)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let config = format!(
        "issuer = \"https://{address}\"\n[listen]\naddress = \"{address}\"\n\
         [tls]\ncertificate_file = \"{at}/tls.pem\"\nkey_file = \"{at}/tls.key\"\n\
         [data]\nfolder = \"{at}/data\"\n[sealing]\nkey_file = \"{at}/sealing.key\"\n\
         [keys]\nalgorithms = [\"ES256\"]\n"
    );
    let file = folder.join("avouch.toml");
    fs::write(&file, config).unwrap();
    file
}
