//! The configuration file, as an operator meets it.

mod files;
mod manual;
mod properties;
mod refusals;
mod values;

/// A file with nothing but what must be there.
const LEAST: &str = r#"
issuer = "https://as.example.com"
[data]
folder = "/var/lib/avouch"
[sealing]
key_file = "/etc/avouch/sealing.key"
"#;
